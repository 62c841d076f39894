//! The host as a platform for the storm. Kills come at safe points only here.

use std::{
    ffi::c_long,
    fmt,
    sync::{
        OnceLock,
        atomic::{Ordering::SeqCst, fence},
    },
    thread,
    time::{Duration, Instant},
};

use tsd_storm::{Ending, Storm, StormPlatform};
use tsd_suite::Start;

use crate::{Host, HostThread, LEFT, failure, start_watched};

static STORM: Storm = Storm::new();

impl StormPlatform for Host {
    const HAS_HISTORY: bool = false;
    /// Each of them stays asleep.
    const MOST_DEATHS: usize = 100;

    fn storm() -> &'static Storm {
        &STORM
    }

    fn start_watched(_start: Start, body: fn(usize), argument: usize) -> HostThread {
        start_watched(body, argument, |argument, killed, report| {
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
        /// Linux's number of `membarrier`, and its commands to register a process and to interrupt the CPUs that run
        /// it.
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
        LEFT.lock().unwrap().iter().filter(|block| !block.is_as_new()).count()
    }

    fn say(line: fmt::Arguments<'_>) {
        println!("{line}");
    }
}
