//! The threads that serve requests.

use core::{hint::black_box, sync::atomic::Ordering::SeqCst};

use super::{
    data::{self, CONTEXT, ERRNO, Errno, LOG, STATISTICS, TOTALS},
    request::{self, Request, Work},
};
use crate::core::scheduler::{
    sleep,
    thread::{self, Options, ThreadId},
};

/// POSIX error numbers, as on Linux.
const ENOENT: i32 = 2;
const EDOM: i32 = 33;

/// Returns how many requests a worker serves, so that half of `most_workers` are enough.
pub(super) fn quota(requests: usize, most_workers: usize) -> usize {
    requests.div_ceil(most_workers / 2).max(24)
}

/// Starts the worker with this number, which ends when it has served about `quota` requests.
pub(super) fn start(worker: usize, quota: usize) -> ThreadId {
    // Three priorities, and not all end at the same time.
    let usual = Options::new("worker");
    let options = Options { priority: usual.priority - 1 + (worker % 3) as u8, ..usual };
    let argument = worker | (quota + worker % 16) << 16;
    thread::spawn_no_value(options, work, argument).expect("room for a worker")
}

fn work(argument: usize) {
    let (worker, quota) = (argument & 0xffff, argument >> 16);
    data::begin(worker);
    for _ in 0..quota {
        serve(request::next());
        TOTALS.requests.fetch_add(1, SeqCst);
    }
}

/// Serves one request, with preemption and migration at any point, and checks that the thread's data
/// are still its own afterwards.
fn serve(request: Request) {
    CONTEXT.with(|context| context.id = request.id);
    ERRNO.with(|errno| *errno = Errno(0));
    let (answer, expected) = match request.work {
        Work::Sum(terms) => (Some((0..u64::from(terms)).map(black_box).sum()), 0),
        Work::Divide(dividend, divisor) => (divide(dividend, divisor), if divisor == 0 { EDOM } else { 0 }),
        Work::Find(number) => (find(number), if number % 2 == 1 { ENOENT } else { 0 }),
        Work::Sleep => {
            sleep::sleep_ns(500_000);
            (Some(0), 0)
        }
    };
    let errno = ERRNO.with(|errno| errno.0);
    let id = CONTEXT.with(|context| context.id);
    if (id, errno) != (request.id, expected) || answer.is_some() != (expected == 0) {
        TOTALS.mixed_up.fetch_add(1, SeqCst);
    }
    STATISTICS.with(|statistics| {
        statistics.requests += 1;
        statistics.errors += u32::from(errno != 0);
    });
    LOG.with(|log| log.line(format_args!("{id}: {:?}: {answer:?}, errno {errno}", request.work)));
}

/// Divides, or sets `errno` and returns nothing.
fn divide(dividend: i32, divisor: i32) -> Option<u64> {
    let quotient = dividend.checked_div(divisor);
    if quotient.is_none() {
        ERRNO.with(|errno| errno.0 = EDOM);
    }
    thread::yield_now();
    quotient.map(|quotient| quotient as u64)
}

/// Looks a number up, or sets `errno` and returns nothing.
fn find(number: u32) -> Option<u64> {
    thread::yield_now();
    let found = number.is_multiple_of(2).then_some(u64::from(number / 2));
    if found.is_none() {
        ERRNO.with(|errno| errno.0 = ENOENT);
    }
    thread::yield_now();
    found
}
