//! Attach and detach notifications: their C calls.

use core::ffi::c_int;
use core::sync::atomic::Ordering::Release;

use tsd::{Notification, errno::EINVAL, raw};

use crate::hooks;
use crate::key_space::key_space;
use crate::notification_list::{REGISTERED, list};
use crate::port::status;

/// Sends the attach notifications.
#[unsafe(no_mangle)]
pub extern "C" fn tsd_thread_attach() -> c_int {
    // Release: pairs with the Acquire in `LinkedDuties`. Before the thread is attached, so whoever is finds it.
    hooks::detach().store(detach as *mut (), Release);
    status(key_space().attach())
}

extern "C" fn detach() {
    raw::detach(&list());
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
