//! Thread-specific data for kernels.
//!
//! A map, from the kernel's side inwards:
//!
//! | Module | What it owns |
//! |---|---|
//! | [`port`] | what the kernel gives: who is the current thread, wait and wake |
//! | [`space`] | a table with a port: the calls that a kernel's threads make |
//! | [`table`], [`listing`] | which keys live, and what is known of each |
//! | [`key`] | handles, options, and the tag that tells a key from its predecessors |
//! | [`slots`] | one thread's values |
//! | [`exit`] | phases and rounds of thread exit, and its report |
//! | [`functions`], [`notify`] | thread-exit functions; attach and detach notifications |
//! | [`once`] | one-time initialisation |
//! | [`statics`], [`typed`] | keys known at compile time; keys with pooled values |
//! | [`capacity`], [`sync`], [`own`], [`error`] | allowed capacities; the atomics, shared and a thread's own; errors and their POSIX numbers |
//! | [`arch`] | all that knows a CPU: thread pointers and interrupt state |
#![no_std]

#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
#[cfg_attr(target_arch = "x86_64", path = "../arch/x86_64/mod.rs")]
#[cfg_attr(target_arch = "aarch64", path = "../arch/aarch64/mod.rs")]
pub mod arch;
mod capacity;
mod error;
mod exit;
mod functions;
mod key;
mod listing;
mod notify;
mod once;
// Miri knows no assembly.
#[cfg_attr(all(target_arch = "x86_64", target_pointer_width = "64", not(miri)), path = "../arch/x86_64/own.rs")]
mod own;
mod port;
mod slots;
mod space;
mod statics;
mod sync;
mod table;
mod typed;

pub use capacity::{Capacity, Supported};
pub use error::{EAGAIN, EDEADLK, EINVAL, ENOMEM, ESRCH, Error};
pub use exit::{ExitFlags, ExitReport, LEFT_OVER_KEYS};
pub use functions::{ExitFunction, ExitFunctionList, ExitFunctions};
pub use key::{Destructor, Key, KeyFlags, KeyInfo, KeyOptions};
pub use notify::{Notification, NotificationList, Notifications, Reason};
pub use once::{Once, OnceFrame};
pub use port::Port;
pub use slots::Slots;
pub use space::KeySpace;
pub use statics::StaticKey;
pub use table::{DEFAULT_KEYS, DEFAULT_ROUNDS, KeyTable};
pub use typed::{Owner, TypedKey};
