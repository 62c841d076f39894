//! The program's arguments on the kernel's command line, which is words between blanks.
//!
//! What a word can't have (blanks, what is not ASCII) and the percent sign become a percent sign and two hexadecimal
//! digits a byte; a word that is empty becomes a percent sign alone. The kernel turns them back
//! (`qemu/kernel/src/modes/program/image.rs`).

use std::{
    ffi::OsString,
    os::unix::ffi::OsStrExt,
    time::{SystemTime, UNIX_EPOCH},
};

use crate::error::{Error, Result};

/// What the kernel reads of its command line, the name that goes before it on one machine included.
const MAX_BYTES: usize = 1000;
/// As many as the kernel has room for, the program's name among them.
const MAX_ARGUMENTS: usize = 64;

/// Returns the kernel's command line for the program called `name`.
///
/// # Errors
/// The arguments are too many, or too long.
pub(super) fn command_line(name: &str, arguments: &[OsString]) -> Result<String> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs());
    let words = [name.as_bytes()].into_iter().chain(arguments.iter().map(|argument| argument.as_bytes()));
    let line = format!("program epoch={now}") + &words.map(|bytes| format!(" {}", word(bytes))).collect::<String>();
    if line.len() > MAX_BYTES {
        let over = line.len() - MAX_BYTES;
        return Err(Error::usage(format!("the program's arguments are {over} bytes longer than the kernel can take")));
    }
    if arguments.len() >= MAX_ARGUMENTS {
        return Err(Error::usage(format!("a program takes {} arguments at most", MAX_ARGUMENTS - 1)));
    }
    Ok(line)
}

fn word(bytes: &[u8]) -> String {
    let shown = |&byte: &u8| match byte {
        b'!'..=b'~' if byte != b'%' => char::from(byte).to_string(),
        _ => format!("%{byte:02x}"),
    };
    if bytes.is_empty() { "%".into() } else { bytes.iter().map(shown).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::status::Status;

    #[test]
    fn words_have_no_blanks() {
        assert_eq!(word(b"plain-1=a,b"), "plain-1=a,b");
        assert_eq!(word(b""), "%");
        assert_eq!(word(b"two words\t50%"), "two%20words%0950%25");
        assert_eq!(word("\u{e9}\"'".as_bytes()), "%c3%a9\"'");
        let line = command_line("my program", &["".into(), "a b".into()]).unwrap();
        assert!(line.starts_with("program epoch=") && line.ends_with(" my%20program % a%20b"), "{line}");
    }

    #[test]
    fn what_the_kernel_has_no_room_for_is_refused() {
        for arguments in [vec![OsString::from("a"); MAX_ARGUMENTS], vec![OsString::from("a ".repeat(MAX_BYTES / 4))]] {
            assert_eq!(command_line("p", &arguments).unwrap_err().status(), Status::Usage);
        }
        assert!(command_line("p", &vec![OsString::from("a"); MAX_ARGUMENTS - 1]).is_ok());
    }
}
