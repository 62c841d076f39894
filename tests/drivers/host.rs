//! The shared suite on the host, each case under its own name.

use std::sync::Mutex;

use libtest_mimic::{Arguments, Failed, Trial};
use tsd_host::{Host, failure};
use tsd_suite::{CASES, Needs, Platform, Suite};

/// Cases share the host's key space, so they run one after another.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

fn main() {
    let trials = CASES
        .iter()
        .zip(Suite::<Host>::RUN)
        .filter(|(case, _)| Needs::HOST.contains(case.needs))
        .map(|(case, run)| Trial::test(format!("host::{}", case.name), move || run_alone(*run)))
        .collect();
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}

fn run_alone(run: fn()) -> Result<(), Failed> {
    let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    failure::begin();
    // On a thread of its own, so that each case starts with a fresh thread control block.
    let case = std::thread::spawn(move || {
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
    failure::message().map_or(Ok(()), |message| Err(message.into()))
}
