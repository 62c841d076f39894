//! A table of figures: one row a figure, one column a machine.

use std::fmt;

/// Figures of several machines side by side.
#[derive(Clone, Debug, Default)]
pub struct TextTable {
    columns: Vec<String>,
    rows: Vec<(String, Vec<String>)>,
}

impl TextTable {
    /// Adds a column with this heading. The order of the rows is that of the first column that has them.
    pub fn add_column<'a>(&mut self, heading: &str, figures: impl IntoIterator<Item = (&'a str, &'a str)>) {
        let column = self.columns.len();
        self.columns.push(heading.into());
        for (name, value) in figures {
            let row = self.rows.iter().position(|(known, _)| known == name).unwrap_or_else(|| {
                self.rows.push((name.into(), Vec::new()));
                self.rows.len() - 1
            });
            let cells = &mut self.rows[row].1;
            cells.resize(column, String::new());
            cells.push(value.into());
        }
    }

    /// Returns whether no figure was added.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
}

/// Names on the left, figures aligned at the right.
impl fmt::Display for TextTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let length = |text: &str| text.chars().count();
        let names = self.rows.iter().map(|(name, _)| length(name)).max().unwrap_or(0);
        let widths: Vec<usize> = self
            .columns
            .iter()
            .enumerate()
            .map(|(column, heading)| {
                let cells = self.rows.iter().filter_map(|(_, cells)| cells.get(column));
                cells.map(|cell| length(cell)).max().unwrap_or(0).max(length(heading))
            })
            .collect();

        let mut line = |name: &str, cells: &dyn Fn(usize) -> String| {
            let aligned: String =
                widths.iter().enumerate().map(|(column, width)| format!("  {:>width$}", cells(column))).collect();
            writeln!(f, "{}", format!("{name:<names$}{aligned}").trim_end())
        };
        line("", &|column| self.columns[column].clone())?;
        for (name, cells) in &self.rows {
            line(&name.replace('_', " "), &|column| cells.get(column).cloned().unwrap_or_default())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_side_by_side() {
        let mut table = TextTable::default();
        assert!(table.is_empty());
        table.add_column("x86_64", [("requests", "4000"), ("only_here", "1")]);
        table.add_column("aarch64", [("requests", "17"), ("only_there", "2")]);
        let expected = "\
            \x20           x86_64  aarch64\n\
            requests      4000       17\n\
            only here        1\n\
            only there                2\n";
        assert_eq!(table.to_string(), expected);
    }
}
