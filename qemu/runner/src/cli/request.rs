//! What the user asked for, and the line that says that it is nothing.

use crate::{
    error::Error,
    evidence::{self, Kind},
    install,
    machine::BootOptions,
    program, storm, timeline,
};

/// What the user asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Print this text: help, or the version.
    Help(String),
    /// Run the demonstration with this many requests, and write these files.
    Demo(BootOptions, u32, timeline::Options),
    /// Run a storm.
    Storm(BootOptions, storm::Options),
    /// Run a program in the images.
    Program(program::Options),
    /// Build and lay out the C archive.
    Install(install::Options),
    /// Produce this kind of evidence.
    Evidence(Kind, evidence::Options),
    /// Run clippy on the bare-metal targets.
    Lint {
        /// Whether missing packages may be installed.
        may_install: bool,
    },
}

/// A command, and how much is to be seen of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// What to do.
    pub command: Command,
    /// Whether every external command is echoed.
    pub is_verbose: bool,
}

/// What is typed to get here.
pub(super) const TYPED: &str = "cargo run --";

/// Wrong usage of the command called `name`, or of no known one.
pub(super) fn wrong(name: &str, message: &str) -> Error {
    // Whatever was typed.
    let line: String = message.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let blank = if name.is_empty() { "" } else { " " };
    Error::usage(format!("{line} ({TYPED}{blank}{name} --help lists what there is)"))
}
