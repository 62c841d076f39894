//! What a thread exit did.

use core::ops::Deref;

use bitflags::bitflags;

use crate::key::Key;

/// The number of left-over keys that a report names at most.
pub const LEFT_OVER_KEYS: usize = 8;

bitflags! {
    /// What was special about a thread exit. Empty where nothing was, as it should be.
    ///
    /// # Examples
    ///
    /// ```
    #[doc = include_str!("example_kernel.txt")]
    /// use tsd::ExitFlags;
    ///
    /// // SAFETY: the last that the thread does.
    /// let report = unsafe { KEYS.exit() };
    /// assert!(report.flags.is_empty());
    ///
    /// // What a kernel prints if something was:
    /// let flags = ExitFlags::LEFT_OVER | ExitFlags::FUNCTIONS_REFUSED;
    /// let names: Vec<_> = flags.iter_names().map(|(name, _)| name).collect();
    /// assert_eq!(names, ["LEFT_OVER", "FUNCTIONS_REFUSED"]);
    /// ```
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct ExitFlags: u32 {
        /// No thread was current; nothing was done.
        const NO_THREAD = 1 << 0;
        /// The call came from inside the thread's own exit; nothing was done.
        const ALREADY_EXITING = 1 << 1;
        /// Values were left when the rounds were used up, or ordinary ones when the last phase had begun; they were
        /// cleared and got no destructor.
        const LEFT_OVER = 1 << 2;
        /// The thread had died inside its exit, with a value taken whose destructor had not returned, or with a
        /// thread-exit function that had not, or may not have; neither is called again.
        const INTERRUPTED = 1 << 3;
        /// Thread-exit functions were refused because the thread's list was full; they never ran.
        const FUNCTIONS_REFUSED = 1 << 4;
    }
}

/// What a thread exit did: [`KeySpace::exit`](crate::KeySpace::exit), [`reap`](crate::KeySpace::reap) and
/// [`KeyTable::exit`](crate::KeyTable::exit) return it.
///
/// # Examples
///
/// A destructor that stores a value again gets it in the next round. One that does so each time comes to an end, and
/// the report says whose it was:
///
/// ```
#[doc = include_str!("example_kernel.txt")]
/// use core::sync::atomic::{AtomicU32, Ordering::Relaxed};
/// use core::{ffi::c_void, ptr};
/// use tsd::{ExitFlags, Key};
///
/// static LOG_KEY: AtomicU32 = AtomicU32::new(0);
///
/// unsafe extern "C-unwind" fn close_log(log: *mut c_void) {
///     // SAFETY: this destructor takes anything.
///     let _ = unsafe { KEYS.set(Key::from_raw(LOG_KEY.load(Relaxed)), log) };
/// }
///
/// let key = KEYS.create(Some(close_log))?;
/// LOG_KEY.store(key.raw(), Relaxed);
/// // SAFETY: as above.
/// unsafe { KEYS.set(key, ptr::dangling_mut())? };
///
/// // SAFETY: the last that the thread does.
/// let report = unsafe { KEYS.exit() };
/// assert_eq!((report.rounds, report.calls, report.left_over), (4, 4, 1));
/// assert!(report.flags.contains(ExitFlags::LEFT_OVER));
/// assert_eq!(report.left_over_keys, [key]);
/// # Ok::<(), tsd::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
#[repr(C)]
#[must_use = "a report may tell of values that were left over"]
pub struct ExitReport {
    /// What was special.
    pub flags: ExitFlags,
    /// Rounds in which an ordinary key's destructor ran.
    pub rounds: u32,
    /// Rounds in which a last-phase key's destructor ran.
    pub last_phase_rounds: u32,
    /// Destructor calls in all.
    pub calls: u32,
    /// Thread-exit functions that ran.
    pub functions: u32,
    /// Thread-exit functions that found no room in the thread's list, and never ran.
    pub functions_refused: u32,
    /// The key whose destructor did not return, where the flags have [`INTERRUPTED`](ExitFlags::INTERRUPTED); no valid
    /// one if it was a thread-exit function.
    pub interrupted: Key,
    /// Values that got no destructor; see [`LEFT_OVER`](ExitFlags::LEFT_OVER).
    pub left_over: u32,
    /// The keys of the first [`LEFT_OVER_KEYS`] of them.
    pub left_over_keys: LeftOverKeys,
}

/// The keys that a report names, as a slice: in the order in which exit came to them.
#[derive(Clone, Copy, Debug, Default)]
#[repr(C)]
pub struct LeftOverKeys {
    /// As many as there are, then keys that are not valid: C code reads them as they are.
    keys: [Key; LEFT_OVER_KEYS],
}

impl LeftOverKeys {
    pub(crate) fn note(&mut self, index: u32, key: Key) {
        // One more than there is room for is no error: the report's number of values is exact.
        if let Some(element) = self.keys.get_mut(index as usize) {
            *element = key;
        }
    }
}

impl Deref for LeftOverKeys {
    type Target = [Key];

    fn deref(&self) -> &[Key] {
        let end = self.keys.iter().position(|key| *key == Key::default());
        self.keys.get(..end.unwrap_or(LEFT_OVER_KEYS)).unwrap_or_default()
    }
}

impl<const M: usize> PartialEq<[Key; M]> for LeftOverKeys {
    fn eq(&self, keys: &[Key; M]) -> bool {
        **self == keys[..]
    }
}
