//! `tsd_thread_t`.
//!
//! Invariant: the layout is that of `struct tsd_thread` in `include/tsd.h`. `FIGURES` in `base.rs`
//! carries it to the header, which asserts it.

use core::sync::atomic::{AtomicPtr, Ordering::Relaxed};
#[cfg(not(minimal))]
use core::{mem::offset_of, sync::atomic::AtomicU32};

#[cfg(not(minimal))]
use tsd::ExitFunctions;
use tsd::Slots;

#[cfg(not(minimal))]
use crate::config::EXIT_FUNCTIONS;
use crate::config::KEYS;

/// What a C thread control block embeds. All zero bytes are its initial state.
#[derive(Debug)]
#[repr(C)]
pub struct Thread {
    /// The values.
    pub slots: Slots<KEYS>,
    /// Win32's last error.
    #[cfg(not(minimal))]
    pub last_error: AtomicU32,
    /// The threads that have Fls values.
    #[cfg(not(minimal))]
    pub fls: Link,
    /// C++ destructors and the like.
    #[cfg(not(minimal))]
    pub functions: ExitFunctions<EXIT_FUNCTIONS>,
}

/// A thread's links in the list of the Fls family, which guards them.
#[derive(Debug)]
#[repr(C)]
pub struct Link {
    /// The next thread.
    pub next: AtomicPtr<Thread>,
    /// The one before. The thread itself where it is on no list; NULL where it has had nothing to do with the family.
    pub before: AtomicPtr<Thread>,
}

impl Link {
    /// Whether the family wants to know of the thread's exit.
    #[inline]
    pub fn is_used(&self) -> bool {
        // Relaxed: of interest to the thread itself only.
        !self.before.load(Relaxed).is_null()
    }
}

/// What the Fls family is told of a thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub enum FlsEvent {
    /// The block at this address is about to be a new thread's; what it holds may be anything.
    Initialises,
    /// The thread's exit begins: it will not go on with what it was in.
    Exits,
    /// The thread's exit is over.
    HasExited,
}

/// How it is told.
pub type FlsFunction = extern "C" fn(*const Thread, FlsEvent);

const WORD: usize = size_of::<usize>();

// The header declares these sizes. Slots: two words per key, five more, a bit per key.
const _: () = {
    let slots = 2 * KEYS * WORD + 5 * WORD + KEYS.div_ceil(usize::BITS as usize) * WORD;
    assert!(size_of::<Slots<KEYS>>() == slots.next_multiple_of(WORD));
};
#[cfg(not(minimal))]
const _: () = {
    assert!(offset_of!(Thread, last_error) == size_of::<Slots<KEYS>>());
    assert!(offset_of!(Thread, fls) == (offset_of!(Thread, last_error) + 4).next_multiple_of(WORD));
    assert!(offset_of!(Thread, functions) == offset_of!(Thread, fls) + 2 * WORD);
    assert!(size_of::<ExitFunctions<EXIT_FUNCTIONS>>() == (2 + 2 * EXIT_FUNCTIONS) * WORD);
    assert!(size_of::<Thread>() == offset_of!(Thread, functions) + size_of::<ExitFunctions<EXIT_FUNCTIONS>>());
};
