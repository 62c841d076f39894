//! docs/performance.md: the tables, and which of the project's bars are met.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use crate::machine::{MUSL, SHARED, STATIC};
use crate::samples::{Samples, Spread};

/// Ratios that must not be larger than the limit: of one contender to another, in some rows of one machine.
struct Bars {
    limit: f64,
    machine: usize,
    rows: &'static [&'static str],
    contender: &'static str,
    base: &'static str,
}

const fn bars(limit: f64, machine: usize, rows: &'static [&'static str], [contender, base]: [&'static str; 2]) -> Bars {
    Bars { limit, machine, rows, contender, base }
}

const GETS: [&str; 2] = ["get", "get, 100th key"];
const SETS: [&str; 2] = ["set", "set, 100th key"];
const FULL: &str = "create + delete, 90 % full";
const EXITS: [&str; 3] = ["exit, 1 value", "exit, 8 values", "exit, 32 values"];

const BARS: [Bars; 17] = [
    bars(0.7, SHARED, &GETS, ["tsd", "glibc"]),
    bars(1.1, MUSL, &["get"], ["tsd", "musl"]),
    bars(0.4, SHARED, &["get"], ["tsd inlined", "glibc"]),
    bars(0.4, SHARED, &["get"], ["C inlined", "glibc"]),
    bars(0.7, SHARED, &["get"], ["libtsd.a", "glibc"]),
    bars(1.1, MUSL, &["get"], ["libtsd.a", "musl"]),
    bars(0.75, SHARED, &["set"], ["libtsd.a", "glibc"]),
    bars(1.25, MUSL, &["set"], ["libtsd.a", "musl"]),
    bars(0.75, SHARED, &SETS, ["tsd", "glibc"]),
    bars(1.25, MUSL, &["set"], ["tsd", "musl"]),
    bars(0.2, SHARED, &[FULL], ["tsd", "glibc"]),
    bars(0.2, SHARED, &[FULL], ["tsd N=1024", "glibc"]),
    bars(3.0, SHARED, &[FULL], ["tsd N=1024", "tsd N=8"]),
    bars(1.0, STATIC, &EXITS, ["tsd", "glibc, static"]),
    bars(1.0, MUSL, &EXITS, ["tsd", "musl"]),
    bars(1.1, STATIC, &["exit, 1 value", "exit, 8 values"], ["tsd N=1024", "tsd N=8"]),
    bars(1.1, STATIC, &["exit, 32 values"], ["tsd N=1024", "tsd"]),
];

/// Writes the document, and the picture of its tables.
pub(crate) fn write(samples: &Samples, root: &Path) {
    let mut text = String::from(
        "# Performance\n\n\
         Written by `cargo bench`; do not edit. Nanoseconds of processor time a call, medians, with the middle half \
         of the samples in brackets; ratios are medians of ratios that were measured in the same moment. Several runs of \
         each program take turns: where stack and heap happen to lie is part of what a call costs. `tsd` is out of \
         line through the C ABI with 128 keys, `N=` names another number; `tsd inlined` is Rust with link-time \
         optimisation. Each implementation is called directly, as a program that is linked with it calls it.\n\n",
    );
    let short = excerpt(samples);
    let _ = writeln!(
        text,
        "Processor: {}.\n\n{short}\n![What the calls cost beside glibc and musl](performance.svg)\n\n## Bars\n",
        processor()
    );
    text.push_str("| Ratio | Measured | Bar | |\n|---|---|---|---|\n");
    for (row, Bars { limit, machine, contender, base, .. }) in
        BARS.iter().flat_map(|bars| bars.rows.iter().map(move |row| (row, bars)))
    {
        if let Some(ratio) = samples.ratio(*machine, samples.row(row), contender, base) {
            let verdict = if ratio.median <= *limit { "met" } else { "missed" };
            let _ = writeln!(text, "| {row}: {contender} to {base} | {} | {limit} | {verdict} |", with_spread(ratio));
        }
    }
    text.push_str(
        "\n`libtsd.a` is the archive as it is installed with a thread pointer, at its own level of optimisation; with `hook` it \
         asks a function of the kernel for the thread. `C inlined` and `C static key` are the header's. `thread_local!` \
         is the standard library's, the other crates are those of that name, inlined. `table busy`: one thread's calls \
         while threads on the other processors create, set, get and delete keys of the same table without a pause: the \
         mean, and what 99 % take at most; for get and set of 32 calls at once, since one is shorter than a tick of the \
         clock. A bar that is missed is an aim: nothing fails by it.\n\n\
         A call and its return alone cost what `empty function` says, and are part of both sides of each ratio out \
         of line. The clock behind the exit rows may tick every ten nanoseconds only; these rows are means, without what \
         took more than twice the median.\n",
    );
    for machine in [SHARED, STATIC, MUSL] {
        tables(samples, machine, &mut text);
    }
    let docs = root.join("docs");
    fs::create_dir_all(&docs)
        .and_then(|()| fs::write(docs.join("performance.md"), text))
        .and_then(|()| tsd_plots::PERFORMANCE.write(&docs))
        .and_then(|()| into_readme(&root.join("README.md"), &short))
        .unwrap_or_else(|error| panic!("{}: {error}", docs.display()));
}

/// The tables of one machine: a title, and whether a row with this name is in it. The first that takes a row has it.
type IsIn = fn(&str) -> bool;
const TABLES: [(&str, IsIn); 5] = [
    ("One thread's calls beside busy processors", |row| row.contains("busy")),
    ("Threads at once", |row| row.contains("thread")),
    ("Exit", |row| row.starts_with("exit")),
    ("Create and delete", |row| row.starts_with("create")),
    ("Get and set", |_| true),
];

/// One machine's rows, in tables with a column a row.
fn tables(samples: &Samples, machine: usize, text: &mut String) {
    let Some(library) = samples.contenders[machine].iter().find_map(|names| names.get(1)) else { return };
    let _ = writeln!(text, "\n## Beside {library}");
    for (which, (title, _)) in TABLES.iter().enumerate().rev() {
        let is_here = |row: &usize| {
            let takes = |(_, is_in): &(&str, IsIn)| is_in(&samples.rows[*row]);
            TABLES.iter().position(takes) == Some(which) && !samples.contenders[machine][*row].is_empty()
        };
        let rows: Vec<usize> = (0..samples.rows.len()).filter(is_here).collect();
        if !rows.is_empty() {
            table(samples, machine, &rows, title, text);
        }
    }
}

fn table(samples: &Samples, machine: usize, rows: &[usize], title: &str, text: &mut String) {
    let names = rows.iter().map(|&row| &samples.contenders[machine][row]);
    // Rows have contenders in one order, some more than others.
    let longest = names.max_by_key(|names| names.len()).into_iter().flatten();
    let mut contenders: Vec<&String> = longest.collect();
    for name in rows.iter().flat_map(|&row| &samples.contenders[machine][row]) {
        if !contenders.contains(&name) {
            contenders.push(name);
        }
    }
    let heads: Vec<&str> = rows.iter().map(|&row| samples.rows[row].as_str()).collect();
    let _ = writeln!(text, "\n| {title} | {} |\n|---|{}", heads.join(" | "), "---|".repeat(rows.len()));
    let mut line = |head: &str, cell: &dyn Fn(usize) -> Option<String>| {
        let cells: Vec<String> = rows.iter().map(|&row| cell(row).unwrap_or_else(|| "-".to_owned())).collect();
        let _ = writeln!(text, "| {head} | {} |", cells.join(" | "));
    };
    for contender in &contenders {
        line(contender, &|row| samples.cost(machine, row, contender).map(with_spread));
    }
    let library = contenders[1];
    for contender in ["tsd", "libtsd.a"].iter().filter(|name| contenders.iter().any(|its| its == *name)) {
        line(&format!("*{contender} to {library}*"), &|row| {
            samples.ratio(machine, row, contender, library).map(with_spread)
        });
    }
}

/// The rows of the excerpt, and the machines that have them: one for tsd and glibc, and musl's.
const EXCERPT: [(&str, usize); 4] = [("get", SHARED), ("set", SHARED), (FULL, SHARED), ("exit, 8 values", STATIC)];

/// Where README has the excerpt.
const EXCERPT_BEGIN: &str = "<!-- Written by `cargo bench`. -->\n";
const EXCERPT_END: &str = "<!-- -->\n";

/// A table of a few lines, for README.
fn excerpt(samples: &Samples) -> String {
    let mut text = String::from(
        "| Nanoseconds a call | `libtsd.a` | inlined | static key | glibc | musl |\n|---|---|---|---|---|---|\n",
    );
    for (name, machine) in EXCERPT {
        let row = samples.row(name);
        let glibc = samples.contenders[machine][row].get(1).map_or("", String::as_str);
        let cells = [
            (machine, "libtsd.a"),
            (machine, "tsd inlined"),
            (machine, "tsd static key"),
            (machine, glibc),
            (MUSL, "musl"),
        ];
        let _ = write!(text, "| {name} |");
        for (machine, contender) in cells {
            let cost = samples.cost(machine, row, contender);
            let _ = write!(text, " {} |", cost.map_or("-".to_owned(), |spread| format!("{:.1}", spread.median)));
        }
        text.push('\n');
    }
    text
}

/// Puts the excerpt where README has the last one.
fn into_readme(readme: &Path, excerpt: &str) -> std::io::Result<()> {
    let text = fs::read_to_string(readme)?;
    let (before, rest) = text.split_once(EXCERPT_BEGIN).expect("README has the excerpt");
    let (_, after) = rest.split_once(EXCERPT_END).expect("README has the excerpt's end");
    fs::write(readme, format!("{before}{EXCERPT_BEGIN}\n{excerpt}\n{EXCERPT_END}{after}"))
}

fn with_spread(spread: Spread) -> String {
    format!("{:.2} [{:.2}, {:.2}]", spread.median, spread.low, spread.high)
}

/// The processor's name, as far as the system tells it.
fn processor() -> String {
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = info.lines().find_map(|line| line.strip_prefix("model name")).and_then(|rest| rest.split_once(": "));
    format!("{} ({})", name.map_or("unknown", |(_, name)| name), std::env::consts::ARCH)
}
