//! The storm on the host, in its quick form: threads that come and go while keys are created and deleted.
//!
//! The variables `TSD_STORM_SECONDS` and `TSD_STORM_SEED` make it another one. Kills come at safe points only here; the
//! images' storms kill anywhere.

#[path = "../shared/host/src/lib.rs"]
mod platform;

use std::{
    env,
    ffi::c_long,
    fmt,
    sync::{
        OnceLock,
        atomic::{Ordering::SeqCst, fence},
    },
    thread,
    time::{Duration, Instant},
};

use platform::{Host, HostThread, failure};
use tsd_storm::{Ending, Storm, StormPlatform};
use tsd_suite::Start;

const QUICK_SECONDS: u64 = 2;

static STORM: Storm = Storm::new();

impl StormPlatform for Host {
    const HAS_HISTORY: bool = false;
    /// Each of them stays asleep.
    const MOST_DEATHS: usize = 100;

    fn storm() -> &'static Storm {
        &STORM
    }

    fn start_watched(_start: Start, body: fn(usize), argument: usize) -> HostThread {
        platform::start_watched(body, argument, |argument, killed, report| {
            tsd_storm::at_end::<Self>(argument, &Ending { killed, report, history: None });
        })
    }

    fn shield<R>(work: impl FnOnce() -> R) -> R {
        work()
    }

    fn at_safe_points<R>(work: impl FnOnce() -> R) -> R {
        work()
    }

    fn pass_barriers() {
        /// Linux's number of `membarrier`, and its commands to register a process and to interrupt the CPUs that run it.
        const MEMBARRIER: c_long = if cfg!(target_arch = "x86_64") { 324 } else { 283 };
        const REGISTER_PRIVATE_EXPEDITED: c_long = 1 << 4;
        const PRIVATE_EXPEDITED: c_long = 1 << 3;
        unsafe extern "C" {
            fn syscall(number: c_long, ...) -> c_long;
        }

        fence(SeqCst);
        let has_passed = [REGISTER_PRIVATE_EXPEDITED, PRIVATE_EXPEDITED].into_iter().all(|command| {
            // SAFETY: the call touches no memory.
            cfg!(target_os = "linux") && unsafe { syscall(MEMBARRIER, command, 0 as c_long, 0 as c_long) } == 0
        });
        if !has_passed {
            // Where the system has no such call: no CPU keeps a store to itself for so long.
            thread::sleep(Duration::from_millis(20));
        }
        fence(SeqCst);
    }

    fn now_ms() -> u64 {
        static FIRST: OnceLock<Instant> = OnceLock::new();
        u64::try_from(FIRST.get_or_init(Instant::now).elapsed().as_millis()).expect("no storm lasts so long")
    }

    fn allow_seconds(_seconds: u64) {
        failure::go_on();
    }

    fn blocks_not_as_new() -> usize {
        // A block that is not as new is not left to another thread: its thread has failed.
        platform::LEFT.lock().unwrap().iter().filter(|block| !block.is_as_new()).count()
    }

    fn say(line: fmt::Arguments<'_>) {
        println!("{line}");
    }
}

fn number(variable: &str, default: u64) -> u64 {
    env::var(variable).map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{variable} wants a number")))
}

#[test]
fn storm() {
    let (seconds, seed) = (number("TSD_STORM_SECONDS", QUICK_SECONDS), number("TSD_STORM_SEED", 1));
    println!("again: TSD_STORM_SECONDS={seconds} TSD_STORM_SEED={seed} cargo test --test storm");
    failure::begin();
    let storm = thread::spawn(move || STORM.blow::<Host>(1000 * seconds, seed));
    // A thread that spins in a call of the library is never joined.
    while !storm.is_finished() && !failure::is_overdue() {
        thread::sleep(Duration::from_millis(20));
    }
    let hangs = !storm.is_finished();
    if !hangs && let Err(payload) = storm.join() {
        failure::note(&*payload);
    }
    for (name, count) in STORM.figures::<Host>() {
        println!("{name} {count}");
    }
    assert_eq!(failure::message(), None);
    assert!(!hangs, "the storm hangs");
    assert_eq!(STORM.missing::<Host>().collect::<Vec<_>>(), []);
}
