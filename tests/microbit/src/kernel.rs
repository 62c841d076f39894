//! The least that the library wants of a kernel: thread control blocks, and which is the current one.

use core::{
    cell::Cell,
    ffi::c_void,
    ptr,
    sync::atomic::{AtomicUsize, Ordering::SeqCst},
};

use tsd::{
    Arena, ArenaMemory, ExitFunctionList, ExitFunctions, ExitReport, Inline, Key, Port, Slots, ThreadsOnly, static_keys,
};

/// How many keys there are at a time, with the static ones.
pub(crate) const KEYS: usize = 8;
/// How many exit functions a thread has room for.
pub(crate) const EXIT_FUNCTIONS: usize = 4;
/// The memory that a thread has for inline values.
pub(crate) const ARENA_BYTES: usize = 32;

/// A thread control block.
struct Thread {
    slots: Slots<KEYS>,
    functions: ExitFunctions<EXIT_FUNCTIONS>,
    arena: Arena<ARENA_BYTES>,
}

static THREADS: [Thread; 2] =
    [const { Thread { slots: Slots::new(), functions: ExitFunctions::new(), arena: Arena::new() } }; 2];

/// The number of the current thread; of none, before the first and where no thread shall be current.
static CURRENT: AtomicUsize = AtomicUsize::new(NONE);
const NONE: usize = usize::MAX;

#[derive(Debug)]
pub(crate) struct Microbit;

impl Microbit {
    fn thread(&self) -> Option<&'static Thread> {
        THREADS.get(CURRENT.load(SeqCst))
    }
}

// SAFETY: what runs is the current thread and the handler that interrupts it, and threads live for ever.
unsafe impl Port for Microbit {
    type Slots = Slots<KEYS>;

    unsafe fn current(&self) -> Option<&Slots<KEYS>> {
        self.thread().map(|thread| &thread.slots)
    }

    unsafe fn exit_functions(&self) -> Option<ExitFunctionList<'_>> {
        self.thread().map(|thread| thread.functions.as_list())
    }

    unsafe fn arena(&self) -> Option<ArenaMemory<'_>> {
        self.thread().map(|thread| thread.arena.as_memory())
    }
}

// SAFETY: the handler uses none of the keys that are for threads only.
unsafe impl ThreadsOnly for Microbit {}

static_keys! {
    // SAFETY: the only key space of these threads.
    pub(crate) static SPACE: KeySpace<Microbit> = unsafe { KeySpace::new(Microbit) };

    /// A static key whose value is the slot's word.
    pub(crate) static LAST_ERROR: OwnedKey<u16>;
    /// A static key whose value is lent by reference.
    pub(crate) static DEPTH: SharedKey<Inline<Cell<u32>>> = for_threads;
}

/// Makes this thread the current one.
pub(crate) fn switch_to(number: usize) {
    assert!(number < THREADS.len());
    CURRENT.store(number, SeqCst);
}

/// Calls `work` while no thread is current.
pub(crate) fn without_thread<R>(work: impl FnOnce() -> R) -> R {
    let before = CURRENT.load(SeqCst);
    CURRENT.store(NONE, SeqCst);
    let result = work();
    CURRENT.store(before, SeqCst);
    result
}

/// Ends the current thread, whose number is used again.
pub(crate) fn exit() -> ExitReport {
    // SAFETY: nothing uses the values that the thread had.
    unsafe { SPACE.exit() }
}

/// Stores a number as a value; 0 is none.
pub(crate) fn set(key: Key, value: usize) -> Result<(), tsd::Error> {
    // SAFETY: the destructors of this program take any number.
    unsafe { SPACE.set(key, as_value(value)) }
}

/// The number that is stored; 0 is none.
pub(crate) fn get(key: Key) -> usize {
    SPACE.get(key).addr()
}

pub(crate) fn as_value(number: usize) -> *mut c_void {
    ptr::without_provenance_mut(number)
}
