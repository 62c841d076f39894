//! The cases of the shared suite, each by itself.

use std::sync::{Mutex, PoisonError};
use std::thread;

use tsd_suite::{CASES, Case, Needs, Platform, Suite};

use crate::{Host, failure};

/// Cases share the host's key space, so they run one after another.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// Returns those that the host can run, and the function of each.
pub fn all() -> impl Iterator<Item = (&'static Case, fn())> {
    let run = Suite::<Host>::RUN.iter().copied();
    CASES.iter().zip(run).filter(|(case, _)| Needs::HOST.contains(case.needs))
}

/// Runs a case's function.
///
/// # Errors
/// What the case failed with.
pub fn run_alone(run: fn()) -> Result<(), String> {
    let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    failure::begin();
    // On a thread of its own, so that each case starts with a fresh thread control block.
    let case = thread::spawn(move || {
        Host::space().attach().unwrap();
        run();
        let report = Host::exit();
        assert_eq!(report.left_over, 0, "the case left values behind: {report:?}");
        assert_eq!(Host::space().table().in_use(), 0, "the case left keys behind");
    });
    if let Err(payload) = case.join() {
        failure::note(&*payload);
    }
    // A case that failed half-way must not make the next one fail.
    for info in Host::space().table().keys() {
        let _ = Host::space().delete(info.key);
    }
    failure::message().map_or(Ok(()), Err)
}
