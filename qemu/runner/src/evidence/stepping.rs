//! The sweep over every boundary on each machine, and docs/evidence/stepping.md.

use super::record::{self, Figures};
use crate::{
    error::Result,
    image, qemu,
    setup::{self, Wants},
    stepping::{self, Extent, MACHINES, ROUTINES, Sweep, Swept},
    workspace,
};

/// Every boundary, and so many pairs for each state.
const EXTENT: Extent = Extent { every: 1, pairs: 2000, seed: 1 };

/// Sweeps over every routine on every machine.
pub(super) fn sweep_all(may_install: bool) -> Result<Figures> {
    let toolchain = setup::prepare(Wants::to_boot(&MACHINES), may_install)?;
    let mut sweeps = Vec::new();
    for machine in MACHINES {
        qemu::check_version(machine.arch)?;
        let kernel = machine.image.build(&toolchain, image::DEFAULT_KEYS)?;
        sweeps.push(stepping::sweep(machine, &kernel, None, EXTENT)?);
    }
    record::write_file(&workspace::root().join("docs/evidence/stepping.md"), &page(&sweeps))?;
    let of_machines = MACHINES.iter().zip(&sweeps).map(|(machine, sweep)| {
        format!(
            "{} boundaries, {} runs and {} runs with two interrupts on {}",
            sum(sweep, |it| it.boundaries),
            sum(sweep, |it| it.runs),
            sum(sweep, |it| it.pairs),
            machine.name
        )
    });
    let states = sweeps.first().map_or(0, |sweep| sweep.states.len());
    let of_machines: Vec<_> = of_machines.collect();
    Ok(Figures {
        how_many: format!("{} routines, {states} states; {}", ROUTINES.len(), of_machines.join(", ")),
        result: "every run is as the model has it; as many boundaries as instructions".into(),
    })
}

fn sum(sweep: &Sweep, figure: fn(&Swept) -> u64) -> u64 {
    sweep.states.iter().map(figure).sum()
}

fn page(sweeps: &[Sweep]) -> String {
    let mut text = String::from(
        "# An interrupt at each instruction\n\nEach routine from each state, stopped before each of its instructions, with \
         one action done there: boundaries, and runs with an action; and runs with two actions at two boundaries, drawn with a \
         fixed seed: pairs. The number of boundaries is that of the instructions \
         that the machine counts without stepping. Destructors and initialisers are stepped through with the call and are \
         counted with it. Written by `cargo run -- evidence stepping`.\n\n| Routine | Actions |\n|---|---|\n",
    );
    let first = sweeps.first().map(|sweep| sweep.actions.as_slice()).unwrap_or_default();
    text.extend(first.iter().map(|(routine, actions)| format!("| {routine} | {actions} |\n")));
    let heads = MACHINES.map(|machine| format!(" {0} boundaries | {0} runs | {0} pairs |", machine.name));
    text += &format!("\n| Routine | State |{}\n|---|---|{}\n", heads.concat(), "---|---|---|".repeat(MACHINES.len()));
    for (row, Swept { routine, state, .. }) in sweeps.iter().take(1).flat_map(|sweep| sweep.states.iter().enumerate()) {
        let cells = sweeps.iter().filter_map(|sweep| sweep.states.get(row));
        let cells = cells.map(|it| format!(" {} | {} | {} |", it.boundaries, it.runs, it.pairs));
        text += &format!("| {routine} | {state} |{}\n", cells.collect::<String>());
    }
    let totals = sweeps.iter().map(|sweep| {
        let [boundaries, runs, pairs] =
            [sum(sweep, |it| it.boundaries), sum(sweep, |it| it.runs), sum(sweep, |it| it.pairs)];
        format!(" {boundaries} | {runs} | {pairs} |")
    });
    text + &format!("| all | |{}\n", totals.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn page_has_a_row_a_state_and_a_total() {
        let swept = |state: &str| Swept {
            routine: "get".into(),
            state: state.into(),
            instructions: 3,
            boundaries: 3,
            actions: 2,
            runs: 6,
            pairs: 1,
        };
        let actions = vec![("get".into(), "get, set".into())];
        let sweep = Sweep { states: vec![swept("a"), swept("b")], actions };
        let page = page(&[sweep.clone(), sweep]);
        let rows: Vec<_> = page.lines().filter(|line| line.contains("| 3 |") || line.starts_with("| all")).collect();
        assert_eq!(
            rows,
            [
                "| get | a | 3 | 6 | 1 | 3 | 6 | 1 |",
                "| get | b | 3 | 6 | 1 | 3 | 6 | 1 |",
                "| all | | 6 | 12 | 2 | 6 | 12 | 2 |"
            ]
        );
    }
}
