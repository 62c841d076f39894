//! What becomes of faults: kernels that end badly on purpose, each as `faults::FAULT::MACHINE`, and the page
//! docs/evidence/faults.md, whose tests must exist.

use std::{
    fs,
    path::Path,
    sync::{Mutex, OnceLock},
};

use libtest_mimic::{Arguments, Failed, Trial};
use tsd_runner::{
    image,
    machine::{self, Arch, Machine},
    protocol::Verdict,
    qemu::{self, End, Outcome},
    setup::{self, Wants},
    suite::{LIMITS, Session},
    toolchain::Toolchain,
    workspace,
};
use tsd_suite::CASES;

const CPUS: u32 = 4;

/// The final status of a kernel that has panicked or faulted, and of one that hung.
const PANICKED: u32 = 2;
const HUNG: u32 = 3;

/// A run that must end badly.
struct Fault {
    name: &'static str,
    /// The kernel's word for it.
    word: &'static str,
    status: u32,
    /// What the kernel says of it: all of these.
    says: &'static [&'static str],
    /// The name of the key and the round that the thread `crash` must be reported to be in.
    destructor: Option<(&'static str, u32)>,
}

const FAULTS: [Fault; 3] = [
    Fault {
        name: "destructor_that_panics",
        word: "destructor",
        status: PANICKED,
        says: &["this destructor is meant to panic"],
        destructor: Some(("panics", 2)),
    },
    Fault {
        name: "destructor_that_never_returns",
        word: "endless",
        status: HUNG,
        says: &["tsd: watchdog: a destructor that does not return hangs"],
        destructor: Some(("endless", 1)),
    },
    Fault {
        name: "uninitialised_control_block",
        word: "uninitialised",
        status: PANICKED,
        says: &["NotInitialised"],
        destructor: None,
    },
];

/// Cases that mean more in an image with debug assertions.
const CHECKED: [&str; 3] = [
    "attach::reuse_without_exit_is_refused",
    "attach::uninitialised_memory_is_refused",
    "attach::left_over_value_is_refused_in_debug_builds",
];
const CHECKED_NAME: &str = "faults::debug_assertions";

static TOOLCHAIN: OnceLock<Toolchain> = OnceLock::new();
/// Each machine has more processors than most hosts.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

fn main() {
    let arguments = Arguments::from_args();
    let boots = Arch::ALL.into_iter().map(machine::of).flat_map(|machine| {
        let trial = move |fault: &'static Fault| {
            Trial::test(format!("faults::{}::{}", fault.name, machine.name), move || boot(machine, fault))
        };
        FAULTS.iter().map(trial)
    });
    let mut trials: Vec<_> = boots.collect();
    trials.push(Trial::test(format!("{CHECKED_NAME}::{}", machine::X86_64_CHECKED.name), run_checked));
    let needs_machines = trials.iter().any(|trial| !arguments.is_filtered_out(trial));
    trials.push(Trial::test("faults::page", check_page));
    if needs_machines && !arguments.list {
        let machines: Vec<_> = Arch::ALL.into_iter().map(machine::of).collect();
        let prepared = setup::prepare(Wants::to_boot(&machines), true).and_then(|toolchain| {
            Arch::ALL.into_iter().try_for_each(qemu::check_version)?;
            Ok(toolchain)
        });
        match prepared {
            Ok(toolchain) => TOOLCHAIN.set(toolchain).expect("it is set here only"),
            Err(error) => error.end_process(),
        }
    }
    libtest_mimic::run(&arguments, trials).exit();
}

/// Boots `machine` for a fault and judges what the kernel says of it.
fn boot(machine: &'static Machine, fault: &Fault) -> Result<(), Failed> {
    let kernel = machine.image.build(TOOLCHAIN.get().expect("it is set before"), image::DEFAULT_KEYS)?;
    let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let outcome = qemu::boot(machine, &kernel, &format!("crash {}", fault.word), CPUS, LIMITS, &mut |_| ())?;
    judge(fault, &outcome).map_err(|problem| format!("{problem}:\n{}", outcome.lines.join("\n")).into())
}

fn judge(fault: &Fault, outcome: &Outcome) -> Result<(), String> {
    if !matches!(outcome.end, End::Exited { said: Some(said), .. } if said == fault.status) {
        return Err(format!("{}, not with status {}", outcome.end, fault.status));
    }
    let has_line = |text: &str| outcome.lines.iter().any(|line| line.contains(text));
    if let Some(missing) = fault.says.iter().find(|text| !has_line(text)) {
        return Err(format!("no line has {missing:?}"));
    }
    let Some((name, round)) = fault.destructor else { return Ok(()) };
    // As in: thread 9 "crash": exiting, in the destructor of key 0x9 "panics", round 2, 0 exit functions
    let key = outcome.lines.iter().find_map(|line| {
        let thread = line.strip_prefix("tsd: thread ")?;
        let (thread, destructor) = thread.split_once(": exiting, in the destructor of key ")?;
        let (key, _) = destructor.split_once(&format!(" \"{name}\", round {round}, "))?;
        thread.ends_with("\"crash\"").then_some(key)
    });
    match key {
        Some(key) if has_line(&format!("tsd: key {key} \"{name}\"")) => Ok(()),
        Some(key) => Err(format!("key {key} is not listed")),
        None => Err(format!("no line names thread, key {name:?} and round {round}")),
    }
}

/// Runs cases on an image with debug assertions.
fn run_checked() -> Result<(), Failed> {
    let machine = &machine::X86_64_CHECKED;
    let kernel = machine.image.build(TOOLCHAIN.get().expect("it is set before"), image::DEFAULT_KEYS)?;
    let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let mut verdicts = Vec::new();
    let session = Session { machine, kernel: &kernel, cpus: CPUS };
    session.run(&CHECKED, false, &mut |name, verdict| verdicts.push((name.to_owned(), verdict)))?;
    let passed = CHECKED.map(|name| (name.to_owned(), Verdict::Passed));
    if verdicts == passed { Ok(()) } else { Err(format!("{verdicts:#?}").into()) }
}

/// Every test that the page names exists, and every fault has one.
fn check_page() -> Result<(), Failed> {
    let page = fs::read_to_string(workspace::root().join("docs/evidence/faults.md"))?;
    let programs = workspace::root().join("tests/c/programs");
    assert!(!exists("keys::no_such_case", &programs) && !exists("core::no_such_program", &programs));
    let lines: Vec<_> = page.lines().collect();
    let is_row = |pair: &&[&str]| pair[0].starts_with("| ") && !pair[1].starts_with("|---");
    let rows: Vec<_> = lines.windows(2).filter(is_row).map(|pair| pair[0]).collect();
    assert!(!rows.is_empty(), "the page has no table");
    for row in &rows {
        let tests = row.trim_end_matches(" |").rsplit(" | ").next().unwrap_or_default();
        let names: Vec<_> = tests.split('`').skip(1).step_by(2).collect();
        if names.is_empty() {
            return Err(format!("no test: {row}").into());
        }
        if let Some(name) = names.iter().find(|name| !exists(name, &programs)) {
            return Err(format!("there is no test {name}: {row}").into());
        }
    }
    let unnamed = FAULTS.iter().map(|fault| fault.name).find(|name| !page.contains(&format!("`faults::{name}`")));
    unnamed.map_or(Ok(()), |name| Err(format!("the page does not name faults::{name}").into()))
}

/// Whether there is a test of this name: a case of the suite, a C program, or one of this file.
fn exists(name: &str, programs: &Path) -> bool {
    let is_own = name == CHECKED_NAME || FAULTS.iter().any(|fault| name == format!("faults::{}", fault.name));
    let program = programs.join(name.replace("::", "/"));
    let is_program = ["c", "cc"].iter().any(|extension| program.with_extension(extension).is_file());
    is_own || is_program || CASES.iter().any(|case| case.name == name)
}
