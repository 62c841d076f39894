//! tsd for C, C++ and Win32-style kernels.
//!
//! One static key table behind C names. The archive has a member for each feature of this crate, and one for each
//! function of a family; what a kernel does not call, it does not link. `include/tsd.h` describes the calls to those who make them.
//!
//! | Module | Member | What it owns |
//! |---|---|---|
//! | [`config`] | | capacities, given at build time |
//! | [`thread`](mod@thread) | | `tsd_thread_t`, and the port that asks the kernel's hook for it |
//! | [`api`] | | the C calls that one member makes to another |
//! | `space` | core | keys, values, thread start and exit |
//! | `table` | the same | the key table, for kernels that make none with static keys |
//! | `options`, `functions`, `notify`, `once`, `listing` | the same | the rest of the prefixed core |
//! | `wake` | core | the hook that wakes, which a kernel need not have |
//! | `posix`, `c11`, `cxx`, `tls`, `fls`, `last_error` | the same | one family each: arguments and errors, no logic |
//! | `win32` | | what the two Win32 families share |
//!
//! With `--cfg thread_pointer`, and a register in the environment of the build, the thread is found without the hook.
//!
//! Every symbol begins with `tsd_`. `tsd install` gives them the ABI version, and takes the prefix off the families
//! for targets that have no C library to clash with.
#![no_std]

pub mod api;
pub mod config;
pub mod thread;

#[cfg(feature = "c11")]
pub mod c11;
#[cfg(feature = "cxx")]
pub mod cxx;
#[cfg(feature = "fls")]
pub mod fls;
#[cfg(feature = "functions")]
pub mod functions;
#[cfg(feature = "last_error")]
pub mod last_error;
#[cfg(feature = "listing")]
pub mod listing;
#[cfg(feature = "notify")]
pub mod notify;
#[cfg(feature = "once")]
pub mod once;
#[cfg(feature = "options")]
pub mod options;
#[cfg(feature = "posix")]
pub mod posix;
#[cfg(feature = "core")]
pub mod space;
#[cfg(feature = "table")]
pub mod table;
#[cfg(feature = "tls")]
pub mod tls;
#[cfg(feature = "core")]
pub mod wake;
#[cfg(any(feature = "tls", feature = "fls"))]
pub mod win32;

/// Never part of the archive: a test reads the symbol table for what would lead here.
#[cfg(feature = "panic-handler")]
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    loop {
        core::hint::spin_loop();
    }
}
