//! Interrupt handlers at every access of the library's code: one build, then one process a case.
//!
//! - `mutations`  one-line changes of the library, each of which a case must find

mod mutations;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    thread,
};

use self::mutations::{MUTATIONS, Mutation};
use super::{
    host_cargo,
    record::{self, Figures},
    tree::Tree,
};
use crate::{
    command,
    error::{Error, Result},
    progress::Progress,
    workspace,
};

/// The program that has the cases.
pub struct Enumerator {
    program: PathBuf,
}

/// The outcome of the plans of a case, if each was right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Enumerated {
    /// The most handlers of a run.
    pub handlers: u32,
    /// Runs that were judged.
    pub runs: u64,
    /// Runs that were found to be the same as others, and not run to the end.
    pub cut: u64,
    /// Runs in which a set's own key was deleted and another was set in its place before the set ended, and the value
    /// came under that key.
    pub exceptions: u64,
}

/// How far a case is enumerated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// With two handlers.
    Quick,
    /// With three.
    Long,
    /// With two, on a CPU whose read-modify-write is a load and a store that fails if a handler has come in between.
    LoadLinked,
    /// With two, on a CPU whose compare-exchange fails only if a handler has made another one in between.
    Reservation,
}

impl Form {
    /// What the program calls it.
    fn options(self) -> &'static [&'static str] {
        match self {
            Self::Quick => &["--quick"],
            Self::Long => &[],
            Self::LoadLinked => &["--quick", "--load-linked"],
            Self::Reservation => &["--quick", "--reservation"],
        }
    }
}

impl Enumerator {
    /// Builds the cases of this repository.
    ///
    /// # Errors
    /// The build fails.
    pub fn build() -> Result<Self> {
        Self::build_in(&workspace::root(), &workspace::evidence_dir("handlers")?, "--cfg handlers")
    }

    /// Builds them with the library of the minimal C archive, for the cases of
    /// [`minimal_names`](tsd_handlers::cases::minimal_names).
    ///
    /// # Errors
    /// The build fails.
    pub fn build_minimal() -> Result<Self> {
        let flags = "--cfg handlers --cfg minimal -Awarnings";
        Self::build_in(&workspace::root(), &workspace::evidence_dir("handlers-minimal")?, flags)
    }

    fn build_in(root: &Path, target: &Path, flags: &str) -> Result<Self> {
        Ok(Self { program: host_cargo::build_model("tsd-handlers", root, target, flags)? })
    }

    /// Runs every plan of one case.
    ///
    /// # Errors
    /// A run is wrong; the details tell the first of each kind.
    pub fn run(&self, case: &str, form: Form) -> Result<Enumerated> {
        let mut program = Command::new(&self.program);
        program.arg(case).args(form.options());
        let output = command::output(&mut program)?;
        let enumerated = output.lines().find_map(|line| parsed(line, case));
        enumerated
            .ok_or_else(|| Error::failure(format!("{case} has not said what it did")).with_details(output.lines()))
    }

    /// The first case that fails in its quick form.
    fn first_failure(&self) -> Option<(&'static str, Error)> {
        tsd_handlers::cases::NAMES.iter().find_map(|case| Some((*case, self.run(case, Form::Quick).err()?)))
    }
}

/// Reads `CASE: handlers H, runs R, cut C, exceptions E: right`.
fn parsed(line: &str, case: &str) -> Option<Enumerated> {
    let rest = line.strip_prefix(case)?.strip_prefix(": handlers ")?.strip_suffix(": right")?;
    let (handlers, rest) = rest.split_once(", runs ")?;
    let (runs, rest) = rest.split_once(", cut ")?;
    let (cut, exceptions) = rest.split_once(", exceptions ")?;
    Some(Enumerated {
        handlers: handlers.parse().ok()?,
        runs: runs.parse().ok()?,
        cut: cut.parse().ok()?,
        exceptions: exceptions.parse().ok()?,
    })
}

/// Runs every plan of every case, and then each mutation of the library until a case finds it.
pub(super) fn enumerate_all() -> Result<Figures> {
    let enumerator = Enumerator::build()?;
    let rows = run_all(&enumerator, Form::Long)?;
    let elsewhere = [Form::LoadLinked, Form::Reservation].map(|form| run_all(&enumerator, form));
    let [load_linked, reservation] = elsewhere;
    let (load_linked, reservation) = (load_linked?, reservation?);
    let caught = try_mutations()?;
    record::write_file(
        &workspace::root().join("docs/evidence/handlers.md"),
        &page([&rows, &load_linked, &reservation], &caught),
    )?;
    let all = [&rows, &load_linked, &reservation];
    let sum = |figure: fn(&Enumerated) -> u64| all.into_iter().flatten().map(|(_, it)| figure(it)).sum::<u64>();
    let handlers = rows.iter().map(|(_, enumerated)| enumerated.handlers).max().unwrap_or(0);
    let routines = rows.chunk_by(|(one, _), (next, _)| routine(one) == routine(next)).count();
    Ok(Figures {
        how_many: format!(
            "{routines} routines, {} states; up to {handlers} handlers, 3 kinds of CPU; {} runs; {} mutations",
            rows.len(),
            sum(|it| it.runs),
            caught.len()
        ),
        result: format!(
            "each value accounted for, but for {} runs with the exception that is told; each mutation caught",
            sum(|it| it.exceptions)
        ),
    })
}

fn routine(case: &str) -> &str {
    case.split("::").next().unwrap_or_default()
}

/// The cases with their outcomes, as many at a time as there are CPUs.
fn run_all(enumerator: &Enumerator, form: Form) -> Result<Vec<Row>> {
    let cases = tsd_handlers::cases::NAMES;
    let progress = Progress::of(format_args!("{form:?}"), cases.len());
    let (next, results) = (AtomicUsize::new(0), Mutex::new(vec![None; cases.len()]));
    let work = || {
        while let Some(case) = cases.get(next.fetch_add(1, Relaxed)) {
            let result = enumerator.run(case, form);
            progress.step(format_args!("{case}, {form:?}: {}", if result.is_ok() { "right" } else { "wrong" }));
            let index = cases.iter().position(|known| known == case);
            if let (Ok(mut results), Some(index)) = (results.lock(), index) {
                results[index] = Some(result);
            }
        }
    };
    let workers = thread::available_parallelism().map_or(1, Into::into);
    thread::scope(|scope| (0..workers).for_each(|_| drop(scope.spawn(work))));
    let results = results.into_inner().unwrap_or_default();
    let results = results.into_iter().zip(cases).map(|(result, case)| {
        let result = result.unwrap_or_else(|| Err(Error::failure(format!("{case} was not run"))));
        result.map(|enumerated| (*case, enumerated))
    });
    results.collect()
}

/// Each mutation with the case that finds it.
fn try_mutations() -> Result<Vec<(&'static Mutation, &'static str)>> {
    let tree = Tree::copy("handlers-mutations")?;
    let target = workspace::evidence_dir("handlers-mutations")?.join("target");
    let progress = Progress::of("mutations", MUTATIONS.len());
    let caught = MUTATIONS.iter().map(|mutation| {
        let file = Path::new(mutation.file);
        let text = fs::read_to_string(tree.root().join(file)).map_err(|error| Error::of_file("read", file, &error))?;
        let changed = mutation.applied_to(&text)?;
        let failure = tree.with(file, &changed, || {
            Ok(Enumerator::build_in(tree.root(), &target, "--cfg handlers -Awarnings")?.first_failure())
        })?;
        let (case, _) = failure.ok_or_else(|| Error::failure(format!("no case finds: {}", mutation.what)))?;
        progress.step(format_args!("{}: {case}", mutation.what));
        Ok((mutation, case))
    });
    caught.collect()
}

/// A case, and the outcome of its plans.
type Row = (&'static str, Enumerated);

fn page([rows, load_linked, reservation]: [&[Row]; 3], caught: &[(&Mutation, &str)]) -> String {
    let mut text = String::from(HEAD);
    for ((row, load_linked), reservation) in rows.iter().zip(load_linked).zip(reservation) {
        let (case, Enumerated { handlers, runs, cut, exceptions }) = row;
        let (load_linked, reservation) = (load_linked.1.runs, reservation.1.runs);
        text += &format!("| {case} | {handlers} | {runs} | {cut} | {exceptions} | {load_linked} | {reservation} |\n");
    }
    text += "\n## Mutations\n\nChanges of the library, one at a time, and the first case that finds each.\n\n";
    text += "| File | Change | Found by |\n|---|---|---|\n";
    text.extend(caught.iter().map(|(mutation, case)| format!("| {} | {} | {case} |\n", mutation.file, mutation.what)));
    text
}

const HEAD: &str = "\
# Interrupt handlers at every access

Each case is a call from a state. Before each access of the library's code, in the call and in the handlers themselves, a
handler may come and do one of the actions that the case has; every such plan is run, in memory of the host. A run that is the
same as another is cut. Exceptions are runs in which the key of a `set` was deleted during that `set` and another one set in
its place, so that the value came under that key; docs/decisions.md argues it. Written by `cargo run -- evidence handlers`.

A word is read, changed and written by one instruction; in the last two columns, with two handlers, by a load and a store
between which a handler may come: the store fails if one has, or only if one has made such a store itself.

| Case | Handlers | Runs | Cut | Exceptions | Load-linked | Reservation |
|---|---:|---:|---:|---:|---:|---:|
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_of_a_case_is_read() {
        let line = "exit::one: handlers 2, runs 30, cut 40, exceptions 5: right";
        let expected = Enumerated { handlers: 2, runs: 30, cut: 40, exceptions: 5 };
        assert_eq!(parsed(line, "exit::one"), Some(expected));
        assert_eq!(parsed(line, "exit::two"), None);
        assert_eq!(parsed(&line.replace("right", "1 times a value was lost"), "exit::one"), None);
    }
}
