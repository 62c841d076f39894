//! How far cargo is: it says so on a line that it draws again and again, if it is told to, whoever reads it.

use std::{
    io::{self, BufRead, BufReader, Read},
    process::{Command, Output, Stdio},
    thread,
};

use crate::progress::Progress;

/// Has cargo say nothing of what goes well.
pub(crate) const QUIET: &str = "CARGO_TERM_QUIET";

/// Runs `command`, which may be cargo's or another, and shows on `line` how far it is. Returns what it printed, without
/// what cargo says of its progress.
///
/// # Errors
/// It can't be started.
pub(crate) fn output(command: &mut Command, line: &Progress) -> io::Result<Output> {
    command.env_remove(QUIET).env("CARGO_TERM_PROGRESS_WHEN", "always").env("CARGO_TERM_PROGRESS_WIDTH", "80");
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    let (mut printed, errors) = (child.stdout.take(), child.stderr.take());
    let (stdout, stderr) = thread::scope(|scope| {
        let stdout = scope.spawn(move || {
            let mut bytes = Vec::new();
            printed.as_mut().map_or(Ok(0), |printed| printed.read_to_end(&mut bytes)).map(|_| bytes)
        });
        let stderr = errors.map_or(Ok(Vec::new()), |errors| read(BufReader::new(errors), line));
        (stdout.join(), stderr)
    });
    let stdout = stdout.unwrap_or_else(|_| Err(io::Error::other("the thread that reads has panicked")))?;
    Ok(Output { status: child.wait()?, stdout, stderr: stderr? })
}

/// Reads to the end. Lines that end in a carriage return alone, and those that name what is done, are progress.
fn read(errors: impl BufRead, line: &Progress) -> io::Result<Vec<u8>> {
    let (mut kept, mut piece) = (Vec::new(), Vec::new());
    for byte in errors.bytes() {
        let byte = byte?;
        piece.push(byte);
        if byte == b'\r' || byte == b'\n' {
            let text = String::from_utf8_lossy(&piece);
            if let Some((done, total)) = how_far(&text) {
                line.set_uneven(done, total);
            } else if byte == b'\n' && !is_status(&text) {
                kept.extend_from_slice(&piece);
            }
            piece.clear();
        }
    }
    kept.extend_from_slice(&piece);
    Ok(kept)
}

/// Reads `    Building [====>    ] 23/57: core, alloc`.
fn how_far(piece: &str) -> Option<(u64, u64)> {
    let (building, counts) = piece.split_once("] ")?;
    let (done, rest) = counts.split_once('/')?;
    let total = rest.split(|c: char| !c.is_ascii_digit()).next()?;
    let is_cargos = building.contains("Building [");
    is_cargos.then_some((done.parse().ok()?, total.parse().ok()?)).filter(|(_, total)| *total != 0)
}

/// Whether this is `   Compiling tsd v0.1.0` or its like: a verb that ends at the twelfth column.
fn is_status(line: &str) -> bool {
    let line = line.trim_start_matches("\x1b[K");
    let verb = line.get(..12).map(str::trim_start).unwrap_or_default();
    verb.starts_with(|c: char| c.is_ascii_uppercase())
        && verb.chars().all(|c| c.is_ascii_alphabetic())
        && line[12..].starts_with(' ')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_is_read_and_left_out() {
        let text = "   Compiling core v0.0.0 (/lib)\n    Building [=>    ] 23/57: core, alloc  \r\
                    \x1b[K   Compiling tsd v0.1.0\nwarning: unused\n   | let a\n    Finished `release` profile\n\
                    error: 12/13 ] 1/2";
        let line = Progress::open_ended("building");
        assert_eq!(read(text.as_bytes(), &line).unwrap(), b"warning: unused\n   | let a\nerror: 12/13 ] 1/2");
        assert_eq!(how_far("    Building [=>    ] 23/57: core, alloc  \r"), Some((23, 57)));
        assert_eq!(how_far("    Building [=>    ] 0/0\r"), None);
        assert_eq!(how_far("error: [a] 1/2"), None);
    }

    #[test]
    fn output_is_that_of_the_command() {
        let line = Progress::open_ended("printing");
        let output = output(Command::new("sh").args(["-c", "echo one; echo two >&2; exit 3"]), &line).unwrap();
        assert_eq!(
            (output.status.code(), output.stdout, output.stderr),
            (Some(3), b"one\n".to_vec(), b"two\n".to_vec())
        );
    }
}
