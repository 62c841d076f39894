//! The interrupt controllers: each CPU's local APIC, by memory-mapped registers, and the PC's old
//! controllers, which are silenced.
//!
//! The registers are at their architectural address, in the part of the map that is not cached; each
//! CPU sees its own there. Reference: Intel SDM volume 3A, chapter 11 "Advanced Programmable Interrupt
//! Controller (APIC)".

use x86_64::instructions::port::Port;

use crate::machine::interrupts::without_interrupts;

/// The vectors of the interrupts that it raises.
pub(super) const TIMER: u8 = 32;
pub(super) const RESCHEDULE: u8 = 33;
/// What the local APIC raises when an interrupt is withdrawn at the last moment. The four low bits are
/// set, as some CPUs demand.
pub(super) const SPURIOUS: u8 = 47;

const LOCAL_APIC: usize = 0xfee0_0000;
const ID: usize = 0x20;
const TASK_PRIORITY: usize = 0x80;
const END_OF_INTERRUPT: usize = 0xb0;
const SPURIOUS_REGISTER: usize = 0xf0;
const COMMAND: usize = 0x300;
const COMMAND_DESTINATION: usize = 0x310;
const LVT_TIMER: usize = 0x320;
const LVT_LINT0: usize = 0x350;
const LVT_LINT1: usize = 0x360;
const TIMER_INITIAL_COUNT: usize = 0x380;
const TIMER_COUNT: usize = 0x390;
const TIMER_DIVIDER: usize = 0x3e0;

const SPURIOUS_ENABLE: u32 = 1 << 8;
const LVT_MASKED: u32 = 1 << 16;
const DIVIDE_BY_16: u32 = 0b0011;

const COMMAND_INIT: u32 = 5 << 8;
const COMMAND_STARTUP: u32 = 6 << 8;
const COMMAND_ASSERT: u32 = 1 << 14;
const COMMAND_PENDING: u32 = 1 << 12;

fn read(register: usize) -> u32 {
    // SAFETY: A register of this CPU's local APIC; reading one changes nothing.
    unsafe { ((LOCAL_APIC + register) as *const u32).read_volatile() }
}

fn write(register: usize, value: u32) {
    // SAFETY: A register of this CPU's local APIC, which belongs to this module. What can be asked of
    // it are interrupts, for which the entries are in place, and starts of CPUs, by `send_startup`.
    unsafe { ((LOCAL_APIC + register) as *mut u32).write_volatile(value) }
}

/// Masks all interrupts of the two old controllers. Firmware leaves some unmasked, on vectors that
/// belong to exceptions.
pub(super) fn mask_legacy_controllers() {
    for data_port in [0x21, 0xa1] {
        // SAFETY: The mask registers of the two controllers; nobody else uses them.
        unsafe { Port::<u8>::new(data_port).write(0xff) }
    }
}

/// Prepares the local APIC of this CPU: interrupts of every priority, timer stopped.
pub(super) fn init_cpu() {
    write(LVT_LINT0, LVT_MASKED);
    write(LVT_LINT1, LVT_MASKED);
    write(TASK_PRIORITY, 0);
    write(SPURIOUS_REGISTER, SPURIOUS_ENABLE | u32::from(SPURIOUS));
    write(TIMER_INITIAL_COUNT, 0);
    write(TIMER_DIVIDER, DIVIDE_BY_16);
    // With neither mode bit set the timer is one-shot.
    write(LVT_TIMER, u32::from(TIMER));
}

/// Returns the identifier of this CPU's local APIC.
pub(super) fn id() -> u8 {
    (read(ID) >> 24) as u8
}

/// Ends the interrupt that is handled, so that the next one can come once interrupts are unmasked.
pub(super) fn end_of_interrupt() {
    write(END_OF_INTERRUPT, 0);
}

/// Starts this CPU's timer: one interrupt when `count` ticks have passed. 0 stops it.
pub(super) fn start_timer(count: u32) {
    write(TIMER_INITIAL_COUNT, count);
}

/// Returns the ticks that are left of the timer's count.
pub(super) fn timer_count() -> u32 {
    read(TIMER_COUNT)
}

/// Raises `vector` on the CPU with the identifier `apic_id`, which may be the caller's.
pub(super) fn send(apic_id: u8, vector: u8) {
    command(apic_id, COMMAND_ASSERT | u32::from(vector));
}

/// Resets the CPU with the identifier `apic_id`: it waits for [`send_startup`].
pub(super) fn send_init(apic_id: u8) {
    command(apic_id, COMMAND_ASSERT | COMMAND_INIT);
}

/// Lets a CPU that was reset begin in real mode at the start of `page`, a page number below 256.
///
/// # Safety
///
/// The page holds code that such a CPU can begin with.
pub(super) unsafe fn send_startup(apic_id: u8, page: u8) {
    command(apic_id, COMMAND_ASSERT | COMMAND_STARTUP | u32::from(page));
}

fn command(apic_id: u8, command: u32) {
    // An interrupt between the two writes could send another command from this CPU.
    without_interrupts(|| {
        write(COMMAND_DESTINATION, u32::from(apic_id) << 24);
        // This write sends. It is not cached, so what the caller wrote before is visible to the receiver.
        write(COMMAND, command);
        while read(COMMAND) & COMMAND_PENDING != 0 {
            core::hint::spin_loop();
        }
    });
}
