//! docs/instructions-images.md: instructions of each call in both images, counted by QEMU itself.
//!
//! Under `-icount shift=0` each instruction takes one tick of the counters that the kernel reads (its mode `counts`).

use std::fmt::Write;
use std::process::Command;
use std::{fs, io};

use tsd_runner::machine::{AARCH64_A72, AARCH64_MAX, Machine, X86_64};
use tsd_runner::setup::{self, Wants};

use crate::build;

const MACHINES: [&Machine; 3] = [&X86_64, &AARCH64_A72, &AARCH64_MAX];

/// Builds and boots the images, and writes the document.
///
/// # Errors
///
/// When something is missing, or a run does not end as it should.
pub fn write() -> io::Result<()> {
    let toolchain = setup::prepare(Wants::to_boot(&MACHINES), true).map_err(io::Error::other)?;
    let mut columns = Vec::new();
    for machine in MACHINES {
        let keys = tsd_runner::image::DEFAULT_KEYS;
        let kernel = machine.image.build(&toolchain, keys).map_err(io::Error::other)?;
        columns.push(counts(machine, &mut machine.counting_command(&kernel, "counts"))?);
    }
    let mut text = String::from(
        "# Instructions in the images\n\n\
         Written by `cargo run -p tsd-figures -- images`; do not edit. Counted by QEMU, 128 keys, boot excluded. The \
         thread pointer's read and the return are included; destructors only return.\n\n| Call | State |",
    );
    for machine in MACHINES {
        let _ = write!(text, " {} |", machine.name);
    }
    let _ = writeln!(text, "\n|---|---|{}", "---|".repeat(MACHINES.len()));
    for (row, (name, _)) in columns[0].iter().enumerate() {
        let (call, state) = name.split_once(": ").unwrap_or((name, ""));
        let _ = write!(text, "| {call} | {state} |");
        for column in &columns {
            let _ = write!(text, " {} |", column[row].1);
        }
        text.push('\n');
    }
    fs::write(build::root().join("docs/instructions-images.md"), text)
}

/// The counts that a run prints, by name.
fn counts(machine: &Machine, command: &mut Command) -> io::Result<Vec<(String, u64)>> {
    let output = command.output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    let ended = text.lines().next_back().is_some_and(|line| line.trim_end() == "tsd: end: status 0");
    if output.status.code() != Some(machine.success) || !ended {
        return Err(io::Error::other(format!("{}: {}\n{text}", machine.name, output.status)));
    }
    text.lines()
        .filter_map(|line| line.trim_end().strip_prefix("count ")?.rsplit_once(": "))
        .map(|(name, count)| Ok((name.to_owned(), count.parse().map_err(io::Error::other)?)))
        .collect()
}
