//! What the tests share: commands with a time limit, and folders.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};
use std::{fs, thread};

use libtest_mimic::Failed;
use tsd_runner::{command, workspace};

/// Far more than any command here takes on a busy machine.
const TIME_LIMIT: Duration = Duration::from_secs(300);

/// Runs a command; what it printed, if it succeeds.
pub(crate) fn run(command: &mut Command) -> Result<Output, Failed> {
    let typed = command::as_typed(command);
    let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut child = child.map_err(|error| format!("{typed}: {error}"))?;
    let started = Instant::now();
    while child.try_wait().map_err(|error| format!("{typed}: {error}"))?.is_none() {
        if started.elapsed() > TIME_LIMIT {
            // Then its output is at its end, too.
            let _ = child.kill();
            break;
        }
        thread::sleep(Duration::from_millis(2));
    }
    let output = child.wait_with_output().map_err(|error| format!("{typed}: {error}"))?;
    if output.status.success() {
        return Ok(output);
    }
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    Err(format!("{typed}\n{}\n{out}{err}", output.status).into())
}

/// The folder of the programs.
pub(crate) fn source() -> PathBuf {
    workspace::root().join("tests/c")
}

/// A folder for what a test makes.
pub(crate) fn scratch(name: &str) -> Result<PathBuf, Failed> {
    let dir = workspace::images_dir().map_err(|error| error.to_string())?.join("c-tests").join(name);
    fs::create_dir_all(&dir).map_err(|error| format!("{}: {error}", dir.display()))?;
    Ok(dir)
}

/// The files in `dir`, sorted.
pub(crate) fn files(dir: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> = fs::read_dir(dir).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    files.sort();
    files
}
