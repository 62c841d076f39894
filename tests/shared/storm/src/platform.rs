//! What the storm asks of the platform on which it runs.

use core::fmt;

use tsd::ExitReport;
use tsd_suite::{Platform, Start};

use crate::Storm;

/// How a thread has ended.
#[derive(Debug)]
pub struct Ending<'a> {
    /// It was killed.
    pub killed: bool,
    /// What its exit reported.
    pub report: &'a ExitReport,
    /// How often it lost its CPU against its will, and on how many CPUs it ran, where the platform knows.
    pub history: Option<(u32, u32)>,
}

/// A platform on which a storm can run.
pub trait StormPlatform: Platform {
    /// The storm, a static of the platform's; it runs once.
    fn storm() -> &'static Storm;

    /// [`Platform::start`] of a thread that calls [`at_end`](crate::at_end) last, after its exit hook, with the same
    /// argument; however it ends, and even if it was killed before it called `body`.
    fn start_watched(start: Start, body: fn(argument: usize), argument: usize) -> Self::Thread;

    /// Calls `work`; the calling thread is not killed before it has returned.
    fn shield<R>(work: impl FnOnce() -> R) -> R;

    /// Calls `work`; the calling thread is killed only where it sleeps, yields or joins, until it has returned.
    fn at_safe_points<R>(work: impl FnOnce() -> R) -> R;

    /// Returns when each CPU has passed a memory barrier since the call.
    fn pass_barriers();

    /// So many threads may die in a storm.
    const MOST_DEATHS: usize;

    /// Milliseconds since some moment before the storm.
    fn now_ms() -> u64;

    /// Whether endings come with histories.
    const HAS_HISTORY: bool;

    /// Ends the run as one that hangs, unless it is called again or the storm is over in this time.
    fn allow_seconds(seconds: u64);

    /// How many thread control blocks that no thread has are not as new.
    fn blocks_not_as_new() -> usize;

    /// Prints a line.
    fn say(line: fmt::Arguments<'_>);
}
