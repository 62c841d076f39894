//! What a picture shows: panels, each with series of figures over the same categories.

use std::fmt::Write;

use crate::table::{Figure, Table};

/// A picture: rows of panels.
pub(crate) struct Picture {
    pub(crate) title: &'static str,
    /// Each row's height in pixels, and its panels from the left with their widths.
    pub(crate) rows: Vec<(u32, Vec<(u32, Panel)>)>,
}

/// How a panel shows its figures.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// Categories below, from the left; a line a series, on a logarithmic scale or from 0.
    Lines { is_logarithmic: bool },
    /// Categories on the left, from above; a bar a series, from 0.
    Bars,
    /// Categories on the left, from above; a point a series, on a logarithmic scale.
    Points,
}

/// A panel: one question.
pub(crate) struct Panel {
    pub(crate) title: String,
    pub(crate) unit: &'static str,
    pub(crate) form: Form,
    pub(crate) categories: Vec<String>,
    pub(crate) series: Vec<Series>,
}

/// The figures of one name, one a category, or none where nothing was measured.
pub(crate) struct Series {
    pub(crate) name: String,
    /// Which colour and shape it has, if not those of its place: the same name looks the same in every panel.
    pub(crate) sign: Option<usize>,
    pub(crate) figures: Vec<Option<Figure>>,
}

impl Series {
    /// A row's figures in these columns.
    pub(crate) fn of_row(table: &Table, row: &str, columns: &[&str]) -> Result<Self, String> {
        let figures = columns.iter().map(|column| table.figure(row, column)).collect::<Result<_, String>>()?;
        Ok(Self { name: row.to_owned(), sign: None, figures })
    }

    /// A column's figures in these rows.
    pub(crate) fn of_column(table: &Table, column: &str, rows: &[&str]) -> Result<Self, String> {
        let figures = rows.iter().map(|row| table.figure(row, column)).collect::<Result<_, String>>()?;
        Ok(Self { name: column.to_owned(), sign: None, figures })
    }
}

impl Panel {
    /// Whether the figures go upwards, and not to the right.
    pub(crate) fn is_upright(&self) -> bool {
        matches!(self.form, Form::Lines { .. })
    }

    /// All numbers that have to find room, spreads included.
    pub(crate) fn numbers(&self) -> impl Iterator<Item = f64> {
        let figures = self.series.iter().flat_map(|series| series.figures.iter().flatten());
        figures.flat_map(|figure| {
            let (low, high) = figure.spread.unwrap_or((figure.number, figure.number));
            [low, figure.number, high]
        })
    }
}

/// A picture's width in pixels.
pub(crate) const WIDTH: u32 = 900;

impl Picture {
    /// Every figure as text: for those who don't see the picture, and so that none can change without its file.
    pub(crate) fn description(&self) -> String {
        let mut text = String::new();
        for (_, panel) in self.rows.iter().flat_map(|(_, panels)| panels) {
            let _ = writeln!(text, "{} ({})", panel.title, panel.unit);
            for series in &panel.series {
                let _ = write!(text, "{}:", series.name);
                for (category, figure) in panel.categories.iter().zip(&series.figures) {
                    let Some(Figure { number, spread }) = figure else { continue };
                    let _ = write!(text, " {category} {number}");
                    if let Some((low, high)) = spread {
                        let _ = write!(text, " [{low}, {high}]");
                    }
                    text.push(';');
                }
                text.push('\n');
            }
        }
        text
    }
}
