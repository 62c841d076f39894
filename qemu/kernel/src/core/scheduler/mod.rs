//! Threads: who runs where, and what each waits for.

pub(crate) mod dispatch;
pub(crate) mod idle;
pub(crate) mod ready;
pub(crate) mod reap;
pub(crate) mod stack;
pub(crate) mod thread;
pub(crate) mod thread_table;
pub(crate) mod wait;
