//! The command line: words in, one [`Command`] or one line of error out.
//!
//! The first word names the command if it is not an option; each command has options of its own, in `words`. What
//! the library of command lines says of a mistake is put into one line here.

use std::ffi::OsString;

use clap::{
    CommandFactory, FromArgMatches,
    error::{ContextKind, ContextValue, ErrorKind},
};

mod request;
#[cfg(test)]
mod tests;
mod words;

use crate::error::Result;

pub use request::{Command, Request};
use request::{TYPED, wrong};
use words::{Line, Subcommand};

/// Reads the words after the program's name.
///
/// # Errors
/// One line for a word that means nothing or a value out of range.
pub fn parse(words: impl IntoIterator<Item = impl Into<OsString>>) -> Result<Request> {
    let mut words: Vec<OsString> = words.into_iter().map(Into::into).collect();
    match words.first().map(|word| word.to_string_lossy()).as_deref() {
        Some("--help" | "-h" | "--version" | "-V") => {}
        Some("help") => {
            words.remove(0);
            words.truncate(1);
            words.push("--help".into());
        }
        Some(word) if !word.starts_with('-') => {}
        _ => words.insert(0, "demo".into()),
    }
    let name = words[0].to_string_lossy().into_owned();
    let split = if name == "program" { words::split(&mut words)? } else { words::Split::default() };
    // A negative number is a number that is out of range, and no option.
    let line = Line::command().mut_subcommands(|command| command.allow_negative_numbers(true));
    let matches = line.try_get_matches_from([TYPED.into()].into_iter().chain(words));
    match matches.and_then(|matches| Line::from_arg_matches(&matches)) {
        Ok(line) => line.command.request(split),
        Err(error) if error.kind() == ErrorKind::DisplayHelp => {
            Ok(Request { command: Command::Help(error.to_string()), is_verbose: false })
        }
        Err(error) if error.kind() == ErrorKind::DisplayVersion => {
            // The library would call the program what is typed to start it.
            Ok(Request { command: Command::Help(format!("tsd {}\n", env!("CARGO_PKG_VERSION"))), is_verbose: false })
        }
        Err(error) => {
            let is_known = Subcommand::names().contains(&name);
            Err(wrong(if is_known { &name } else { "" }, &in_one_line(&error)))
        }
    }
}

/// Says what is wrong in as few words as the reader needs.
fn in_one_line(error: &clap::Error) -> String {
    let word = |kind| match error.get(kind) {
        Some(ContextValue::String(word)) => Some(word.clone()),
        Some(ContextValue::Strings(words)) => Some(words.join(", ")),
        _ => None,
    };
    // An option comes with the name of its value.
    let option = || {
        let option = word(ContextKind::InvalidArg)?;
        Some(option.split(' ').next()?.trim_matches(['<', '>']).to_owned())
    };
    // A value that can't be seen is quoted.
    let value = || {
        word(ContextKind::InvalidValue).map(|value| if value.trim().is_empty() { format!("'{value}'") } else { value })
    };
    // Where a word comes near enough. Of several the last one comes nearest.
    let meant = |kind| match error.get(kind) {
        Some(ContextValue::String(word)) => format!("; did you mean {word}?"),
        Some(ContextValue::Strings(words)) => {
            words.last().map_or(String::new(), |word| format!("; did you mean {word}?"))
        }
        _ => String::new(),
    };
    let line = match error.kind() {
        ErrorKind::UnknownArgument => option().map(|option| {
            let what = if option.starts_with('-') { "no such option" } else { "unexpected word" };
            format!("{what}: {option}{}", meant(ContextKind::SuggestedArg))
        }),
        ErrorKind::InvalidSubcommand => word(ContextKind::InvalidSubcommand)
            .map(|command| format!("no such command: {command}{}", meant(ContextKind::SuggestedSubcommand))),
        // A value that is not there is an empty one to the library.
        ErrorKind::InvalidValue => option().map(|option| format!("{option} takes a value")),
        ErrorKind::ValueValidation => option().zip(value()).map(|(option, value)| {
            let allowed = std::error::Error::source(error).map_or(String::new(), ToString::to_string);
            format!("{option} takes {allowed}, not {value}")
        }),
        ErrorKind::TooManyValues => option().map(|option| format!("{option} takes no value")),
        ErrorKind::MissingRequiredArgument => {
            word(ContextKind::InvalidArg).map(|missing| format!("missing: {}", missing.replace(['<', '>'], "")))
        }
        ErrorKind::InvalidUtf8 => Some("a word is not UTF-8".into()),
        _ => None,
    };
    line.unwrap_or_else(|| {
        error.to_string().lines().next().unwrap_or_default().trim_start_matches("error: ").to_owned()
    })
}
