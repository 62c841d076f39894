//! The numbers of Linux's system calls on the CPUs that came to Linux after it had a common list, as far as the kernel
//! answers them.
//!
//! Reference: Linux, `include/uapi/asm-generic/unistd.h`.

pub(crate) const IOCTL: usize = 29;
pub(crate) const CLOSE: usize = 57;
pub(crate) const LSEEK: usize = 62;
pub(crate) const READ: usize = 63;
pub(crate) const WRITE: usize = 64;
pub(crate) const READV: usize = 65;
pub(crate) const WRITEV: usize = 66;
pub(crate) const EXIT: usize = 93;
pub(crate) const EXIT_GROUP: usize = 94;
pub(crate) const SET_TID_ADDRESS: usize = 96;
pub(crate) const FUTEX: usize = 98;
pub(crate) const NANOSLEEP: usize = 101;
pub(crate) const CLOCK_GETTIME: usize = 113;
pub(crate) const CLOCK_GETRES: usize = 114;
pub(crate) const CLOCK_NANOSLEEP: usize = 115;
pub(crate) const SCHED_SETSCHEDULER: usize = 119;
pub(crate) const SCHED_GETSCHEDULER: usize = 120;
pub(crate) const SCHED_GETPARAM: usize = 121;
pub(crate) const SCHED_GETAFFINITY: usize = 123;
pub(crate) const SCHED_YIELD: usize = 124;
pub(crate) const SCHED_GET_PRIORITY_MAX: usize = 125;
pub(crate) const SCHED_GET_PRIORITY_MIN: usize = 126;
pub(crate) const KILL: usize = 129;
pub(crate) const TKILL: usize = 130;
pub(crate) const TGKILL: usize = 131;
pub(crate) const RT_SIGACTION: usize = 134;
pub(crate) const RT_SIGPROCMASK: usize = 135;
pub(crate) const GETPID: usize = 172;
pub(crate) const GETTID: usize = 178;
pub(crate) const MUNMAP: usize = 215;
pub(crate) const MREMAP: usize = 216;
pub(crate) const CLONE: usize = 220;
pub(crate) const MMAP: usize = 222;
pub(crate) const MPROTECT: usize = 226;
pub(crate) const MADVISE: usize = 233;
/// A program writes the thread pointer itself: no call has this number.
pub(crate) const SET_THREAD_POINTER: usize = usize::MAX;
pub(crate) const SET_THREAD_POINTER_CODE: usize = usize::MAX;

/// Where `clone` has the thread pointer, and the word to be cleared at the thread's end.
pub(crate) const CLONE_THREAD_POINTER: usize = 3;
pub(crate) const CLONE_CLEAR_WORD: usize = 4;
