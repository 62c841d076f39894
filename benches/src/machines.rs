//! docs/machines.md: what was run on which machine. Cases are counted from the lists of the tests; all else is taken from
//! the pages that have it.

use std::fmt::Write;
use std::process::Command;
use std::{fs, io};

use tsd_plots::Page;

use crate::{build, page};

const PAGE: &str = "machines.md";

/// The test targets whose cases are counted.
const TARGETS: [&str; 7] = ["images", "programs", "c_kernel", "freertos", "microbit", "gdb", "big_endian"];

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

const HEAD: [&str; 10] = [
    "Machine",
    "Suite",
    "C",
    "Debugger",
    "Storm: threads",
    "Stepping: boundaries",
    "Instructions of get",
    "of exit with 8 values",
    "Flash",
    "Flash, `--minimal`",
];

const STEPPING: &str = "evidence/stepping.md";
const STORM: &str = "evidence/storm.md";
const INSTRUCTIONS: &str = "instructions-images.md";
const SIZES: &str = "sizes.md";
const GET: &[&str] = &["get", "value set"];
const EXIT: &[&str] = &["exit", "8 set"];

const C_ALONE: Cell = Not("- (a)");
const NOT_COUNTED: Cell = Not("- (b)");
const NO_STEPPING: Cell = Not("- (c)");
const BITS_32: Cell = Not("- (d)");
const NO_I386: Cell = Not("- (e)");
const NO_KERNEL: Cell = Not("- (f)");
const NO_ARCHIVE: Cell = Not("- (g)");
const EXCLUSIVE: Cell = Not("- (h)");
const SAME: Cell = Not("- (i)");

/// Why there is no number.
const NOTES: &str = "
- (a) Only the kernel in plain C is built for it, which runs.
- (b) Instructions are counted in images of the three CPUs that have one.
- (c) No counter stops it before each instruction.
- (d) The script reads other machines of 32 bits.
- (e) gdb wants qemu-system-i386, which nothing else here uses.
- (f) It has no kernel with threads of its own that gdb could show, or a counter stop.
- (g) `libtsd.a` is little-endian.
- (h) A step would cut its loops of exclusive load and store; with atomic instructions it is stepped.
- (i) The same code as on another machine of the table, where it is.
- (j) 16 KiB are too few for it.
- (k) In each run of `cargo test`, which writes no page.
";

/// The machines of the images.
macro_rules! image {
    ($name:literal, $description:literal, c: $c:expr, debugger: $debugger:expr, stepping: $stepping:expr, sizes: $sizes:literal) => {
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
                Figure(SIZES, &[$sizes], "Flash"),
                Figure(SIZES, &[$sizes], "Flash, `--minimal`"),
            ],
        )
    };
}

/// Others, on which nothing is counted; the sizes are those of its archive.
macro_rules! other {
    ($description:literal, suite: $suite:expr, c: $c:expr, debugger: $debugger:expr, storm: $storm:expr, stepping: $stepping:expr,
        sizes: $sizes:literal) => {
        other!($description, suite: $suite, c: $c, debugger: $debugger, storm: $storm, stepping: $stepping,
            flash: [Figure(SIZES, &[$sizes], "Flash"), Figure(SIZES, &[$sizes], "Flash, `--minimal`")])
    };
    ($description:literal, suite: $suite:expr, c: $c:expr, debugger: $debugger:expr, storm: $storm:expr, stepping: $stepping:expr,
        flash: [$usual:expr, $minimal:expr]) => {
        ($description, [$suite, $c, $debugger, $storm, $stepping, NOT_COUNTED, NOT_COUNTED, $usual, $minimal])
    };
}

/// The rows: what the machine is, and its cells.
const MACHINES: [(&str, [Cell; 9]); 12] = [
    image!(
        "x86_64", "x86_64",
        c: &[("programs", "program::x86_64::"), ("c_kernel", "c_kernel::x86_64")],
        debugger: Cases(&[("gdb", "gdb::rust_kernel::x86_64"), ("gdb", "gdb::c_kernel::x86_64")]),
        stepping: Figure(STEPPING, &["all"], "x86_64 boundaries"),
        sizes: "x86_64"
    ),
    image!(
        "aarch64_a72", "aarch64 without atomic instructions (Cortex-A72)",
        c: &[("c_kernel", "c_kernel::aarch64_a72")],
        debugger: SAME,
        stepping: EXCLUSIVE,
        sizes: "aarch64"
    ),
    image!(
        "aarch64_max", "aarch64 with atomic instructions",
        c: &[
            ("programs", "program::aarch64::"),
            ("c_kernel", "c_kernel::aarch64_max"),
            ("c_kernel", "c_kernel::aarch64_registers"),
            ("c_kernel", "c_kernel::picolibc"),
        ],
        debugger: Cases(&[("gdb", "gdb::rust_kernel::aarch64"), ("gdb", "gdb::c_kernel::aarch64")]),
        stepping: Figure(STEPPING, &["all"], "aarch64_max boundaries"),
        sizes: "aarch64"
    ),
    image!(
        "riscv64", "riscv64",
        c: &[("programs", "program::riscv64::"), ("c_kernel", "c_kernel::riscv64")],
        debugger: Cases(&[("gdb", "gdb::rust_kernel::riscv64"), ("gdb", "gdb::c_kernel::riscv64")]),
        stepping: Figure(STEPPING, &["all"], "riscv64 boundaries"),
        sizes: "riscv64"
    ),
    other!(
        "i686 (Pentium III)",
        suite: C_ALONE, c: Cases(&[("c_kernel", "c_kernel::i686")]),
        debugger: NO_I386, storm: C_ALONE, stepping: C_ALONE,
        sizes: "i686"
    ),
    other!(
        "armv7a (Cortex-A15)",
        suite: C_ALONE, c: Cases(&[("c_kernel", "c_kernel::armv7a")]),
        debugger: Cases(&[("gdb", "gdb::c_kernel::armv7a")]), storm: C_ALONE, stepping: C_ALONE,
        sizes: "armv7a"
    ),
    other!(
        "Cortex-M3 (mps2-an385), FreeRTOS",
        suite: Cases(&[("freertos", "freertos::suite::")]),
        c: Cases(&[("freertos", "freertos::tasks::"), ("c_kernel", "c_kernel::thumbv7m")]),
        debugger: Cases(&[("gdb", "gdb::freertos")]),
        storm: Not("- (k)"),
        stepping: NO_STEPPING,
        sizes: "thumbv7m"
    ),
    other!(
        "the same as Cortex-M0, without compare-and-swap",
        suite: Cases(&[("freertos", "freertos::suite_without_compare_and_swap::")]),
        c: SAME, debugger: SAME, storm: SAME, stepping: NO_STEPPING,
        flash: [SAME, SAME]
    ),
    other!(
        "Cortex-M0 (microbit, 16 KiB)",
        suite: Cases(&[("microbit", "microbit::")]),
        c: Cases(&[("c_kernel", "c_kernel::thumbv6m")]),
        debugger: NO_KERNEL, storm: Not("- (j)"), stepping: NO_STEPPING,
        sizes: "thumbv6m"
    ),
    other!(
        "riscv32 (imac)",
        suite: C_ALONE, c: Cases(&[("c_kernel", "c_kernel::riscv32")]), debugger: BITS_32, storm: C_ALONE,
        stepping: C_ALONE,
        sizes: "riscv32"
    ),
    other!(
        "riscv32 without compare-and-swap (imc)",
        suite: C_ALONE, c: Cases(&[("c_kernel", "c_kernel::riscv32imc")]), debugger: BITS_32, storm: C_ALONE,
        stepping: C_ALONE, sizes: "riscv32imc"
    ),
    other!(
        "powerpc64, big-endian (Linux)",
        suite: Cases(&[("big_endian", "big_endian::suite::")]),
        c: NO_ARCHIVE, debugger: NO_ARCHIVE, storm: Not("- (k)"), stepping: NO_KERNEL,
        flash: [NO_ARCHIVE, NO_ARCHIVE]
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
/// As [`write()`].
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
         came, docs/evidence/stepping.md. Instructions: docs/instructions-images.md. Flash: bytes of libtsd.a in a kernel \
         that uses keys alone, docs/sizes.md.\n\n",
    );
    let _ = writeln!(text, "| {} |\n|{}", HEAD.join(" | "), "---|".repeat(HEAD.len()));
    for (name, cells) in &MACHINES {
        let cells = cells.iter().map(|cell| cell.text(&cases)).collect::<io::Result<Vec<String>>>()?;
        let _ = writeln!(text, "| {name} | {} |", cells.join(" | "));
    }
    Ok(text + NOTES)
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
                    // Whole words: `riscv32` is not the beginning of `riscv32imc`.
                    let ends = |rest: &str| beginning.ends_with(':') || rest.is_empty() || rest.starts_with(['_', ':']);
                    let is_one =
                        |(of, case): &&(&str, String)| *of == target && case.strip_prefix(beginning).is_some_and(ends);
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
