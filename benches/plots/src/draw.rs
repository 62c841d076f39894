//! Drawing a picture: plotters' charts, one a panel, with their legends beside the data.
//!
//! The background is left out, and every colour can be told from white and from near black: a page's viewer chooses.

use std::error::Error;
use std::ops::Add;

use plotters::coord::Shift;
use plotters::prelude::*;

use crate::axis::Axis;
use crate::panel::{Form, Panel, Picture, WIDTH};
use crate::table::Figure;

/// Text, axes, and behind them the lines of the grid.
const GREY: RGBColor = RGBColor(0x79, 0x79, 0x7d);
const GRID: f64 = 0.25;
/// A series each, the first again after the last.
const COLOURS: [RGBColor; 7] = [
    RGBColor(0x2f, 0x7f, 0xe0),
    RGBColor(0xd0, 0x69, 0x1e),
    RGBColor(0x2c, 0x93, 0x4b),
    RGBColor(0xa8, 0x5c, 0xdb),
    RGBColor(0xd8, 0x4a, 0x6b),
    RGBColor(0x1b, 0x8f, 0x9c),
    RGBColor(0x94, 0x80, 0x1c),
];
/// plotters' sizes: four fifths of them are pixels.
const TEXT: u32 = 16;
const CAPTION: u32 = 19;
/// What a letter is taken to be wide, in pixels of plotters' TEXT.
const LETTER: u32 = 7;

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type Chart<'a> = ChartContext<'a, SVGBackend<'a>, Cartesian2d<Axis, Axis>>;
type Drawn = Result<(), Box<dyn Error>>;

/// The picture as SVG text.
pub(crate) fn svg(picture: &Picture) -> Result<String, String> {
    let mut text = String::new();
    let height = picture.rows.iter().map(|(height, _)| height).sum();
    let root = SVGBackend::with_string(&mut text, (WIDTH, height)).into_drawing_area();
    rows(picture, &root).map_err(|error| format!("{}: {error}", picture.title))?;
    drop(root);
    // plotters has no element for it.
    let head = text.find(">\n").map_or(0, |end| end + 2);
    let escape = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;");
    let (title, description) = (escape(picture.title), escape(&picture.description()));
    text.insert_str(head, &format!("<title>{title}</title>\n<desc>\n{description}</desc>\n"));
    Ok(text)
}

fn rows(picture: &Picture, root: &Area<'_>) -> Drawn {
    let mut rest = root.clone();
    for (height, panels) in &picture.rows {
        let (row, below) = rest.split_vertically(*height);
        let mut right = row;
        for (width, panel) in panels {
            let (area, others) = right.split_horizontally(*width);
            draw(panel, &area)?;
            right = others;
        }
        rest = below;
    }
    root.present()?;
    Ok(())
}

/// A panel in its area, with its legend on the right.
fn draw(panel: &Panel, area: &Area<'_>) -> Drawn {
    let longest = |names: &mut dyn Iterator<Item = &String>| names.map(|name| name.chars().count()).max().unwrap_or(0);
    let names = 12 + LETTER * longest(&mut panel.categories.iter()) as u32;
    // One series needs no legend: the title says what it is.
    let of_series = 38 + LETTER * longest(&mut panel.series.iter().map(|series| &series.name)) as u32;
    let legend_width = if panel.series.len() > 1 { of_series } else { 10 };
    let (data, beside) = area.split_horizontally(area.dim_in_pixel().0 - legend_width);
    let is_upright = panel.is_upright();
    let mut builder = ChartBuilder::on(&data);
    builder
        .caption(&panel.title, ("sans-serif", CAPTION).with_color(GREY))
        .margin(8)
        .x_label_area_size(if is_upright { 26 } else { 44 })
        .y_label_area_size(if is_upright { 64 } else { names });
    let categories = Axis::categories(panel);
    let figures = Axis::figures(panel);
    let (x, y) = if is_upright { (categories, figures) } else { (figures, categories) };
    let mut chart = builder.build_cartesian_2d(x, y)?;
    axes(panel, &mut chart)?;
    for which in 0..panel.series.len() {
        series(panel, which, &mut chart)?;
    }
    if panel.series.len() > 1 { legend(panel, &beside) } else { Ok(()) }
}

/// The legend, as plotters draws it within a chart: here within one that has nothing else.
fn legend(panel: &Panel, area: &Area<'_>) -> Drawn {
    let mut chart = ChartBuilder::on(area).margin_top(30).build_cartesian_2d(0.0..1.0, 0.0..1.0)?;
    for (which, series) in panel.series.iter().enumerate() {
        let (colour, shape) = sign(panel, which);
        let annotation = chart.draw_series(std::iter::empty::<PathElement<(f64, f64)>>())?;
        annotation.label(&series.name).legend(move |place| marker(shape, colour, place));
    }
    let font = ("sans-serif", TEXT).with_color(GREY);
    let mut labels = chart.configure_series_labels();
    labels.position(SeriesLabelPosition::UpperLeft).legend_area_size(10).margin(4).label_font(font).draw()?;
    Ok(())
}

/// The axes, with the figures' grid, and with the categories' where points would be far from their names.
fn axes(panel: &Panel, chart: &mut Chart<'_>) -> Drawn {
    let text = || ("sans-serif", TEXT).with_color(GREY);
    let category = |place: &f64| panel.categories[place.abs().round() as usize].clone();
    // Without what the binary fraction adds: 0.3, and not 0.30000000000000004.
    let number = |value: &f64| format!("{}", (value * 1e6).round() / 1e6);
    // Room for a label each: a wide one below, a high one on the left.
    let (width, height) = chart.plotting_area().dim_in_pixel();
    let mut mesh = chart.configure_mesh();
    mesh.axis_style(GREY).bold_line_style(GREY.mix(GRID)).light_line_style(TRANSPARENT);
    mesh.label_style(text()).axis_desc_style(text());
    if panel.is_upright() {
        mesh.x_label_formatter(&category).disable_x_mesh();
        mesh.y_label_formatter(&number).y_labels(height as usize / 30).y_desc(panel.unit).draw()?;
    } else {
        if panel.form == Form::Bars {
            mesh.disable_y_mesh();
        }
        mesh.y_label_formatter(&category);
        mesh.x_label_formatter(&number).x_labels(width as usize / 45).x_desc(panel.unit).draw()?;
    }
    Ok(())
}

/// A series: its bars, or its markers and the line through them, and the middle halves of the samples.
fn series(panel: &Panel, which: usize, chart: &mut Chart<'_>) -> Drawn {
    let (colour, shape) = sign(panel, which);
    let is_upright = panel.is_upright();
    // Beside each other, that none hides another; lines cross anyway.
    let step = if is_upright { 0.0 } else { 0.75 / panel.series.len() as f64 };
    let offset = step * (which as f64 - (panel.series.len() - 1) as f64 / 2.0);
    let at = |place: usize, number: f64| {
        if is_upright { (place as f64, number) } else { (number, -(place as f64 + offset)) }
    };
    let figures = panel.series[which].figures.iter().enumerate().filter_map(|(place, it)| Some((place, (*it)?)));
    let figures: Vec<(usize, Figure)> = figures.collect();
    match panel.form {
        Form::Bars => {
            let bars = figures.iter().map(|(place, figure)| {
                let (end, middle) = at(*place, figure.number);
                Rectangle::new([(0.0, middle - step * 0.45), (end, middle + step * 0.45)], colour.filled())
            });
            chart.draw_series(bars)?;
        }
        Form::Lines { .. } => {
            let line: Vec<_> = figures.iter().map(|(place, figure)| at(*place, figure.number)).collect();
            chart.draw_series([PathElement::new(line, colour.stroke_width(2))])?;
        }
        Form::Points => {}
    }
    // The middle half of the samples: in grey over a bar of its colour.
    let over = if panel.form == Form::Bars { GREY } else { colour };
    let spreads = figures.iter().filter_map(|(place, figure)| Some((place, figure.spread?)));
    chart.draw_series(spreads.map(|(place, (low, high))| {
        PathElement::new([at(*place, low), at(*place, high)], over.mix(0.6).stroke_width(5))
    }))?;
    if panel.form != Form::Bars {
        let markers = figures.iter().map(|(place, figure)| marker(shape, colour, at(*place, figure.number)));
        chart.draw_series(markers)?;
    }
    Ok(())
}

/// A series' colour and shape; a bar's in the legend is a square.
fn sign(panel: &Panel, which: usize) -> (RGBColor, Shape) {
    let sign = panel.series[which].sign.unwrap_or(which);
    let shape = if panel.form == Form::Bars { &SQUARE } else { SHAPES[sign % SHAPES.len()] };
    (COLOURS[sign % COLOURS.len()], shape)
}

/// A marker's corners, in pixels from its middle.
type Shape = &'static [(i32, i32)];
const SQUARE: [(i32, i32); 4] = [(-4, -4), (4, -4), (4, 4), (-4, 4)];
/// A series each: they are told apart without colours, too.
const SHAPES: [Shape; 4] =
    [&SQUARE, &[(0, -6), (5, 4), (-5, 4)], &[(0, -6), (6, 0), (0, 6), (-6, 0)], &[(0, 6), (5, -4), (-5, -4)]];

/// A polygon in pixels at a place in other units; plotters has no name for the type.
type Marker<C, DB> = <EmptyElement<C, DB> as Add<Polygon<(i32, i32)>>>::Output;

fn marker<C, DB: DrawingBackend>(shape: Shape, colour: RGBColor, place: C) -> Marker<C, DB> {
    EmptyElement::at(place) + Polygon::new(shape, colour)
}

#[cfg(test)]
mod tests {
    use super::{COLOURS, GREY, RGBColor};

    /// WCAG 2's relative luminance.
    fn luminance(RGBColor(red, green, blue): RGBColor) -> f64 {
        let linear = |part: u8| {
            let part = f64::from(part) / 255.0;
            if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)
    }

    fn contrast(one: RGBColor, other: RGBColor) -> f64 {
        let (one, other) = (luminance(one) + 0.05, luminance(other) + 0.05);
        one.max(other) / one.min(other)
    }

    #[test]
    fn colours_can_be_seen_on_white_and_on_near_black() {
        for background in [RGBColor(0xff, 0xff, 0xff), RGBColor(0x0d, 0x11, 0x17)] {
            for (colour, least) in COLOURS.map(|colour| (colour, 3.0)).into_iter().chain([(GREY, 4.0)]) {
                let contrast = contrast(colour, background);
                assert!(contrast >= least, "{colour:?} on {background:?}: {contrast:.2}");
            }
        }
    }
}
