//! Threads: who runs where, what each waits for, and how it ends.
//!
//! From the bottom up; a file uses what stands above it in this list.
//! - `control_block`  the thread control block, which embeds the library's slots
//! - `stack`, `ready` stacks with guard pages; the ready queues
//! - `thread_table`   what the scheduler keeps of each thread
//! - `locked`         all of that under one lock
//! - `wake`           which of the waiting threads wake
//! - `dispatch`       who runs where: priorities, preemption, the tick
//! - `wait`, `idle`   waiting for a word; the idle threads
//! - `exit`           the end of a thread, and the exit hook. It uses `port`, which uses `wait`
//! - `reap`, `join`   threads that die where they stand; waiting for the end of a thread
//! - `sleep`          sleeping and semaphores
//! - `thread`         all that the rest of the kernel needs of threads, and their start, with the attach hook

pub(crate) mod control_block;
pub(crate) mod dispatch;
pub(crate) mod exit;
pub(crate) mod idle;
mod join;
pub(crate) mod locked;
mod ready;
pub(crate) mod reap;
pub(crate) mod sleep;
pub(crate) mod stack;
pub(crate) mod thread;
pub(crate) mod thread_table;
pub(crate) mod wait;
mod wake;
