//! Storms in their long form: each machine with 4 and with 8 CPUs, and docs/evidence/storm.md with what each counted.

use super::record::{self, Figures};
use crate::{
    error::{Error, Result},
    image, machine,
    progress::Progress,
    protocol, qemu,
    setup::{self, Wants},
    storm,
    suite::Session,
    workspace,
};

/// How long each storm lasts if nobody says.
const SECONDS: u32 = 20;
const CPUS: [u32; 2] = [4, 8];
/// All storms together have at least as many threads.
const THREADS: u64 = 20_000;

/// One storm.
struct Storm {
    machine: &'static str,
    seed: u32,
    lines: Vec<String>,
}

/// Runs all storms, for `seconds` each.
pub(super) fn run(seconds: Option<u32>, may_install: bool) -> Result<Figures> {
    let seconds = seconds.unwrap_or(SECONDS);
    let toolchain = setup::prepare(Wants::to_boot(&machine::ALL), may_install)?;
    let mut storms = Vec::new();
    for machine in machine::ALL {
        qemu::check_version(machine.arch)?;
        let kernel = machine.image.build(&toolchain, image::DEFAULT_KEYS)?;
        for cpus in CPUS {
            let seed = storm::draw_seed();
            let session = Session { machine, kernel: &kernel, cpus };
            let progress = Progress::of(format_args!("{}, {cpus} CPUs:", machine.name), seconds as usize);
            let mut show = |line: &str| protocol::show(machine.name, line, &progress);
            let lines = storm::boot(session, image::DEFAULT_KEYS, seconds, seed, &mut show)?;
            progress.done();
            storms.push(Storm { machine: machine.name, seed, lines });
        }
    }
    record::write_file(&workspace::root().join("docs/evidence/storm.md"), &page(seconds, &storms))?;
    let sum = |name| storms.iter().map(|storm| storm.figure(name)).sum::<u64>();
    let threads = sum("threads");
    if threads < THREADS {
        return Err(Error::failure(format!("{threads} threads are fewer than {THREADS}: let the storms last longer")));
    }
    let (killed, keys, values) = (sum("killed"), sum("keys_created"), sum("allocations"));
    Ok(Figures {
        how_many: format!(
            "{} storms on {} machines: {threads} threads, {killed} of them killed; {keys} keys; {values} values",
            storms.len(),
            machine::ALL.len()
        ),
        result: "each value accounted for, nothing left over".into(),
    })
}

impl Storm {
    fn figure(&self, name: &str) -> u64 {
        let mut figures = protocol::figures(&self.lines);
        figures.find(|(known, _)| *known == name).and_then(|(_, value)| value.parse().ok()).unwrap_or(0)
    }
}

fn page(seconds: u32, storms: &[Storm]) -> String {
    let mut page = format!(
        "# Storms\n\nHow often each event came in storms of {seconds} s, or as long as it took for all events to come. \
         Written by\n`cargo run -- evidence storm`. The checks are told in `tests/shared/storm`; an event that has to come \
         and does not is a\nfailure.\n\n|  |"
    );
    let row = |page: &mut String, name: &str, cell: &dyn Fn(&Storm) -> String| {
        *page += &format!("\n| {name} |");
        storms.iter().for_each(|storm| *page += &format!(" {} |", cell(storm)));
    };
    storms.iter().for_each(|storm| page += &format!(" {} |", storm.machine));
    page += "\n|---|";
    storms.iter().for_each(|_| page += "---:|");
    row(&mut page, "seed", &|storm| storm.seed.to_string());
    let names = storms.first().map(|storm| protocol::figures(&storm.lines)).into_iter().flatten();
    for (name, _) in names {
        row(&mut page, &name.replace('_', " "), &|storm| storm.figure(name).to_string());
    }
    page + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn page_has_a_column_for_each_storm() {
        let storm = |machine, seed, threads: u32| Storm {
            machine,
            seed,
            lines: vec![format!("tsd: storm: cpus 4"), format!("tsd: storm: keys_most {threads}")],
        };
        let page = page(3, &[storm("one", 7, 10), storm("two", 8, 20)]);
        let table = "|  | one | two |\n|---|---:|---:|\n| seed | 7 | 8 |\n| cpus | 4 | 4 |\n| keys most | 10 | 20 |\n";
        assert!(page.ends_with(table), "{page}");
    }
}
