//! docs/machines.md: what was run on which machine. Cases are counted from the lists of the tests; all else is taken from
//! the pages that have it.

use std::fmt::Write;
use std::process::Command;
use std::{fs, io};

use tsd_plots::Page;

use crate::{build, page};

const PAGE: &str = "machines.md";

/// The test targets whose cases are counted.
const TARGETS: [&str; 6] = ["images", "programs", "c_kernel", "freertos", "microbit", "gdb"];

/// Where a cell's number comes from.
enum Cell {
    /// How many cases of these targets have names that begin so.
    Cases(&'static [(&'static str, &'static str)]),
    /// The sum of what a page has in a row, which is given by its first cells, and in all columns of a name.
    Figure(&'static str, &'static [&'static str], &'static str),
    /// There is none, and why.
    Not(&'static str),
}

use Cell::{Cases, Figure, Not};

const HEAD: [&str; 8] = [
    "Machine",
    "Suite",
    "C",
    "Debugger",
    "Storm: threads",
    "Stepping: boundaries",
    "Instructions of get",
    "of exit with 8 values",
];

const STEPPING: &str = "evidence/stepping.md";
const STORM: &str = "evidence/storm.md";
const INSTRUCTIONS: &str = "instructions-images.md";
const GET: &[&str] = &["get", "value set"];
const EXIT: &[&str] = &["exit", "8 set"];
const NOT_COUNTED: &str = "counted on the four above";
const NO_STEPPING: &str = "no counter that stops it";

/// The machines of the images, which differ in their names only.
macro_rules! image {
    ($name:literal, $description:literal, c: $c:expr, debugger: $debugger:expr, stepping: $stepping:expr) => {
        (
            $description,
            [
                Cases(&[("images", concat!($name, "::"))]),
                Cases($c),
                $debugger,
                Figure(STORM, &["threads"], $name),
                $stepping,
                Figure(INSTRUCTIONS, GET, $name),
                Figure(INSTRUCTIONS, EXIT, $name),
            ],
        )
    };
}

/// The rows: what the machine is, and its cells.
const MACHINES: [(&str, [Cell; 7]); 7] = [
    image!(
        "x86_64", "x86_64",
        c: &[("programs", "program::x86_64::"), ("c_kernel", "c_kernel::x86_64")],
        debugger: Cases(&[("gdb", "gdb::rust_kernel::x86_64"), ("gdb", "gdb::c_kernel::x86_64")]),
        stepping: Figure(STEPPING, &["all"], "x86_64 boundaries")
    ),
    image!(
        "aarch64_a72", "aarch64 without atomic instructions (Cortex-A72)",
        c: &[("c_kernel", "c_kernel::aarch64_a72")],
        debugger: Not("as below"),
        stepping: Not("as below, but for the loops of load and store exclusive")
    ),
    image!(
        "aarch64_max", "aarch64 with atomic instructions",
        c: &[("programs", "program::aarch64::"), ("c_kernel", "c_kernel::aarch64_max"), ("c_kernel", "c_kernel::aarch64_registers")],
        debugger: Cases(&[("gdb", "gdb::rust_kernel::aarch64"), ("gdb", "gdb::c_kernel::aarch64")]),
        stepping: Figure(STEPPING, &["all"], "aarch64_max boundaries")
    ),
    image!(
        "riscv64", "riscv64",
        c: &[("programs", "program::riscv64::"), ("c_kernel", "c_kernel::riscv64")],
        debugger: Cases(&[("gdb", "gdb::rust_kernel::riscv64"), ("gdb", "gdb::c_kernel::riscv64")]),
        stepping: Figure(STEPPING, &["all"], "riscv64 boundaries")
    ),
    (
        "Cortex-M3 (mps2-an385), FreeRTOS",
        [
            Cases(&[("freertos", "freertos::suite::")]),
            Cases(&[("freertos", "freertos::tasks::"), ("c_kernel", "c_kernel::thumbv7m")]),
            Cases(&[("gdb", "gdb::freertos")]),
            Not("1 storm in each run of the tests"),
            Not(NO_STEPPING),
            Not(NOT_COUNTED),
            Not(NOT_COUNTED),
        ],
    ),
    (
        "Cortex-M3 as Cortex-M0, with no compare-and-swap, FreeRTOS",
        [
            Cases(&[("freertos", "freertos::suite_without_compare_and_swap::")]),
            Not("as above"),
            Not("as above"),
            Not("as above"),
            Not(NO_STEPPING),
            Not(NOT_COUNTED),
            Not(NOT_COUNTED),
        ],
    ),
    (
        "Cortex-M0 (microbit), no kernel",
        [
            Cases(&[("microbit", "microbit::")]),
            Not("the archive is not for it"),
            Not("no kernel"),
            Not("16 KiB of memory"),
            Not(NO_STEPPING),
            Not(NOT_COUNTED),
            Not(NOT_COUNTED),
        ],
    ),
];

/// Writes the page.
///
/// # Errors
///
/// When the tests can't be built, a page that is wanted can't be read or has no such figure, or this one not be written.
pub fn write() -> io::Result<()> {
    fs::write(page::path(PAGE), document()?)
}

/// What differs between the page as it is checked in and as it would be written now, one line each, and how many machines
/// it has.
///
/// # Errors
///
/// As [`write`].
pub fn check() -> io::Result<(usize, Vec<String>)> {
    Ok((MACHINES.len(), page::differences(&fs::read_to_string(page::path(PAGE))?, &document()?)))
}

fn document() -> io::Result<String> {
    let cases = cases()?;
    let mut text = String::from(
        "# Machines\n\n\
         Written by `cargo run -p tsd-figures -- machines`; do not edit. `cargo run -p tsd-figures -- check` compares.\n\n\
         What runs on which of QEMU's machines. Suite, C and debugger: test cases, as `-- --list` has them; a kernel in C is \
         one. Storm: threads in the storms of docs/evidence/storm.md. Stepping: instructions before which an interrupt \
         came, docs/evidence/stepping.md. Instructions: docs/instructions-images.md. Bytes: docs/sizes.md.\n\n",
    );
    let _ = writeln!(text, "| {} |\n|{}", HEAD.join(" | "), "---|".repeat(HEAD.len()));
    for (name, cells) in &MACHINES {
        let cells = cells.iter().map(|cell| cell.text(&cases)).collect::<io::Result<Vec<String>>>()?;
        let _ = writeln!(text, "| {name} | {} |", cells.join(" | "));
    }
    Ok(text)
}

impl Cell {
    fn text(&self, cases: &[(&str, String)]) -> io::Result<String> {
        match self {
            Not(why) => Ok((*why).to_owned()),
            Figure(name, row, column) => {
                let text = fs::read_to_string(page::path(name))?;
                let sum = Page::read(name, &text).sum(row, column).map_err(io::Error::other)?;
                Ok(sum.to_string())
            }
            Cases(names) => {
                let count = |&(target, beginning): &(&str, &str)| {
                    let is_one = |(of, case): &&(&str, String)| *of == target && case.starts_with(beginning);
                    match cases.iter().filter(is_one).count() {
                        0 => Err(io::Error::other(format!("--test {target} has no case {beginning}"))),
                        number => Ok(number),
                    }
                };
                Ok(names.iter().map(count).sum::<io::Result<usize>>()?.to_string())
            }
        }
    }
}

/// The names of all cases, each with its target.
fn cases() -> io::Result<Vec<(&'static str, String)>> {
    let mut cases = Vec::new();
    for target in TARGETS {
        let mut cargo = Command::new(env!("CARGO"));
        cargo.current_dir(build::root()).args(["test", "--quiet", "--test", target, "--", "--list"]);
        let output = cargo.output()?;
        if !output.status.success() {
            return Err(io::Error::other(String::from_utf8_lossy(&output.stderr).into_owned()));
        }
        let listed = String::from_utf8_lossy(&output.stdout);
        cases.extend(
            listed.lines().filter_map(|line| line.strip_suffix(": test")).map(|case| (target, case.to_owned())),
        );
    }
    Ok(cases)
}
