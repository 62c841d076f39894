//! What was measured, and its statistics.

use crate::machine::Machine;

/// All samples, by machine, row and contender.
pub(crate) struct Samples {
    /// The rows' names.
    pub(crate) rows: Vec<String>,
    /// The contenders' names, by machine and row. The first is tsd, the second the C library.
    pub(crate) contenders: Vec<Vec<Vec<String>>>,
    /// The costs in nanoseconds, by machine and row: one list a sample.
    costs: Vec<Vec<Vec<Vec<f64>>>>,
}

/// The middle of a distribution, and the quarters below and above it.
#[derive(Clone, Copy)]
pub(crate) struct Spread {
    pub(crate) low: f64,
    pub(crate) median: f64,
    pub(crate) high: f64,
}

impl Spread {
    fn of(mut values: Vec<f64>) -> Option<Self> {
        values.sort_by(f64::total_cmp);
        let at = |part: usize| values.get(values.len() * part / 4).copied();
        Some(Self { low: at(1)?, median: at(2)?, high: at(3)? })
    }
}

impl Samples {
    pub(crate) fn new(machines: &[Machine]) -> Self {
        let rows: Vec<String> = machines[0].rows.iter().map(|(name, _)| name.clone()).collect();
        Self {
            contenders: machines
                .iter()
                .map(|machine| machine.rows.iter().map(|(_, names)| names.clone()).collect())
                .collect(),
            costs: vec![vec![Vec::new(); rows.len()]; machines.len()],
            rows,
        }
    }

    pub(crate) fn add(&mut self, machine: usize, row: usize, costs: Vec<f64>) {
        self.costs[machine][row].push(costs);
    }

    /// Whether every row was measured often enough for a report.
    pub(crate) fn is_complete(&self, least: usize) -> bool {
        (0..self.rows.len()).all(|row| self.costs.iter().any(|rows| rows[row].len() >= least))
    }

    /// The place of a row by its name.
    pub(crate) fn row(&self, name: &str) -> usize {
        self.rows.iter().position(|row| row == name).unwrap_or_else(|| panic!("no row {name:?}"))
    }

    /// Nanoseconds a call, if the machine has the contender.
    pub(crate) fn cost(&self, machine: usize, row: usize, contender: &str) -> Option<Spread> {
        let which = self.contenders[machine][row].iter().position(|name| name == contender)?;
        Spread::of(self.recent(machine, row).iter().map(|costs| costs[which]).collect())
    }

    /// The ratio of two contenders of one machine: the median of the samples' ratios, not the ratio of medians.
    pub(crate) fn ratio(&self, machine: usize, row: usize, contender: &str, base: &str) -> Option<Spread> {
        let names = &self.contenders[machine][row];
        let which = names.iter().position(|name| name == contender)?;
        let base = names.iter().position(|name| name == base)?;
        let recent = self.recent(machine, row);
        Spread::of(recent.iter().filter(|costs| costs[base] > 0.0).map(|costs| costs[which] / costs[base]).collect())
    }

    /// The samples behind the warm-up.
    fn recent(&self, machine: usize, row: usize) -> &[Vec<f64>] {
        let costs = &self.costs[machine][row];
        &costs[costs.len().saturating_sub(crate::SAMPLES)..]
    }
}
