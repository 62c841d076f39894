#![doc = include_str!("../README.md")]
//!
//! # Where to begin
//!
//! [`KeySpace`] has the calls, [`Port`] is what a kernel tells, [`Slots`] go into its thread control block. [`guide`]
//! has the ideas, a page each, and tables for those who know pthreads or std's `thread_local!`.
//!
//! # The files
//!
//! A map, from the kernel's side inwards. A file imports only files of the same row and of later ones.
//!
//! | Files in `src/` | What they own |
//! |---|---|
//! | `guide` | pages of documentation, and no code |
//! | `static_keys` | [`static_keys!`]: a list of them with types |
//! | `raw`, `owned_key`, `shared_key`, `typed_key` | halves of calls for C; [`OwnedKey`], [`SharedKey`] and [`TypedKey`], with values that are dropped |
//! | `location`, `owner` | where typed keys find a thread's value; [`Owner`]: what they can hold |
//! | `key_space` | [`KeySpace`]: a table with a port, the calls that a kernel's threads make |
//! | `exit_duties`, `once`, `exit`, `drain` | what thread exit does beside the keys; one-time initialisation; phases and rounds of thread exit; the slots of one word in turn |
//! | `port`, `slot_array` | [`Port`]: what the kernel gives |
//! | `describe` | that, in the words of panic dumps and of the debugger's script |
//! | `inspect` | what a panic dump or a debugger shows of keys and values |
//! | `table`, `static_key` | [`KeyTable`]: which keys live; [`StaticKey`], known at compile time |
//! | `slots`, `slot`, `pending`, `progress`, `pass` | [`Slots`]: one thread's values; one of them; what its exit must look at; how far that has come; what it does there |
//! | `index_allocator`, `entry` | which indexes are free; what a table has of each key |
//! | `exit_functions`, `exit_report`, `notifications`, `once_control`, `arena`, `event` | [`ExitFunctions`], [`ExitReport`], [`Notifications`], [`Once`], [`Arena`]; [`Event`], which a port may be told of |
//! | `index`, `tag`, `key` | which slot is a key's; the tag that tells a key from its predecessors; [`Key`], [`KeyOptions`] |
//! | `callback`, `capacity`, `error` | calls of users' functions; allowed capacities; [`Error`] and POSIX numbers |
//! | `parts` | which parts of the library there are |
//! | `local`, `sync`, `sections` | steps on words of one thread; the atomics that CPUs share, and those of CPUs without compare-and-swap |
//! | `../arch/` | all that knows a CPU: those steps where one instruction does them, and what the C archive has in assembly |
#![no_std]

#[cfg(feature = "alloc")]
extern crate alloc;

mod arena;
mod callback;
mod capacity;
mod describe;
mod drain;
mod entry;
mod error;
mod event;
mod exit;
mod exit_duties;
mod exit_functions;
mod exit_report;
#[cfg(any(doc, doctest))]
pub mod guide;
mod index;
mod index_allocator;
mod inspect;
mod key;
mod key_space;
// Miri knows no assembly, and in tests/handlers an interrupt comes before atomics only.
#[cfg_attr(
    all(target_arch = "x86_64", target_pointer_width = "64", not(any(miri, handlers))),
    path = "../arch/x86_64/local.rs"
)]
mod local;
mod location;
mod notifications;
mod once;
mod once_control;
mod owned_key;
mod owner;
mod parts;
mod pass;
mod pending;
mod port;
mod progress;
pub mod raw;
#[cfg(all(not(target_has_atomic = "ptr"), feature = "critical-section"))]
mod sections;
mod shared_key;
mod slot;
mod slot_array;
mod slots;
mod static_key;
mod static_keys;
mod sync;
mod table;
mod tag;
mod typed_key;

pub use arena::{Arena, ArenaMemory};
pub use capacity::{Capacity, Supported};
pub use error::{Error, errno};
pub use event::Event;
pub use exit_functions::{ExitFunction, ExitFunctionList, ExitFunctions};
pub use exit_report::{ExitFlags, ExitReport, LEFT_OVER_KEYS, LeftOverKeys};
pub use key::{Destructor, Key, KeyFlags, KeyInfo, KeyOptions};
pub use key_space::KeySpace;
pub use location::{Location, Static};
pub use notifications::{Notification, NotificationList, Notifications, Reason};
pub use once_control::Once;
pub use owned_key::OwnedKey;
pub use owner::{Inline, Owner, SharedOwner, Word};
pub use port::{Port, ThreadsOnly};
pub use shared_key::SharedKey;
pub use slot_array::SlotArray;
pub use slots::Slots;
pub use static_key::StaticKey;
/// The word that threads wait for: `core`'s, or one with critical sections on CPUs without compare-and-swap.
#[doc(no_inline)]
pub use sync::AtomicU32;
#[cfg(any(loom, handlers, not(target_has_atomic = "ptr")))]
pub use sync::{AtomicPtr, AtomicUsize};
pub use table::{DEFAULT_KEYS, DEFAULT_ROUNDS, KeyTable};
pub use typed_key::TypedKey;

/// What safe code is promised: those of its examples that must not compile do not.
#[cfg(doctest)]
#[doc = include_str!("../docs/safety.md")]
mod safety {}
