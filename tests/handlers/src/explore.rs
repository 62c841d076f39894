//! Every plan of a case is run, and the outcome of each is checked.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

use crate::actions::{Action, Side, current, new_value};
use crate::cases::{CASES, Case, Routine};
use crate::ledger::ledger;
use crate::machine::Machine;
use crate::plan::{Cpu, Handlers, plan};
use crate::trace::{self, told};

/// What the command line says.
struct Options {
    is_quick: bool,
    handlers: Option<u32>,
    cpu: Cpu,
    reduces: bool,
}

/// The handlers of a case.
struct Interrupts {
    machine: &'static dyn Machine,
    actions: &'static [Action],
    /// For each action, those that may not interrupt it, a bit each.
    excluded: Vec<u32>,
}

impl Interrupts {
    fn new(machine: &'static dyn Machine, actions: &'static [Action]) -> Self {
        let excluded_by = |outer: &Action| {
            let inner = actions.iter().enumerate();
            inner.filter(|(_, inner)| !outer.may_be_interrupted_by(**inner)).map(|(bit, _)| 1 << bit).sum()
        };
        Self { machine, actions, excluded: actions.iter().map(excluded_by).collect() }
    }
}

impl Handlers for Interrupts {
    fn enabled(&self) -> u32 {
        ledger(|ledger| {
            let possible = self.actions.iter().enumerate().filter(|(_, action)| action.is_possible(ledger));
            possible.fold(0, |bits, (bit, _)| bits | 1 << bit)
        })
    }

    fn act(&self, action: u32) {
        let action = action as usize;
        told!("-- handler: {:?}", self.actions[action]);
        plan(|plan| plan.exclude(self.excluded[action]));
        self.actions[action].run(self.machine);
        told!("-- handler ends");
    }
}

/// The outcome of the plans of a case.
#[derive(Default)]
struct Explored {
    runs: u64,
    cut: u64,
    /// Runs in which a set's own key went during the set, and what was stored under the next.
    exceptions: u64,
    /// What was wrong, with the number of runs.
    wrong: BTreeMap<&'static str, u64>,
}

/// Runs the cases that are named, or all. Status 1 if a case fails, 2 for a word that means nothing.
#[must_use]
pub fn run(arguments: &[String]) -> ExitCode {
    let mut options = Options { is_quick: false, handlers: None, cpu: Cpu::OneInstruction, reduces: true };
    let mut names = Vec::new();
    for word in arguments {
        match word.as_str() {
            "--quick" => options.is_quick = true,
            "--every-plan" => options.reduces = false,
            "--load-linked" => options.cpu = Cpu::LoadLinked,
            "--reservation" => options.cpu = Cpu::Reservation,
            "--1" | "--2" | "--3" => options.handlers = word[2..].parse().ok(),
            name if CASES.iter().any(|case| case.name == name) => names.push(name),
            other => {
                eprintln!("tsd-handlers: no such case or option: {other}");
                return ExitCode::from(2);
            }
        }
    }
    // What a run panics with is told with its trace.
    std::panic::set_hook(Box::new(|info| told!("{info}")));
    let cases = CASES.iter().filter(|case| names.is_empty() || names.contains(&case.name));
    let failed = cases.filter(|case| !explore(case, &options)).count();
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Runs every plan of a case, and prints one line, and the first run of each kind that is wrong.
fn explore(case: &Case, options: &Options) -> bool {
    // A thread of its own, so that nothing is left of the case before.
    let most = options.handlers.unwrap_or(if options.is_quick { 2 } else { 3 });
    let mut explored = Explored::default();
    std::thread::scope(|scope| scope.spawn(|| explore_alone(case, options, most, &mut explored)).join())
        .expect("a case does not panic outside of its runs");
    let Explored { runs, cut, exceptions, wrong } = &explored;
    println!("{}: handlers {most}, runs {runs}, cut {cut}, exceptions {exceptions}: {}", case.name, in_words(wrong));
    wrong.is_empty()
}

fn in_words(wrong: &BTreeMap<&'static str, u64>) -> String {
    if wrong.is_empty() {
        return "right".into();
    }
    wrong.iter().map(|(what, count)| format!("{count} times {what}")).collect::<Vec<_>>().join("; ")
}

fn explore_alone(case: &Case, options: &Options, most: u32, explored: &mut Explored) {
    let (machine, routine) = (case.state)();
    machine.save();
    // Fewer handlers first: the run that is shown has as few as can be.
    for most in 1..=most {
        let actions = case.actions[usize::from(most > 2)];
        let interrupts: &'static Interrupts = Box::leak(Box::new(Interrupts::new(machine, actions)));
        plan(|plan| plan.begin_all(interrupts, options.cpu, options.reduces));
        loop {
            let verdict = run_once(machine, routine, most);
            let (is_cut, begun) = plan(|plan| (plan.is_redundant(), plan.begun()));
            if is_cut {
                explored.cut += 1;
            } else if begun == most || (begun == 0 && most == 1) {
                explored.runs += 1;
                note(machine, routine, most, case.name, verdict, explored);
            }
            if !plan(|plan| plan.advance()) {
                break;
            }
        }
    }
}

fn note(
    machine: &'static dyn Machine,
    routine: Routine,
    most: u32,
    name: &str,
    verdict: Option<&'static str>,
    explored: &mut Explored,
) {
    let Some(what) = verdict else { return };
    if ledger(|ledger| ledger.is_excused()) {
        explored.exceptions += 1;
        return;
    }
    let count = explored.wrong.entry(what).or_default();
    *count += 1;
    if *count == 1 {
        println!("---- {name}: {what}");
        plan(|plan| plan.repeat());
        trace::tell(|| {
            run_once(machine, routine, most);
        });
        println!("----");
    }
}

/// Runs one plan; what is wrong, if anything.
fn run_once(machine: &'static dyn Machine, routine: Routine, most: u32) -> Option<&'static str> {
    machine.restore();
    plan(|plan| plan.begin_run(most));
    let ended = catch_unwind(AssertUnwindSafe(|| {
        plan(|plan| plan.open());
        routine(machine);
        plan(|plan| plan.close());
        if !plan(|plan| plan.is_redundant()) && ledger(|ledger| ledger.obituary.is_none()) {
            machine.exit();
            end(machine, 0);
        }
    }));
    match ended {
        Err(_) if ledger(|ledger| ledger.obituary.is_none()) => Some("a run panicked or did not end"),
        _ => ledger(|ledger| ledger.verdict()),
    }
}

/// The thread has died. Its exit is run for it, and that is the end: what its call does then is not looked at.
pub(crate) fn bury(machine: &dyn Machine) {
    plan(|plan| plan.close());
    let registering = ledger(|ledger| u32::from(ledger.is_registering));
    machine.reap();
    end(machine, registering.max(1));
    let verdict = ledger(|ledger| ledger.verdict());
    ledger(|ledger| ledger.obituary = Some(verdict));
}

/// What follows the exit, with no handler: the next thread uses the slots. Of the functions that were registered so
/// many may not have run, or have run without the registration having ended.
fn end(machine: &dyn Machine, doubtful: u32) {
    ledger(|ledger| ledger.gone());
    let sides = [Side::This, Side::Other];
    let is_live = |side: &Side| ledger(|ledger| ledger.current_key(*side).is_live);
    sides.iter().filter(|side| is_live(side)).for_each(|side| {
        machine.get(current(*side));
        machine.set(current(*side), new_value());
        machine.get(current(*side));
    });
    machine.exit();
    let in_use = machine.in_use();
    machine.fill();
    ledger(|ledger| {
        ledger.gone();
        ledger.count_keys(in_use);
        if !machine.is_idle() || ledger.functions.abs_diff(ledger.registered) > doubtful {
            ledger.wrong = ledger.wrong.or(Some("something is left after the exit"));
        }
    });
}
