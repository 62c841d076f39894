//! `cargo run -p tsd-figures -- instructions|check|images|sizes|api`: the figures that are checked in, and the list of
//! public items.

use std::env;
use std::io;
use std::process::ExitCode;

use tsd_bench::{api, images, instructions, sizes};

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let result = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["instructions"] => instructions::count().and_then(|counts| instructions::write(&counts)).map(|()| true),
        ["check"] => check(),
        ["images"] => images::count().and_then(|figures| images::write(&figures)).map(|()| true),
        ["sizes"] => sizes::write().map(|()| true),
        ["api"] => api::write().map(|()| true),
        _ => {
            eprintln!("usage: cargo run -p tsd-figures -- instructions|check|images|sizes|api");
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
    Ok(on_host.is_empty() && in_images.is_empty() && in_api.is_empty())
}

fn report(page: &str, counts: usize, differences: &[String]) {
    for difference in differences {
        println!("{difference}");
    }
    println!("{page}: {counts} lines, {} differences", differences.len());
}
