//! The numbers of Linux's system calls on this CPU.

pub(crate) use super::linux_calls::*;
