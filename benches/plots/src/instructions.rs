//! docs/instructions.svg: the worst cases of docs/instructions.md and docs/instructions-images.md.

use crate::panel::{Form, Panel, Picture, Series, WIDTH};
use crate::table::{Page, Table};

pub(crate) fn picture(pages: &[Page]) -> Result<Picture, String> {
    let worst = pages[0].table("Worst case over all starting states", "Call")?;
    let images = pages[1].table("", "Call")?;
    let host = panel("Worst case over all starting states, on the host (x86_64)", worst, 1)?;
    let machines = panel("Worst case over all starting states, in the images", images, 2)?;
    let rows = [host, machines].map(|panel| {
        // Points of one category lie below each other.
        let each = 14 + 6 * panel.series.len() as u32;
        (90 + each * panel.categories.len() as u32, vec![(WIDTH, panel)])
    });
    Ok(Picture { title: "The most instructions that a call takes", rows: rows.into() })
}

/// The largest figure of each call, for each column behind those that name the call and its state.
fn panel(title: &str, table: &Table, names: usize) -> Result<Panel, String> {
    let mut calls: Vec<&str> = Vec::new();
    for call in table.names() {
        if !calls.contains(&call) {
            calls.push(call);
        }
    }
    let series = table.columns(names).iter().map(|column| {
        let figures = calls.iter().map(|call| table.largest(call, column)).collect::<Result<_, String>>()?;
        Ok(Series { name: (*column).to_lowercase(), sign: None, figures })
    });
    Ok(Panel {
        title: title.to_owned(),
        unit: "instructions",
        form: Form::Points,
        series: series.collect::<Result<_, String>>()?,
        categories: calls.iter().map(|&call| call.to_owned()).collect(),
    })
}
