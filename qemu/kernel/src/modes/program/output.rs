//! The console as the program's standard output and standard error.
//!
//! Standard input is at its end from the beginning.

use core::sync::atomic::{AtomicBool, Ordering};

use super::{
    errno::{EBADF, EFAULT, EINVAL, Errno, Result},
    user,
};
use crate::core::console::{self, print};

const INPUT: usize = 0;
const OUTPUT: usize = 1;
const ERROR: usize = 2;

/// The most parts that one call may write.
const MAX_PARTS: usize = 1024;

/// Whether the last byte written did not end a line.
static LINE_IS_OPEN: AtomicBool = AtomicBool::new(false);

/// A part of what is to be written: POSIX's `struct iovec`.
#[derive(Clone, Copy)]
#[repr(C)]
struct Part {
    address: usize,
    len: usize,
}

/// Fails unless `file` is one of the three that there are.
pub(super) fn check(file: usize) -> core::result::Result<(), Errno> {
    if file <= ERROR { Ok(()) } else { Err(EBADF) }
}

/// Reads nothing.
pub(super) fn read(file: usize) -> Result {
    if file == INPUT { Ok(0) } else { Err(EBADF) }
}

/// Writes `len` bytes.
pub(super) fn write(file: usize, address: usize, len: usize) -> Result {
    write_all(file, &[Part { address, len }])
}

/// Writes the `count` parts at `parts` as a whole.
pub(super) fn write_parts(file: usize, parts: usize, count: usize) -> Result {
    if count > MAX_PARTS {
        return Err(EINVAL);
    }
    let pointer = user::pointer::<Part>(parts)?;
    // SAFETY: The program's parts, which it leaves alone during the call.
    write_all(file, unsafe { core::slice::from_raw_parts(pointer, count) })
}

fn write_all(file: usize, parts: &[Part]) -> Result {
    if !matches!(file, OUTPUT | ERROR) {
        return Err(EBADF);
    }
    let parts = parts.iter().filter(|part| part.len != 0);
    if parts.clone().any(|part| user::pointer::<u8>(part.address).is_err()) {
        return Err(EFAULT);
    }
    // SAFETY: Bytes of the program, which it leaves alone during the call.
    let bytes = parts.map(|part| unsafe { core::slice::from_raw_parts(part.address as *const u8, part.len) });
    let written = bytes.clone().map(<[u8]>::len).sum();
    if let Some(&byte) = bytes.clone().next_back().and_then(<[u8]>::last) {
        LINE_IS_OPEN.store(byte != b'\n', Ordering::SeqCst);
    }
    console::print_bytes(bytes);
    Ok(written)
}

/// Ends the program's last line, so that the kernel's final line stands alone.
pub(super) fn end_line() {
    if LINE_IS_OPEN.load(Ordering::SeqCst) {
        print!("\n");
    }
}
