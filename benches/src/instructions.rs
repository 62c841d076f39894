//! docs/instructions.md: the number of instructions of each call from each starting state, and the worst of them.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::process::Command;
use std::{fs, io};

use crate::{build, page};

const PAGE: &str = "instructions.md";

/// One line of the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Count {
    /// The call, and how it is made.
    pub call: String,
    /// From where it starts.
    pub state: String,
    /// Instructions from its first to its return; an inlined call has none.
    pub instructions: usize,
}

/// The most instructions that a call may take, whatever its state.
///
/// The exit that writes its report is allowed 10 and the return.
const BARS: [(&str, usize); 2] = [("get of a static key inlined", 3), ("exit with its report, 128 keys", 11)];

/// The functions whose code is kept for review.
const HOT_PATHS: [&str; 7] = [
    "tsd128_get",
    "tsd128_set",
    "inlined_get_once",
    "static_get_once",
    "exit_report",
    "tsd128_create",
    "tsd128_delete",
];

/// Builds the program and counts.
///
/// # Errors
///
/// When it can't be traced.
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
pub fn count() -> io::Result<Vec<Count>> {
    let program = build::program("states", "cc", &["-static"], &[build::source("states.c"), build::archive()]);
    let mut empty = 0;
    let mut counts = Vec::new();
    for (name, steps) in crate::trace::count(&program)? {
        if name.starts_with('-') {
            // The same call of a function that only returns.
            empty = steps;
            continue;
        }
        let (call, state) = name.split_once(": ").unwrap_or((&name, ""));
        let own_return = usize::from(!call.contains("inlined"));
        counts.push(Count { call: call.into(), state: state.into(), instructions: steps - empty + own_return });
    }
    Ok(counts)
}

/// The document.
#[must_use]
pub fn document(counts: &[Count]) -> String {
    let mut text = format!(
        "# Instructions\n\n\
         Written by `cargo run -p tsd-figures -- instructions`; do not edit. `cargo run -p tsd-figures -- check` compares.\n\n\
         {}\n\
         Counted on x86_64 by single steps, the thread pointer's read included, the destructors' own code (one \
         instruction each) too. Out of line, the return counts; inlined, there is none.\n\n\
         {}\n\
         ## Worst case over all starting states\n\n| Call | Instructions |\n|---|---|\n",
        page::compiler_line(&compiler()),
        page::PICTURE
    );
    let mut worst: BTreeMap<&str, usize> = BTreeMap::new();
    for count in counts {
        let most = worst.entry(&count.call).or_default();
        *most = count.instructions.max(*most);
    }
    for (call, instructions) in &worst {
        let _ = writeln!(text, "| {call} | {instructions} |");
    }
    text.push_str("\n## By starting state\n\n| Call | State | Instructions |\n|---|---|---|\n");
    for Count { call, state, instructions } in counts {
        let _ = writeln!(text, "| {call} | {state} | {instructions} |");
    }
    text
}

/// Writes the document, and the code of the hot paths beside it.
///
/// # Errors
///
/// When a file can't be written, or objdump can't be run.
pub fn write(counts: &[Count]) -> io::Result<()> {
    fs::create_dir_all(build::root().join("docs"))?;
    fs::write(page::path(PAGE), document(counts))?;
    fs::write(build::root().join("docs/hot-paths.s"), hot_paths()?)
}

/// What differs from the checked-in document, one line each: nothing if it is as it should be.
///
/// With another compiler than the document's, only the bars are checked.
///
/// # Errors
///
/// When the document can't be read.
pub fn check(counts: &[Count]) -> io::Result<Vec<String>> {
    let mut differences = Vec::new();
    for Count { call, state, instructions } in counts {
        if let Some((_, bar)) = BARS.iter().find(|(name, bar)| name == call && instructions > bar) {
            differences.push(format!("{call}: {state}: {instructions} instructions, at most {bar} are allowed"));
        }
    }
    let compiler = compiler();
    match page::compare(&page::path(PAGE), &document(counts), &compiler)? {
        Some(more) => differences.extend(more),
        None => println!("instructions: {PAGE} is of another compiler than {compiler}: only the bars were checked"),
    }
    Ok(differences)
}

/// The compiler's name, on which the figures depend.
pub(crate) fn compiler() -> String {
    let output = Command::new("rustc").arg("--version").current_dir(build::root()).output();
    output.map_or_else(|error| error.to_string(), |output| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// The disassembly of the hot paths, without addresses, so that only changes of the code change it.
fn hot_paths() -> io::Result<String> {
    let mut text = format!("# Written by `cargo run -p tsd-figures -- instructions`. {}, x86_64\n", compiler());
    for function in HOT_PATHS {
        let output = Command::new("objdump")
            .args(["-d", "-Mintel", "--no-show-raw-insn", "--no-addresses"])
            .arg(format!("--disassemble={function}"))
            .arg(build::root().join("target/measure/states"))
            .output()?;
        let code = String::from_utf8_lossy(&output.stdout).into_owned();
        let body = code.lines().skip_while(|line| !line.ends_with(">:")).take_while(|line| !line.is_empty());
        text.push('\n');
        for line in body {
            let _ = writeln!(text, "{}", line.trim_end());
        }
    }
    Ok(text)
}
