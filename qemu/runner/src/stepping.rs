//! The kernel's mode `stepping`: an interrupt at each instruction of each call, and what the sweep says it has covered.
//!
//! The kernel holds the boundaries that it stopped at to the instructions that the machine counts, and ends with a
//! panic when a run breaks the model. Here its lines are held to each other, so that a sweep that leaves something out
//! is no success.

use std::{path::Path, time::Duration};

use crate::{
    error::{Error, Result},
    machine::{self, Machine},
    progress::Progress,
    protocol::{self, Line},
    qemu::{self, Limits},
};

/// The machines on which every call ends while it is stepped through. Loops of load-exclusive and store-exclusive
/// don't.
pub const MACHINES: [&Machine; 3] = [&machine::X86_64, &machine::AARCH64_MAX, &machine::RISCV64];

/// What is stepped through, as the kernel calls it.
pub const ROUTINES: [&str; 8] = ["get", "set", "set-null", "create", "delete", "once", "at_thread_exit", "exit"];

/// A long state prints nothing until it is through.
const LIMITS: Limits = Limits { total: Duration::from_secs(3600), silence: Duration::from_secs(600) };

/// One state of a routine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Swept {
    /// What was stepped through.
    pub routine: String,
    /// From which state on.
    pub state: String,
    /// The instructions that the machine counted.
    pub instructions: u64,
    /// The boundaries that were stopped at.
    pub boundaries: u64,
    /// The number of different actions.
    pub actions: u64,
    /// How often one of them was done at a boundary.
    pub runs: u64,
    /// How often two of them were done at two boundaries of one run.
    pub pairs: u64,
}

/// How much a sweep covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extent {
    /// One boundary in this many is acted at.
    pub every: u64,
    /// So many pairs of actions are drawn for each state.
    pub pairs: u64,
    /// What decides which.
    pub seed: u32,
}

/// The routines in which pairs are drawn.
const WITH_PAIRS: [&str; 5] = ["get", "set", "set-null", "at_thread_exit", "exit"];
/// Of this many pairs that are drawn at least one comes to be: others begin with the thread's end, or end after the
/// call.
const DRAWN_FOR_A_PAIR: u64 = 20;

/// What a boot has swept over.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sweep {
    /// Every state.
    pub states: Vec<Swept>,
    /// The names of each routine's actions.
    pub actions: Vec<(String, String)>,
}

/// Boots `kernel` on `machine` and sweeps over `routine`, or over all.
///
/// # Errors
/// A run broke the model, or the sweep was not whole: the last lines.
pub fn sweep(machine: &Machine, kernel: &Path, routine: Option<&str>, extent: Extent) -> Result<Sweep> {
    let chosen = routine.map_or(String::new(), |routine| format!(" routine={routine}"));
    let Extent { every, pairs, seed } = extent;
    let line = format!("stepping every={every} pairs={pairs} seed={seed}{chosen}");
    // Until the kernel says of how many.
    let progress = Progress::of(machine.name, 1);
    let mut show = |line: &str| {
        if let Line::Progress(done, total, what) = protocol::read(line) {
            progress.set(done, total, what);
        }
    };
    let outcome = qemu::run(machine, &mut machine.counting_command(kernel, &line), LIMITS, &mut show)?;
    outcome.verdict()?;
    let wanted = routine.map_or(ROUTINES.to_vec(), |routine| vec![routine]);
    checked(&outcome.lines, &wanted, extent)
        .ok_or_else(|| Error::failure("the sweep was not whole:").with_details(outcome.last_lines()))
}

/// The sweep that `lines` tell of, if it is all that was wanted.
fn checked<S: AsRef<str>>(lines: &[S], wanted: &[&str], extent: Extent) -> Option<Sweep> {
    let lines = || lines.iter().filter_map(|line| line.as_ref().trim_end().strip_prefix("stepping"));
    let states: Vec<_> = lines().filter_map(swept).collect();
    let actions: Vec<_> = lines().filter_map(actions).collect();
    let sum = |figure: fn(&Swept) -> u64| states.iter().map(figure).sum::<u64>();
    let [boundaries, runs, pairs] = [sum(|it| it.boundaries), sum(|it| it.runs), sum(|it| it.pairs)];
    let (routines, count) = (wanted.len(), states.len());
    let total = format!(": {routines} routines, {count} states, {boundaries} boundaries, {runs} runs, {pairs} pairs");
    let has_pairs = |swept: &Swept| {
        let has_to = extent.pairs >= DRAWN_FOR_A_PAIR && WITH_PAIRS.contains(&swept.routine.as_str());
        // Beside those that are drawn there are some at neighbouring boundaries.
        swept.pairs <= extent.pairs + swept.runs && (!has_to || swept.pairs >= extent.pairs / DRAWN_FOR_A_PAIR)
    };
    let is_whole = |swept: &Swept| {
        swept.boundaries > 0
            && swept.boundaries == swept.instructions
            && swept.runs == swept.boundaries.div_ceil(extent.every) * swept.actions
            && has_pairs(swept)
            // In each state those that can do anything there.
            && actions.iter().any(|(routine, names)| {
                *routine == swept.routine && (2..=names.split(", ").count() as u64).contains(&swept.actions)
            })
    };
    let all = wanted.iter().all(|routine| states.iter().any(|swept| swept.routine == *routine));
    (all && states.iter().all(is_whole) && lines().any(|line| line == total)).then_some(Sweep { states, actions })
}

/// Reads ` ROUTINE: STATE: I instructions, B boundaries, A actions, R runs, P pairs`.
fn swept(line: &str) -> Option<Swept> {
    let (subject, figures) = line.strip_prefix(' ')?.rsplit_once(": ")?;
    let (routine, state) = subject.split_once(": ")?;
    let mut figures = figures.split(", ");
    let mut figure = |unit: &str| figures.next()?.strip_suffix(unit)?.parse().ok();
    Some(Swept {
        routine: routine.into(),
        state: state.into(),
        instructions: figure(" instructions")?,
        boundaries: figure(" boundaries")?,
        actions: figure(" actions")?,
        runs: figure(" runs")?,
        pairs: figure(" pairs")?,
    })
}

/// Reads ` ROUTINE does: ACTION, ACTION`.
fn actions(line: &str) -> Option<(String, String)> {
    let (routine, names) = line.strip_prefix(' ')?.split_once(" does: ")?;
    Some((routine.into(), names.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINES: [&str; 4] = [
        "stepping get does: get, set",
        "stepping get: fresh slot, none: 3 instructions, 3 boundaries, 2 actions, 6 runs, 5 pairs",
        "stepping get: value set: 4 instructions, 4 boundaries, 2 actions, 8 runs, 4 pairs",
        "stepping: 1 routines, 2 states, 7 boundaries, 14 runs, 9 pairs",
    ];
    const EXTENT: Extent = Extent { every: 1, pairs: 40, seed: 1 };

    #[test]
    fn whole_sweep_is_read() {
        let sweep = checked(&LINES, &["get"], EXTENT).unwrap();
        assert_eq!(sweep.states[0].state, "fresh slot, none");
        assert_eq!(sweep.actions, [("get".into(), "get, set".into())]);
        assert_eq!(sweep.states.iter().map(|swept| swept.runs).sum::<u64>(), 14);
    }

    #[test]
    fn sweep_that_skips_is_refused() {
        assert_eq!(checked(&LINES, &["get", "set"], EXTENT), None);
        assert_eq!(checked(&LINES, &["get"], Extent { every: 2, ..EXTENT }), None);
        assert_eq!(checked(&LINES, &["get"], Extent { pairs: 200, ..EXTENT }), None);
        for (index, line) in LINES.iter().enumerate() {
            let mut lines = LINES.to_vec();
            lines.remove(index);
            assert_eq!(checked(&lines, &["get"], EXTENT), None, "without {line}");
        }
        let changes = [
            ("3 boundaries", "2 boundaries"),
            ("6 runs", "5 runs"),
            ("does: get, set", "does: get"),
            ("5 pairs", "1 pairs"),
        ];
        for (from, to) in changes {
            let lines = LINES.map(|line| line.replace(from, to));
            assert_eq!(checked(&lines, &["get"], EXTENT), None, "{to}");
        }
    }
}
