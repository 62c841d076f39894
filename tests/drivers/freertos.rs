//! FreeRTOS, unmodified, on QEMU's Cortex-M3 board, a machine of 32 bits: the shared suite on its tasks
//! (`freertos::suite::exit::value_is_null_in_its_destructor`), and once more without compare-and-swap
//! (`freertos::suite_without_compare_and_swap::…`), the storm, and cases in C that link the archive as docs/porting/freertos.md has it (`freertos::tasks::deleted_by_another_task`), most of them also on FreeRTOS's simulator, a
//! program of the host (`freertos::posix::deleted_by_another_task`).

use std::{
    env,
    path::PathBuf,
    sync::{Arc, OnceLock},
    thread,
    time::Duration,
};

use libtest_mimic::{Arguments, Completion, Failed, Trial};
use tsd_runner::{
    error::Result,
    freertos::{self, Image},
    one_boot::{OneBoot, Ran},
    protocol::{self, Verdict},
    qemu::{Limits, Outcome},
    suite::{self, Verdicts},
    toolchain::Toolchain,
};
use tsd_suite::{CASES, Needs};

/// The cases of tests/freertos/tasks/cases.c.
const TASK_CASES: [&str; 22] = [
    "before_the_scheduler",
    "values_are_per_task",
    "tick_handler_has_the_interrupted_tasks_values",
    "exit_runs_on_the_task_itself",
    "deleted_by_another_task",
    "task_without_an_exit_is_buried_by_the_idle_task",
    "destructor_of_a_deleted_task_blocks",
    "deleted_inside_a_destructor",
    "deletes_itself_inside_a_destructor",
    "deleted_inside_a_once_routine",
    "deletes_itself_inside_a_once_routine",
    "once_waits_for_a_task_of_a_lower_priority",
    "value_that_is_set_after_the_exit_is_destroyed",
    "static_memory_serves_the_next_task",
    "idle_task_cleans_up_after_many",
    "preempted_at_each_instruction_of_set",
    "preempted_at_each_instruction_of_exit",
    "deleted_at_each_instruction_of_set",
    "deleted_at_each_instruction_of_exit",
    "preempted_at_random",
    "thread_local_objects",
    "index_is_used_again_and_again",
];

/// Those that the simulator does not run: it has no timers but FreeRTOS's, unwinds the stack of a deleted
/// task, and leaves thread-local storage to the host.
const BOARD_CASES: [&str; 8] = [
    "deleted_inside_a_once_routine",
    "deletes_itself_inside_a_once_routine",
    "preempted_at_each_instruction_of_set",
    "preempted_at_each_instruction_of_exit",
    "deleted_at_each_instruction_of_set",
    "deleted_at_each_instruction_of_exit",
    "preempted_at_random",
    "thread_local_objects",
];

/// A step of the port that is forgotten, the case that shows it, and what is said then. docs/porting/freertos.md has them
/// in a table.
const FORGOTTEN: [(&str, &str, &str); 6] = [
    ("INIT", "values_are_per_task", "tsd_set(key, VALUE(first)) == 0 does not hold"),
    ("SET", "values_are_per_task", "tsd_set(key, VALUE(first)) == 0 does not hold"),
    ("DEINIT", "deleted_by_another_task", "destroyer[1] == xTaskGetCurrentTaskHandle() does not hold"),
    ("SEEN", "deleted_by_another_task", "destroyed[3] == 0 does not hold"),
    ("EXIT", "exit_runs_on_the_task_itself", "destroyer[2] == task does not hold"),
    ("WAIT", "once_waits_for_a_task_of_a_lower_priority", "the machine printed nothing"),
];

const PAGE: &str = include_str!("../../docs/porting/freertos.md");

/// The storm, unless `TSD_STORM_SECONDS` and `TSD_STORM_SEED` say otherwise.
const STORM_SECONDS: u32 = 10;
const STORM_SEED: u32 = 1;
const LIMITS: Limits = Limits { total: Duration::from_secs(300), silence: Duration::from_secs(90) };
/// For an image that is expected to hang.
const SHORT: Limits = Limits { total: Duration::from_secs(60), silence: Duration::from_secs(10) };

fn main() {
    let arguments = Arguments::from_args();
    let toolchain = Arc::new(OnceLock::new());
    let suite = |image, prefix| SuiteImage::new(image, prefix, &toolchain, &arguments);
    let without_swap = suite(Image::SuiteWithoutCompareAndSwap, "freertos::suite_without_compare_and_swap");
    let suite = suite(Image::Suite, "freertos::suite");
    let tasks = TasksImage::new(Image::Tasks, "freertos::tasks", TASK_CASES.to_vec(), &toolchain);
    let posix: Vec<_> = TASK_CASES.into_iter().filter(|name| !BOARD_CASES.contains(name)).collect();
    let posix = TasksImage::new(Image::Posix, "freertos::posix", posix, &toolchain);
    let mut trials: Vec<_> = [&suite, &without_swap].into_iter().flat_map(SuiteImage::trials).collect();
    trials.extend([tasks, posix].iter().flat_map(TasksImage::trials));
    trials.extend(FORGOTTEN.map(|forgotten| {
        let image = Booted::new(Image::Without(forgotten.0), &toolchain);
        let name = format!("freertos::forgotten::{}", forgotten.0.to_lowercase());
        Trial::test(name, move || without(&image, forgotten))
    }));
    trials.push(Trial::test("freertos::storm", move || suite.storm()));

    if !arguments.list && trials.iter().any(|trial| !arguments.is_filtered_out(trial)) {
        match freertos::prepare(true) {
            Ok(found) => toolchain.set(found).expect("it is set here only"),
            Err(error) => error.end_process(),
        }
    }
    libtest_mimic::run(&arguments, trials).exit();
}

/// An image, which is built at its first boot.
struct Booted {
    image: Image,
    toolchain: Arc<OnceLock<Toolchain>>,
    kernel: OnceLock<Result<PathBuf>>,
}

impl Booted {
    fn new(image: Image, toolchain: &Arc<OnceLock<Toolchain>>) -> Self {
        Self { image, toolchain: toolchain.clone(), kernel: OnceLock::new() }
    }

    fn boot(&self, line: &str, limits: Limits, sink: &mut dyn FnMut(&str)) -> Result<Outcome> {
        let build = || self.image.build(self.toolchain.get().expect("it is set before the first case is run"));
        let kernel = self.kernel.get_or_init(build).as_ref().map_err(Clone::clone)?;
        self.image.boot(kernel, line, limits, sink)
    }
}

/// The shared suite, with the verdicts of its cases, which come one by one.
struct SuiteImage {
    image: Booted,
    prefix: &'static str,
    names: Vec<&'static str>,
    selected: Vec<&'static str>,
    verdicts: Verdicts,
}

impl SuiteImage {
    fn new(
        image: Image,
        prefix: &'static str,
        toolchain: &Arc<OnceLock<Toolchain>>,
        arguments: &Arguments,
    ) -> Arc<Self> {
        let names: Vec<_> =
            CASES.iter().filter(|case| Needs::IMAGES.contains(case.needs)).map(|case| case.name).collect();
        let is_selected =
            |name: &&&str| !arguments.is_filtered_out(&Trial::test(format!("{prefix}::{name}"), || Ok(())));
        let selected = names.iter().filter(is_selected).copied().collect();
        let (image, verdicts) = (Booted::new(image, toolchain), Verdicts::default());
        Arc::new(Self { image, prefix, names, selected, verdicts })
    }

    fn trials(self: &Arc<Self>) -> Vec<Trial> {
        let trial = |&name: &&'static str| {
            let suite = self.clone();
            Trial::ignorable_test(format!("{}::{name}", self.prefix), move || suite.result(name))
        };
        self.names.iter().map(trial).collect()
    }

    /// Starts the machine if no case has done so, and waits for the verdict on `case`.
    fn result(self: &Arc<Self>, case: &str) -> std::result::Result<Completion, Failed> {
        let begin = || {
            let suite = self.clone();
            thread::spawn(move || suite.verdicts.end(suite.selected.iter().copied(), suite.run()));
        };
        match self.verdicts.await_case(case, begin) {
            Verdict::Passed => Ok(Completion::Completed),
            Verdict::Skipped(reason) => Ok(Completion::ignored_with(reason)),
            Verdict::Failed(message) => Err(message.into()),
        }
    }

    fn run(&self) -> Result<()> {
        let mut boot = |line: &str, sink: &mut dyn FnMut(&str)| {
            let outcome = self.image.boot(line, LIMITS, sink)?;
            show_figures(self.prefix, &outcome);
            Ok(outcome)
        };
        let mut judge = |name: &str, verdict| self.verdicts.judge(name, verdict);
        suite::run_in_boots(&self.selected, self.selected.len() == self.names.len(), &mut boot, &mut judge)
    }

    fn storm(&self) -> std::result::Result<(), Failed> {
        let number = |variable: &str, default| {
            env::var(variable)
                .map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{variable} wants a number")))
        };
        let (seconds, seed) = (number("TSD_STORM_SECONDS", STORM_SECONDS), number("TSD_STORM_SEED", STORM_SEED));
        println!(
            "again: TSD_STORM_SECONDS={seconds} TSD_STORM_SEED={seed} cargo test --test freertos -- freertos::storm"
        );
        // It lasts at most ten times as long as asked for.
        let limits = Limits { total: LIMITS.total + Duration::from_secs(10 * u64::from(seconds)), ..LIMITS };
        let outcome = self.image.boot(&format!("storm seconds={seconds} seed={seed}"), limits, &mut |_| ())?;
        outcome.verdict()?;
        show_figures("freertos::storm", &outcome);
        Ok(())
    }
}

/// The cases in C, all of them in one boot: the first that fails ends it.
struct TasksImage {
    image: Booted,
    prefix: &'static str,
    names: Vec<&'static str>,
    boot: OneBoot,
}

impl TasksImage {
    fn new(
        image: Image,
        prefix: &'static str,
        names: Vec<&'static str>,
        toolchain: &Arc<OnceLock<Toolchain>>,
    ) -> Arc<Self> {
        Arc::new(Self { image: Booted::new(image, toolchain), prefix, names, boot: OneBoot::default() })
    }

    fn trials(self: &Arc<Self>) -> Vec<Trial> {
        let trial = |&name: &&'static str| {
            let tasks = self.clone();
            Trial::test(format!("{}::{name}", self.prefix), move || Ok(tasks.ran()?.verdict_on(name)?))
        };
        let tasks = self.clone();
        let figures = Trial::test(format!("{}::figures", self.prefix), move || tasks.figures());
        self.names.iter().map(trial).chain([figures]).collect()
    }

    fn ran(&self) -> Result<&Ran> {
        self.boot.run(|sink| self.image.boot("", LIMITS, sink))
    }

    /// What the image has counted: tasks have lost the CPU inside the library, and the heap is as it was.
    fn figures(&self) -> std::result::Result<(), Failed> {
        let ran = self.ran()?;
        ran.outcome.verdict()?;
        assert_eq!(ran.names(), self.names, "the cases of the image and those of this driver");
        assert_eq!(ran.figure("heap_free_bytes_before")?, ran.figure("heap_free_bytes_after")?);
        if self.image.image == Image::Tasks {
            assert!(ran.figure("preemptions_in_set")? > 0 && ran.figure("preemptions_in_exit")? > 0);
            let bytes = format!(" is {} bytes", ran.figure("bytes_a_task")?);
            assert!(PAGE.contains(&bytes), "docs/porting/freertos.md does not say that a task's part{bytes}");
        }
        show_figures(self.prefix, &ran.outcome);
        Ok(())
    }
}

/// An image without one step shows that where the page says.
fn without(image: &Booted, (step, case, said): (&str, &str, &str)) -> std::result::Result<(), Failed> {
    let outcome = image.boot("", SHORT, &mut |_| ())?;
    let last = outcome.lines.iter().rev().find(|line| line.starts_with("test ")).map_or("", String::as_str);
    let text = format!("{last}; {}", outcome.end);
    println!("freertos without {step}: {text}");
    assert!(
        last.starts_with(&format!("test {case} ... ")) && text.contains(said),
        "{case}, {said} were expected: {text}"
    );
    assert!(!outcome.is_success());
    let row = PAGE.lines().find(|line| line.contains(&format!("`{case}`")) && line.contains(&format!("`{said}`")));
    assert!(row.is_some(), "the page has no row with {case} and {said}");
    Ok(())
}

/// What the image has counted, as it has printed it.
fn show_figures(what: &str, outcome: &Outcome) {
    for (name, value) in protocol::figures(&outcome.lines) {
        println!("{what}: {name} {value}");
    }
}
