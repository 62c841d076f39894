//! `cargo run -p tsd-figures -- instructions|check|images|sizes`: the figures that are checked in.

use std::env;
use std::io;
use std::process::ExitCode;

use tsd_bench::{images, instructions, sizes};

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let result = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["instructions"] => instructions::count().and_then(|counts| instructions::write(&counts)).map(|()| true),
        ["check"] => check(),
        ["images"] => images::write().map(|()| true),
        ["sizes"] => sizes::write().map(|()| true),
        _ => {
            eprintln!("usage: cargo run -p tsd-figures -- instructions|check|images|sizes");
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

/// Compares, and says whether all is as it was.
fn check() -> io::Result<bool> {
    let counts = instructions::count()?;
    let differences = instructions::check(&counts)?;
    for difference in &differences {
        println!("{difference}");
    }
    println!("instructions: {} counts, {} differences", counts.len(), differences.len());
    Ok(differences.is_empty())
}
