//! docs/performance.md: the tables, and which of the project's bars are met.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use crate::plot;
use crate::samples::{Samples, Spread};

/// The order in which the machines are started.
pub(crate) const SHARED: usize = 0;
pub(crate) const STATIC: usize = 1;
pub(crate) const MUSL: usize = 2;

/// One bar: a ratio that must not be larger than the limit.
struct Bar {
    text: &'static str,
    limit: f64,
    machine: usize,
    row: &'static str,
    contender: &'static str,
    base: &'static str,
}

const fn bar(
    text: &'static str,
    limit: f64,
    machine: usize,
    row: &'static str,
    [contender, base]: [&'static str; 2],
) -> Bar {
    Bar { text, limit, machine, row, contender, base }
}

const FULL: &str = "create + delete, 90 % full";
const GLIBC_STATIC: &str = "glibc, static";

const BARS: [Bar; 20] = [
    bar("get to glibc's", 0.7, SHARED, "get", ["tsd", "glibc"]),
    bar("get to glibc's, 100th key", 0.7, SHARED, "get, 100th key", ["tsd", "glibc"]),
    bar("get to musl's", 1.1, MUSL, "get", ["tsd", "musl"]),
    bar("get inlined to glibc's", 0.4, SHARED, "get", ["tsd inlined", "glibc"]),
    bar("get inlined in C to glibc's", 0.4, SHARED, "get", ["C inlined", "glibc"]),
    bar("set to glibc's", 0.75, SHARED, "set", ["tsd", "glibc"]),
    bar("set to glibc's, 100th key", 0.75, SHARED, "set, 100th key", ["tsd", "glibc"]),
    bar("set to musl's", 1.25, MUSL, "set", ["tsd", "musl"]),
    bar("create and delete to glibc's, tables 90 % full", 0.2, SHARED, FULL, ["tsd", "glibc"]),
    bar("the same with 1024 keys", 0.2, SHARED, FULL, ["tsd N=1024", "glibc"]),
    bar("create and delete: 1024 keys to 8, 90 % full", 3.0, SHARED, FULL, ["tsd N=1024", "tsd N=8"]),
    bar("exit with 1 value to glibc's", 1.0, STATIC, "exit, 1 value", ["tsd", GLIBC_STATIC]),
    bar("exit with 8 values to glibc's", 1.0, STATIC, "exit, 8 values", ["tsd", GLIBC_STATIC]),
    bar("exit with 32 values to glibc's", 1.0, STATIC, "exit, 32 values", ["tsd", GLIBC_STATIC]),
    bar("exit with 1 value to musl's", 1.0, MUSL, "exit, 1 value", ["tsd", "musl"]),
    bar("exit with 8 values to musl's", 1.0, MUSL, "exit, 8 values", ["tsd", "musl"]),
    bar("exit with 32 values to musl's", 1.0, MUSL, "exit, 32 values", ["tsd", "musl"]),
    bar("exit with 1 value: 1024 keys to 8", 1.1, STATIC, "exit, 1 value", ["tsd N=1024", "tsd N=8"]),
    bar("exit with 8 values: 1024 keys to 8", 1.1, STATIC, "exit, 8 values", ["tsd N=1024", "tsd N=8"]),
    bar("exit with 32 values: 1024 keys to 128", 1.1, STATIC, "exit, 32 values", ["tsd N=1024", "tsd"]),
];

/// Writes the document and the plot.
pub(crate) fn write(samples: &Samples, root: &Path) {
    let mut text = String::from(
        "# Performance\n\n\
         Written by `cargo bench`; do not edit. Nanoseconds of processor time a call, medians; ratios are medians of \
         ratios that were measured in the same moment, with the middle half of the samples in brackets. `tsd` is out \
         of line through the C ABI with 128 keys, `N=` names another number; `tsd inlined` is Rust with link-time \
         optimisation. `libtsd.a` is the archive as it is installed; `C inlined` is the header beside it. Each implementation is called directly, as a program that is linked with it calls it.\n\n",
    );
    let _ = writeln!(text, "Processor: {}.\n\n![Ratios to glibc](performance.svg)\n\n## Bars\n", processor());
    text.push_str("| Ratio | Measured | Bar | |\n|---|---|---|---|\n");
    for bar in &BARS {
        if let Some(ratio) = samples.ratio(bar.machine, samples.row(bar.row), bar.contender, bar.base) {
            let verdict = if ratio.median <= bar.limit { "met" } else { "missed" };
            let _ = writeln!(text, "| {} | {} | {} | {verdict} |", bar.text, with_spread(ratio), bar.limit);
        }
    }
    text.push_str(
        "\nA call and its return alone cost what `empty function` says, and are part of both sides of each ratio out \
         of line. The clock behind the exit rows ticks every few nanoseconds; an exit that is shorter reads as less \
         than one tick.\n",
    );
    for machine in [SHARED, STATIC, MUSL] {
        tables(samples, machine, &mut text);
    }
    let docs = root.join("docs");
    fs::create_dir_all(&docs)
        .and_then(|()| fs::write(docs.join("performance.md"), text))
        .and_then(|()| fs::write(docs.join("performance.svg"), plot::draw(samples)))
        .unwrap_or_else(|error| panic!("{}: {error}", docs.display()));
}

/// One machine's rows, in tables of rows with the same contenders.
fn tables(samples: &Samples, machine: usize, text: &mut String) {
    let Some(library) = samples.contenders[machine].iter().find_map(|names| names.get(1)) else { return };
    let _ = writeln!(text, "\n## Beside {library}");
    let mut header: &[String] = &[];
    for (row, names) in samples.contenders[machine].iter().enumerate() {
        if names.is_empty() {
            continue;
        }
        if *names != header {
            header = names;
            let _ = writeln!(text, "\n| | {} | tsd to {library} |", names.join(" | "));
            let _ = writeln!(text, "|---|{}---|", "---|".repeat(names.len()));
        }
        let _ = write!(text, "| {} |", samples.rows[row]);
        for name in names {
            let cost = samples.cost(machine, row, name).map_or(f64::NAN, |spread| spread.median);
            let _ = write!(text, " {cost:.2} |");
        }
        let ratio = samples.ratio(machine, row, "tsd", library);
        let _ = writeln!(text, " {} |", ratio.map_or("-".to_owned(), with_spread));
    }
}

fn with_spread(ratio: Spread) -> String {
    format!("{:.2} [{:.2}, {:.2}]", ratio.median, ratio.low, ratio.high)
}

/// The processor's name, as far as the system tells it.
fn processor() -> String {
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = info.lines().find_map(|line| line.strip_prefix("model name")).and_then(|rest| rest.split_once(": "));
    format!("{} ({})", name.map_or("unknown", |(_, name)| name), std::env::consts::ARCH)
}
