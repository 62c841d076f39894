//! Clocks and sleeping.

use core::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use super::{
    errno::{EFAULT, EINTR, EINVAL, Errno, Result},
    local, user,
};
use crate::core::{
    clock,
    scheduler::wait::{self, Cancellable, Wake},
};

const REALTIME: usize = 0;
pub(super) const MONOTONIC: usize = 1;
const MONOTONIC_RAW: usize = 4;
const REALTIME_COARSE: usize = 5;
const MONOTONIC_COARSE: usize = 6;
const BOOTTIME: usize = 7;

/// The flag of `clock_nanosleep` for a time of the clock instead of a delay.
const ABSOLUTE: usize = 1;

const NS_PER_SECOND: u64 = 1_000_000_000;

/// The time of day when the machine started, in nanoseconds since 1970.
static EPOCH_NS: AtomicU64 = AtomicU64::new(0);

/// POSIX's `struct timespec`.
#[derive(Clone, Copy)]
#[repr(C)]
pub(super) struct Time {
    seconds: i64,
    nanoseconds: i64,
}

impl Time {
    /// Returns the time in nanoseconds. A time before the clock's zero is zero.
    pub(super) fn as_ns(self) -> core::result::Result<u64, Errno> {
        if !(0..NS_PER_SECOND as i64).contains(&self.nanoseconds) {
            return Err(EINVAL);
        }
        let seconds = self.seconds.max(0).unsigned_abs();
        Ok(seconds.saturating_mul(NS_PER_SECOND).saturating_add(self.nanoseconds.unsigned_abs()))
    }

    fn from_ns(ns: u64) -> Self {
        Self { seconds: (ns / NS_PER_SECOND) as i64, nanoseconds: (ns % NS_PER_SECOND) as i64 }
    }
}

/// Sets the time of day, in seconds since 1970.
pub(super) fn set_epoch(seconds: u64) {
    EPOCH_NS.store(seconds * NS_PER_SECOND, Ordering::SeqCst);
}

/// Returns what a clock showed when the machine started.
fn zero_of(clock: usize) -> core::result::Result<u64, Errno> {
    match clock {
        REALTIME | REALTIME_COARSE => Ok(EPOCH_NS.load(Ordering::SeqCst)),
        MONOTONIC | MONOTONIC_RAW | MONOTONIC_COARSE | BOOTTIME => Ok(0),
        // The kernel does not account processor time.
        _ => Err(EINVAL),
    }
}

/// `clock_gettime`.
pub(super) fn time(clock: usize, result: usize) -> Result {
    let now_ns = zero_of(clock)? + clock::now_ns();
    if result == 0 {
        return Err(EFAULT);
    }
    user::store(result, Time::from_ns(now_ns)).map(|()| 0)
}

/// `clock_getres`.
pub(super) fn resolution(clock: usize, result: usize) -> Result {
    zero_of(clock)?;
    user::store(result, Time::from_ns(1)).map(|()| 0)
}

/// `clock_nanosleep`. A signal ends it early; what is left of a delay is stored at `rest`.
pub(super) fn sleep(clock: usize, flags: usize, time: usize, rest: usize) -> Result {
    let (zero_ns, time_ns) = (zero_of(clock)?, user::load::<Time>(time)?.as_ns()?);
    let until_ns =
        if flags & ABSOLUTE != 0 { time_ns.saturating_sub(zero_ns) } else { clock::now_ns().saturating_add(time_ns) };
    let nobody_wakes_this = AtomicU32::new(0);
    loop {
        let now_ns = clock::now_ns();
        if now_ns >= until_ns {
            return Ok(0);
        }
        if wait::wait(&nobody_wakes_this, 0, Some(until_ns), Cancellable::Yes) == Wake::Killed {
            local::take_signal();
            if flags & ABSOLUTE == 0 {
                user::store(rest, Time::from_ns(until_ns.saturating_sub(clock::now_ns())))?;
            }
            return Err(EINTR);
        }
    }
}
