//! What destructors and threads did, in order, and the small things by which they know what to do.

use crate::atomic::{AtomicPtr, AtomicU32, AtomicUsize, Ordering::SeqCst};
use core::ffi::c_void;
use core::ptr;

use tsd::Key;

/// The most events that a [`Log`] holds.
const MOST: usize = 256;

/// Events in the order in which they came, from any thread. It lives in a static; a case clears it first.
#[derive(Debug)]
pub struct Log {
    length: AtomicUsize,
    events: [AtomicUsize; MOST],
}

impl Log {
    /// A log of nothing.
    #[must_use]
    pub const fn new() -> Self {
        Self { length: AtomicUsize::new(0), events: [const { AtomicUsize::new(0) }; MOST] }
    }

    /// Forgets all events.
    pub fn clear(&self) {
        self.length.store(0, SeqCst);
    }

    /// Appends an event.
    pub fn add(&self, event: usize) {
        self.events[self.length.fetch_add(1, SeqCst)].store(event, SeqCst);
    }

    /// The number of events.
    pub fn len(&self) -> usize {
        self.length.load(SeqCst)
    }

    /// Whether there was no event.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How often `event` came.
    pub fn count(&self, event: usize) -> usize {
        self.events[..self.len()].iter().filter(|entry| entry.load(SeqCst) == event).count()
    }

    /// Fails the case unless exactly these events came, in this order.
    #[track_caller]
    pub fn expect(&self, expected: &[usize]) {
        let mut events = [0; MOST];
        for (event, entry) in events.iter_mut().zip(&self.events) {
            *event = entry.load(SeqCst);
        }
        assert_eq!(&events[..self.len()], expected);
    }
}

impl Default for Log {
    fn default() -> Self {
        Self::new()
    }
}

/// A key in a static, where destructors and other threads find it.
#[derive(Debug, Default)]
pub struct KeyCell(AtomicU32);

impl KeyCell {
    /// No key yet.
    #[must_use]
    pub const fn new() -> Self {
        Self(AtomicU32::new(0))
    }

    /// Puts a key in.
    pub fn put(&self, key: Key) {
        self.0.store(key.raw(), SeqCst);
    }

    /// The key that was put in last.
    pub fn get(&self) -> Key {
        Key::from_raw(self.0.load(SeqCst))
    }
}

/// Something of a case's own that it lends to destructors and threads.
#[derive(Debug)]
pub struct Loan<T>(AtomicPtr<T>);

impl<T: Sync> Loan<T> {
    /// Nothing is lent.
    #[must_use]
    pub const fn new() -> Self {
        Self(AtomicPtr::new(ptr::null_mut()))
    }

    /// Lends `lent`.
    pub fn lend(&self, lent: &T) {
        self.0.store(ptr::from_ref(lent).cast_mut(), SeqCst);
    }

    /// What was lent last.
    ///
    /// # Safety
    ///
    /// It must still live, and live as long as the reference.
    pub unsafe fn get<'a>(&self) -> &'a T {
        // SAFETY: the caller vouches for it.
        unsafe { &*self.0.load(SeqCst) }
    }
}

impl<T: Sync> Default for Loan<T> {
    fn default() -> Self {
        Self::new()
    }
}

/// A value that is only a number, to be followed by nobody.
#[must_use]
pub fn value(number: usize) -> *mut c_void {
    ptr::without_provenance_mut(number)
}
