//! Attach and detach notifications: what a module hears when a thread starts and ends.
//!
//! The counterpart of DllMain's DLL_THREAD_ATTACH and DLL_THREAD_DETACH and of PE TLS callbacks. Functions come from
//! a table that is fixed at link time and from registrations at run time; they are called in that order at attach and
//! in reverse at detach, on the thread itself, with no lock held.

use core::ffi::c_void;
use core::ptr;

use crate::error::Error;
use crate::foreign;
use crate::sync::{AcqRel, Acquire, AtomicPtr, Relaxed, array_of, const_fn};

/// Why a notification is sent. The numbers are Win32's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Reason {
    /// DLL_THREAD_ATTACH: the calling thread starts.
    ThreadAttach = 2,
    /// DLL_THREAD_DETACH: the calling thread ends; all its values can still be read.
    ThreadDetach = 3,
}

/// A function to be told of threads that start and end.
#[derive(Debug)]
#[repr(C)]
pub struct Notification {
    /// What is called, on the thread in question.
    pub function: extern "C-unwind" fn(reason: Reason, context: *mut c_void),
    /// Passed on to it.
    pub context: *mut c_void,
}

// SAFETY: the context is only passed on; `function` is a safe function and answers for what it does with it on
// whichever thread it is called.
unsafe impl Sync for Notification {}
// SAFETY: as above.
unsafe impl Send for Notification {}

/// The notifications of a key space: a table fixed at link time and room for `M` more. It lives in a static.
#[derive(Debug)]
pub struct Notifications<const M: usize> {
    fixed: &'static [Notification],
    registered: [AtomicPtr<Notification>; M],
}

impl<const M: usize> Notifications<M> {
    const_fn! {
        /// No notifications yet.
        #[must_use]
        pub fn new() -> Self {
            Self { fixed: &[], registered: array_of![AtomicPtr::new(ptr::null_mut()); M] }
        }
    }

    /// Adds the notifications that are known at link time, such as those of a linker section.
    #[must_use]
    pub const fn with_fixed(mut self, fixed: &'static [Notification]) -> Self {
        self.fixed = fixed;
        self
    }

    /// Registers a notification for threads that start or end from now on.
    ///
    /// # Errors
    ///
    /// [`Error::ListFull`].
    ///
    /// Callable from threads, destructors and interrupts. Lock-free.
    pub fn register(&self, notification: &'static Notification) -> Result<(), Error> {
        self.replace(ptr::null(), notification).map_err(|()| Error::ListFull)
    }

    /// Takes a registration back; false if there is none. A thread that has begun its notifications may still call it.
    pub fn unregister(&self, notification: &'static Notification) -> bool {
        self.replace(notification, ptr::null()).is_ok()
    }

    /// The notifications without their capacity in the type, as
    /// [`Port::notifications`](crate::Port::notifications) gives them.
    #[must_use]
    pub const fn as_list(&self) -> NotificationList<'_> {
        NotificationList { fixed: self.fixed, registered: &self.registered }
    }

    /// Puts `new` in the first place that holds `old`.
    fn replace(&self, old: *const Notification, new: *const Notification) -> Result<(), ()> {
        self.registered
            .iter()
            // AcqRel: Release hands over what `new` points to, to the Acquire in `send_registered`; by Acquire who
            // takes a registration back sees what was written before it. Relaxed on failure: the place is passed over.
            .find(|place| place.compare_exchange(old.cast_mut(), new.cast_mut(), AcqRel, Relaxed).is_ok())
            .map(|_| ())
            .ok_or(())
    }
}

impl<const M: usize> Default for Notifications<M> {
    fn default() -> Self {
        Self::new()
    }
}

/// The notifications of a key space.
#[derive(Clone, Copy, Debug)]
pub struct NotificationList<'a> {
    fixed: &'static [Notification],
    registered: &'a [AtomicPtr<Notification>],
}

impl NotificationList<'_> {
    /// The same notifications, but with those known at link time replaced by `fixed`: for a port that finds the table
    /// only when it runs.
    #[must_use]
    pub const fn with_fixed(self, fixed: &'static [Notification]) -> Self {
        Self { fixed, ..self }
    }

    /// Calls each function with ThreadAttach, in table order.
    pub(crate) fn attach(&self) {
        self.fixed.iter().for_each(|notification| foreign::notify(notification, Reason::ThreadAttach));
        self.registered.iter().for_each(|place| send_registered(place, Reason::ThreadAttach));
    }

    /// Calls each function with ThreadDetach, in reverse order.
    pub fn detach(&self) {
        self.registered.iter().rev().for_each(|place| send_registered(place, Reason::ThreadDetach));
        self.fixed.iter().rev().for_each(|notification| foreign::notify(notification, Reason::ThreadDetach));
    }
}

fn send_registered(place: &AtomicPtr<Notification>, reason: Reason) {
    // Acquire: pairs with the Release in `replace`.
    let registered = place.load(Acquire);
    // SAFETY: NULL, or from the `&'static` that was registered.
    if let Some(notification) = unsafe { registered.as_ref() } {
        foreign::notify(notification, reason);
    }
}
