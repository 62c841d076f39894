//! The end of a run.

pub(crate) use super::semihosting::power_off;
