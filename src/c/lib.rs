//! tsd for C, C++ and Win32-style kernels.
//!
//! One static key table behind C names. The archive has a member for each feature of this crate, and one for each
//! function of a family; what a kernel does not call, it does not link. `include/tsd.h` describes the calls to those
//! who make them.
//!
//! | Module | Member | What it owns |
//! |---|---|---|
//! | `address` | | addresses of data that another member defines |
//! | [`config`] | | capacities, given at build time |
//! | [`thread`](mod@thread) | | `tsd_thread_t` |
//! | [`sync`], `critical` | | atomics; the critical section of CPUs without compare-and-swap |
//! | [`hooks`] | | what the core calls and others provide: the kernel, and families that want to be told of threads |
//! | [`port`] | | the port that finds the current thread |
//! | [`calls`] | | the C calls that one member makes to another |
//! | `base` | base | keys, values, thread start |
//! | `thread_exit`, or `minimal` | base | thread exit, in the usual archive and in that of `install --minimal` |
//! | [`key_space`] | the same | the key table, for kernels that make none with static keys |
//! | `key_options`, `exit_functions`, `notifications`, `once`, `inspect` | the same | the rest of the prefixed calls |
//! | `notification_list` | notifications | the linker's table of them, and the registered ones |
//! //! | `posix`, `c11`, `cxx`, `tls`, `fls`, `last_error` | the same | one family each: arguments and errors, no logic |
//! | `thread_local` | the same | emulated thread-local storage: blocks of each thread |
//! | `win32` | | what the two Win32 families share |
//!
//! With `--cfg thread_pointer`, and a register in the environment of the build, the thread is found without the hook.
//!
//! Every symbol begins with `tsd_`. `tsd install` gives them the ABI version, and takes the prefix off the families
//! for targets that have no C library to clash with.
#![no_std]

mod address;
pub mod calls;
pub mod config;
#[cfg(not(target_has_atomic = "ptr"))]
mod critical;
pub mod hooks;
pub mod key_space;
pub mod port;
pub mod sync;
pub mod thread;

#[cfg(feature = "base")]
pub mod base;
#[cfg(feature = "c11")]
pub mod c11;
#[cfg(feature = "cxx")]
pub mod cxx;
#[cfg(feature = "exit_functions")]
pub mod exit_functions;
#[cfg(feature = "fls")]
pub mod fls;
#[cfg(feature = "inspect")]
pub mod inspect;
#[cfg(feature = "key_options")]
pub mod key_options;
#[cfg(feature = "last_error")]
pub mod last_error;
#[cfg(all(feature = "base", minimal))]
pub mod minimal;
#[cfg(feature = "notifications")]
mod notification_list;
#[cfg(feature = "notifications")]
pub mod notifications;
#[cfg(feature = "once")]
pub mod once;
#[cfg(feature = "posix")]
pub mod posix;
#[cfg(all(feature = "base", not(minimal)))]
pub mod thread_exit;
#[cfg(feature = "thread_local")]
pub mod thread_local;
#[cfg(feature = "tls")]
pub mod tls;
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
