//! What one-time initialisation works on: a control word, and a frame for each initialiser that runs.

use core::ptr;

use crate::sync::{Acquire, AtomicU32, const_fn};

/// The state of one initialisation; POSIX `pthread_once_t`, C11 `once_flag`. All zero bytes: never called.
///
/// It lives in a static; [`KeySpace::once`](crate::KeySpace::once) takes it.
///
/// # Examples
///
/// ```
#[doc = include_str!("example_kernel.txt")]
/// use tsd::{Error, Once};
///
/// static INIT: Once = Once::new();
///
/// assert!(!INIT.is_complete());
/// KEYS.once(&INIT, || {
///     // Not a deadlock.
///     assert_eq!(KEYS.once(&INIT, || ()), Err(Error::Recursion));
/// })?;
/// assert!(INIT.is_complete());
/// # Ok::<(), tsd::Error>(())
/// ```
#[derive(Debug, Default)]
#[repr(transparent)]
pub struct Once {
    pub(crate) state: AtomicU32,
}

pub(crate) const NEVER_CALLED: u32 = 0;
/// An initialiser runs.
pub(crate) const RUNNING: u32 = 1;
/// An initialiser runs, and somebody waits for it.
pub(crate) const AWAITED: u32 = 2;
pub(crate) const COMPLETE: u32 = 3;

/// An initialiser that runs on a thread, linked in the order of their calls. It lies on that thread's stack.
#[derive(Debug)]
#[repr(C)]
pub struct OnceFrame {
    pub(crate) control: *const Once,
    pub(crate) outer: *mut OnceFrame,
}

impl OnceFrame {
    /// Creates a frame for [`begin_once`](crate::raw::begin_once) to fill.
    #[must_use]
    pub const fn new() -> Self {
        Self { control: ptr::null(), outer: ptr::null_mut() }
    }
}

impl Default for OnceFrame {
    fn default() -> Self {
        Self::new()
    }
}

impl Once {
    const_fn! {
        /// Creates a control whose initialiser was never called.
        #[must_use]
        pub fn new() -> Self {
            Self { state: AtomicU32::new(NEVER_CALLED) }
        }
    }

    /// Returns `true` if an initialiser has returned; what it wrote is visible then.
    ///
    /// Callable from threads, destructors and interrupts. One load.
    #[inline]
    #[must_use]
    pub fn is_complete(&self) -> bool {
        // Acquire: pairs with the Release in `end`.
        self.state.load(Acquire) == COMPLETE
    }
}
