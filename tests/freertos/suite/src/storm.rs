//! The storm on FreeRTOS: `storm seconds=N seed=S`, preempted at random moments.

use core::{
    fmt,
    sync::atomic::{Ordering::SeqCst, fence},
};

use tsd_storm::{Ending, Storm, StormPlatform};
use tsd_suite::Start;

use crate::{
    block, freertos,
    platform::FreeRtos,
    print::println,
    run::figure,
    thread::{self, Ended, Thread},
};

static STORM: Storm = Storm::new();

impl StormPlatform for FreeRtos {
    const HAS_HISTORY: bool = true;
    const MOST_DEATHS: usize = usize::MAX;

    fn storm() -> &'static Storm {
        &STORM
    }

    fn start_watched(start: Start, body: fn(usize), argument: usize) -> Thread {
        thread::start(start, body, argument, |argument, ended: &Ended| {
            let history = Some((ended.preemptions, 1));
            tsd_storm::at_end::<Self>(argument, &Ending { killed: ended.killed, report: &ended.report, history });
        })
    }

    fn shield<R>(work: impl FnOnce() -> R) -> R {
        thread::shielded(work)
    }

    fn at_safe_points<R>(work: impl FnOnce() -> R) -> R {
        thread::at_safe_points(work)
    }

    /// There is one CPU, and the caller has it.
    fn pass_barriers() {
        fence(SeqCst);
    }

    fn now_ms() -> u64 {
        freertos::tick_count().into()
    }

    /// Whoever has booted the machine ends one that says nothing.
    fn allow_seconds(_: u64) {}

    fn blocks_not_as_new() -> usize {
        block::not_as_new()
    }

    fn say(line: fmt::Arguments<'_>) {
        println!("{line}");
    }
}

/// Runs the storm that `words` ask for. Returns whether every event has come that must come.
pub(crate) fn run(words: impl Iterator<Item = &'static str> + Clone) -> bool {
    let number = |name: &str| {
        let mut words = words.clone().filter_map(|word| word.strip_prefix(name)?.strip_prefix('='));
        words.next().and_then(|text| text.parse::<u32>().ok())
    };
    let (Some(seconds @ 1..), Some(seed)) = (number("seconds"), number("seed")) else {
        println!("storm: seconds= wants a number above 0, and seed= one");
        return false;
    };
    freertos::draw_preemptions(seed | 1);
    STORM.run::<FreeRtos>(u64::from(seconds) * 1000, seed);
    freertos::draw_preemptions(0);
    for (name, count) in STORM.figures::<FreeRtos>() {
        figure(name, count);
    }
    STORM.missing::<FreeRtos>().for_each(|event| println!("storm: there was no event of the kind {:?}", event.name()));
    STORM.missing::<FreeRtos>().next().is_none()
}
