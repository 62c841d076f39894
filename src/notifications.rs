//! Attach and detach notifications: what a module hears when a thread starts and ends.
//!
//! The counterpart of DllMain's DLL_THREAD_ATTACH and DLL_THREAD_DETACH and of PE TLS callbacks. Functions come from a
//! table that is fixed at link time and from registrations at run time; they are called in the order of the table and
//! of their registration at attach and in reverse at detach, on the thread itself, with no lock held.

use core::ffi::c_void;
use core::ptr;

use crate::error::Error;
use crate::sync::{Acquire, AtomicPtr, AtomicUsize, Relaxed, Release, array_of, const_fn};

/// Why a notification is sent. The numbers are Win32's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Reason {
    /// DLL_THREAD_ATTACH: the calling thread starts.
    ThreadAttach = 2,
    /// DLL_THREAD_DETACH: the calling thread ends; all its values can still be read.
    ThreadDetach = 3,
}

/// A function to be told of threads that start and end. Win32 `DllMain`, PE TLS callbacks.
#[derive(Debug)]
#[repr(C)]
pub struct Notification {
    /// What is called, on the thread in question.
    pub function: extern "C-unwind" fn(reason: Reason, context: *mut c_void),
    /// Passed on to it.
    pub context: *mut c_void,
}

impl Notification {
    /// Calls the function.
    #[inline(always)]
    fn send(&self, reason: Reason) {
        let function = self.function;
        // SAFETY: the same type but for what may unwind, and where nothing is compiled for it nothing may (see
        // `callback`).
        #[cfg(not(panic = "unwind"))]
        let function = unsafe {
            core::mem::transmute::<extern "C-unwind" fn(Reason, *mut c_void), extern "C" fn(Reason, *mut c_void)>(
                function,
            )
        };
        function(reason, self.context);
    }
}

// SAFETY: the context is only passed on; `function` is a safe function and answers for what it does with it on
// whichever thread it is called.
unsafe impl Sync for Notification {}
// SAFETY: as above.
unsafe impl Send for Notification {}

/// The notifications of a key space: a table fixed at link time and room for `M` more. It lives in a static.
///
/// # Examples
///
/// ```
#[doc = include_str!("example_kernel.txt")]
/// use core::sync::atomic::{AtomicU32, Ordering::Relaxed};
/// use core::{ffi::c_void, ptr};
/// use tsd::{Notification, Reason};
///
/// static THREADS: AtomicU32 = AtomicU32::new(0);
///
/// extern "C-unwind" fn count(reason: Reason, _context: *mut c_void) {
///     match reason {
///         Reason::ThreadAttach => THREADS.fetch_add(1, Relaxed),
///         Reason::ThreadDetach => THREADS.fetch_sub(1, Relaxed),
///     };
/// }
///
/// static COUNT: Notification = Notification { function: count, context: ptr::null_mut() };
///
/// // The port gives `NOTIFICATIONS`.
/// NOTIFICATIONS.register(&COUNT)?;
/// KEYS.attach()?; // first on each thread
/// assert_eq!(THREADS.load(Relaxed), 1);
/// // SAFETY: the last that the thread does.
/// let _ = unsafe { KEYS.exit() };
/// assert_eq!(THREADS.load(Relaxed), 0);
/// # Ok::<(), tsd::Error>(())
/// ```
#[derive(Debug)]
pub struct Notifications<const M: usize> {
    fixed: &'static [Notification],
    registered: [Registration; M],
    /// How many registrations there ever were.
    count: AtomicUsize,
}

/// Room for one notification that is registered at run time.
#[derive(Debug)]
struct Registration {
    /// How many registrations there were before and with this one; 0 where the room is free.
    number: AtomicUsize,
    /// NULL while it is filled or emptied.
    notification: AtomicPtr<Notification>,
}

impl<const M: usize> Notifications<M> {
    const_fn! {
        /// Creates a list with no notifications yet.
        #[must_use]
        pub fn new() -> Self {
            Self {
                fixed: &[],
                registered: array_of![Registration {
                    number: AtomicUsize::new(0), notification: AtomicPtr::new(ptr::null_mut())
                }; M],
                count: AtomicUsize::new(0),
            }
        }
    }

    /// Adds the notifications that are known at link time, such as those of a linker section. They take none of the
    /// `M`.
    ///
    /// # Examples
    ///
    /// ```
    /// use core::{ffi::c_void, ptr};
    /// use tsd::{Error, Notification, Notifications, Reason};
    ///
    /// extern "C-unwind" fn tell(_: Reason, _: *mut c_void) {}
    ///
    /// static FIXED: [Notification; 1] = [Notification { function: tell, context: ptr::null_mut() }];
    /// static ONLY_FIXED: Notifications<0> = Notifications::new().with_fixed(&FIXED);
    /// assert_eq!(ONLY_FIXED.register(&FIXED[0]), Err(Error::ListFull));
    /// ```
    #[must_use]
    pub const fn with_fixed(mut self, fixed: &'static [Notification]) -> Self {
        self.fixed = fixed;
        self
    }

    /// Registers a notification for threads that start or end from now on. One that is registered twice is called
    /// twice.
    ///
    /// Callable from threads, destructors and interrupts. Lock-free; looks at most at `M` registrations.
    ///
    /// # Errors
    ///
    /// [`Error::ListFull`] if `M` are registered.
    pub fn register(&self, notification: &'static Notification) -> Result<(), Error> {
        // Relaxed: only that each has another one.
        let number = self.count.fetch_add(1, Relaxed) + 1;
        // Acquire: pairs with the Release in `unregister`; what is stored below comes after the NULL there. Relaxed on
        // failure: nothing was found.
        let is_ours = |room: &&Registration| room.number.compare_exchange(0, number, Acquire, Relaxed).is_ok();
        let room = self.registered.iter().find(is_ours).ok_or(Error::ListFull)?;
        // Release: hands over the number, and what the notification points to, to the Acquire in `Registration::get`.
        room.notification.store(ptr::from_ref(notification).cast_mut(), Release);
        Ok(())
    }

    /// Takes a registration back; returns `false` if there is none. A thread that has begun its notifications may still
    /// call it.
    ///
    /// Callable from threads, destructors and interrupts. Wait-free; looks at most at `M` registrations.
    ///
    /// # Examples
    ///
    /// ```
    #[doc = include_str!("example_kernel.txt")]
    /// use core::{ffi::c_void, ptr};
    /// use tsd::{Notification, Reason};
    ///
    /// extern "C-unwind" fn tell(_: Reason, _: *mut c_void) {}
    ///
    /// static TOLD: Notification = Notification { function: tell, context: ptr::null_mut() };
    /// NOTIFICATIONS.register(&TOLD)?;
    /// assert_eq!((NOTIFICATIONS.unregister(&TOLD), NOTIFICATIONS.unregister(&TOLD)), (true, false));
    /// # Ok::<(), tsd::Error>(())
    /// ```
    pub fn unregister(&self, notification: &'static Notification) -> bool {
        let registered = ptr::from_ref(notification).cast_mut();
        let is_it = |room: &&Registration| {
            // Acquire: whoever takes a registration back sees what was written before it. Relaxed on failure: it is
            // passed over.
            room.notification.compare_exchange(registered, ptr::null_mut(), Acquire, Relaxed).is_ok()
        };
        let room = self.registered.iter().find(is_it);
        // Release: pairs with the Acquire in `register`.
        room.inspect(|room| room.number.store(0, Release)).is_some()
    }

    /// Returns the notifications without their capacity in the type, as
    /// [`Port::notifications`](crate::Port::notifications) gives them.
    #[must_use]
    pub const fn as_list(&self) -> NotificationList<'_> {
        NotificationList { fixed: self.fixed, registered: &self.registered }
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
    registered: &'a [Registration],
}

impl NotificationList<'_> {
    /// The same notifications, but with those known at link time replaced by `fixed`.
    pub(crate) const fn with_fixed(self, fixed: &'static [Notification]) -> Self {
        Self { fixed, ..self }
    }

    /// Calls each function with ThreadAttach: those of the table in its order, then those registered in theirs.
    pub(crate) fn attach(&self) {
        self.fixed.iter().for_each(|notification| notification.send(Reason::ThreadAttach));
        // Those that are registered from here on are for threads that start later.
        let newest = self.numbered().map(|it| it.0).max().unwrap_or(0);
        let mut last = 0;
        // One after the other, however they come and go meanwhile, each once.
        while let Some((number, next)) =
            self.numbered().filter(|it| it.0 > last && it.0 <= newest).min_by_key(|it| it.0)
        {
            next.send(Reason::ThreadAttach);
            last = number;
        }
    }

    /// Calls each function with ThreadDetach, in reverse order.
    pub(crate) fn detach(&self) {
        let mut last = usize::MAX;
        while let Some((number, next)) = self.numbered().filter(|it| it.0 < last).max_by_key(|it| it.0) {
            next.send(Reason::ThreadDetach);
            last = number;
        }
        self.fixed.iter().rev().for_each(|notification| notification.send(Reason::ThreadDetach));
    }

    /// What is registered, with the numbers of the registrations.
    fn numbered(&self) -> impl Iterator<Item = (usize, &'static Notification)> {
        self.registered.iter().filter_map(Registration::get)
    }
}

impl Registration {
    /// The notification and its number, read as one.
    fn get(&self) -> Option<(usize, &'static Notification)> {
        // Acquire: pairs with the Release in `unregister`, through the exchange in `register`. With a new number, the
        // pointer is not that of a notification before.
        let number = self.number.load(Acquire);
        // Acquire: pairs with the Release in `register`. A later notification brings its number with it.
        let notification = self.notification.load(Acquire);
        // SAFETY: NULL, or from the `&'static` that was registered.
        let notification = unsafe { notification.as_ref() }?;
        // Relaxed: it is at least as new as the pointer.
        (self.number.load(Relaxed) == number).then_some((number, notification))
    }
}
