//! The command `tsd`: what `cargo run` starts.

#![forbid(unsafe_code)]

use std::{env, process::ExitCode};

use tsd_runner::{
    cli::{self, Command},
    demo,
    error::Result,
    evidence, install, lint,
};

fn main() -> ExitCode {
    match cli::parse(env::args_os().skip(1)).and_then(obey) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("tsd: error: {error}");
            ExitCode::from(error.status())
        }
    }
}

fn obey(command: Command) -> Result<()> {
    match command {
        Command::Help => print!("{}", cli::HELP),
        Command::Demo(options, requests) => demo::run(&options, requests)?,
        Command::Install(options) => install::run(&options)?,
        Command::Evidence(kind, options) => evidence::run(kind, options)?,
        Command::Lint { may_install } => lint::run(may_install)?,
    }
    Ok(())
}
