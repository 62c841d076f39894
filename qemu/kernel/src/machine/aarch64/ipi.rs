//! Interrupts from one CPU to another.

use super::gic;

/// Makes `cpu`, which may be the caller, take a reschedule interrupt as soon as it has interrupts
/// unmasked.
pub(crate) fn send_reschedule(cpu: usize) {
    gic::send_reschedule(cpu);
}
