//! The command `tsd`: what `cargo run` starts.

#![forbid(unsafe_code)]

use std::{env, process::ExitCode};

use tsd_runner::{
    cli::{self, Command, Request},
    command, demo,
    error::Result,
    evidence, install, interrupt, lint, output, program, progress,
    status::Status,
    storm,
};

fn main() -> ExitCode {
    cli::parse(env::args_os().skip(1)).and_then(obey).unwrap_or_else(|error| error.end_process()).into()
}

/// Returns how a program that was run has ended, else success.
fn obey(Request { command, is_verbose }: Request) -> Result<Status> {
    interrupt::listen();
    if is_verbose {
        command::be_verbose();
    } else {
        progress::go_live();
    }
    match command {
        Command::Help(text) => output::print(format_args!("{text}")),
        Command::Demo(boot, requests, files) => demo::run(&boot, requests, &files)?,
        Command::Storm(boot, options) => storm::run(&boot, options)?,
        Command::Program(options) => return program::run(&options),
        Command::Install(options) => {
            install::run(&options)?;
            output::print(format_args!("{}", install::report(&options)?));
        }
        Command::Evidence(kind, options) => evidence::run(kind, options)?,
        Command::Lint { may_install } => lint::run(may_install)?,
    }
    Ok(Status::Success)
}
