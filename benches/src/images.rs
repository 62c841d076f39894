//! docs/instructions-images.md: instructions of each call in the images, counted by QEMU itself.
//!
//! Under `-icount shift=0` each instruction takes one tick of the counters that the kernel reads (its mode `counts`).

use std::fmt::Write;
use std::process::Command;
use std::{fs, io};

use tsd_runner::machine::{self, Machine};
use tsd_runner::setup::{self, Wants};

use crate::page;

const MACHINES: [&Machine; machine::ALL.len()] = machine::ALL;

const PAGE: &str = "instructions-images.md";

/// The most instructions that a call from a state may take, its return included, on every machine.
const BARS: [(&str, u64); 4] = [
    ("get of a static key: any", 3),
    ("get of a static typed key: number stored", 5),
    ("with of a static typed key: value lent", 6),
    ("exit: 0 set", 11),
];

/// The figures of one run.
#[derive(Debug)]
pub struct Figures {
    /// What the images were compiled with.
    compiler: String,
    /// The counts by name, for each machine.
    columns: Vec<Vec<(String, u64)>>,
}

impl Figures {
    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.columns.iter().map(Vec::len).sum()
    }

    fn document(&self) -> String {
        let mut text = format!(
            "# Instructions in the images\n\n\
             Written by `cargo run -p tsd-figures -- images`; do not edit. `cargo run -p tsd-figures -- check` \
             compares.\n\n{}\n\
             Counted by QEMU, 128 keys, boot excluded. The thread pointer's read and the return are included; \
             destructors only return.\n\n{}\n| Call | State |",
            page::compiler_line(&self.compiler),
            page::PICTURE,
        );
        for machine in MACHINES {
            let _ = write!(text, " {} |", machine.name);
        }
        let _ = writeln!(text, "\n|---|---|{}", "---|".repeat(MACHINES.len()));
        for (row, (name, _)) in self.columns[0].iter().enumerate() {
            let (call, state) = name.split_once(": ").unwrap_or((name, ""));
            let _ = write!(text, "| {call} | {state} |");
            for column in &self.columns {
                let _ = write!(text, " {} |", column[row].1);
            }
            text.push('\n');
        }
        text
    }
}

/// Builds and boots the images.
///
/// # Errors
///
/// When something is missing, or a run does not end as it should.
pub fn count() -> io::Result<Figures> {
    let toolchain = setup::prepare(Wants::to_boot(&MACHINES), true).map_err(io::Error::other)?;
    let mut columns = Vec::new();
    for machine in MACHINES {
        let keys = tsd_runner::image::DEFAULT_KEYS;
        let kernel = machine.image.build(&toolchain, keys).map_err(io::Error::other)?;
        columns.push(counts(machine, &mut machine.counting_command(&kernel, "counts"))?);
    }
    Ok(Figures { compiler: toolchain.name().to_owned(), columns })
}

/// Writes the document.
///
/// # Errors
///
/// When it can't be written.
pub fn write(figures: &Figures) -> io::Result<()> {
    fs::write(page::path(PAGE), figures.document())
}

/// What differs from the checked-in document, one line each: nothing if it is as it should be.
///
/// With another compiler than the document's, only the bars are checked.
///
/// # Errors
///
/// When the document can't be read.
pub fn check(figures: &Figures) -> io::Result<Vec<String>> {
    let mut differences = Vec::new();
    for (machine, column) in MACHINES.iter().zip(&figures.columns) {
        for (name, bar) in BARS {
            let count = column.iter().find(|(its, _)| its == name).map(|(_, count)| *count);
            if count.is_none_or(|count| count > bar) {
                differences
                    .push(format!("{}: {name}: {count:?} instructions, at most {bar} are allowed", machine.name));
            }
        }
    }
    match page::compare(&page::path(PAGE), &figures.document(), &figures.compiler)? {
        Some(more) => differences.extend(more),
        None => println!("images: {PAGE} is of another compiler than {}: only the bars were checked", figures.compiler),
    }
    Ok(differences)
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
