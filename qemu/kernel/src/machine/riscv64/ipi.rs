//! Interrupts from one CPU to another.

use core::sync::atomic::{Ordering, fence};

use sbi_rt::HartMask;

use super::boot::other_number;

/// Makes `cpu`, which may be the caller, take a reschedule interrupt as soon as it has interrupts
/// unmasked.
pub(crate) fn send_reschedule(cpu: usize) {
    // The memory that the interrupt is about is visible to its handler.
    fence(Ordering::SeqCst);
    let sent = sbi_rt::send_ipi(HartMask::from_mask_base(1 << other_number(cpu), 0));
    debug_assert!(sent.is_ok(), "CPU {cpu} is there");
}
