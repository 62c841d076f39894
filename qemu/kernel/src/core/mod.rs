//! The kernel proper.

pub(crate) mod clock;
pub(crate) mod console;
pub(crate) mod cpu;
pub(crate) mod interrupt;
pub(crate) mod panic;
pub(crate) mod port;
pub(crate) mod scheduler;
pub(crate) mod watchdog;
