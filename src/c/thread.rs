//! `tsd_thread_t`, and the port by which the library finds the current one.
//!
//! Invariant: the layout is that of `struct tsd_thread` in `include/tsd.h`. `FIGURES` in `space.rs`
//! carries it to the header, which asserts it.

use core::ffi::c_int;
use core::mem::{offset_of, transmute};
use core::sync::atomic::{
    AtomicPtr, AtomicU32,
    Ordering::{Acquire, Relaxed},
};

#[cfg(feature = "notify")]
use tsd::NotificationList;
use tsd::{Error, ExitFunctionList, ExitFunctions, Port, Slots};

use crate::api;
use crate::config::{EXIT_FUNCTIONS, KEYS};

/// What a C thread control block embeds. All zero bytes are its initial state.
#[derive(Debug)]
#[repr(C)]
pub struct Thread {
    /// The values.
    pub slots: Slots<KEYS>,
    /// Win32's last error.
    pub last_error: AtomicU32,
    /// The threads that have Fls values.
    pub fls: Link,
    /// C++ destructors and the like.
    pub functions: ExitFunctions<EXIT_FUNCTIONS>,
}

/// A thread's place in the list of the Fls family, which guards it.
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

// The header declares these sizes. Slots: two words a key, five more, a bit a key.
const _: () = {
    let slots = 2 * KEYS * WORD + 5 * WORD + KEYS.div_ceil(usize::BITS as usize) * WORD;
    assert!(size_of::<Slots<KEYS>>() == slots.next_multiple_of(WORD));
    assert!(offset_of!(Thread, last_error) == size_of::<Slots<KEYS>>());
    assert!(offset_of!(Thread, fls) == (offset_of!(Thread, last_error) + 4).next_multiple_of(WORD));
    assert!(offset_of!(Thread, functions) == offset_of!(Thread, fls) + 2 * WORD);
    assert!(size_of::<ExitFunctions<EXIT_FUNCTIONS>>() == (2 + 2 * EXIT_FUNCTIONS) * WORD);
    assert!(size_of::<Thread>() == offset_of!(Thread, functions) + size_of::<ExitFunctions<EXIT_FUNCTIONS>>());
};

#[cfg(all(thread_pointer, target_arch = "aarch64"))]
#[path = "../../arch/aarch64/pointer.rs"]
mod arch;
#[cfg(all(thread_pointer, target_arch = "x86_64"))]
#[path = "../../arch/x86_64/pointer.rs"]
mod arch;

/// The thread that the kernel's hook names, or to which the thread pointer leads, if there is one.
#[inline]
pub fn current() -> Option<&'static Thread> {
    // SAFETY: the header demands of the hook what `Port` demands: NULL, or the initialised structure of the calling
    // thread, which outlives every call that the thread makes.
    #[cfg(not(thread_pointer))]
    unsafe {
        api::tsd_current().as_ref()
    }
    // SAFETY: the header demands the same of the thread pointer.
    #[cfg(thread_pointer)]
    unsafe {
        const OFFSET: usize = crate::config::number(Some(env!("TSD_THREAD_POINTER_OFFSET")), 0) as usize;
        let block = arch::block();
        if block.is_null() { None } else { Some(&*block.byte_add(OFFSET).cast::<Thread>()) }
    }
}

/// Win32's last error of the calling thread, where there is one.
#[inline]
pub fn set_last_error(error: u32) {
    if let Some(thread) = current() {
        // Relaxed: of this thread and its interrupts only.
        thread.last_error.store(error, Relaxed);
    }
}

/// What C functions of the core return: 0 or an error number.
#[inline]
pub fn status(result: Result<(), Error>) -> c_int {
    match result {
        Ok(()) => 0,
        Err(error) => error.errno(),
    }
}

/// The port of the C table: the kernel's hooks.
#[derive(Debug)]
pub struct CPort;

// SAFETY: see `current`; the header passes the duties on to the hook's author.
unsafe impl Port for CPort {
    type Slots = Slots<KEYS>;

    #[inline]
    unsafe fn current(&self) -> Option<&Slots<KEYS>> {
        current().map(|thread| &thread.slots)
    }

    unsafe fn exit_functions(&self) -> Option<ExitFunctionList<'_>> {
        current().map(|thread| thread.functions.as_list())
    }

    #[cfg(feature = "notify")]
    fn notifications(&self) -> Option<NotificationList<'_>> {
        Some(crate::notify::list())
    }

    fn detach(&self) {
        // Acquire: pairs with the Release in `notify`.
        let detach = api::DETACH.load(Acquire);
        // SAFETY: only threads that were attached come here, so `notify` has stored its function, of this type.
        unsafe { transmute::<*mut (), extern "C" fn()>(detach)() };
    }

    fn wait(&self, word: &AtomicU32, expected: u32) {
        api::tsd_wait(word, expected);
    }

    fn wake(&self, word: &AtomicU32) {
        api::wake(word);
    }
}
