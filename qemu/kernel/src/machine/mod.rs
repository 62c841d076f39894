//! All that knows the CPU and the board.

pub(crate) mod layout;
#[cfg_attr(target_arch = "aarch64", path = "aarch64/mod.rs")]
#[cfg_attr(target_arch = "x86_64", path = "x86_64/mod.rs")]
mod this;

pub(crate) use this::*;
