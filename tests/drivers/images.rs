//! The shared suite in the images: each case under its own name on each machine, such as
//! `aarch64_a72::exit::value_is_null_in_its_destructor`, each example as `aarch64_a72::example::errno`, the kernel's
//! checks of itself as `aarch64_a72::selftest`, and the quick form of the storm as `aarch64_a72::storm`.
//!
//! A machine is booted once for all the cases that the arguments select on it, when the first of them is run.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, OnceLock},
    thread,
};

use libtest_mimic::{Arguments, Completion, Failed, Trial};
use tsd_runner::{
    error::Result,
    image,
    machine::{self, Machine},
    protocol::Verdict,
    qemu,
    setup::{self, Wants},
    storm,
    suite::{Session, Verdicts},
    toolchain::Toolchain,
};
use tsd_suite::{CASES, Needs};

#[path = "../shared/examples.rs"]
mod examples;

const CPUS: u32 = 4;

/// The storm of each machine.
const STORM_SECONDS: u32 = 2;
const STORM_SEED: u32 = 1;

/// Machines run one after another: each has more processors than most hosts.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

fn main() {
    let arguments = Arguments::from_args();
    let (mut trials, mut machines) = (Vec::new(), Vec::new());
    let toolchain = Arc::new(OnceLock::new());
    for machine in machine::ALL {
        let suite = CASES.iter().filter(|case| Needs::IMAGES.contains(case.needs)).map(|case| case.name);
        let names: Vec<_> = suite.chain(examples::CASES.iter().map(|(name, _)| *name)).collect();
        let booted = Booted::new(machine, selected(&arguments, machine, &names), toolchain.clone());
        let of_machine: Vec<_> = booted.trials(&names).collect();
        if of_machine.iter().any(|trial| !arguments.is_filtered_out(trial)) {
            machines.push(machine);
        }
        trials.extend(of_machine);
    }

    if !arguments.list && !machines.is_empty() {
        match prepare(&machines) {
            Ok(found) => toolchain.set(found).expect("it is set here only"),
            Err(error) => error.end_process(),
        }
    }
    libtest_mimic::run(&arguments, trials).exit();
}

/// Gets what is missing. It is no case's fault if that fails, so it comes before all cases.
fn prepare(machines: &[&Machine]) -> Result<Toolchain> {
    let toolchain = setup::prepare(Wants::to_boot(machines), true)?;
    machines.iter().try_for_each(|machine| qemu::check_version(machine.arch))?;
    Ok(toolchain)
}

fn trial_name(machine: &Machine, case: &str) -> String {
    format!("{}::{case}", machine.name)
}

/// The cases that will be run on `machine`, and whether these are all.
fn selected(arguments: &Arguments, machine: &Machine, names: &[&'static str]) -> (Vec<&'static str>, bool) {
    let is_selected = |name: &&&str| !arguments.is_filtered_out(&Trial::test(trial_name(machine, name), || Ok(())));
    let selected: Vec<_> = names.iter().filter(is_selected).copied().collect();
    let all = selected.len() == names.len();
    (selected, all)
}

/// One machine with the verdicts of its cases, which come one by one.
struct Booted {
    machine: &'static Machine,
    cases: Vec<&'static str>,
    /// Whether `cases` is everything that the kernel has.
    all: bool,
    toolchain: Arc<OnceLock<Toolchain>>,
    kernel: OnceLock<Result<PathBuf>>,
    verdicts: Verdicts,
}

impl Booted {
    fn new(
        machine: &'static Machine,
        selected: (Vec<&'static str>, bool),
        toolchain: Arc<OnceLock<Toolchain>>,
    ) -> Arc<Self> {
        let (cases, all) = selected;
        Arc::new(Self { machine, cases, all, toolchain, kernel: OnceLock::new(), verdicts: Verdicts::default() })
    }

    fn trials(self: &Arc<Self>, names: &[&'static str]) -> impl Iterator<Item = Trial> {
        let booted = self.clone();
        let selftest = Trial::test(trial_name(self.machine, "selftest"), move || booted.selftest());
        let booted = self.clone();
        let storm = Trial::test(trial_name(self.machine, "storm"), move || booted.storm());
        let cases = names.iter().map(|&name| {
            let booted = self.clone();
            Trial::ignorable_test(trial_name(self.machine, name), move || booted.result(name))
        });
        [selftest, storm].into_iter().chain(cases)
    }

    /// The machine with its image, which is built at the first call.
    fn session(&self) -> Result<Session<'_>> {
        let build = || {
            let toolchain = self.toolchain.get().expect("it is set before the first case is run");
            self.machine.image.build(toolchain, image::DEFAULT_KEYS)
        };
        let kernel = self.kernel.get_or_init(build).as_ref().map_err(Clone::clone)?;
        Ok(Session { machine: self.machine, kernel, cpus: CPUS })
    }

    fn selftest(&self) -> std::result::Result<(), Failed> {
        let session = self.session()?;
        let _alone = ONE_AT_A_TIME.lock().unwrap();
        Ok(session.selftest()?)
    }

    fn storm(&self) -> std::result::Result<(), Failed> {
        let session = self.session()?;
        let _alone = ONE_AT_A_TIME.lock().unwrap();
        storm::boot(session, image::DEFAULT_KEYS, STORM_SECONDS, STORM_SEED, &mut |_| ())?;
        Ok(())
    }

    /// Starts the machine if no case has done so, and waits for the verdict on `case`.
    fn result(self: &Arc<Self>, case: &str) -> std::result::Result<Completion, Failed> {
        let begin = || {
            let booted = self.clone();
            thread::spawn(move || booted.run());
        };
        match self.verdicts.await_case(case, begin) {
            Verdict::Passed => Ok(Completion::Completed),
            Verdict::Skipped(reason) => Ok(Completion::ignored_with(reason)),
            Verdict::Failed(message) => Err(message.into()),
        }
    }

    fn run(&self) {
        let ran = self.session().and_then(|session| {
            let _alone = ONE_AT_A_TIME.lock().unwrap();
            session.run(&self.cases, self.all, &mut |name, verdict| self.verdicts.judge(name, verdict))
        });
        self.verdicts.end(self.cases.iter().copied(), ran);
    }
}
