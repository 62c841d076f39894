//! Keys that exist before anything runs.
//!
//! A static key has a fixed index, so reading it is one load from the thread's slots: it can't be deleted, thus its
//! slot never holds a predecessor's value, and the table need not be asked.

use core::ffi::c_void;
use core::ptr;

use crate::capacity::{Capacity, LARGEST, Supported};
use crate::index::Index;
use crate::key::{Key, KeyOptions};
use crate::slots::Slots;
use crate::tag::{Phase, SHIFT, Tag};

/// A key that is part of a table from the start. Declare it as a `const` and name it in
/// [`KeyTable::with_static_keys`](crate::KeyTable::with_static_keys).
///
/// # Examples
///
/// ```
/// use tsd::{KeyOptions, KeyTable, Slots, StaticKey};
///
/// const ERRNO: StaticKey = StaticKey::new(0, KeyOptions::new().name("errno"));
/// const ARENA: StaticKey = StaticKey::new(1, KeyOptions::new().name("arena").last_phase());
/// static TABLE: KeyTable<64> = KeyTable::new().with_static_keys(&[ERRNO, ARENA]);
///
/// let slots = Slots::<64>::new();
/// let mut errno = 5i32;
/// // SAFETY: ERRNO has no destructor, and the slots are used with TABLE only.
/// unsafe { ERRNO.set(&slots, (&raw mut errno).cast()) };
/// assert_eq!(ERRNO.get(&slots), (&raw mut errno).cast());
/// assert_eq!(TABLE.get(&slots, ERRNO.key()), (&raw mut errno).cast());
/// ```
///
/// Keys that are not numbered in the order of their table are refused at compile time:
///
/// ```compile_fail,E0080
/// use tsd::{KeyOptions, KeyTable, StaticKey};
///
/// const ERRNO: StaticKey = StaticKey::new(1, KeyOptions::new());
/// static TABLE: KeyTable<64> = KeyTable::new().with_static_keys(&[ERRNO]);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct StaticKey {
    number: usize,
    pub(crate) options: KeyOptions,
}

impl StaticKey {
    /// Creates the static key with this number in its table, from 0.
    #[must_use]
    pub const fn new(number: usize, options: KeyOptions) -> Self {
        Self { number, options }
    }

    /// Returns the handle with which the calls for run-time keys take this key.
    #[must_use]
    pub const fn key(&self) -> Key {
        // A larger number is no table's, and its tag would be that of a smaller one.
        if self.number < LARGEST { self.tag().key() } else { Key::from_raw(0) }
    }

    /// Returns the value of the slots' thread; NULL if it set none.
    ///
    /// Callable from threads, destructors and interrupts. One load where the key is a constant.
    #[inline]
    pub fn get<const N: usize>(&self, slots: &Slots<N>) -> *mut c_void
    where
        Capacity<N>: Supported,
    {
        Index::new(self.number).map_or(ptr::null_mut(), |index| slots.slot(index).value())
    }

    /// Stores the value of the slots' thread. NULL clears.
    ///
    /// Callable from threads, destructors and interrupts. Wait-free.
    ///
    /// # Safety
    ///
    /// 1. If the key has a destructor, it must be sound to call it with `value` on this thread, at its exit.
    /// 2. `slots` must be used only with the table that names this key, and belong to the calling thread.
    #[inline]
    pub unsafe fn set<const N: usize>(&self, slots: &Slots<N>, value: *mut c_void)
    where
        Capacity<N>: Supported,
    {
        let Some(index) = Index::new(self.number) else { return };
        let slot = slots.slot(index);
        if value.is_null() || slot.tag() == self.tag() {
            slot.store(value);
        } else {
            // It lives as long as its table.
            slots.bind_static(self.tag(), value);
        }
    }

    pub(crate) const fn number(&self) -> usize {
        self.number
    }

    pub(crate) const fn tag(&self) -> Tag {
        let phase = if self.options.last_phase { Phase::Last } else { Phase::Ordinary };
        Tag::NEVER_BOUND.next_live(self.number << SHIFT, phase)
    }
}
