//! docs/performance.svg: a panel a question, of the tables of docs/performance.md.

use crate::panel::{Form, Panel, Picture, Series, WIDTH};
use crate::table::Page;

const GLIBC: &str = "Beside glibc";
/// glibc's thread exit can be called only where glibc is linked statically.
const STATIC: &str = "Beside glibc, static";
const MUSL: &str = "Beside musl";

const GET_AND_SET: &str = "Get and set";
const CREATE_AND_DELETE: &str = "Create and delete";
const EXIT: &str = "Exit";
const THREADS: &str = "Threads at once";

/// Where musl stands in a list: after tsd and glibc.
const AFTER_GLIBC: usize = 2;

/// tsd, libtsd.a, glibc and musl have the first signs, other series these.
const OTHER_SIGNS: usize = 4;

const NANOSECONDS: &str = "nanoseconds a call";

pub(crate) fn picture(pages: &[Page]) -> Result<Picture, String> {
    let page = &pages[0];
    let by_fill = Lines {
        title: "Create + delete, by fill level",
        table: CREATE_AND_DELETE,
        columns: "create + delete, ",
        ..Lines::default()
    };
    let by_values = Lines {
        title: "Thread exit, by number of values",
        section: STATIC,
        table: EXIT,
        columns: "exit, ",
        ..Lines::default()
    };
    let gets = Lines {
        title: "Get + set, by threads at once",
        is_logarithmic: false,
        table: THREADS,
        columns: "get + set, ",
        own: &["tsd"],
        ..Lines::default()
    };
    let creates = Lines {
        title: "Create + delete, by threads at once",
        is_logarithmic: true,
        columns: "create + delete, ",
        ..gets
    };
    let half = WIDTH / 2;
    Ok(Picture {
        title: "What the calls cost beside glibc and musl",
        rows: vec![
            (320, vec![(half, get_and_set(page)?), (half, by_fill.panel(page)?)]),
            (280, vec![(420, by_values.panel(page)?), (480, by_keys(page)?)]),
            (260, vec![(half, gets.panel(page)?), (half, creates.panel(page)?)]),
            (420, vec![(WIDTH, ratios(page)?)]),
        ],
    })
}

/// Every contender's get and set of the same key.
fn get_and_set(page: &Page) -> Result<Panel, String> {
    let columns = ["get", "set"];
    let table = page.table(GLIBC, GET_AND_SET)?;
    // In italics: ratios.
    let contenders: Vec<&str> = table.names().filter(|name| !name.starts_with('*')).collect();
    let musl = page.table(MUSL, GET_AND_SET)?;
    let series = columns.iter().zip(OTHER_SIGNS..).map(|(column, sign)| {
        let mut series = Series::of_column(table, column, &contenders)?;
        series.figures.insert(AFTER_GLIBC, musl.figure("musl", column)?);
        series.sign = Some(sign);
        Ok(series)
    });
    let mut categories: Vec<String> = contenders.iter().map(|&name| name.to_owned()).collect();
    categories.insert(AFTER_GLIBC, "musl".to_owned());
    Ok(Panel {
        title: "Get and set".to_owned(),
        unit: NANOSECONDS,
        form: Form::Bars,
        series: series.collect::<Result<_, String>>()?,
        categories,
    })
}

/// A panel of lines: tsd's contenders beside glibc and musl.
struct Lines {
    title: &'static str,
    is_logarithmic: bool,
    /// The heading above glibc's table.
    section: &'static str,
    table: &'static str,
    /// How the names of the table's columns begin that are shown; the rest of them is shown.
    columns: &'static str,
    own: &'static [&'static str],
}

impl Default for Lines {
    fn default() -> Self {
        Self { title: "", is_logarithmic: true, section: GLIBC, table: "", columns: "", own: &["tsd", "libtsd.a"] }
    }
}

impl Lines {
    fn panel(&self, page: &Page) -> Result<Panel, String> {
        let beside_glibc = page.table(self.section, self.table)?;
        let beside_musl = page.table(MUSL, self.table)?;
        let is_shown = |column: &&str| column.starts_with(self.columns);
        let columns: Vec<&str> = beside_glibc.columns(1).iter().copied().filter(is_shown).collect();
        let own = self.own.iter().enumerate().map(|(sign, name)| (beside_glibc, *name, sign));
        // libtsd.a is left out in some panels; the libraries' signs stay.
        let series = own
            .chain([(beside_glibc, library(self.section), 2), (beside_musl, library(MUSL), 3)])
            .map(|(table, name, sign)| Ok(Series { sign: Some(sign), ..Series::of_row(table, name, &columns)? }));
        let category = |column: &&str| {
            column[self.columns.len()..].trim_end_matches(" values").trim_end_matches(" value").to_owned()
        };
        Ok(Panel {
            title: self.title.to_owned(),
            unit: NANOSECONDS,
            form: Form::Lines { is_logarithmic: self.is_logarithmic },
            series: series.collect::<Result<_, String>>()?,
            categories: columns.iter().map(category).collect(),
        })
    }
}

/// The C library's name in the tables below a heading.
fn library(section: &str) -> &str {
    section.trim_start_matches("Beside ")
}

/// The calls whose cost could grow with the table.
fn by_keys(page: &Page) -> Result<Panel, String> {
    let tables = [page.table(STATIC, CREATE_AND_DELETE)?, page.table(STATIC, EXIT)?];
    let contenders = [("tsd N=8", "8 keys"), ("tsd", "128 keys"), ("tsd N=1024", "1024 keys")];
    let series = contenders.iter().zip(OTHER_SIGNS..).map(|((row, name), sign)| {
        let parts = tables.iter().map(|table| Series::of_row(table, row, table.columns(1)));
        let figures = parts.collect::<Result<Vec<Series>, String>>()?.into_iter().flat_map(|part| part.figures);
        Ok(Series { name: (*name).to_owned(), sign: Some(sign), figures: figures.collect() })
    });
    Ok(Panel {
        title: "tsd, by number of keys".to_owned(),
        unit: NANOSECONDS,
        form: Form::Bars,
        series: series.collect::<Result<_, String>>()?,
        categories: tables.iter().flat_map(|table| table.columns(1)).map(|&column| column.to_owned()).collect(),
    })
}

/// The ratios of what was measured in the same moment.
fn ratios(page: &Page) -> Result<Panel, String> {
    let beside_glibc = [(GLIBC, GET_AND_SET), (GLIBC, CREATE_AND_DELETE), (STATIC, EXIT)];
    // musl's tables are asked for the same columns.
    let columns = beside_glibc.map(|(section, title)| page.table(section, title).map(|table| table.columns(1)));
    let columns = columns.into_iter().collect::<Result<Vec<&[&str]>, String>>()?;
    let mut series = Vec::new();
    for (base, places) in [("glibc", beside_glibc), ("musl", beside_glibc.map(|(_, title)| (MUSL, title)))] {
        for contender in ["tsd", "libtsd.a"] {
            let mut figures = Vec::new();
            for ((section, title), columns) in places.into_iter().zip(&columns) {
                let row = format!("*{contender} to {}*", library(section));
                figures.extend(Series::of_row(page.table(section, title)?, &row, columns)?.figures);
            }
            series.push(Series { name: format!("{contender} to {base}"), sign: None, figures });
        }
    }
    Ok(Panel {
        title: "Ratios, measured in the same moment: left of 1, tsd is faster".to_owned(),
        unit: "tsd's time, the C library's as 1; broad lines: the middle half of the samples",
        form: Form::Points,
        categories: columns.concat().into_iter().map(str::to_owned).collect(),
        series,
    })
}
