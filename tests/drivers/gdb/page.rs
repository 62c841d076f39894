//! docs/debugging.md shows what gdb prints, addresses aside.

use libtest_mimic::Failed;
use tsd_runner::{
    gdb::Transcript,
    machine::{self, Arch},
    workspace,
};

use crate::{build::built, c_kernel_cases, rust_kernel, same, transcript_of};

const PAGE: &str = include_str!("../../../docs/debugging.md");

/// In front of each transcript: which kernel it is of.
const MARK: &str = "<!-- gdb: ";

pub(crate) fn check() -> Result<(), Failed> {
    let transcripts = transcripts();
    for kernel in ["rust_kernel", "c_kernel"] {
        let shown: Transcript =
            transcripts.iter().filter(|(its, _)| *its == kernel).flat_map(|(_, shown)| shown.clone()).collect();
        assert!(shown.len() > 4, "the page shows little of {kernel}");
        let commands: Vec<_> = shown.iter().map(|(command, _)| at_root(command)).collect();
        let machine = machine::of(Arch::X86_64);
        let printed = if kernel == "c_kernel" {
            c_kernel_cases::session(machine, &built(machine.arch)?, &commands)?
        } else {
            rust_kernel::session(machine, &commands)?.0
        };
        same(&shown, &printed)?;
    }
    Ok(())
}

/// The page's transcripts, each with what it is of.
fn transcripts() -> Vec<(&'static str, Transcript)> {
    let transcript = |part: &'static str| {
        let (kernel, rest) = part.split_once(" -->").expect("the mark ends");
        let block = rest.split("```").nth(1).expect("a block follows");
        let (_, lines) = block.split_once('\n').expect("it has lines");
        (kernel, transcript_of(lines))
    };
    PAGE.split(MARK).skip(1).map(transcript).collect()
}

/// A command that reads a file of the repository, from wherever gdb runs.
fn at_root(command: &str) -> String {
    match command.strip_prefix("source ") {
        Some(file) => format!("source {}", workspace::root().join(file).display()),
        None => command.to_owned(),
    }
}
