//! Model checks under loom: one build, then one process a case.

use std::{path::Path, path::PathBuf, process::Command};

use super::{
    host_cargo,
    record::{self, Figures},
};
use crate::{
    command,
    error::{Error, Result},
    progress::Progress,
    workspace,
};

/// The program that has the cases.
pub struct Checker {
    program: PathBuf,
}

/// The outcome of exploring a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explored {
    /// The most preemptions that an execution had, in words.
    pub preemptions: String,
    /// The number of executions.
    pub executions: u64,
    /// What the executions ended in, in words.
    pub outcomes: String,
}

/// How far a case is explored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// With few preemptions.
    Quick,
    /// As far as the case says.
    Long,
}

impl Checker {
    /// Builds the cases of this repository.
    ///
    /// # Errors
    /// The build fails.
    pub fn build() -> Result<Self> {
        Self::build_in(&workspace::root(), &workspace::evidence_dir("interleavings")?, "--cfg loom")
    }

    /// Builds the cases of the repository at `root`, with compiler flags that set `loom`.
    pub(super) fn build_in(root: &Path, target: &Path, flags: &str) -> Result<Self> {
        Ok(Self { program: host_cargo::build_model("tsd-loom", root, target, flags)? })
    }

    /// Explores one case.
    ///
    /// # Errors
    /// An execution fails an assertion or a check of loom's, or the outcomes are not the expected ones.
    pub fn run(&self, case: &str, form: Form) -> Result<Explored> {
        let mut program = Command::new(&self.program);
        program.env("RUST_BACKTRACE", "0").arg(case);
        if form == Form::Quick {
            program.arg("--quick");
        }
        let output = command::output(&mut program)?;
        let explored = output.lines().find_map(|line| parsed(line, case));
        explored.ok_or_else(|| Error::failure(format!("{case} has not said what it did")).with_details(output.lines()))
    }
}

/// Reads `CASE: preemptions P, executions N: OUTCOMES`.
fn parsed(line: &str, case: &str) -> Option<Explored> {
    let (figures, outcomes) = line.strip_prefix(case)?.strip_prefix(": preemptions ")?.split_once(": ")?;
    let (preemptions, executions) = figures.split_once(", executions ")?;
    Some(Explored { preemptions: preemptions.into(), executions: executions.parse().ok()?, outcomes: outcomes.into() })
}

/// Explores every case in its long form.
pub(super) fn explore_all() -> Result<Figures> {
    let checker = Checker::build()?;
    let mut table = String::from(
        "# Interleavings\n\nEach model check with its bound. Written by `cargo run -- evidence interleavings`.\n\n\
         | Case | Preemptions | Executions | Outcomes seen |\n|---|---|---|---|\n",
    );
    let (mut executions, mut unbounded) = (0, 0);
    let progress = Progress::of("cases", tsd_loom::cases::NAMES.len());
    for case in tsd_loom::cases::NAMES {
        let explored = checker.run(case, Form::Long)?;
        progress.step(format_args!("{case}: {} executions", explored.executions));
        executions += explored.executions;
        unbounded += u32::from(explored.preemptions == "any");
        let Explored { preemptions, executions, outcomes } = explored;
        table += &format!("| {case} | {preemptions} | {executions} | {outcomes} |\n");
    }
    record::write_file(&workspace::root().join("docs/evidence/interleavings.md"), &table)?;
    let cases = tsd_loom::cases::NAMES.len();
    Ok(Figures {
        how_many: format!("{cases} cases, {unbounded} of them with any number of preemptions; {executions} executions"),
        result: "each case came to its outcomes and no other".into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_of_a_case_is_read() {
        let line = "keys::two: preemptions any, executions 12: a, b";
        let expected = Explored { preemptions: "any".into(), executions: 12, outcomes: "a, b".into() };
        assert_eq!(parsed(line, "keys::two"), Some(expected));
        assert_eq!(parsed(line, "keys::three"), None);
        assert_eq!(parsed("keys::two: the outcomes must be: a", "keys::two"), None);
    }
}
