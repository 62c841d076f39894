//! Interrupts from one CPU to another.

use super::{acpi, apic};

/// Makes `cpu`, which may be the caller, take a reschedule interrupt as soon as it has interrupts
/// unmasked.
pub(crate) fn send_reschedule(cpu: usize) {
    apic::send(acpi::machine().apic_ids[cpu], apic::RESCHEDULE);
}
