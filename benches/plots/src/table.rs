//! The tables of a page in Markdown, and the figures in their cells.

/// A figure: a number, and the middle half of the samples where the page tells it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Figure {
    pub(crate) number: f64,
    pub(crate) spread: Option<(f64, f64)>,
}

impl Figure {
    /// What a cell says: `1.2`, `1.2 [1.1, 1.4]`, or `-` for nothing.
    pub(crate) fn read(cell: &str) -> Result<Option<Self>, String> {
        let number = |text: &str| text.trim().parse().map_err(|_| format!("no figure: {cell:?}"));
        if cell == "-" {
            return Ok(None);
        }
        let Some((median, rest)) = cell.split_once(" [") else {
            return Ok(Some(Self { number: number(cell)?, spread: None }));
        };
        let ends = rest.strip_suffix(']').and_then(|ends| ends.split_once(','));
        let (low, high) = ends.ok_or_else(|| format!("no figure: {cell:?}"))?;
        Ok(Some(Self { number: number(median)?, spread: Some((number(low)?, number(high)?)) }))
    }
}

/// A page's tables.
#[derive(Debug)]
pub struct Page<'a> {
    name: &'a str,
    tables: Vec<Table<'a>>,
}

/// A table: the heading above it, its head, and its rows of cells.
#[derive(Debug)]
pub(crate) struct Table<'a> {
    page: &'a str,
    section: &'a str,
    head: Vec<&'a str>,
    rows: Vec<Vec<&'a str>>,
}

impl<'a> Page<'a> {
    /// The tables of a page in docs/ of this name.
    #[must_use]
    pub fn read(name: &'a str, text: &'a str) -> Self {
        let mut tables: Vec<Table> = Vec::new();
        let mut section = "";
        let mut is_in_table = false;
        for line in text.lines() {
            if let Some(heading) = line.strip_prefix("## ") {
                section = heading;
            }
            let cells = line.strip_prefix('|').and_then(|rest| rest.strip_suffix('|'));
            let cells = cells.map(|cells| cells.split('|').map(str::trim).collect::<Vec<&str>>());
            match (cells, tables.last_mut()) {
                (Some(row), Some(table)) if is_in_table => table.rows.push(row),
                (Some(head), _) => tables.push(Table { page: name, section, head, rows: Vec::new() }),
                (None, _) => {}
            }
            is_in_table = line.starts_with('|');
        }
        for table in &mut tables {
            // The rule below the head.
            table.rows.retain(|row| !row[0].starts_with("---"));
        }
        Self { name, tables }
    }

    /// The table below a heading whose first column has this name.
    pub(crate) fn table(&self, section: &str, first_column: &str) -> Result<&Table<'a>, String> {
        let mut tables = self.tables.iter();
        tables
            .find(|table| table.section == section && table.head[0] == first_column)
            .ok_or_else(|| format!("docs/{}: no table {first_column:?} below {section:?}", self.name))
    }

    /// The sum of the figures in a row, which is given by its first cells, and in all columns of a name, in whichever table
    /// has both.
    ///
    /// # Errors
    ///
    /// When no table has them, or there is something else than figures.
    pub fn sum(&self, row: &[&str], column: &str) -> Result<f64, String> {
        let places = |table: &Table| (0..table.head.len()).filter(|&at| table.head[at] == column).collect::<Vec<_>>();
        let mut rows = self
            .tables
            .iter()
            .filter_map(|table| Some((places(table), table.rows.iter().find(|cells| cells.starts_with(row))?)));
        let (columns, cells) = rows
            .find(|(columns, _)| !columns.is_empty())
            .ok_or_else(|| format!("docs/{}: no row {row:?} with a column {column:?}", self.name))?;
        let figures = columns.into_iter().filter_map(|at| Figure::read(cells.get(at)?).transpose());
        figures.map(|figure| figure.map(|it| it.number)).sum()
    }
}

impl<'a> Table<'a> {
    /// The names of the columns behind the first `skipped`.
    pub(crate) fn columns(&self, skipped: usize) -> &[&'a str] {
        &self.head[skipped..]
    }

    /// The names in the first column.
    pub(crate) fn names(&self) -> impl Iterator<Item = &'a str> {
        self.rows.iter().map(|row| row[0])
    }

    /// The figure in the row and the column of these names.
    pub(crate) fn figure(&self, row: &str, column: &str) -> Result<Option<Figure>, String> {
        let cells = self.rows.iter().find(|cells| cells[0] == row);
        let cells = cells.ok_or_else(|| format!("docs/{}: {}: no row {row:?}", self.page, self.section))?;
        self.cell(cells, column)
    }

    /// The largest figure of a column among the rows of this name.
    pub(crate) fn largest(&self, row: &str, column: &str) -> Result<Option<Figure>, String> {
        let rows = self.rows.iter().filter(|cells| cells[0] == row);
        let figures = rows.map(|cells| self.cell(cells, column)).collect::<Result<Vec<_>, String>>()?;
        Ok(figures.into_iter().flatten().max_by(|one, other| one.number.total_cmp(&other.number)))
    }

    fn cell(&self, cells: &[&str], column: &str) -> Result<Option<Figure>, String> {
        let at = self.head.iter().position(|head| *head == column).and_then(|place| cells.get(place));
        let cell = at.ok_or_else(|| format!("docs/{}: {}: no column {column:?}", self.page, self.section))?;
        Figure::read(cell).map_err(|error| format!("docs/{}: {}: {}: {error}", self.page, self.section, cells[0]))
    }
}

#[cfg(test)]
mod tests {
    use super::{Figure, Page};

    #[test]
    fn cells_have_a_spread_or_none() {
        assert_eq!(Figure::read("0.70"), Ok(Some(Figure { number: 0.7, spread: None })));
        assert_eq!(Figure::read("0.7 [0.6, 0.9]"), Ok(Some(Figure { number: 0.7, spread: Some((0.6, 0.9)) })));
        assert_eq!(Figure::read("-"), Ok(None));
        assert_eq!(Figure::read("fast"), Err("no figure: \"fast\"".to_owned()));
        assert_eq!(Figure::read("0.7 [0.6"), Err("no figure: \"0.7 [0.6\"".to_owned()));
    }

    #[test]
    fn tables_are_found_by_heading_and_first_column() {
        let text = "## One\n\n| A | x | y |\n|---|---|---|\n| a | 1 | - |\n| a | 3 | - |\n\n| B | x |\n|---|---|\n\n## Two\n| A | x |\n|---|---|\n| a | 2 |\n";
        let page = Page::read("page.md", text);
        let number = |section: &str, column: &str| {
            page.table(section, "A").and_then(|table| table.figure("a", column)).map(|it| it.map(|it| it.number))
        };
        assert_eq!(number("One", "x"), Ok(Some(1.0)));
        assert_eq!(number("One", "y"), Ok(None));
        assert_eq!(number("Two", "x"), Ok(Some(2.0)));
        assert_eq!(number("Two", "y"), Err("docs/page.md: Two: no column \"y\"".to_owned()));
        assert_eq!(number("Three", "x"), Err("docs/page.md: no table \"A\" below \"Three\"".to_owned()));
        assert_eq!(page.sum(&["a", "1"], "x"), Ok(1.0));
        assert_eq!(page.sum(&["b"], "x"), Err("docs/page.md: no row [\"b\"] with a column \"x\"".to_owned()));
        assert_eq!(Page::read("twice.md", "| | x | x |\n|---|---|---|\n| a | 3 | 4 |\n").sum(&["a"], "x"), Ok(7.0));
        let one = page.table("One", "A").expect("it is there");
        assert_eq!(one.largest("a", "x").map(|it| it.map(|it| it.number)), Ok(Some(3.0)));
    }
}
