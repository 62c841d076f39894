//! Memory of one thread for the values of typed keys that are held [`Inline`](crate::Inline).
//!
//! It is given out from its start, and is free again all at once when the thread's exit is over: a value of a
//! [`SharedKey`](crate::SharedKey) stays where it is until then, so there is nothing to give back before. Only the
//! owning thread and its interrupts use it. What counts is that memory which is given out is counted first, in one
//! step.

use core::alloc::Layout;
use core::cell::UnsafeCell;
use core::fmt;
use core::mem::MaybeUninit;
use core::ptr;

use crate::local;
use crate::sync::Relaxed;
use crate::sync::local::AtomicUsize;

/// Room for values of one thread, to be embedded in the thread control block beside its [`Slots`](crate::Slots).
///
/// A value takes its size, and what its alignment skips; all is free again when the thread's exit is over. The bytes
/// begin at a multiple of 16, and one word follows them: the arena's size is that, rounded up to a multiple of 16.
///
/// All zero bytes are a valid initial state, the same as [`Arena::new`]. While values lie in it the arena must not be
/// moved, nor borrowed exclusively, as a part of a control block that is: other than slots, values have addresses.
///
/// # Examples
///
/// ```
#[doc = include_str!("example_kernel.txt")]
/// use core::sync::atomic::{AtomicU32, Ordering::Relaxed};
/// use tsd::{Error, Inline, SharedKey};
///
/// static CALLS: SharedKey<Inline<AtomicU32>, Kernel> = SharedKey::new(&KEYS);
/// static NAME: SharedKey<Inline<[u8; 80]>, Kernel> = SharedKey::new(&KEYS);
///
/// // The port gives the thread's `ARENA`, an `Arena<64>`.
/// CALLS.with_or_init(Inline::default, |calls| calls.fetch_add(1, Relaxed))?;
/// assert_eq!(ARENA.as_memory().used(), size_of::<AtomicU32>());
/// assert_eq!(NAME.with_or_init(|| Inline([0; 80]), |name| name[0]), Err(Error::ListFull));
///
/// // SAFETY: the last that the thread does.
/// let _ = unsafe { KEYS.exit() };
/// assert_eq!(ARENA.as_memory().used(), 0);
/// # Ok::<(), tsd::Error>(())
/// ```
#[repr(C, align(16))]
pub struct Arena<const BYTES: usize> {
    bytes: UnsafeCell<[MaybeUninit<u8>; BYTES]>,
    used: AtomicUsize,
}

// SAFETY: the bytes are reached only by pointers that `store` gives, whose caller vouches for being on the one thread.
unsafe impl<const BYTES: usize> Sync for Arena<BYTES> {}

impl<const BYTES: usize> Arena<BYTES> {
    /// Creates an arena of which nothing is used.
    #[must_use]
    pub const fn new() -> Self {
        Self { bytes: UnsafeCell::new([MaybeUninit::uninit(); BYTES]), used: AtomicUsize::new(0) }
    }

    /// Makes the memory at `at` an arena of which nothing is used, whatever it held. The bytes are not touched.
    ///
    /// Callable from where a thread control block is made, before its thread starts. Writes one word.
    ///
    /// # Safety
    ///
    /// `at` must be valid for writes and aligned, and nobody may use the arena meanwhile, nor a value that lies there
    /// afterwards: the thread's [`Slots`](crate::Slots) must be initialised with it.
    pub unsafe fn init(at: *mut Self) {
        // SAFETY: the caller vouches for the pointer.
        unsafe { (&raw mut (*at).used).write(AtomicUsize::new(0)) };
    }

    /// Returns the arena without its size in the type, as [`Port::arena`](crate::Port::arena) gives it.
    #[must_use]
    pub const fn as_memory(&self) -> ArenaMemory<'_> {
        ArenaMemory { used: &self.used, start: self.bytes.get().cast(), size: BYTES }
    }
}

impl<const BYTES: usize> Default for Arena<BYTES> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const BYTES: usize> fmt::Debug for Arena<BYTES> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_memory().fmt(formatter)
    }
}

/// The arena of one thread.
#[derive(Clone, Copy)]
pub struct ArenaMemory<'a> {
    used: &'a AtomicUsize,
    start: *mut u8,
    size: usize,
}

impl ArenaMemory<'_> {
    /// Returns the number of bytes that are in use, with those that alignments have skipped.
    ///
    /// Callable from threads, destructors and interrupts. One load.
    #[must_use]
    pub fn used(&self) -> usize {
        self.used.load(Relaxed)
    }

    /// Returns the number of bytes that it has.
    #[must_use]
    pub const fn size(&self) -> usize {
        self.size
    }

    /// Memory that is nobody else's until [`clear`](Self::clear).
    pub(crate) fn take(&self, layout: Layout) -> Option<*mut u8> {
        loop {
            let used = self.used();
            let skipped = self.start.wrapping_add(used).align_offset(layout.align());
            let begin = used.checked_add(skipped)?;
            let end = begin.checked_add(layout.size()).filter(|end| *end <= self.size)?;
            // It fails if a handler has taken some meanwhile.
            if local::replace(self.used, used, end) {
                return Some(self.start.wrapping_add(begin));
            }
        }
    }

    /// Makes all of it free.
    ///
    /// # Safety
    ///
    /// Nothing that was taken is used any more.
    pub(crate) unsafe fn clear(&self) {
        self.used.store(0, Relaxed);
    }
}

impl fmt::Debug for ArenaMemory<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} of {} bytes", self.used(), self.size)
    }
}

/// Moves `value` into `memory`; gives it up if there is no room.
///
/// # Safety
///
/// `memory` must be the calling thread's: only its own handlers may take of it meanwhile.
pub(crate) unsafe fn store<T>(memory: Option<ArenaMemory<'_>>, value: T) -> Option<*mut T> {
    let place = memory?.take(Layout::new::<T>())?.cast::<T>();
    // SAFETY: the memory is this value's, large enough and aligned.
    unsafe { ptr::write(place, value) };
    Some(place)
}
