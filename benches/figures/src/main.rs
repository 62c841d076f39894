//! `cargo run -p tsd-figures -- instructions|check|images|sizes|api|machines|plots`: the figures that are checked in, the list of
//! public items, and the pictures of the figures.

use std::env;
use std::io;
use std::process::ExitCode;

use tsd_bench::{api, build, images, instructions, machines, sizes};
use tsd_plots::{INSTRUCTIONS, PLOTS, Plot, SIZES};

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let result = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["instructions"] => instructions::count()
            .and_then(|counts| instructions::write(&counts))
            .and_then(|()| draw(&INSTRUCTIONS))
            .map(|()| true),
        ["check"] => check(),
        ["images"] => images::count()
            .and_then(|figures| images::write(&figures))
            .and_then(|()| draw(&INSTRUCTIONS))
            .map(|()| true),
        ["sizes"] => sizes::write().and_then(|()| draw(&SIZES)).map(|()| true),
        ["machines"] => machines::write().map(|()| true),
        ["api"] => api::write().map(|()| true),
        ["plots"] => PLOTS.into_iter().try_for_each(draw).map(|()| true),
        _ => {
            eprintln!("usage: cargo run -p tsd-figures -- instructions|check|images|sizes|api|machines|plots");
            return ExitCode::from(2);
        }
    };
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("figures: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Draws a picture from its pages, beside them.
fn draw(plot: &Plot) -> io::Result<()> {
    plot.write(&build::root().join("docs"))
}

/// Compares both pages of counts and the list of public items, and says whether all is as it was.
fn check() -> io::Result<bool> {
    let counts = instructions::count()?;
    let on_host = instructions::check(&counts)?;
    report("instructions", counts.len(), &on_host);
    let figures = images::count()?;
    let in_images = images::check(&figures)?;
    report("images", figures.count(), &in_images);
    let (lines, in_api) = api::check()?;
    report("public items", lines, &in_api);
    let (rows, of_machines) = machines::check()?;
    report("machines", rows, &of_machines);
    Ok([on_host, in_images, in_api, of_machines].iter().all(Vec::is_empty))
}

fn report(page: &str, counts: usize, differences: &[String]) {
    for difference in differences {
        println!("{difference}");
    }
    println!("{page}: {counts} lines, {} differences", differences.len());
}
