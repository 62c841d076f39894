//! A demonstration's trace, read by Perfetto: whether it takes every event, whether slices nest, and whether it counts
//! what the kernels' own figures say. Writes docs/evidence/trace.md.
//!
//! - `perfetto`   Perfetto's trace processor
//! - `queries`    what it is asked

mod perfetto;
mod queries;

use std::{collections::HashMap, fs, path::Path};

use serde_json::Value;

use super::record::{self, Figures};
use crate::{
    command,
    demo::{self, Served},
    error::{Error, Result},
    machine::BootOptions,
    protocol,
    timeline::{self, Timeline},
    workspace,
};
use perfetto::{Perfetto, Rows};
use queries::Check;

/// As many as the demonstration has if nobody says.
const REQUESTS: u32 = 4000;

/// Records a demonstration and compares.
pub(super) fn run(may_install: bool) -> Result<Figures> {
    let perfetto = Perfetto::prepare(may_install)?;
    let folder = workspace::evidence_dir("trace")?;
    command::step("showing Perfetto what is wrong");
    refuses_what_is_wrong(&perfetto, &folder.join("wrong.json"))?;

    let machines = demo::serve(&BootOptions { may_install, ..BootOptions::default() }, REQUESTS, true)?;
    let trace = folder.join("trace.json");
    write(&trace, &machines)?;
    command::step("comparing what Perfetto reads");
    let findings = findings(&perfetto, &trace)?;
    if !findings.is_empty() {
        return Err(Error::failure(format!("Perfetto finds faults in {}", trace.display())).with_details(findings));
    }
    let written = Written::of(&trace)?;
    let mut answers = perfetto.ask(&trace, &queries::counts())?.into_iter();
    let (totals, counts) = (answers.next().unwrap_or_default(), Counts::of(&answers.next().unwrap_or_default()));
    if totals != [[written.slices.to_string(), written.flows.to_string()]] {
        return Err(Error::failure(format!("Perfetto has {totals:?} slices and flows of {written:?}")));
    }
    let differences: Vec<_> = machines.iter().flat_map(|served| counts.differences(served)).collect();
    if !differences.is_empty() {
        return Err(Error::failure("Perfetto counts otherwise than the kernels").with_details(differences));
    }
    let page = page(&perfetto.version(), &counts, &machines);
    record::write_file(&workspace::root().join("docs/evidence/trace.md"), &page)?;
    Ok(Figures {
        how_many: format!(
            "a trace of {} machines, {REQUESTS} requests each: {} slices and instants, {} flows",
            machines.len(),
            written.slices,
            written.flows
        ),
        result: format!("Perfetto {} takes each of them, and counts what the kernels count", perfetto.version()),
    })
}

fn write(file: &Path, machines: &[Served]) -> Result<()> {
    let mut timeline = Timeline::default();
    machines.iter().try_for_each(|served| timeline.add(served.name, &served.lines))?;
    timeline.write(&timeline::Options { trace: Some(file.into()), picture: None })
}

/// What breaks a check, a line each.
fn findings(perfetto: &Perfetto, trace: &Path) -> Result<Vec<String>> {
    let checks = queries::CHECKS;
    let answers = perfetto.ask(trace, &checks.iter().map(Check::query).collect::<Vec<_>>())?;
    let line = |check: &Check, row: &Vec<String>| format!("{}: {}", check.fault, row.join(", "));
    Ok(checks
        .iter()
        .zip(answers)
        .flat_map(|(check, rows)| rows.iter().map(|row| line(check, row)).collect::<Vec<_>>())
        .collect())
}

/// Each fault shows in a trace that has it; so a trace in which none shows has none.
fn refuses_what_is_wrong(perfetto: &Perfetto, file: &Path) -> Result<()> {
    for check in queries::CHECKS {
        let events = queries::NAMES.iter().chain(check.example).copied().collect::<Vec<_>>().join(",\n");
        record::write_file(file, &format!("{{\"traceEvents\":[\n{events}\n]}}\n"))?;
        let found = findings(perfetto, file)?;
        if !found.iter().any(|finding| finding.starts_with(check.fault)) {
            return Err(Error::failure(format!("not found by Perfetto: {}", check.fault)).with_details(found));
        }
    }
    Ok(())
}

/// What a file has, counted without Perfetto.
#[derive(Debug)]
struct Written {
    slices: usize,
    flows: usize,
}

impl Written {
    fn of(file: &Path) -> Result<Self> {
        let text = fs::read_to_string(file).map_err(|error| Error::of_file("read", file, &error))?;
        let trace: Value = serde_json::from_str(&text).map_err(|error| Error::failure(error.to_string()))?;
        let events = trace["traceEvents"].as_array().map(Vec::as_slice).unwrap_or_default();
        let count =
            |phases: &[&str]| events.iter().filter(|event| phases.iter().any(|phase| event["ph"] == *phase)).count();
        Ok(Self { slices: count(&["B", "i"]), flows: count(&["s"]) })
    }
}

/// What Perfetto counts: of each machine and category, how many events there are, and on how many tracks.
struct Counts {
    of: HashMap<(String, String), (usize, usize)>,
}

impl Counts {
    fn of(rows: &Rows) -> Self {
        let number = |cell: &String| cell.parse().unwrap_or_default();
        let count = |row: &Vec<String>| match row.as_slice() {
            [machine, category, events, tracks] => {
                Some(((machine.clone(), category.clone()), (number(events), number(tracks))))
            }
            _ => None,
        };
        Self { of: rows.iter().filter_map(count).collect() }
    }

    /// The kernel's name of each figure, and Perfetto's count of the same.
    fn figures(&self, machine: &str) -> [(&'static str, usize); 11] {
        let of = |category: &str| self.of.get(&(machine.to_owned(), category.to_owned())).copied().unwrap_or_default();
        [
            ("cpus", of("run").1),
            ("threads", of("thread").0),
            ("threads_killed", of("kill").0),
            ("threads_migrated", of("migration").1),
            ("preemptions", of("preemption").0),
            ("rounds", of("round").0),
            ("destructor_calls", of("destructor").0),
            ("allocations", of("first set").0),
            ("keys_most", of("create").0),
            ("keys_in_use", of("create").0 - of("delete").0.min(of("create").0)),
            ("left_overs", of("left over").0),
        ]
    }

    fn differences(&self, served: &Served) -> Vec<String> {
        let kernels: HashMap<_, _> = protocol::figures(&served.lines).collect();
        let figures = self.figures(served.name).into_iter();
        let differing =
            figures.filter(|(name, count)| kernels.get(name).is_none_or(|figure| *figure != count.to_string()));
        differing
            .map(|(name, count)| format!("{}: {name} is {count}, not {:?}", served.name, kernels.get(name)))
            .collect()
    }
}

fn page(version: &str, counts: &Counts, machines: &[Served]) -> String {
    let faults: Vec<_> = queries::CHECKS.iter().map(|check| format!("- {}\n", check.fault)).collect();
    let mut page = format!(
        "# A trace in Perfetto\n\nWhat Perfetto {version} counts in the trace of a demonstration with {REQUESTS} requests on each \
         machine. The kernels'\nown figures are the same; an allocation is a thread's first value of a key. Written by `cargo run -- evidence trace`.\n\n"
    );
    let cells = |each: &dyn Fn(&Served) -> String| {
        machines.iter().map(|served| format!(" {} |", each(served))).collect::<String>()
    };
    page +=
        &format!("|  |{}\n|---|{}\n", cells(&|served| served.name.into()), cells(&|_| "---:".into()).replace(' ', ""));
    for row in 0..counts.figures("").len() {
        let name = counts.figures("")[row].0.replace('_', " ");
        page += &format!("| {name} |{}\n", cells(&|served| counts.figures(served.name)[row].1.to_string()));
    }
    page + "\nNone of these is found in it. Each is found in a trace that was made to have it, before:\n\n"
        + &faults.concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_compared() {
        let rows = [
            ["one", "round", "3", "2"],
            ["one", "run", "9", "4"],
            ["one", "create", "5", "1"],
            ["one", "delete", "5", "1"],
        ];
        let counts = Counts::of(&rows.map(|row| row.map(str::to_owned).to_vec()).to_vec());
        let figures = counts.figures("one").map(|(name, count)| format!("tsd: demo: {name} {count}"));
        let served = |lines: &[String]| Served { name: "one", lines: lines.to_vec(), ..Served::default() };
        assert!(counts.differences(&served(&figures)).is_empty());
        assert_eq!(counts.differences(&served(&figures[1..])), ["one: cpus is 4, not None"]);
        let page = page("1.0", &counts, &[served(&figures)]);
        assert!(page.contains("|  | one |\n|---|---:|\n| cpus | 4 |\n| threads | 0 |\n"), "{page}");
    }
}
