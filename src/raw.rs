//! Halves of calls, for an interface that can't use whole ones: the C archive's, where the initialiser of a `once` is
//! called by code that is not Rust, a report lies in the caller's memory, and FlsFree takes values from other threads.
//!
//! A kernel in Rust needs none of it.

use core::ffi::c_void;

use crate::capacity::{Capacity, Supported};
use crate::error::Error;
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
use crate::table::KeyTable;

/// The first half of [`KeySpace::once`]: true when the caller must run the initialiser and then call [`end_once`],
/// false when one has completed.
///
/// # Errors
///
/// As [`KeySpace::once`].
///
/// # Safety
///
/// When it gives true, `control` and `frame` must stay where they are until [`end_once`] or [`abandon_once`] was called
/// for them, or the thread's exit.
///
/// Callable from threads and destructors; from interrupts if completed.
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

/// The second half: the initialiser has returned.
///
/// # Safety
///
/// [`begin_once`] gave true for this frame, on the calling thread, and every initialiser that the thread began later
/// has ended.
///
/// Callable from threads and destructors.
pub unsafe fn end_once<P, const N: usize>(space: &KeySpace<P>, frame: &OnceFrame)
where
    P: Port<Slots = Slots<N>>,
    Capacity<N>: Supported,
{
    OnceGuard::new(space.port(), frame).finish();
}

/// The other second half: an exception leaves the innermost initialiser that the calling thread is in. Its control is
/// as if never called. False if the thread is in none, or no thread is current.
///
/// # Safety
///
/// That initialiser does not go on.
///
/// Callable from threads and destructors.
pub unsafe fn abandon_once<P, const N: usize>(space: &KeySpace<P>) -> bool
where
    P: Port<Slots = Slots<N>>,
    Capacity<N>: Supported,
{
    port::current(space.port()).is_some_and(|slots| once::abandon_innermost(space.port(), slots))
}

/// The same for the initialiser of `frame`, which may run where no thread is current.
///
/// # Safety
///
/// [`begin_once`] gave true for this frame, its initialiser does not go on, and every initialiser that was begun inside
/// it on the same stack has ended.
///
/// Callable from threads and destructors, and where no thread is current.
pub unsafe fn abandon_once_frame<P, const N: usize>(space: &KeySpace<P>, frame: &OnceFrame)
where
    P: Port<Slots = Slots<N>>,
    Capacity<N>: Supported,
{
    // Dropped unfinished.
    let _ = OnceGuard::new(space.port(), frame);
}

/// [`KeySpace::exit`] that adds to a report which the caller has cleared.
///
/// # Safety
///
/// As `exit`.
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

/// [`KeySpace::reap`] that adds to a report which the caller has cleared.
///
/// # Safety
///
/// As `reap`.
pub unsafe fn reap_into<P, const N: usize>(space: &KeySpace<P>, report: &mut ExitReport)
where
    P: Port<Slots = Slots<N>>,
    Capacity<N>: Supported,
{
    space.reap_with_work(report);
}

/// Lets other threads take values from these slots with [`take`], until the calling thread, whose slots these must be,
/// has exited.
///
/// # Safety
///
/// The slots must be the calling thread's.
///
/// Callable from threads, destructors and interrupts. Wait-free.
pub unsafe fn share<const N: usize>(slots: &Slots<N>)
where
    Capacity<N>: Supported,
{
    slots.pending.set_flags(Flags::CONTESTED);
}

/// Takes the value that `slots` has under `key`: the thread has none afterwards. NULL if there was none.
///
/// The slots may be another thread's, even one that exits meanwhile: its exit or this call gets the value, not both.
/// Their thread must have called [`share`], else this gives NULL. The caller must keep the slots alive and the key from
/// being deleted until the call returns, and keep the value's owner from storing another one.
///
/// Callable from threads, destructors and interrupts. Wait-free. For what deletes a key together with its values, Win32
/// `FlsFree`.
#[must_use]
pub fn take<const N: usize>(table: &KeyTable<N>, slots: &Slots<N>, key: Key) -> *mut c_void
where
    Capacity<N>: Supported,
{
    let value = table.get(slots, key);
    if value.is_null() || !slots.pending.has_any(Flags::CONTESTED) {
        return core::ptr::null_mut();
    }
    slots.slot(Index::of_key(key)).take_from_any_cpu()
}

/// The index that `key` names in a table of `N`: always one of the table's, whatever the number, so that a structure
/// beside the table can be indexed with it before the key is known to be live.
#[inline]
#[must_use]
pub fn index<const N: usize>(key: Key) -> usize {
    Index::<N>::of_key(key).number()
}

/// The same notifications, but with those known at link time replaced by `fixed`: for a port that finds the table only
/// when it runs.
#[must_use]
pub const fn with_fixed<'a>(list: NotificationList<'a>, fixed: &'static [Notification]) -> NotificationList<'a> {
    list.with_fixed(fixed)
}

/// Sends the detach notifications of a list, in reverse order: for a port with a [`detach`](Port::detach) of its own.
pub fn detach(list: &NotificationList<'_>) {
    list.detach();
}
