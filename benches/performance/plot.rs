//! docs/performance.svg: each implementation's time, with glibc's as 1.

use plotters::prelude::*;

use crate::machine::{MUSL, SHARED, STATIC};
use crate::samples::Samples;

/// The rows that are drawn, and the machine with the glibc that each is compared with.
const ROWS: [(&str, usize); 5] = [
    ("get", SHARED),
    ("set", SHARED),
    ("create + delete, 90 % full", SHARED),
    ("exit, 1 value", STATIC),
    ("exit, 8 values", STATIC),
];
const CONTENDERS: [(&str, RGBColor); 4] = [
    ("tsd", RGBColor(0x1b, 0x6c, 0xa8)),
    ("tsd inlined", RGBColor(0x5f, 0xb0, 0xe5)),
    ("tsd static key", RGBColor(0xa8, 0xdc, 0xf5)),
    ("musl", RGBColor(0xc0, 0x7a, 0x2b)),
];
const SIZE: (u32, u32) = (900, 420);

/// The plot as SVG text.
pub(crate) fn draw(samples: &Samples) -> String {
    let mut text = String::new();
    {
        let area = SVGBackend::with_string(&mut text, SIZE).into_drawing_area();
        draw_on(samples, &area).expect("nothing fails in memory");
    }
    text
}

type Area<'a> = DrawingArea<SVGBackend<'a>, plotters::coord::Shift>;

fn draw_on(samples: &Samples, area: &Area<'_>) -> Result<(), Box<dyn std::error::Error>> {
    area.fill(&WHITE)?;
    let mut chart = ChartBuilder::on(area)
        .margin(12)
        .caption("Time a call, glibc = 1 (logarithmic)", ("sans-serif", 18))
        .x_label_area_size(36)
        .y_label_area_size(48)
        .build_cartesian_2d(0f64..ROWS.len() as f64, (0.02f64..20.0).log_scale())?;
    chart.configure_mesh().disable_x_mesh().x_labels(0).y_label_formatter(&|ratio| format!("{ratio}")).draw()?;
    for (which, (contender, colour)) in CONTENDERS.iter().enumerate() {
        let width = 0.8 / CONTENDERS.len() as f64;
        let bars = ROWS.iter().enumerate().filter_map(|(place, (row, machine))| {
            let ratio = ratio_to_glibc(samples, samples.row(row), *machine, contender)?;
            let left = place as f64 + 0.1 + which as f64 * width;
            Some(Rectangle::new([(left, ratio.min(1.0)), (left + width * 0.9, ratio.max(1.0))], colour.filled()))
        });
        chart
            .draw_series(bars)?
            .label(*contender)
            .legend(move |(x, y)| Rectangle::new([(x, y - 5), (x + 12, y + 5)], colour.filled()));
    }
    chart.configure_series_labels().border_style(BLACK).background_style(WHITE).draw()?;
    for (place, (row, _)) in ROWS.iter().enumerate() {
        let left = 64 + (SIZE.0 as i32 - 76) * place as i32 / ROWS.len() as i32;
        area.draw(&Text::new(*row, (left, SIZE.1 as i32 - 36), ("sans-serif", 13)))?;
    }
    Ok(())
}

/// A contender's time with glibc's as 1. musl's by way of tsd's, which was measured beside both.
fn ratio_to_glibc(samples: &Samples, row: usize, machine: usize, contender: &str) -> Option<f64> {
    let glibc = samples.contenders[machine][row].get(1)?;
    if contender == "musl" {
        let tsd = samples.ratio(machine, row, "tsd", glibc)?.median;
        return Some(tsd / samples.ratio(MUSL, row, "tsd", contender)?.median);
    }
    Some(samples.ratio(machine, row, contender, glibc)?.median)
}
