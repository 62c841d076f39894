//! The command line, which QEMU gives through semihosting.

use core::mem::MaybeUninit;

/// Returns the words after the program's name on the command line that QEMU was given with
/// `-semihosting-config arg=..`, or with `-append`.
pub(crate) fn command_line() -> &'static str {
    static LINE: spin::Once<([u8; 1024], usize)> = spin::Once::new();

    let (bytes, len) = LINE.call_once(|| {
        let mut buffer = [MaybeUninit::uninit(); 1024];
        let line = match semihosting::sys::arm_compat::sys_get_cmdline_uninit(&mut buffer) {
            Ok(line) => line,
            Err(_) => panic!("the command line is longer than 1 KiB, or QEMU runs without semihosting"),
        };
        let mut bytes = [0; 1024];
        bytes[..line.len()].copy_from_slice(line);
        (bytes, line.len())
    });
    let line = str::from_utf8(&bytes[..*len]).unwrap_or_else(|_| panic!("the command line is not UTF-8"));
    line.trim_end_matches('\0').split_once(' ').map_or("", |(_program, words)| words)
}
