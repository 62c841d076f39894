//! Attach and detach notifications: those of the linker's table, and those registered at run time.

use core::ffi::c_int;
use core::slice;
use core::sync::atomic::Ordering::Release;

use tsd::{EINVAL, Notification, NotificationList, Notifications};

use crate::api::{DETACH, SPACE};
use crate::config::NOTIFICATIONS;
use crate::thread::status;

static REGISTERED: Notifications<NOTIFICATIONS> = Notifications::new();

// The bounds of the table that linkers collect from the section `tsd_notifications`. Weak: without such a section both
// are 0. As data, since the instructions that compute addresses can't reach 0 from everywhere.
core::arch::global_asm!(
    ".weak __start_tsd_notifications",
    ".weak __stop_tsd_notifications",
    ".pushsection .data.rel.ro.tsd_notification_bounds,\"aw\",%progbits",
    ".balign {size}",
    ".globl tsd_notification_bounds",
    "tsd_notification_bounds:",
    ".{size}byte __start_tsd_notifications",
    ".{size}byte __stop_tsd_notifications",
    ".size tsd_notification_bounds, 2 * {size}",
    ".popsection",
    size = const size_of::<usize>(),
);

unsafe extern "C" {
    #[link_name = "tsd_notification_bounds"]
    safe static BOUNDS: [usize; 2];
}

/// The notifications of the linker's table and those registered.
pub(crate) fn list() -> NotificationList<'static> {
    let [start, stop] = BOUNDS;
    let list = REGISTERED.as_list();
    if start == stop {
        return list;
    }
    let first = core::ptr::with_exposed_provenance::<Notification>(start);
    // SAFETY: the section consists of what the header's TSD_NOTIFICATION puts there, for the whole run.
    list.with_fixed(unsafe { slice::from_raw_parts(first, (stop - start) / size_of::<Notification>()) })
}

/// Sends the attach notifications.
#[unsafe(no_mangle)]
pub extern "C" fn tsd_thread_attach() -> c_int {
    // Release: pairs with the Acquire in `CPort::detach`. Before the thread is attached, so whoever is finds it.
    DETACH.store(detach as *mut (), Release);
    status(SPACE.attach())
}

extern "C" fn detach() {
    list().detach();
}

/// A notification as C gives it, whose function may be NULL.
#[derive(Debug)]
#[repr(C)]
pub struct Given {
    function: *const (),
    context: *mut core::ffi::c_void,
}

// So that one can be read as the other.
const _: () = assert!(size_of::<Given>() == size_of::<Notification>());

/// Registers a notification.
///
/// # Safety
///
/// `notification` is NULL, or readable for ever.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tsd_notification_register(notification: *const Given) -> c_int {
    // SAFETY: the caller's word.
    match unsafe { checked(notification) } {
        Some(notification) => status(REGISTERED.register(notification)),
        None => EINVAL,
    }
}

/// Takes a registration back.
///
/// # Safety
///
/// As [`tsd_notification_register`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tsd_notification_unregister(notification: *const Given) -> c_int {
    // SAFETY: the caller's word.
    match unsafe { checked(notification) } {
        Some(notification) if REGISTERED.unregister(notification) => 0,
        _ => EINVAL,
    }
}

/// # Safety
///
/// As [`tsd_notification_register`].
unsafe fn checked(notification: *const Given) -> Option<&'static Notification> {
    // SAFETY: NULL or readable, by the caller's word.
    let given = unsafe { notification.as_ref() }?;
    if given.function.is_null() {
        return None;
    }
    // SAFETY: the same two words, and the function is not NULL.
    unsafe { notification.cast::<Notification>().as_ref() }
}
