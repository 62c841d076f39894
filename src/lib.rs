//! Thread-specific data for kernels: POSIX, C11, Win32 and C++ thread-exit semantics with no heap and no lock.
//!
//! A kernel embeds [`Slots`] in its thread control block, owns a [`KeySpace`] in a static, tells by its [`Port`] who the
//! current thread is, and calls [`KeySpace::exit`] last on each thread. README has that in thirty lines.
//!
//! A map, from the kernel's side inwards:
//!
//! | File in `src/` | What it owns |
//! |---|---|
//! | `port.rs` | [`Port`]: what the kernel gives |
//! | `space.rs` | [`KeySpace`]: a table with a port, the calls that a kernel's threads make |
//! | `table.rs`, `places.rs`, `listing.rs` | [`KeyTable`]: which keys live, which indexes are free, and what is known of each |
//! | `key.rs` | [`Key`], [`KeyOptions`], and the tag that tells a key from its predecessors |
//! | `slots.rs`, `pending.rs` | [`Slots`]: one thread's values, how one is bound and taken; what exit must look at |
//! | `exit.rs`, `drain.rs` | phases and rounds of thread exit, [`ExitReport`]; the slots of one word in turn |
//! | `functions.rs`, `notify.rs` | [`ExitFunctions`]; [`Notifications`] of attach and detach |
//! | `once.rs` | [`Once`]: one-time initialisation |
//! | `statics.rs`, `typed.rs` | [`StaticKey`], known at compile time; [`TypedKey`], with values that are dropped |
//! | `capacity.rs`, `error.rs` | allowed capacities; [`Error`] and POSIX numbers |
//! | `sync.rs`, `own.rs` | the atomics that CPUs share; steps on words of one thread |
//! | `../arch/` | all that knows a CPU: those steps where one instruction does them, and what the C archive has in assembly |
#![no_std]

mod capacity;
mod drain;
mod error;
mod exit;
mod foreign;
mod functions;
mod key;
mod listing;
mod notify;
mod once;
// Miri knows no assembly, and in tests/handlers an interrupt comes before atomics only.
#[cfg_attr(
    all(target_arch = "x86_64", target_pointer_width = "64", not(any(miri, handlers))),
    path = "../arch/x86_64/own.rs"
)]
mod own;
mod pending;
mod places;
mod port;
mod slots;
mod space;
mod statics;
mod sync;
mod table;
mod typed;

pub use capacity::{Capacity, Supported};
pub use error::{EAGAIN, EDEADLK, EINVAL, ENOMEM, ESRCH, Error};
pub use exit::{ExitFlags, ExitReport, LEFT_OVER_KEYS, LeftOverKeys};
pub use functions::{ExitFunction, ExitFunctionList, ExitFunctions};
pub use key::{Destructor, Key, KeyFlags, KeyInfo, KeyOptions};
pub use notify::{Notification, NotificationList, Notifications, Reason};
pub use once::{Once, OnceFrame};
pub use port::Port;
pub use slots::{SlotArray, Slots};
pub use space::KeySpace;
pub use statics::StaticKey;
#[cfg(any(loom, handlers))]
pub use sync::{AtomicPtr, AtomicU32, AtomicUsize};
pub use table::{DEFAULT_KEYS, DEFAULT_ROUNDS, KeyTable};
pub use typed::{Owner, TypedKey};

/// The examples of README are examples of this documentation: both are compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}

/// What safe code is promised: those of its examples that must not compile do not.
#[cfg(doctest)]
#[doc = include_str!("../docs/safety.md")]
mod safety {}
