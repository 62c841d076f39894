//! Mutation testing: the library changed in one place at a time, and the tests of the host run on it.
//!
//! Where much of a file is there for interrupts alone, those that survive are run in an image under an interrupt at
//! each instruction, too. A mutant that survives all is equivalent to the library, or only what runs elsewhere tells it
//! apart; docs/evidence/mutants-not-caught.md says which.
//!
//! A run may be interrupted, and one that follows goes on. As long as a file stays as it is, its mutants that were
//! caught are not tried again; those that survived are, for tests may have come since. The table has the revision of
//! each file.

mod outcomes;

use std::{
    collections::BTreeMap,
    fs, io,
    path::Path,
    process::{Command, ExitStatus, Stdio},
    sync::mpsc::{self, RecvTimeoutError},
    thread,
    time::{Duration, Instant},
};

use self::outcomes::{Outcomes, Verdict};
use super::{
    cargo_tools::CargoTool,
    host_cargo::OWN_PROCESS_TESTS,
    reasons::Reasons,
    record::{self, Figures},
    tree::{self, Tree},
};
use crate::{
    command,
    error::{Error, Result},
    progress::{self, Progress},
    toolchain::Toolchain,
    workspace,
};

const CARGO_MUTANTS: CargoTool = CargoTool { name: "cargo-mutants", version: "27.1.0" };

/// What those tests do without, and what would be built anew for each mutant.
const NOT_NEEDED: [&str; 3] = ["tsd-handlers.workspace", "tsd-loom.workspace", "tsd-runner.workspace"];

/// The files whose survivors are tried under interrupts.
const FOR_INTERRUPTS: [&str; 3] = ["src/slot.rs", "src/slots.rs", "src/drain.rs"];
/// Makes tests/drivers/stepping.rs interrupt exit at each instruction.
const STEPPING_ALL: &str = "TSD_STEPPING_ALL";
const STEPPING_PATIENCE: Duration = Duration::from_secs(600);

/// A mutant that takes so many times as long as the library is taken to hang.
const PATIENCE: u32 = 8;
/// How often what was tried is counted.
const POLL: Duration = Duration::from_secs(1);
const LEAST_PATIENCE: Duration = Duration::from_secs(40);

/// Tries every mutant of src, but for the C adapters, whose tests are C programs.
pub(super) fn run(may_install: bool) -> Result<Figures> {
    let program = CARGO_MUTANTS.program(may_install)?;
    let toolchain = Toolchain::current().ok_or_else(|| Error::unavailable("no cargo on the search path"))?;
    let (tree, revision) = (tree_of_few()?, record::revision());
    let patience = patience(&toolchain, &tree)?;
    let reasons = Reasons::read("mutants-not-caught");
    let mut files = BTreeMap::new();
    for file in tree::sources(tree.root())? {
        files.insert(file.display().to_string(), Outcomes::open(tree.root(), &file, &revision)?);
    }
    write_listing(&files)?;
    let progress = Progress::of("files", files.len());
    for file in tree::sources(tree.root())? {
        let Some(outcomes) = files.get_mut(&file.display().to_string()) else { continue };
        let mut mutants = mutants_of(&file, outcomes, &program, &toolchain, patience);
        in_tree(&mut mutants, &tree)?;
        mutants.args(OWN_PROCESS_TESTS.map(|test| format!("--cargo-arg={test}")));
        let mut list = mutants_of(&file, outcomes, &program, &toolchain, patience);
        in_tree(list.arg("--list"), &tree)?;
        try_all(&mut mutants, &mut list, outcomes)?;
        let (reasoned, open): (Vec<_>, Vec<_>) = outcomes.survivors().partition(|survivor| reasons.has(survivor));
        if !open.is_empty() && FOR_INTERRUPTS.iter().any(|name| file == Path::new(name)) {
            let tree = Tree::copy("mutants-stepping")?;
            let [mut mutants, mut list] = [(), ()].map(|()| {
                let mut mutants = mutants_of(&file, outcomes, &program, &toolchain, STEPPING_PATIENCE);
                mutants.current_dir(tree.root()).env(STEPPING_ALL, "");
                mutants.args(reasoned.iter().map(|survivor| format!("--exclude-re={}", pattern(survivor))));
                mutants
            });
            mutants.args(["--cargo-arg=--test=stepping", "--", "x86_64::"]);
            try_all(&mut mutants, list.arg("--list"), outcomes)?;
        }
        outcomes.complete()?;
        write_listing(&files)?;
        progress.step(file.display());
    }
    let survivors: Vec<_> = files.values().flat_map(Outcomes::survivors).collect();
    reasons.check(&survivors)?;
    let sum = |verdict| files.values().map(|outcomes| outcomes.count(verdict)).sum::<usize>();
    let (caught, timed_out, missed) = (sum(Verdict::Caught), sum(Verdict::TimedOut), sum(Verdict::Missed));
    Ok(Figures {
        how_many: format!("{} mutants of src but for src/c that compile", caught + timed_out + missed),
        result: format!("{caught} caught, {timed_out} make a test hang, {missed} with a reason"),
    })
}

/// The command that tries the mutants of a file that were not caught yet.
fn mutants_of(file: &Path, outcomes: &Outcomes, program: &Path, toolchain: &Toolchain, patience: Duration) -> Command {
    let mut mutants = toolchain.with_host_program(program);
    mutants.args(["mutants", "--package=tsd", "--in-place", "--iterate", "--baseline=skip", "--build-timeout=300"]);
    mutants.arg(format!("--timeout={}", patience.as_secs())).args(["--cap-lints=true", "--colors=never", "--file"]);
    mutants.arg(file).arg("--output").arg(outcomes.folder());
    mutants
}

/// A regular expression for the name of a mutant in which its line and column are left out.
fn pattern(survivor: &str) -> String {
    let what = survivor.split_once(": ").map_or(survivor, |(_, what)| what);
    let escaped: String =
        what.chars().flat_map(|c| r"\.+*?()|[]{}^$&-".contains(c).then_some('\\').into_iter().chain([c])).collect();
    format!(": {escaped}$")
}

/// Runs cargo-mutants; `list` names what it will try.
fn try_all(mutants: &mut Command, list: &mut Command, outcomes: &mut Outcomes) -> Result<()> {
    outcomes.prepare()?;
    let ended = end_of(mutants, list, &outcomes.results());
    // Also what an interrupted run has found is worth keeping.
    outcomes.take_results()?;
    ended
}

/// A copy of the repository in which a change to the library makes little to build.
fn tree_of_few() -> Result<Tree> {
    let tree = Tree::copy("mutants")?;
    let manifest = tree.root().join("Cargo.toml");
    let unusable = |error| Error::of_file("changed", &manifest, &error);
    let text = fs::read_to_string(&manifest).map_err(unusable)?;
    let is_needed = |line: &&str| !NOT_NEEDED.iter().any(|name| line.starts_with(name));
    let few: String = text.lines().filter(is_needed).map(|line| format!("{line}\n")).collect();
    fs::write(&manifest, few).map_err(unusable)?;
    Ok(tree)
}

fn in_tree(command: &mut Command, tree: &Tree) -> Result<()> {
    command.current_dir(tree.root()).env("RUST_BACKTRACE", "0");
    command.env("CARGO_TARGET_DIR", workspace::evidence_dir("mutants")?.join("target"));
    Ok(())
}

/// Runs the tests on the library as it is, and says how long a mutant may take.
fn patience(toolchain: &Toolchain, tree: &Tree) -> Result<Duration> {
    let mut tests = toolchain.host_cargo("test");
    in_tree(&mut tests, tree)?;
    tests.arg("--package=tsd").args(OWN_PROCESS_TESTS);
    command::run_below("building the tests", tests.arg("--no-run"))?;
    let mut tests = toolchain.host_cargo("test");
    in_tree(&mut tests, tree)?;
    let started = Instant::now();
    command::run_below("running the tests", tests.arg("--package=tsd").args(OWN_PROCESS_TESTS))?;
    Ok(LEAST_PATIENCE.max(PATIENCE * started.elapsed()))
}

/// Waits for cargo-mutants, which writes to `results`, and fails unless it has tried all mutants.
fn end_of(mutants: &mut Command, list: &mut Command, results: &Path) -> Result<()> {
    /// Every mutant was caught, some were missed, some timed out.
    const TRIED_ALL: [i32; 3] = [0, 2, 3];
    command::echo(mutants);
    mutants.stdin(Stdio::null());
    let status =
        if progress::is_live() { counted(mutants, list, results) } else { mutants.stdout(io::stderr()).status() };
    let status = status.map_err(|error| Error::failure(format!("cargo-mutants can't be started: {error}")))?;
    if status.code().is_some_and(|code| TRIED_ALL.contains(&code)) {
        return Ok(());
    }
    Err(Error::failure(format!("cargo-mutants failed ({status}), see above")))
}

/// Runs cargo-mutants below a live line that counts what it has tried; shows its output when it has ended.
fn counted(mutants: &mut Command, list: &mut Command, results: &Path) -> io::Result<ExitStatus> {
    let count = command::answer(list).map_or(0, |names| names.lines().count());
    let file = results.parent().and_then(Path::file_name).unwrap_or_default().display().to_string();
    let progress = Progress::of(format_args!("mutants of {file}"), count);
    let (end, has_ended) = mpsc::channel::<()>();
    let output = thread::scope(|scope| {
        let progress = &progress;
        scope.spawn(move || {
            while has_ended.recv_timeout(POLL) == Err(RecvTimeoutError::Timeout) {
                progress.set(Outcomes::tried_now(results) as u64, count as u64, "tried");
            }
        });
        let output = mutants.output();
        drop(end);
        output
    })?;
    drop(progress);
    progress::without_lines(|| eprint!("{}", String::from_utf8_lossy(&output.stdout)));
    Ok(output.status)
}

/// Also while mutants are left to try: the list says of which files.
fn write_listing(files: &BTreeMap<String, Outcomes>) -> Result<()> {
    record::write_file(&workspace::root().join("docs/evidence/mutants.md"), &listing(files))
}

fn listing(files: &BTreeMap<String, Outcomes>) -> String {
    let mut text = String::from(
        "# Mutants\n\nThe library changed in one place at a time, under the tests of the host; what these do not tell of \
         slots and visit,\nunder an interrupt at each instruction in the x86_64 image. Written by \
         `cargo run -- evidence mutants`;\nmutants-not-caught.md says why one is not caught.\n\n\
         | File | Mutants | Caught | Make a test hang | Not caught | Revision |\n|---|---|---|---|---|---|\n",
    );
    for (file, outcomes) in files {
        let counts = [Verdict::Caught, Verdict::TimedOut, Verdict::Missed].map(|verdict| outcomes.count(verdict));
        let [caught, timed_out, missed] = counts;
        let all: usize = counts.iter().sum();
        if all > 0 {
            text += &format!("| {file} | {all} | {caught} | {timed_out} | {missed} | {} |\n", outcomes.revision());
        }
    }
    let incomplete: Vec<_> = files.iter().filter(|(_, outcomes)| !outcomes.is_complete()).collect();
    if !incomplete.is_empty() {
        text += "\n## Not all tried yet\n\n";
        text.extend(incomplete.into_iter().map(|(file, _)| format!("- {file}\n")));
    }
    text += "\n## Not caught\n\n";
    text.extend(files.values().flat_map(Outcomes::survivors).map(|survivor| format!("- `{survivor}`\n")));
    text
}

#[cfg(test)]
mod tests {
    use super::pattern;

    #[test]
    fn names_are_escaped() {
        assert_eq!(pattern("src/a.rs: replace | with ^ in A<N>::b"), r": replace \| with \^ in A<N>::b$");
    }
}
