//! Waiting for a word of the program: what its mutexes, condition variables, barriers and joins use.

use core::sync::atomic::AtomicU32;

use super::{
    clock::Time,
    errno::{EAGAIN, EINTR, EINVAL, ENOSYS, ETIMEDOUT, Result},
    local, user,
};
use crate::core::{
    clock,
    scheduler::wait::{self, Cancellable, Wake},
};

const WAIT: usize = 0;
const WAKE: usize = 1;
const REQUEUE: usize = 3;
/// There is one process, so that whether a word is private means nothing.
const PRIVATE: usize = 128;

/// `futex`: `count_or_value` is what the operation makes of it, `limit` the address of a delay.
pub(super) fn call(address: usize, operation: usize, count_or_value: usize, limit: usize) -> Result {
    let pointer = user::pointer::<AtomicU32>(address).map_err(|_| EINVAL)?;
    // SAFETY: A word in the program's memory, which outlives the call and is used as an atomic there too.
    let word = unsafe { &*pointer };
    match operation & !PRIVATE {
        WAIT => wait(word, count_or_value as u32, limit),
        WAKE => Ok(wait::wake_some(word, count_or_value)),
        // The waiters that should wait for another word now wake early, which they must bear.
        REQUEUE => Ok(wait::wake_some(word, usize::MAX)),
        _ => Err(ENOSYS),
    }
}

fn wait(word: &AtomicU32, expected: u32, limit: usize) -> Result {
    let until_ns = match limit {
        0 => None,
        limit => Some(clock::now_ns().saturating_add(user::load::<Time>(limit)?.as_ns()?)),
    };
    match wait::wait(word, expected, until_ns, Cancellable::Yes) {
        Wake::Woken => Ok(0),
        Wake::Changed => Err(EAGAIN),
        Wake::TimedOut => Err(ETIMEDOUT),
        Wake::Killed => {
            local::take_signal();
            Err(EINTR)
        }
    }
}
