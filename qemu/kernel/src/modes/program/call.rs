//! The system calls that the kernel answers, by Linux's numbers and with Linux's results.
//!
//! A call runs on the stack of the thread that makes it, with interrupts unmasked. What the kernel has no
//! use for, such as files and processes, gets the error that Linux gives where such a thing is not
//! configured.

use super::{
    clock,
    end::end,
    errno::{ENOSYS, ENOTTY, ESPIPE, Errno, Result},
    futex, local, memory, output, report, thread,
};
use crate::machine::{calls, program::Frame};

/// The calls that are not Linux's: `qemu/posix/cancel.c` and `qemu/posix/keys.c` make them.
const SET_CANCEL: usize = 0x7473_6400;
const SET_KEYS: usize = 0x7473_6401;

/// Does what the call `number` asks for.
pub(super) fn handle(number: usize, frame: &Frame) -> usize {
    local::set_in_call(true);
    let answer = answer(number, frame);
    local::set_in_call(false);
    match answer {
        Ok(result) => result,
        // The C library takes the highest addresses for error numbers.
        Err(Errno(error)) => usize::from(error).wrapping_neg(),
    }
}

fn answer(number: usize, frame: &Frame) -> Result {
    let [a, b, c, d, ..] = frame.arguments;
    match number {
        calls::READ | calls::READV => output::read(a),
        calls::WRITE => output::write(a, b, c),
        calls::WRITEV => output::write_parts(a, b, c),
        calls::CLOSE => output::check(a).map(|()| 0),
        calls::LSEEK => output::check(a).and(Err(ESPIPE)),
        calls::IOCTL => output::check(a).and(Err(ENOTTY)),

        calls::MMAP => memory::map(a, b, c, d),
        calls::MUNMAP => memory::unmap(a, b),
        calls::MREMAP => memory::resize(a, b, c, d),
        calls::MPROTECT => memory::protect(a, b, c),
        calls::MADVISE => memory::advise(a, b, c),

        calls::FUTEX => futex::call(a, b, c, d),
        calls::CLOCK_GETTIME => clock::time(a, b),
        calls::CLOCK_GETRES => clock::resolution(a, b),
        calls::NANOSLEEP => clock::sleep(clock::MONOTONIC, 0, a, b),
        calls::CLOCK_NANOSLEEP => clock::sleep(a, b, c, d),

        calls::CLONE => thread::clone(frame),
        calls::SET_TID_ADDRESS => Ok(local::set_clear_word(a)),
        calls::SET_THREAD_POINTER if a == calls::SET_THREAD_POINTER_CODE => Ok(thread::set_pointer(b)),
        calls::GETTID => Ok(local::current_number()),
        calls::GETPID => Ok(thread::PROCESS),
        calls::EXIT => thread::end(),
        calls::EXIT_GROUP => end(a),
        calls::TKILL => thread::signal(a, b),
        calls::TGKILL => thread::signal(b, c),
        calls::KILL => thread::signal_process(a, b),
        calls::RT_SIGACTION => thread::set_handler(a),
        calls::RT_SIGPROCMASK => thread::set_mask(a, b, c),

        calls::SCHED_YIELD => Ok(thread::yield_now()),
        calls::SCHED_GETAFFINITY => thread::cpus(b, c),
        calls::SCHED_GETSCHEDULER => thread::policy(a),
        calls::SCHED_GETPARAM => thread::parameters(a, b),
        calls::SCHED_SETSCHEDULER => thread::set_policy(a, b),
        calls::SCHED_GET_PRIORITY_MAX => thread::priorities(a).map(|range| *range.end()),
        calls::SCHED_GET_PRIORITY_MIN => thread::priorities(a).map(|range| *range.start()),
        SET_CANCEL => thread::set_cancel(a),
        SET_KEYS => report::set_keys(a),
        _ => Err(ENOSYS),
    }
}
