//! Notifications at run time. Those of the linker's table need no call.

use core::ffi::c_int;

use tsd::{EINVAL, Notification};

use crate::api::NOTIFICATIONS_REGISTERED;
use crate::thread::status;

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
        Some(notification) => status(NOTIFICATIONS_REGISTERED.register(notification)),
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
        Some(notification) if NOTIFICATIONS_REGISTERED.unregister(notification) => 0,
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
