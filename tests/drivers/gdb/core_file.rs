//! A core file of the host, in which nothing can be called.

use std::env;
use std::fs;

use libtest_mimic::Failed;
use tsd_runner::{gdb, workspace};

use crate::{same, subject, transcript_of, with_script};

/// Makes the core file with gdb, since what the system makes of a crash, and where, is its own affair.
pub(crate) fn session(commands: &[&str]) -> Result<gdb::Transcript, Failed> {
    let program = env::current_exe()?;
    let core = workspace::images_dir()?.join("gdb-subject.core");
    let _lock = workspace::lock("gdb-subject")?;
    let _ = fs::remove_file(&core);
    let commands_that_make_it = [
        format!("set environment {} 1", subject::VARIABLE),
        "set startup-with-shell off".to_owned(),
        "break tsd_gdb_subject_is_ready".to_owned(),
        "run".to_owned(),
        format!("generate-core-file {}", core.display()),
        "kill".to_owned(),
    ];
    let made = gdb::run(Some(&program), &[], &commands_that_make_it)?;
    if !core.is_file() {
        return Err(format!("gdb has made no core file: {made:#?}").into());
    }
    let transcript = gdb::run(Some(&program), &[&core.display().to_string()], &with_script(commands));
    fs::remove_file(&core)?;
    Ok(transcript?)
}

/// What gdb prints there. The handles of keys in their last generations are as long as addresses.
const TRANSCRIPT: &str = include_str!("core_file.txt");

pub(crate) fn check() -> Result<(), Failed> {
    let wanted = transcript_of(TRANSCRIPT);
    let commands: Vec<_> = wanted.iter().map(|(command, _)| command.as_str()).collect();
    // The first command has read the script.
    same(&wanted, &session(&commands)?[1..])
}
