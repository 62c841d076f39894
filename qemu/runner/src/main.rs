//! The command `tsd`: what `cargo run` starts.

#![forbid(unsafe_code)]

use std::{env, process::ExitCode};

use tsd_runner::{
    cli::{self, Command},
    demo,
    error::Result,
    evidence, install, lint, program, storm,
};

fn main() -> ExitCode {
    match cli::parse(env::args_os().skip(1)).and_then(obey) {
        Ok(status) => status,
        Err(error) => {
            eprintln!("tsd: error: {error}");
            ExitCode::from(error.status())
        }
    }
}

/// Returns the status of a program that was run, else success.
fn obey(command: Command) -> Result<ExitCode> {
    match command {
        Command::Help => print!("{}", cli::HELP),
        Command::Demo(options, requests) => demo::run(&options, requests)?,
        Command::Storm(run, options) => storm::run(&run, options)?,
        Command::Program(options) => return program::run(&options),
        Command::Install(options) => install::run(&options)?,
        Command::Evidence(kind, options) => evidence::run(kind, options)?,
        Command::Lint { may_install } => lint::run(may_install)?,
    }
    Ok(ExitCode::SUCCESS)
}
