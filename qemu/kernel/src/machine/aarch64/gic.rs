//! The interrupt controller: a GICv3 with affinity routing, as far as this kernel needs it.
//!
//! Two interrupts exist, both private to a CPU: a software-generated one for rescheduling and the
//! virtual timer's. Reference: Arm IHI 0069, chapter 12 "The GIC programmers' model".

use core::arch::asm;

/// Software-generated interrupt that asks a CPU to reschedule.
pub(super) const RESCHEDULE: u32 = 0;
/// Private interrupt of the virtual timer.
pub(super) const TIMER: u32 = 27;
/// What acknowledging returns when nothing is pending any more (1020 and up are special).
const FIRST_SPECIAL: u32 = 1020;

const DISTRIBUTOR: usize = 0x0800_0000;
const DISTRIBUTOR_CONTROL: usize = DISTRIBUTOR;
const ENABLE_GROUP1: u32 = 1 << 1;
const AFFINITY_ROUTING: u32 = 1 << 4;

const REDISTRIBUTORS: usize = 0x080a_0000;
const REDISTRIBUTOR_STRIDE: usize = 0x2_0000;
const WAKER: usize = 0x14;
const WAKER_PROCESSOR_SLEEP: u32 = 1 << 1;
const WAKER_CHILDREN_ASLEEP: u32 = 1 << 2;
const PRIVATE_FRAME: usize = 0x1_0000;
const GROUP: usize = PRIVATE_FRAME + 0x80;
const SET_ENABLE: usize = PRIVATE_FRAME + 0x100;

/// Prepares the controller for `cpu`, which is the caller.
pub(super) fn init_cpu(cpu: usize) {
    let redistributor = REDISTRIBUTORS + cpu * REDISTRIBUTOR_STRIDE;
    // SAFETY: The register frames are mapped as device memory. The distributor gets the same value
    // from each CPU; the redistributor is this CPU's own.
    unsafe {
        (DISTRIBUTOR_CONTROL as *mut u32).write_volatile(ENABLE_GROUP1 | AFFINITY_ROUTING);
        let waker = (redistributor + WAKER) as *mut u32;
        waker.write_volatile(waker.read_volatile() & !WAKER_PROCESSOR_SLEEP);
        while waker.read_volatile() & WAKER_CHILDREN_ASLEEP != 0 {
            core::hint::spin_loop();
        }
        ((redistributor + GROUP) as *mut u32).write_volatile(u32::MAX);
        ((redistributor + SET_ENABLE) as *mut u32).write_volatile(1 << RESCHEDULE | 1 << TIMER);
    }
    // SAFETY: System registers of this CPU: use the register interface, let every priority through,
    // enable group 1. No `nomem`: the memory-mapped set-up comes first.
    unsafe {
        asm!(
            "msr icc_sre_el1, {one}",
            "isb",
            "msr icc_pmr_el1, {all}",
            "msr icc_igrpen1_el1, {one}",
            "isb",
            one = in(reg) 1_u64,
            all = in(reg) 0xff_u64,
            options(nostack, preserves_flags),
        );
    }
}

/// Returns the interrupt that is pending with the highest priority, and makes it active.
pub(super) fn acknowledge() -> Option<u32> {
    let interrupt: u64;
    // SAFETY: Allowed at EL1. No `nomem`: what the sender wrote before must be read after this; the
    // barrier makes the acknowledgement complete first (IHI 0069, 4.4.1).
    unsafe {
        asm!("mrs {}, icc_iar1_el1", "dsb sy", out(reg) interrupt, options(nostack, preserves_flags));
    }
    let interrupt = interrupt as u32;
    (interrupt < FIRST_SPECIAL).then_some(interrupt)
}

/// Ends `interrupt`, so that the next one can come once interrupts are unmasked.
pub(super) fn end(interrupt: u32) {
    // SAFETY: `interrupt` was acknowledged by this CPU. No `nomem`: device accesses of the handler
    // come first. The barrier keeps the priority drop ahead of unmasking.
    unsafe {
        asm!("msr icc_eoir1_el1, {}", "isb", in(reg) u64::from(interrupt), options(nostack, preserves_flags));
    }
}

/// Raises [`RESCHEDULE`] on `cpu`.
pub(super) fn send_reschedule(cpu: usize) {
    let target = u64::from(RESCHEDULE) << 24 | 1 << cpu;
    // SAFETY: Sends to an existing CPU, whose number is its lowest affinity field. No `nomem`: the
    // barrier in front makes the memory that the interrupt is about visible to its handler.
    unsafe {
        asm!("dsb ishst", "msr icc_sgi1r_el1, {}", "isb", in(reg) target, options(nostack, preserves_flags));
    }
}
