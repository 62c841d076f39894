//! The attach and detach notifications of the linker's table, and those registered at run time.

use core::slice;

use tsd::{Notification, NotificationList, Notifications, raw};

use crate::config::NOTIFICATIONS;

/// Those that are registered at run time.
pub(crate) static REGISTERED: Notifications<NOTIFICATIONS> = Notifications::new();

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
    let fixed = unsafe { slice::from_raw_parts(first, (stop - start) / size_of::<Notification>()) };
    raw::with_fixed(list, fixed)
}
