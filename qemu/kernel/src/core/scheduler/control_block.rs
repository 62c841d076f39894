//! The thread control block, which embeds the library's slots and list of exit functions.
//!
//! It is only ever touched by its own thread, but for the atomics. What the scheduler keeps of a thread is in
//! `thread_table`, under the scheduler's lock.

use core::{
    cell::UnsafeCell,
    ptr,
    sync::atomic::{AtomicBool, AtomicPtr, AtomicU8, AtomicU32, Ordering},
};

use heapless::Vec;
use spin::Mutex;
use tsd::{Arena, ExitFunctions, Slots};

use crate::{
    core::capacity::{ARENA, EXIT_FUNCTIONS, KEYS},
    machine::{self, cpu_local::MAX_CPUS},
};

/// How many threads can be alive at once, the idle threads included.
pub(crate) const MAX_THREADS: usize = 320;
const CLEANUPS: usize = 8;

/// The number of priorities.
pub(crate) const PRIORITIES: usize = 8;
/// May run on every CPU.
pub(crate) const ALL_CPUS: u8 = u8::MAX;
const _: () = assert!(MAX_CPUS <= u8::BITS as usize, "an affinity has a bit for each CPU");

/// The number of a thread control block. The first [`MAX_CPUS`] are the idle threads'.
pub(crate) type ThreadIndex = u16;

/// Names a thread for as long as it is not joined, or not ended if it is detached. Never names a
/// later thread in the same control block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ThreadId {
    pub(crate) index: ThreadIndex,
    pub(crate) generation: u32,
}

/// A cleanup handler: a function and its argument.
pub(crate) type Cleanup = (fn(usize), usize);

/// What a thread wants to be called in an interrupt of itself: a function, its argument, and whether
/// the thread is current meanwhile.
pub(crate) type InterruptCall = (fn(usize), usize, bool);

/// Where a request to end the thread is acted upon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Cancel {
    /// When it waits, sleeps, yields or asks with [`test_cancel`].
    Deferred = 0,
    /// Also when it is interrupted.
    Asynchronous = 1,
    /// Nowhere.
    Disabled = 2,
}

/// The thread control block.
#[derive(Debug)]
pub(crate) struct Thread {
    pub(crate) slots: Slots<KEYS>,
    pub(crate) exit_functions: ExitFunctions<EXIT_FUNCTIONS>,
    pub(crate) arena: Arena<ARENA>,
    /// 1 once the thread has ended: the word that joiners wait for.
    pub(crate) ended: AtomicU32,
    pub(crate) kill_requested: AtomicBool,
    /// A fault of this thread ends the thread and not the run.
    pub(crate) survives_fault: AtomicBool,
    /// It ended by `reap::die`, and nobody has reaped it yet.
    pub(crate) has_died: AtomicBool,
    /// The dead thread that this one reaps, or null.
    pub(crate) reaps: AtomicPtr<Thread>,
    /// What the thread wants to be called in its next reschedule interrupt. Locked with interrupts masked.
    pub(crate) interrupt_call: Mutex<Option<InterruptCall>>,
    cancel: AtomicU8,
    cleanups: UnsafeCell<Vec<Cleanup, CLEANUPS>>,
}

// SAFETY: `cleanups` is used by the thread that owns the block alone; slots and exit functions are
// reached through the port, which gives them to their own thread. The rest is atomic.
unsafe impl Sync for Thread {}

static THREADS: [Thread; MAX_THREADS] = [const { Thread::new() }; MAX_THREADS];

impl Thread {
    const fn new() -> Self {
        Self {
            slots: Slots::new(),
            exit_functions: ExitFunctions::new(),
            arena: Arena::new(),
            ended: AtomicU32::new(0),
            kill_requested: AtomicBool::new(false),
            survives_fault: AtomicBool::new(false),
            has_died: AtomicBool::new(false),
            reaps: AtomicPtr::new(ptr::null_mut()),
            interrupt_call: Mutex::new(None),
            cancel: AtomicU8::new(Cancel::Deferred as u8),
            cleanups: UnsafeCell::new(Vec::new()),
        }
    }

    /// Returns the control block number `index`.
    pub(crate) fn at(index: ThreadIndex) -> &'static Self {
        &THREADS[usize::from(index)]
    }

    /// Returns the running thread's control block; none in an interrupt and before the first thread.
    #[inline]
    pub(crate) fn current() -> Option<&'static Self> {
        // SAFETY: Null, or an element of THREADS: `scheduler` and `interrupt` store nothing else.
        unsafe { machine::cpu::current_thread().cast::<Self>().as_ref() }
    }

    /// Returns the block that the library is to see while this thread runs: its own, or that of the dead thread which
    /// it reaps.
    #[inline]
    pub(crate) fn seen(&self) -> &Self {
        // Relaxed: the thread's own.
        // SAFETY: Null, or an element of THREADS: `reap` stores nothing else.
        unsafe { self.reaps.load(Ordering::Relaxed).as_ref() }.unwrap_or(self)
    }

    /// Returns the number of this control block.
    pub(crate) fn index(&self) -> ThreadIndex {
        let offset = core::ptr::from_ref(self).addr() - (&raw const THREADS).addr();
        (offset / size_of::<Self>()) as ThreadIndex
    }

    /// Makes the block ready for its next thread, which others may end from its first own code on. The slots and the
    /// list of exit functions need nothing: the last thread's exit left them as new.
    pub(crate) fn reset(&self) {
        self.ended.store(0, Ordering::SeqCst);
        self.kill_requested.store(false, Ordering::SeqCst);
        self.survives_fault.store(false, Ordering::SeqCst);
        self.has_died.store(false, Ordering::SeqCst);
        self.reaps.store(ptr::null_mut(), Ordering::SeqCst);
        self.cancel.store(Cancel::Disabled as u8, Ordering::SeqCst);
    }

    /// Makes the running thread's slots, exit functions and arena as new, whatever they hold. It is in no call that uses
    /// them, or in one that does not go on.
    pub(crate) fn forget(&self) {
        // SAFETY: They belong to this thread alone; the functions are atomics, for which all zero bytes mean empty.
        unsafe {
            Slots::init((&raw const self.slots).cast_mut());
            (&raw const self.exit_functions).cast_mut().write_bytes(0, 1);
            Arena::init((&raw const self.arena).cast_mut());
        }
    }

    /// Returns whether the thread may be ended by others in calls that are safe points.
    pub(crate) fn accepts_cancel(&self) -> bool {
        self.cancel.load(Ordering::SeqCst) != Cancel::Disabled as u8
    }

    /// Returns whether the thread may be ended wherever an interrupt finds it.
    pub(super) fn accepts_cancel_anywhere(&self) -> bool {
        self.cancel.load(Ordering::SeqCst) == Cancel::Asynchronous as u8
    }

    pub(super) fn is_wanted_dead(&self) -> bool {
        self.kill_requested.load(Ordering::SeqCst)
    }
}

/// Why a call about a thread is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Error {
    /// All control blocks or all stacks of the size are in use.
    NoRoom,
    /// It was joined, or has ended detached.
    NoSuchThread,
    /// It is detached, or another thread joins it.
    NotJoinable,
    /// A thread can't join itself.
    Itself,
}

/// Sets where the running thread may be ended by others; returns what was set before.
pub(crate) fn set_cancel(cancel: Cancel) -> Cancel {
    let thread = Thread::current().expect("a thread is running");
    match thread.cancel.swap(cancel as u8, Ordering::SeqCst) {
        0 => Cancel::Deferred,
        1 => Cancel::Asynchronous,
        _ => Cancel::Disabled,
    }
}

/// Registers a function that runs first when the running thread ends, the last one registered first.
pub(crate) fn cleanup_push(handler: fn(usize), argument: usize) -> Result<(), Error> {
    let thread = Thread::current().expect("a thread is running");
    // SAFETY: Only the thread itself uses its list, and never in an interrupt.
    unsafe { &mut *thread.cleanups.get() }.push((handler, argument)).map_err(|_| Error::NoRoom)
}

/// Takes the function that was registered last.
pub(crate) fn cleanup_pop() -> Option<Cleanup> {
    let thread = Thread::current().expect("a thread is running");
    // SAFETY: As in `cleanup_push`.
    unsafe { &mut *thread.cleanups.get() }.pop()
}
