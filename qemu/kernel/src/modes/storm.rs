//! The storm on this kernel: `storm seconds=N seed=S`, with ticks drawn at random.

use core::fmt;

use tsd_storm::{Ending, Storm, StormPlatform};
use tsd_suite::Start;

use crate::{
    core::{
        clock,
        console::println,
        cpu,
        scheduler::{
            dispatch, locked,
            thread::{self, ALL_CPUS, Cancel, Ended, Options, Outcome, Thread, ThreadId},
        },
        watchdog,
    },
    modes::suite::{self, Kernel},
};

const MS: u64 = 1_000_000;
const DEFAULT_SECONDS: u32 = 10;
const DEFAULT_SEED: u32 = 1;

static STORM: Storm = Storm::new();

impl StormPlatform for Kernel {
    const HAS_HISTORY: bool = true;
    const MOST_DEATHS: usize = usize::MAX;

    fn storm() -> &'static Storm {
        &STORM
    }

    fn start_watched(start: Start, body: fn(usize), argument: usize) -> ThreadId {
        let options = Options { at_end: Some(tell), ..suite::options(start) };
        thread::spawn_no_value(options, body, argument).expect("the kernel has room for a storm's threads")
    }

    fn shield<R>(work: impl FnOnce() -> R) -> R {
        let before = thread::set_cancel(Cancel::Disabled);
        let result = work();
        thread::set_cancel(before);
        result
    }

    fn at_safe_points<R>(work: impl FnOnce() -> R) -> R {
        let before = thread::set_cancel(Cancel::Disabled);
        if before != Cancel::Disabled {
            thread::set_cancel(Cancel::Deferred);
        }
        let result = work();
        thread::set_cancel(before);
        result
    }

    /// The running thread visits every CPU: whatever ran there has been stopped meanwhile, with the scheduler's lock
    /// taken and released.
    fn pass_barriers() {
        (0..cpu::online()).for_each(|cpu| dispatch::set_affinity(1 << cpu));
        dispatch::set_affinity(ALL_CPUS);
    }

    fn now_ms() -> u64 {
        clock::now_ns() / MS
    }

    fn allow_seconds(seconds: u64) {
        watchdog::start("the storm", seconds * 1000 * MS);
    }

    fn blocks_not_as_new() -> usize {
        let is_as_new = |thread: &&Thread| {
            let functions_left = !thread.exit_functions.as_list().is_empty();
            thread.slots.is_idle() && !functions_left && thread.arena.as_memory().used() == 0
        };
        locked::free().filter(|thread| !is_as_new(thread)).count()
    }

    fn say(line: fmt::Arguments<'_>) {
        println!("{line}");
    }
}

/// Accounts for a thread that has ended.
fn tell(argument: usize, ended: &Ended) {
    let (cpus_seen, preemptions) = ended.history;
    let killed = ended.outcome == Outcome::Killed;
    let ending = Ending { killed, report: &ended.report, history: Some((preemptions, cpus_seen.count_ones())) };
    tsd_storm::at_end::<Kernel>(argument, &ending);
}

/// Runs the storm that `words` ask for. Returns whether every event has come that must come; a check that fails
/// ends the run.
pub(crate) fn run(words: impl Iterator<Item = &'static str> + Clone) -> bool {
    let number = |name: &str, default| {
        let word = words.clone().find_map(|word| word.strip_prefix(name)?.strip_prefix('='));
        word.map_or(Some(default), |text| text.parse::<u32>().ok())
    };
    let (Some(seconds @ 1..), Some(seed)) = (number("seconds", DEFAULT_SECONDS), number("seed", DEFAULT_SEED)) else {
        println!("storm: seconds= wants a number above 0, and seed= one");
        return false;
    };
    println!("storm: {seconds} s on {} CPUs, seed {seed}", cpu::online());
    clock::draw_ticks(seed.into());
    STORM.run::<Kernel>(u64::from(seconds) * 1000, seed);
    watchdog::stop();
    println!("tsd: storm: cpus {}", cpu::online());
    println!("tsd: storm: ticks_at_random {}", clock::ticks_drawn());
    for (name, count) in STORM.figures::<Kernel>() {
        println!("tsd: storm: {name} {count}");
    }
    STORM.missing::<Kernel>().for_each(|event| println!("storm: there was no event of the kind {:?}", event.name()));
    STORM.missing::<Kernel>().next().is_none()
}
