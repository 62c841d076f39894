//! The attach and detach notifications of the linker's table, and those registered at run time.

use core::slice;

use tsd::{Notification, NotificationList, Notifications, raw};

use crate::address::address_of;
use crate::config::NOTIFICATIONS;

/// Those that are registered at run time.
pub(crate) static REGISTERED: Notifications<NOTIFICATIONS> = Notifications::new();

// The bounds of the table that linkers collect from the section `tsd_notifications`, each as its distance from where it
// stands: so nothing has to be filled in where a kernel is loaded, which gold would forget for symbols of a script. As
// data, since the instructions that compute addresses can't reach everywhere. Weak: without such a section linkers take
// the symbols for 0, or for the place where the distance stands. Hidden: they are not for shared libraries.
core::arch::global_asm!(
    ".weak __start_tsd_notifications",
    ".weak __stop_tsd_notifications",
    ".hidden __start_tsd_notifications",
    ".hidden __stop_tsd_notifications",
    ".pushsection .rodata.tsd_notification_bounds,\"a\",%progbits",
    ".balign {size}",
    ".globl tsd_notification_bounds",
    "tsd_notification_bounds:",
    ".{size}byte __start_tsd_notifications - .",
    ".{size}byte __stop_tsd_notifications - .",
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
    let bounds: *const [usize; 2] = address_of!(BOUNDS);
    let bounds = bounds.cast::<usize>();
    // SAFETY: the two words above.
    let [start, stop] = [0, 1].map(|index| unsafe {
        let bound = bounds.add(index);
        bound.addr().wrapping_add(*bound)
    });
    let list = REGISTERED.as_list();
    // Not even one: there is no such section. Where it is taken for where the distances stand, they are a word apart.
    if stop.wrapping_sub(start) < size_of::<Notification>() {
        return list;
    }
    let first = core::ptr::with_exposed_provenance::<Notification>(start);
    // SAFETY: the section consists of what the header's TSD_NOTIFICATION puts there, for the whole run.
    let fixed = unsafe { slice::from_raw_parts(first, (stop - start) / size_of::<Notification>()) };
    raw::with_fixed(list, fixed)
}
