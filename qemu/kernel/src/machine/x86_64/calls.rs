//! The numbers of Linux's system calls on this CPU, as far as the kernel answers them.
//!
//! Reference: System V ABI, AMD64 supplement, A.2; Linux, `arch/x86/entry/syscalls/syscall_64.tbl`.

pub(crate) const READ: usize = 0;
pub(crate) const WRITE: usize = 1;
pub(crate) const CLOSE: usize = 3;
pub(crate) const LSEEK: usize = 8;
pub(crate) const MMAP: usize = 9;
pub(crate) const MPROTECT: usize = 10;
pub(crate) const MUNMAP: usize = 11;
pub(crate) const RT_SIGACTION: usize = 13;
pub(crate) const RT_SIGPROCMASK: usize = 14;
pub(crate) const IOCTL: usize = 16;
pub(crate) const READV: usize = 19;
pub(crate) const WRITEV: usize = 20;
pub(crate) const SCHED_YIELD: usize = 24;
pub(crate) const MREMAP: usize = 25;
pub(crate) const MADVISE: usize = 28;
pub(crate) const NANOSLEEP: usize = 35;
pub(crate) const GETPID: usize = 39;
pub(crate) const CLONE: usize = 56;
pub(crate) const EXIT: usize = 60;
pub(crate) const KILL: usize = 62;
pub(crate) const SCHED_GETPARAM: usize = 143;
pub(crate) const SCHED_SETSCHEDULER: usize = 144;
pub(crate) const SCHED_GETSCHEDULER: usize = 145;
pub(crate) const SCHED_GET_PRIORITY_MAX: usize = 146;
pub(crate) const SCHED_GET_PRIORITY_MIN: usize = 147;
pub(crate) const GETTID: usize = 186;
pub(crate) const TKILL: usize = 200;
pub(crate) const FUTEX: usize = 202;
pub(crate) const SCHED_GETAFFINITY: usize = 204;
pub(crate) const SET_TID_ADDRESS: usize = 218;
pub(crate) const CLOCK_GETTIME: usize = 228;
pub(crate) const CLOCK_GETRES: usize = 229;
pub(crate) const CLOCK_NANOSLEEP: usize = 230;
pub(crate) const EXIT_GROUP: usize = 231;
pub(crate) const TGKILL: usize = 234;
/// Sets the thread pointer.
pub(crate) const SET_THREAD_POINTER: usize = 158;
/// Its first argument: ARCH_SET_FS. The second one is the thread pointer.
pub(crate) const SET_THREAD_POINTER_CODE: usize = 0x1002;

/// Where `clone` has the word to be cleared at the thread's end, and the thread pointer.
pub(crate) const CLONE_CLEAR_WORD: usize = 3;
pub(crate) const CLONE_THREAD_POINTER: usize = 4;
