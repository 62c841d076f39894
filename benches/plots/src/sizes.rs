//! docs/sizes.svg: the tables of docs/sizes.md.

use crate::panel::{Form, Panel, Picture, Series, WIDTH};
use crate::table::{Page, Table};

/// A member of fewer bytes on every target has no bar that could be seen: it is in the table only.
const SHOWN_BYTES: f64 = 50.0;

pub(crate) fn picture(pages: &[Page]) -> Result<Picture, String> {
    let memory = pages[0].table("Memory", "Keys")?;
    let code = pages[0].table("Code", "Member")?;
    let members = panel("Code and constants in libtsd.a: members of 50 bytes and more", Form::Bars, code, SHOWN_BYTES)?;
    // A bar a target: room for another one comes by itself.
    let height = 90 + members.categories.len() as u32 * (8 + 7 * members.series.len() as u32);
    let memory = panel("Memory a thread, by number of keys", Form::Lines { is_logarithmic: true }, memory, 0.0)?;
    Ok(Picture {
        title: "What the library takes",
        rows: vec![(280, vec![(WIDTH, memory)]), (height, vec![(WIDTH, members)])],
    })
}

/// A table's rows that have a figure of `least` or more: a series a column, a category a row.
fn panel(title: &str, form: Form, table: &Table, least: f64) -> Result<Panel, String> {
    let columns = table.columns(1);
    let mut rows = Vec::new();
    for row in table.names() {
        let figures = Series::of_row(table, row, columns)?.figures;
        if figures.iter().flatten().any(|figure| figure.number >= least) {
            rows.push(row);
        }
    }
    let series = columns.iter().map(|column| Series::of_column(table, column, &rows));
    Ok(Panel {
        title: title.to_owned(),
        unit: "bytes",
        form,
        series: series.collect::<Result<_, String>>()?,
        categories: rows.iter().map(|row| short(row)).collect(),
    })
}

/// A member's name: `tsd-once.o` is `once`, and a sum is what stands in bold.
fn short(row: &str) -> String {
    let sum = row.strip_prefix("**").and_then(|rest| rest.split_once("**")).map(|(name, _)| name);
    let member = row.strip_prefix("tsd-").and_then(|rest| rest.strip_suffix(".o"));
    sum.or(member).unwrap_or(row).to_owned()
}
