//! The requests, the thread that makes them, and the queue between it and the workers.

use heapless::Deque;
use spin::Mutex;

use crate::{
    core::scheduler::{
        sleep::Semaphore,
        thread::{self, Options, ThreadId},
    },
    machine::interrupts::without_interrupts,
};

const QUEUE_LENGTH: u32 = 32;

/// One request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Request {
    pub(super) id: usize,
    pub(super) work: Work,
}

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Work {
    /// A sum of this many terms: time on the CPU.
    Sum(u32),
    /// A division, maybe by 0.
    Divide(i32, i32),
    /// An entry of a directory that has the even numbers only, with other threads let run first.
    Find(u32),
    /// A short sleep.
    Sleep,
}

/// Locked with interrupts masked only.
static QUEUE: Mutex<Deque<Request, { QUEUE_LENGTH as usize }>> = Mutex::new(Deque::new());
static PLACES: Semaphore = Semaphore::new(QUEUE_LENGTH);
static WAITING: Semaphore = Semaphore::new(0);

impl Request {
    /// Returns request number `id` of the run with this `seed`, always the same.
    fn make(seed: u64, id: usize) -> Self {
        // splitmix64: the bits of consecutive numbers are unlike each other.
        let mut bits = seed.wrapping_add((id as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        bits = (bits ^ bits >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ bits >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        let number = (bits >> 40) as u32;
        let work = match bits % 8 {
            0..=3 => Work::Sum(10_000 + number % 200_000),
            4 => Work::Divide(number as i32, number as i32 % 3),
            5 | 6 => Work::Find(number),
            _ => Work::Sleep,
        };
        Self { id, work }
    }
}

/// Starts the thread that makes the requests; it returns how many.
pub(super) fn start_listener(requests: usize, seed: u64) -> ThreadId {
    static SEED: Mutex<u64> = Mutex::new(0);

    fn listen(requests: usize) -> usize {
        let seed = *SEED.lock();
        for id in 0..requests {
            PLACES.acquire();
            let pushed = with_queue(|queue| queue.push_back(Request::make(seed, id)));
            assert!(pushed.is_ok(), "a request was counted that is not there");
            WAITING.release();
        }
        requests
    }
    *SEED.lock() = seed;
    let usual = Options::new("listener");
    let options = Options { priority: usual.priority + 2, ..usual };
    thread::spawn(options, listen, requests).expect("room for the listener")
}

/// Takes the next request, waiting for one if need be. A cancellation point; a thread that is killed
/// here has taken none.
pub(super) fn next() -> Request {
    WAITING.acquire();
    let request = with_queue(|queue| queue.pop_front()).expect("a request was counted");
    PLACES.release();
    request
}

fn with_queue<R>(work: impl FnOnce(&mut Deque<Request, { QUEUE_LENGTH as usize }>) -> R) -> R {
    without_interrupts(|| work(&mut QUEUE.lock()))
}
