//! Who runs when and where.

use core::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, AtomicUsize, Ordering::SeqCst};

use super::threads::{join, spawn};
use crate::{
    core::{
        clock, cpu,
        scheduler::{
            dispatch,
            sleep::{self, Semaphore},
            thread::{self, Options, Outcome, ThreadId},
            wait,
        },
    },
    machine::{self, cpu_local::MAX_CPUS},
};

const FIRST_CPU: u8 = 1;
const MS: u64 = 1_000_000;

pub(super) fn every_thread_returns_its_value() {
    let ids: [ThreadId; 50] = core::array::from_fn(|index| spawn("square", |n| n * n, index));
    for (index, id) in ids.into_iter().enumerate() {
        assert_eq!(join(id), Outcome::Returned(index * index));
    }
}

pub(super) fn many_threads_are_alive_at_once() {
    static ALIVE: AtomicUsize = AtomicUsize::new(0);
    static GO: Semaphore = Semaphore::new(0);
    const COUNT: usize = 260;

    fn live(_: usize) -> usize {
        ALIVE.fetch_add(1, SeqCst);
        GO.acquire();
        ALIVE.fetch_sub(1, SeqCst)
    }
    let ids: [ThreadId; COUNT] = core::array::from_fn(|index| spawn("alive", live, index));
    while ALIVE.load(SeqCst) < COUNT {
        thread::yield_now();
    }
    for _ in 0..COUNT {
        GO.release();
    }
    for id in ids {
        assert!(matches!(join(id), Outcome::Returned(1..=COUNT)));
    }
    assert_eq!(ALIVE.load(SeqCst), 0);
}

/// Two threads on one CPU, neither of which ever gives it up: the one that waits for the other's flag
/// ends only if the timer takes the CPU from it.
pub(super) fn the_timer_preempts() {
    static FLAG: AtomicBool = AtomicBool::new(false);

    fn spin(_: usize) -> usize {
        while !FLAG.load(SeqCst) {
            core::hint::spin_loop();
        }
        let me = thread::current_id();
        thread::history(me).expect("it runs").1 as usize
    }
    let options = Options { affinity: FIRST_CPU, ..Options::new("spin") };
    let spinner = thread::spawn(options, spin, 0).expect("room");
    let setter = |_| {
        FLAG.store(true, SeqCst);
        0
    };
    let setter = thread::spawn(options, setter, 0).expect("room");
    assert_eq!(join(setter), Outcome::Returned(0));
    assert!(matches!(join(spinner), Outcome::Returned(1..)), "the spinning thread was never preempted");
}

/// A thread of low priority makes no step while one of higher priority keeps the CPU.
pub(super) fn priorities_are_strict() {
    static STEPS: AtomicU32 = AtomicU32::new(0);
    static STOP: AtomicBool = AtomicBool::new(false);

    fn count(_: usize) -> usize {
        while !STOP.load(SeqCst) {
            STEPS.fetch_add(1, SeqCst);
        }
        0
    }
    fn keep_cpu(_: usize) -> usize {
        let before = STEPS.load(SeqCst);
        let until_ns = clock::now_ns() + 20 * MS;
        while clock::now_ns() < until_ns {}
        (STEPS.load(SeqCst) - before) as usize
    }
    let low = Options { affinity: FIRST_CPU, priority: 1, ..Options::new("low") };
    let low = thread::spawn(low, count, 0).expect("room");
    // For as long as it takes: the host may leave the first CPU alone for a while.
    while STEPS.load(SeqCst) == 0 {
        sleep::sleep_ns(MS);
    }
    let high = Options { affinity: FIRST_CPU, priority: 6, ..Options::new("high") };
    let high = thread::spawn(high, keep_cpu, 0).expect("room");
    let outcome = join(high);
    STOP.store(true, SeqCst);
    assert_eq!(join(low), Outcome::Returned(0));
    assert_eq!(outcome, Outcome::Returned(0), "steps of the thread of low priority");
}

/// Waking a thread of higher priority costs the CPU at once, not at the next tick.
pub(super) fn a_woken_thread_preempts_at_once() {
    static GO: Semaphore = Semaphore::new(0);
    static HAS_RUN: AtomicBool = AtomicBool::new(false);

    fn high(_: usize) -> usize {
        GO.acquire();
        HAS_RUN.store(true, SeqCst);
        0
    }
    let options = Options { affinity: FIRST_CPU, priority: 6, ..Options::new("high") };
    let id = thread::spawn(options, high, 0).expect("room");
    sleep::sleep_ns(5 * MS);
    let low = Options { affinity: FIRST_CPU, priority: 2, ..Options::new("low") };
    let waker = |_| {
        // No tick can come in between, so only the reschedule interrupt can switch; it stays pending
        // until interrupts are unmasked.
        let too_early = machine::interrupts::without_interrupts(|| {
            GO.release();
            HAS_RUN.load(SeqCst)
        });
        let limit_ns = clock::now_ns() + MS / 4;
        while !HAS_RUN.load(SeqCst) && clock::now_ns() < limit_ns {
            core::hint::spin_loop();
        }
        usize::from(too_early) + 2 * usize::from(HAS_RUN.load(SeqCst))
    };
    let outcome = join(thread::spawn(low, waker, 0).expect("room"));
    assert_eq!(join(id), Outcome::Returned(0));
    assert_eq!(outcome, Outcome::Returned(2), "1: ran with interrupts masked, 2: ran at once");
}

pub(super) fn all_cpus_run_threads() {
    static SEEN: AtomicU32 = AtomicU32::new(0);

    fn look(_: usize) -> usize {
        let all = (1 << cpu::online()) - 1;
        while SEEN.load(SeqCst) != all {
            SEEN.fetch_or(1 << cpu::id(), SeqCst);
        }
        0
    }
    let ids: [ThreadId; 16] = core::array::from_fn(|index| spawn("look", look, index));
    for id in ids {
        assert_eq!(join(id), Outcome::Returned(0));
    }
}

/// A thread that goes on running is moved to another CPU by the scheduler alone: more threads of one
/// priority than CPUs take turns on whatever is free.
pub(super) fn threads_migrate() {
    static STOP: AtomicBool = AtomicBool::new(false);

    fn spin(_: usize) -> usize {
        let me = thread::current_id();
        loop {
            let (cpus_seen, _) = thread::history(me).expect("it runs");
            if cpus_seen.count_ones() > 1 {
                STOP.store(true, SeqCst);
            }
            if STOP.load(SeqCst) {
                return 0;
            }
        }
    }
    let ids: [ThreadId; 13] = core::array::from_fn(|index| spawn("spin", spin, index));
    for id in ids {
        assert_eq!(join(id), Outcome::Returned(0));
    }
}

pub(super) fn affinity_is_kept() {
    fn stray(turns: usize) -> usize {
        let cpus = cpu::online();
        (0..turns)
            .filter(|turn| {
                let cpu = turn % cpus;
                dispatch::set_affinity(1 << cpu);
                thread::yield_now();
                cpu::id() != cpu
            })
            .count()
    }
    let ids: [ThreadId; 6] = core::array::from_fn(|_| spawn("stray", stray, 500));
    for id in ids {
        assert_eq!(join(id), Outcome::Returned(0), "looks at a wrong CPU");
    }
}

/// Two threads hand a turn to and fro; one lost wake and they hang.
pub(super) fn wakes_are_not_lost() {
    static PING: Semaphore = Semaphore::new(0);
    static PONG: Semaphore = Semaphore::new(0);
    const TURNS: usize = 5_000;

    fn answer(_: usize) -> usize {
        for _ in 0..TURNS {
            PING.acquire();
            PONG.release();
        }
        TURNS
    }
    // A change that came before the wait is seen by the wait itself.
    let changed = AtomicU32::new(1);
    assert_eq!(wait::wait(&changed, 0, None, wait::Cancellable::No), wait::Wake::Changed);

    let id = spawn("answer", answer, 0);
    for _ in 0..TURNS {
        PING.release();
        PONG.acquire();
    }
    assert_eq!(join(id), Outcome::Returned(TURNS));
    assert!(!PING.try_acquire() && !PONG.try_acquire());
}

pub(super) fn sleep_lasts_as_long_as_it_should() {
    for delay_ms in [1, 3, 10] {
        let before = clock::now_ns();
        sleep::sleep_ns(delay_ms * MS);
        let lasted = clock::now_ns() - before;
        assert!(lasted >= delay_ms * MS, "slept {lasted} ns of {delay_ms} ms");
    }
}

/// A time that one thread has read is not later than what any other thread reads afterwards, on whatever
/// CPU.
pub(super) fn the_clock_is_the_same_on_all_cpus() {
    static LATEST_NS: AtomicU64 = AtomicU64::new(0);

    fn compare(_: usize) -> usize {
        let until_ns = clock::now_ns() + 100 * MS;
        let mut went_back = 0;
        while clock::now_ns() < until_ns {
            let seen_ns = LATEST_NS.load(SeqCst);
            let now_ns = clock::now_ns();
            went_back += usize::from(now_ns < seen_ns);
            LATEST_NS.fetch_max(now_ns, SeqCst);
        }
        went_back
    }
    let ids: [ThreadId; MAX_CPUS] = core::array::from_fn(|index| spawn("compares", compare, index));
    for id in ids {
        assert_eq!(join(id), Outcome::Returned(0), "times that the clock went back");
    }
}
