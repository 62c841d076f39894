//! The functions that a thread runs at its exit before its keys: C++ destructors of `thread_local` objects.
//!
//! A fixed-capacity stack in the thread control block. Only the owning thread and its interrupts use it, so every
//! ordering is relaxed; what counts is that each step leaves a stack that an interrupt handler can push on.

use core::ffi::c_void;
use core::mem::transmute;
use core::ptr;

use crate::error::Error;
use crate::local;
use crate::sync::Relaxed;
use crate::sync::local::{AtomicPtr, AtomicUsize};

/// A function that runs at thread exit, with the argument it was registered with.
///
/// A panic or a foreign exception may leave it only where a [`Destructor`](crate::Destructor) may let one through.
pub type ExitFunction = unsafe extern "C-unwind" fn(argument: *mut c_void);

/// One registration; `function` is NULL while it is being filled or after it was taken.
#[derive(Debug)]
#[repr(C)]
struct Registration {
    function: AtomicPtr<()>,
    argument: AtomicPtr<c_void>,
}

/// How many functions one thread has.
#[derive(Debug)]
#[repr(C)]
struct Counts {
    length: AtomicUsize,
    /// How many found no room since the thread's last exit.
    refused: AtomicUsize,
}

/// Room for the thread-exit functions of one thread, to be embedded in the thread control block.
///
/// All zero bytes are a valid initial state. Two words per function and two more. Functions are registered by
/// [`KeySpace::at_thread_exit`](crate::KeySpace::at_thread_exit).
///
/// # Examples
///
/// ```
#[doc = include_str!("example_kernel.txt")]
/// use core::{ffi::c_void, ptr};
/// use tsd::Error;
///
/// unsafe extern "C-unwind" fn destroy(_object: *mut c_void) {}
///
/// // The port gives the thread's `EXIT_FUNCTIONS`, an `ExitFunctions<2>`.
/// // SAFETY: `destroy` takes anything, here and below.
/// unsafe { KEYS.at_thread_exit(destroy, ptr::null_mut())? };
/// unsafe { KEYS.at_thread_exit(destroy, ptr::null_mut())? };
/// assert_eq!(unsafe { KEYS.at_thread_exit(destroy, ptr::null_mut()) }, Err(Error::ListFull));
/// assert_eq!(EXIT_FUNCTIONS.as_list().len(), 2);
///
/// // SAFETY: the last that the thread does.
/// let report = unsafe { KEYS.exit() };
/// assert_eq!((report.functions, report.functions_refused), (2, 1));
/// assert!(EXIT_FUNCTIONS.as_list().is_empty());
/// # Ok::<(), tsd::Error>(())
/// ```
#[derive(Debug)]
#[repr(C)]
pub struct ExitFunctions<const F: usize> {
    counts: Counts,
    registrations: [Registration; F],
}

impl<const F: usize> ExitFunctions<F> {
    /// Creates an empty list.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            counts: Counts { length: AtomicUsize::new(0), refused: AtomicUsize::new(0) },
            registrations: [const {
                Registration { function: AtomicPtr::new(ptr::null_mut()), argument: AtomicPtr::new(ptr::null_mut()) }
            }; F],
        }
    }

    /// Returns the list without its capacity in the type, as [`Port::exit_functions`](crate::Port::exit_functions)
    /// gives it.
    #[must_use]
    pub const fn as_list(&self) -> ExitFunctionList<'_> {
        ExitFunctionList { counts: &self.counts, registrations: &self.registrations }
    }
}

impl<const F: usize> Default for ExitFunctions<F> {
    fn default() -> Self {
        Self::new()
    }
}

/// The thread-exit functions of one thread.
#[derive(Clone, Copy, Debug)]
pub struct ExitFunctionList<'a> {
    counts: &'a Counts,
    registrations: &'a [Registration],
}

impl ExitFunctionList<'_> {
    /// Registers `function`, to be called at the thread's exit before those registered earlier.
    ///
    /// An exit looks at the list only if [`KeySpace::at_thread_exit`](crate::KeySpace::at_thread_exit) has told the
    /// thread's slots that there is something in it. So that is what a kernel calls; it does this and the rest.
    ///
    /// Callable from threads, destructors and interrupts. Lock-free. Itanium C++ ABI `__cxa_thread_atexit`.
    ///
    /// # Errors
    ///
    /// [`Error::ListFull`]; those registered before stay registered, and the thread's exit reports that one was
    /// refused.
    ///
    /// # Safety
    ///
    /// It must be sound to call `function` with `argument` on this thread, at its exit.
    pub unsafe fn push(&self, function: ExitFunction, argument: *mut c_void) -> Result<(), Error> {
        let registration = self
            .counts
            .length
            .fetch_update(Relaxed, Relaxed, |length| (length < self.registrations.len()).then_some(length + 1))
            .ok()
            .and_then(|position| self.registrations.get(position));
        let Some(registration) = registration else {
            self.counts.refused.fetch_add(1, Relaxed);
            return Err(Error::ListFull);
        };
        // The argument first: a registration counts from the moment its function is there.
        registration.argument.store(argument, Relaxed);
        registration.function.store(function as *mut (), Relaxed);
        Ok(())
    }

    /// Returns the number of functions that are registered.
    ///
    /// Callable from threads, destructors and interrupts. One load.
    #[inline]
    #[must_use]
    pub fn len(&self) -> usize {
        self.counts.length.load(Relaxed)
    }

    /// Returns `true` if no function is registered.
    ///
    /// Callable from threads, destructors and interrupts. One load.
    #[inline]
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether functions found no room.
    pub(crate) fn has_refused(&self) -> bool {
        self.counts.refused.load(Relaxed) != 0
    }

    /// How many functions found no room, and forgets them.
    pub(crate) fn take_refused(&self) -> u32 {
        let refused = self.counts.refused.load(Relaxed);
        // In one step: a handler may be refused meanwhile.
        self.counts.refused.fetch_sub(refused, Relaxed) as u32
    }

    /// Takes the function that was registered last.
    pub(crate) fn pop(&self) -> Option<(ExitFunction, *mut c_void)> {
        loop {
            let length = self.counts.length.load(Relaxed);
            let registration = self.registrations.get(length.checked_sub(1)?)?;
            let function = local::swap(&registration.function, registration.function.load(Relaxed), ptr::null_mut());
            let argument = registration.argument.load(Relaxed);
            // This fails if an interrupt handler has pushed meanwhile; then an empty registration stays below its
            // function and is passed over later.
            let _ = self.counts.length.compare_exchange(length, length - 1, Relaxed, Relaxed);
            if !function.is_null() {
                // SAFETY: a pointer that is not NULL was stored by `push`, from this type.
                return Some((unsafe { transmute::<*mut (), ExitFunction>(function) }, argument));
            }
        }
    }
}
