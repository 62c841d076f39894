//! Halves of calls, for an interface that can't use whole ones: the C archive's, where the initialiser of a `once` is
//! called by code that is not Rust, a report lies in the caller's memory, and FlsFree takes values from other threads.
//!
//! A kernel in Rust needs none of it.
//!
//! # Examples
//!
//! One call of [`KeySpace::once`] in its halves:
//!
//! ```
#![doc = include_str!("example_kernel.txt")]
//! use tsd::{Once, raw};
//!
//! static INIT: Once = Once::new();
//!
//! let mut frame = raw::OnceFrame::new();
//! // SAFETY: the frame stays where it is until `end_once`.
//! let is_ours = unsafe { raw::begin_once(&KEYS, &INIT, &mut frame)? };
//! assert!(is_ours);
//! // Here C code calls the initialiser. Then:
//! // SAFETY: `begin_once` gave true for this frame.
//! unsafe { raw::end_once(&KEYS, &frame) };
//! assert!(INIT.is_complete());
//! # Ok::<(), tsd::Error>(())
//! ```

use core::ffi::c_void;

use crate::capacity::{Capacity, Supported};
use crate::error::Error;
pub use crate::exit_duties::ExitDuties;
use crate::exit_duties::PortDuties;
use crate::exit_report::ExitReport;
use crate::index::Index;
use crate::key::Key;
use crate::key_space::KeySpace;
use crate::notifications::{Notification, NotificationList};
use crate::once::{self, OnceGuard};
use crate::once_control::Once;
pub use crate::once_control::OnceFrame;
use crate::pending::Flags;
use crate::port::{self, Port};
use crate::slots::Slots;
use crate::sync::Relaxed;
use crate::table::KeyTable;

/// Begins [`KeySpace::once`]: returns `true` when the caller must run the initialiser and then call [`end_once`],
/// `false` when one has completed. The module has an example.
///
/// Callable from threads and destructors; from interrupts if completed.
///
/// # Errors
///
/// As [`KeySpace::once`].
///
/// # Safety
///
/// When it gives true, `control` and `frame` must stay where they are until [`end_once`] or [`abandon_once`] was called
/// for them, or the thread's exit.
pub unsafe fn begin_once<P, const N: usize>(
    space: &KeySpace<P>,
    control: &Once,
    frame: &mut OnceFrame,
) -> Result<bool, Error>
where
    P: Port<Slots = Slots<N>>,
    Capacity<N>: Supported,
{
    if control.is_complete() { Ok(false) } else { control.begin(space.port(), frame) }
}

/// Ends [`KeySpace::once`]: the initialiser has returned. The module has an example.
///
/// Callable from threads and destructors. Wakes those who wait.
///
/// # Safety
///
/// [`begin_once`] gave true for this frame, on the calling thread, and every initialiser that the thread began later
/// has ended.
pub unsafe fn end_once<P, const N: usize>(space: &KeySpace<P>, frame: &OnceFrame)
where
    P: Port<Slots = Slots<N>>,
    Capacity<N>: Supported,
{
    OnceGuard::new(space.port(), frame).finish();
}

/// Gives back the control of the innermost initialiser that the calling thread is in, as if never called: an exception
/// leaves it. Returns `false` if the thread is in none, or no thread is current.
///
/// Callable from threads and destructors. Wakes those who wait.
///
/// # Safety
///
/// That initialiser does not go on.
///
/// # Examples
///
/// ```
#[doc = include_str!("example_kernel.txt")]
/// use tsd::{Once, raw};
///
/// static INIT: Once = Once::new();
///
/// let mut frame = raw::OnceFrame::new();
/// // SAFETY: the frame stays where it is; no initialiser goes on.
/// unsafe {
///     assert!(raw::begin_once(&KEYS, &INIT, &mut frame)?);
///     assert!(raw::abandon_once(&KEYS)); // an exception came
///     assert!(!raw::abandon_once(&KEYS));
/// }
/// KEYS.once(&INIT, || ())?; // the next one runs
/// assert!(INIT.is_complete());
/// # Ok::<(), tsd::Error>(())
/// ```
pub unsafe fn abandon_once<P, const N: usize>(space: &KeySpace<P>) -> bool
where
    P: Port<Slots = Slots<N>>,
    Capacity<N>: Supported,
{
    port::current(space.port()).is_some_and(|slots| once::abandon_innermost(space.port(), slots))
}

/// Gives back the control of the initialiser of `frame`, as [`abandon_once`] does, also where no thread is current.
///
/// Callable from threads and destructors, and where no thread is current. Wakes those who wait.
///
/// # Safety
///
/// [`begin_once`] gave true for this frame, its initialiser does not go on, and every initialiser that was begun inside
/// it on the same stack has ended.
pub unsafe fn abandon_once_frame<P, const N: usize>(space: &KeySpace<P>, frame: &OnceFrame)
where
    P: Port<Slots = Slots<N>>,
    Capacity<N>: Supported,
{
    // Dropped unfinished.
    let _ = OnceGuard::new(space.port(), frame);
}

/// Does as [`KeySpace::exit`], and adds to a report which the caller has cleared.
///
/// Callable from threads. The cost is that of `exit`.
///
/// # Safety
///
/// As `exit`.
///
/// # Examples
///
/// ```
#[doc = include_str!("example_kernel.txt")]
/// use tsd::{ExitReport, raw};
///
/// let mut report = ExitReport::default(); // in C's memory
/// // SAFETY: the last that the thread does.
/// unsafe { raw::exit_into(&KEYS, &mut report) };
/// assert!(report.flags.is_empty());
/// ```
#[inline]
pub unsafe fn exit_into<P, const N: usize>(space: &KeySpace<P>, report: &mut ExitReport)
where
    P: Port<Slots = Slots<N>>,
    Capacity<N>: Supported,
{
    if !port::current(space.port()).is_some_and(Slots::is_idle) {
        space.exit_with_work(report);
    }
}

/// Does as [`exit_into`], with other duties than those of the port.
///
/// Callable from threads. The cost is that of `exit`.
///
/// # Safety
///
/// As [`KeySpace::exit`].
#[inline]
pub unsafe fn exit_with<P, const N: usize>(space: &KeySpace<P>, duties: &impl ExitDuties<N>, report: &mut ExitReport)
where
    P: Port<Slots = Slots<N>>,
    Capacity<N>: Supported,
{
    space.exit_with(duties, report);
}

/// Does the first half of [`KeySpace::reap`], of which the second is an exit: makes ready for it a thread that died
/// inside its own, and adds to a report which the caller has cleared. `has_functions` says whether threads may have thread-exit
/// functions.
///
/// Callable from threads. Where an exit was cut short, a look at each slot.
///
/// # Safety
///
/// As `reap`.
#[inline]
pub unsafe fn resume_exit<P, const N: usize>(space: &KeySpace<P>, has_functions: bool, report: &mut ExitReport)
where
    P: Port<Slots = Slots<N>>,
    Capacity<N>: Supported,
{
    space.resume_exit(has_functions, report);
}

/// Runs the calling thread's exit functions, as its exit does when some were registered, and adds to a report: for
/// [`ExitDuties::run_functions`].
///
/// Callable from threads. No lock is held while a function runs.
///
/// # Safety
///
/// As [`KeySpace::run_exit_functions`].
#[inline]
pub unsafe fn run_exit_functions<P, const N: usize>(space: &KeySpace<P>, report: &mut ExitReport)
where
    P: Port<Slots = Slots<N>>,
    Capacity<N>: Supported,
{
    if let Some(slots) = port::current(space.port()) {
        PortDuties(space.port()).run_functions(slots, report);
    }
}

/// Returns `true` if the thread of these slots may be in an initialiser.
///
/// Callable from threads. Two loads.
#[inline]
#[must_use]
pub fn is_initialising<const N: usize>(slots: &Slots<N>) -> bool
where
    Capacity<N>: Supported,
{
    // Either may be without the other where the thread was killed between the two.
    !slots.frames.load(Relaxed).is_null() || slots.pending.has_any(Flags::INITIALISING)
}

/// Returns `true` if detach notifications are due on the thread of these slots, and notes that they are not any more: for
/// [`ExitDuties::begin`].
///
/// Callable from threads. A load, and a step if they are.
#[inline]
pub fn takes_detach<const N: usize>(slots: &Slots<N>) -> bool
where
    Capacity<N>: Supported,
{
    slots.pending.test_and_clear(Flags::ATTACHED)
}

/// Gives back the controls of all initialisers that the calling thread is in, as if never called: for
/// [`ExitDuties::begin`].
///
/// Callable from threads. Wakes those who wait.
///
/// # Safety
///
/// None of those initialisers goes on.
pub unsafe fn abandon_all<P, const N: usize>(space: &KeySpace<P>)
where
    P: Port<Slots = Slots<N>>,
    Capacity<N>: Supported,
{
    if let Some(slots) = port::current(space.port()) {
        once::abandon(space.port(), slots);
    }
}

/// Lets other threads take values from these slots with [`take`], until the calling thread, whose slots these must be,
/// has exited. [`take`] has an example.
///
/// Callable from threads, destructors and interrupts. Wait-free.
///
/// # Safety
///
/// The slots must be the calling thread's.
pub unsafe fn share<const N: usize>(slots: &Slots<N>)
where
    Capacity<N>: Supported,
{
    slots.pending.set_flags(Flags::CONTESTED);
}

/// Takes the value that `slots` has under `key` and returns it: the thread has none afterwards. NULL if there was none.
///
/// The slots may be another thread's, even one that exits meanwhile: its exit or this call gets the value, not both.
/// Their thread must have called [`share`], else the answer says nothing. The caller must keep the slots alive and the key
/// from being deleted until the call returns. A value that the owner stores meanwhile may be what it gives, or be left.
/// Where the key is deleted nevertheless, it may give that key's last value, and never another key's, unless that is the
/// very same pointer.
///
/// Callable from threads, destructors and interrupts. Lock-free: it begins again where the owner has stored a value
/// meanwhile. For what deletes a key together with its values, Win32 `FlsFree`.
///
/// # Examples
///
/// ```
#[doc = include_str!("example_kernel.txt")]
/// use core::ptr;
/// use tsd::raw;
///
/// let key = KEYS.create(None)?;
/// // SAFETY: the key has no destructor, and these are the thread's slots.
/// unsafe {
///     KEYS.set(key, ptr::without_provenance_mut(7))?;
///     assert!(raw::take(KEYS.table(), &SLOTS, key).is_null()); // not shared
///     raw::share(&SLOTS);
/// }
/// assert_eq!(raw::take(KEYS.table(), &SLOTS, key).addr(), 7);
/// assert!(KEYS.get(key).is_null());
/// # Ok::<(), tsd::Error>(())
/// ```
#[must_use]
pub fn take<const N: usize>(table: &KeyTable<N>, slots: &Slots<N>, key: Key) -> *mut c_void
where
    Capacity<N>: Supported,
{
    loop {
        let value = table.get(slots, key);
        if value.is_null() || !slots.pending.has_any(Flags::CONTESTED) {
            return core::ptr::null_mut();
        }
        // Else the value is another one by now, or it is another key's.
        if slots.slot(Index::of_key(key)).claim(value) {
            return value;
        }
    }
}

/// Takes `value`, which was seen before, as the second half of [`take`] does; whether it was there still.
///
/// Callable from threads, destructors and interrupts. Wait-free. For the run of every handler at every access.
#[cfg(handlers)]
pub fn claim<const N: usize>(slots: &Slots<N>, key: Key, value: *mut c_void) -> bool
where
    Capacity<N>: Supported,
{
    slots.slot(Index::of_key(key)).claim(value)
}

/// Returns the index that `key` names in a table of `N`: always one of the table's, whatever the number, so that a
/// structure beside the table can be indexed with it before the key is known to be live.
///
/// Callable from threads, destructors and interrupts. A mask and a shift; a minimum, too, where N is no
/// power of two.
///
/// # Examples
///
/// ```
#[doc = include_str!("example_kernel.txt")]
/// use tsd::{Key, raw};
///
/// let key = KEYS.create(None)?;
/// assert_eq!(KEYS.table().info(raw::index::<8>(key)).map(|info| info.key), Some(key));
/// assert!(raw::index::<8>(Key::from_raw(u32::MAX)) < 8);
/// # Ok::<(), tsd::Error>(())
/// ```
#[inline]
#[must_use]
pub fn index<const N: usize>(key: Key) -> usize {
    Index::<N>::of_key(key).number()
}

/// Replaces the notifications that are known at link time by `fixed`: for a port that finds the table only when it
/// runs.
///
/// # Examples
///
/// ```
#[doc = include_str!("example_kernel.txt")]
/// use core::{ffi::c_void, ptr};
/// use tsd::{Notification, Reason, raw};
///
/// extern "C-unwind" fn tell(reason: Reason, _context: *mut c_void) {
///     assert_eq!(reason, Reason::ThreadDetach);
/// }
///
/// static FOUND: [Notification; 1] = [Notification { function: tell, context: ptr::null_mut() }];
/// let list = raw::with_fixed(NOTIFICATIONS.as_list(), &FOUND);
/// raw::detach(&list); // calls `tell`
/// ```
#[must_use]
pub const fn with_fixed<'a>(list: NotificationList<'a>, fixed: &'static [Notification]) -> NotificationList<'a> {
    list.with_fixed(fixed)
}

/// Sends the detach notifications of a list, in reverse order: for a port with a [`detach`](Port::detach) of its own.
/// [`with_fixed`] has an example.
///
/// Callable from threads. The cost is that of the notifications. Win32 `DLL_THREAD_DETACH`.
pub fn detach(list: &NotificationList<'_>) {
    list.detach();
}
