//! FreeRTOS, unmodified, on QEMU's Cortex-M3 board, a machine of 32 bits: the shared suite on its tasks
//! (`freertos::suite::exit::value_is_null_in_its_destructor`), the storm, and cases in C that link the archive as
//! docs/porting/freertos.md has it (`freertos::tasks::deleted_by_another_task`).

use std::{
    path::PathBuf,
    sync::{Arc, OnceLock},
    thread,
    time::Duration,
};

use libtest_mimic::{Arguments, Completion, Failed, Trial};
use tsd_runner::{
    error::{Error, Result},
    freertos::{self, Image},
    protocol::{self, Cases, Verdict},
    qemu::{Limits, Outcome},
    suite::{self, Verdicts},
    toolchain::Toolchain,
};
use tsd_suite::{CASES, Needs};

/// The cases of tests/freertos/tasks/cases.c.
const TASK_CASES: [&str; 18] = [
    "before_the_scheduler",
    "values_are_per_task",
    "tick_handler_has_the_interrupted_tasks_values",
    "exit_runs_on_the_task_itself",
    "task_without_an_exit_is_buried_by_the_idle_task",
    "deleted_by_another_task",
    "destructor_of_a_deleted_task_blocks",
    "deleted_inside_a_destructor",
    "deletes_itself_inside_a_destructor",
    "deleted_inside_a_once_routine",
    "deletes_itself_inside_a_once_routine",
    "once_waits_for_a_task_of_a_lower_priority",
    "static_memory_serves_the_next_task",
    "idle_task_cleans_up_after_many",
    "preempted_at_each_instruction_of_set",
    "preempted_at_each_instruction_of_exit",
    "preempted_at_random",
    "index_is_used_again_and_again",
];

const STORM: &str = "storm seconds=10 seed=1";
const LIMITS: Limits = Limits { total: Duration::from_secs(300), silence: Duration::from_secs(90) };

fn main() {
    let arguments = Arguments::from_args();
    let toolchain = Arc::new(OnceLock::new());
    let names: Vec<_> = CASES.iter().filter(|case| Needs::IMAGES.contains(case.needs)).map(|case| case.name).collect();
    let selected = |prefix: &str, names: &[&'static str]| {
        let is_selected =
            |name: &&&str| !arguments.is_filtered_out(&Trial::test(format!("{prefix}{name}"), || Ok(())));
        names.iter().filter(is_selected).copied().collect::<Vec<_>>()
    };

    let suite = Booted::new(Image::Suite, selected("freertos::suite::", &names), names.len(), toolchain.clone());
    let tasks = Booted::new(Image::Tasks, TASK_CASES.to_vec(), TASK_CASES.len(), toolchain.clone());
    let mut trials: Vec<_> = names.iter().map(|name| suite.trial("freertos::suite::", name)).collect();
    trials.extend(TASK_CASES.map(|name| tasks.trial("freertos::tasks::", name)));
    trials.push(Trial::test("freertos::storm", move || suite.storm()));

    if !arguments.list && trials.iter().any(|trial| !arguments.is_filtered_out(trial)) {
        match freertos::prepare(true) {
            Ok(found) => toolchain.set(found).expect("it is set here only"),
            Err(error) => error.end_process(),
        }
    }
    libtest_mimic::run(&arguments, trials).exit();
}

/// An image with the verdicts of its cases, which come one by one.
struct Booted {
    image: Image,
    cases: Vec<&'static str>,
    /// Whether `cases` is everything that the image has.
    all: bool,
    toolchain: Arc<OnceLock<Toolchain>>,
    kernel: OnceLock<Result<PathBuf>>,
    verdicts: Verdicts,
}

impl Booted {
    fn new(image: Image, cases: Vec<&'static str>, count: usize, toolchain: Arc<OnceLock<Toolchain>>) -> Arc<Self> {
        let all = cases.len() == count;
        Arc::new(Self { image, cases, all, toolchain, kernel: OnceLock::new(), verdicts: Verdicts::default() })
    }

    fn trial(self: &Arc<Self>, prefix: &str, name: &'static str) -> Trial {
        let booted = self.clone();
        Trial::ignorable_test(format!("{prefix}{name}"), move || booted.result(name))
    }

    /// Boots the image, which is built at the first call.
    fn boot(&self, line: &str, sink: &mut dyn FnMut(&str)) -> Result<Outcome> {
        let build = || self.image.build(self.toolchain.get().expect("it is set before the first case is run"));
        let kernel = self.kernel.get_or_init(build).as_ref().map_err(Clone::clone)?;
        self.image.boot(kernel, line, LIMITS, sink)
    }

    /// Starts the machine if no case has done so, and waits for the verdict on `case`.
    fn result(self: &Arc<Self>, case: &str) -> std::result::Result<Completion, Failed> {
        let begin = || {
            let booted = self.clone();
            thread::spawn(move || {
                let ended = match booted.image {
                    Image::Suite => booted.run_suite(),
                    Image::Tasks => booted.run_tasks(),
                };
                booted.verdicts.end(booted.cases.iter().copied(), ended);
            });
        };
        match self.verdicts.await_case(case, begin) {
            Verdict::Passed => Ok(Completion::Completed),
            Verdict::Skipped(reason) => Ok(Completion::ignored_with(reason)),
            Verdict::Failed(message) => Err(message.into()),
        }
    }

    fn run_suite(&self) -> Result<()> {
        let mut boot = |line: &str, sink: &mut dyn FnMut(&str)| {
            let outcome = self.boot(line, sink)?;
            show_figures("suite", &outcome);
            Ok(outcome)
        };
        let mut judge = |name: &str, verdict| self.verdicts.judge(name, verdict);
        suite::run_in_boots(&self.cases, self.all, &mut boot, &mut judge)
    }

    /// All cases in C in one boot: the first that fails ends it.
    fn run_tasks(&self) -> Result<()> {
        let mut cases = Cases::default();
        let outcome = self.boot("", &mut |line| {
            cases.take(line, &mut |name, verdict| self.verdicts.judge(&name, verdict));
        })?;
        cases.finish(&mut |name, verdict| self.verdicts.judge(&name, verdict));
        show_figures("tasks", &outcome);
        outcome.verdict()
    }

    fn storm(&self) -> std::result::Result<(), Failed> {
        let outcome = self.boot(STORM, &mut |_| ()).map_err(|error| error.to_string())?;
        outcome.verdict().map_err(|error: Error| error.to_string())?;
        show_figures("storm", &outcome);
        Ok(())
    }
}

/// What the image has counted, as it has printed it.
fn show_figures(what: &str, outcome: &Outcome) {
    for (name, value) in protocol::figures(&outcome.lines) {
        println!("freertos {what}: {name} {value}");
    }
}
