//! Steps: an interrupt before any instruction of one call that is asked for.
//!
//! A counter of instructions begins so far below 0 that it overflows where the stop is to be, and raises an interrupt
//! there. Under QEMU's `-icount shift=0` that comes before the next instruction. Only the firmware may write the counter,
//! so what comes between that and the stepped code is counted with it: the firmware's way back, which is measured once,
//! and the kernel's, which is written down. At each stop the count of all instructions shows whether it came where it
//! should. Between two stops nothing is stopped: loops around load-reserved and store-conditional end as ever.
//!
//! Reference: RISC-V Instruction Set Manual, volume II, "Sscofpmf" extension; RISC-V Supervisor Binary Interface
//! Specification, chapter "Performance Monitoring Unit Extension".

use core::{
    arch::{asm, naked_asm},
    ffi::c_void,
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
};

use sbi_rt::CounterMask;

use super::{counter, program::Frame, vectors};
use crate::machine::{counted::Call, entries::KERNEL};

/// Whether every call ends while it is stepped through.
pub(crate) const POSSIBLE: bool = true;

/// The counter's number: the first that can overflow.
pub(super) const COUNTER: usize = 3;
/// The firmware's calls for counters, and the one that starts some.
pub(super) const COUNTERS: usize = 0x50_4d55;
pub(super) const START: usize = 3;
/// The event that is counted: an instruction.
const INSTRUCTION: usize = 2;

/// The interrupt of a counter that overflows, in `sie` and `sip`.
const OVERFLOW: usize = 1 << 13;
/// `sstatus.SPIE`: interrupts were unmasked, and will be.
const UNMASKED_BEFORE: usize = 1 << 5;

/// What the count of all instructions was when the counter had begun.
pub(super) static BEGAN: AtomicUsize = AtomicUsize::new(0);
/// How many instructions after that the next stop is.
// Relaxed throughout: one CPU uses these, for one thread at a time.
static DISTANCE: AtomicUsize = AtomicUsize::new(0);
/// The instructions from the beginning of the counter to the firmware's return, and from a stop to the reading of the
/// count of all instructions: both are measured.
static IN_FIRMWARE: AtomicUsize = AtomicUsize::new(0);
static IN_ENTRY: AtomicUsize = AtomicUsize::new(0);

/// Has the firmware start the counter at a3, and stores the count of all instructions right after that. Changes a0, a1,
/// a2, a4, a6, a7, of which the last two are the firmware's numbers.
macro_rules! start_counter {
    () => {
        concat!(
            "li a7, {eid}\n",
            "li a6, {fid}\n",
            "la a4, {began}\n",
            "li a0, {counter}\n",
            // One counter, and its value is given.
            "li a1, 1\n",
            "li a2, 1\n",
            "ecall\n",
            "rdinstret a0\n",
            "sd a0, 0(a4)\n",
        )
    };
}
pub(super) use start_counter;

/// The instructions after the firmware's return: in [`stepped`] up to the function, in `vectors` up to the stepped code.
const AFTER_CALL: usize = 6;
pub(super) const AFTER_STEP_BACK: usize = 28;

unsafe extern "C" {
    /// Behind the last instruction of [`stepped`].
    static step_call_end: u8;
}

/// Calls `function(key, value)`, with `Entries::step` called at boundary number `first`, and then where it says. The
/// boundaries are those from the one before the function's first instruction, which is number 1, to the one before its
/// return.
///
/// # Safety
///
/// Interrupts are masked, and `Entries::step` knows what to do.
pub(crate) unsafe fn call(first: usize, function: Call, key: usize, value: *mut c_void) -> usize {
    static IS_MEASURED: spin::Once = spin::Once::new();

    IS_MEASURED.call_once(measure);
    // SAFETY: The caller's word.
    unsafe { armed(first, function, key, value) }
}

/// # Safety
///
/// As [`call`].
unsafe fn armed(first: usize, function: Call, key: usize, value: *mut c_void) -> usize {
    let start = begin(AFTER_CALL, first - 1);
    enable(OVERFLOW);
    // SAFETY: The caller's word. Only the counter's interrupt is enabled.
    let result = unsafe { stepped(function, key, value, start) };
    stop();
    enable(vectors::INTERRUPTS);
    result
}

/// Notes how far the next stop is, and returns where the counter is to begin.
fn begin(after_firmware: usize, distance: usize) -> usize {
    DISTANCE.store(after_firmware + distance, Relaxed);
    0_usize.wrapping_sub(IN_FIRMWARE.load(Relaxed) + after_firmware + distance)
}

/// Calls `function(key, value)` with interrupts unmasked, and the counter running from `start`.
///
/// # Safety
///
/// As [`call`]; the interrupts that are enabled may come.
#[unsafe(naked)]
unsafe extern "C" fn stepped(function: Call, key: usize, value: *mut c_void, start: usize) -> usize {
    naked_asm!(
        "addi sp, sp, -16",
        "sd ra, 0(sp)",
        "mv t0, a0",
        "mv t1, a1",
        "mv t2, a2",
        start_counter!(),
        "mv a0, t1",
        "mv a1, t2",
        "csrsi sstatus, 2",
        "jalr t0",
        "csrci sstatus, 2",
        "ld ra, 0(sp)",
        "addi sp, sp, 16",
        "ret",
        ".globl step_call_end",
        "step_call_end:",
        eid = const COUNTERS,
        fid = const START,
        counter = const COUNTER,
        began = sym BEGAN,
    )
}

/// Handles the interrupt of the counter. Runs on the stack of the thread that is stepped through. Returns from what the
/// counter begins again, or 0 if it does not.
pub(super) fn handle_step(frame: &mut Frame) -> usize {
    let now = counter::read() as usize;
    stop();
    // As ever: the thread may end here.
    enable(vectors::INTERRUPTS);
    let in_entry = now - BEGAN.load(Relaxed) - DISTANCE.load(Relaxed);
    let next = if is_in_call(frame.program_counter) {
        0
    } else if IN_ENTRY.load(Relaxed) == 0 {
        assert_eq!(
            frame.program_counter, only_return as *const () as usize,
            "the first stop is not where it should be"
        );
        IN_ENTRY.store(in_entry, Relaxed);
        0
    } else {
        assert_eq!(in_entry, IN_ENTRY.load(Relaxed), "a stop came late");
        (KERNEL.step)(frame.program_counter)
    };
    if next == 0 {
        // Interrupts are masked again in what is left of the call.
        frame.status &= !UNMASKED_BEFORE;
        return 0;
    }
    enable(OVERFLOW);
    begin(AFTER_STEP_BACK, next)
}

fn is_in_call(program_counter: usize) -> bool {
    (stepped as *const () as usize..(&raw const step_call_end).addr()).contains(&program_counter)
}

/// Returns whether a call is stepped through, by the interrupts that are enabled: then it is that of the counter alone.
pub(super) fn is_on(enabled: usize) -> bool {
    enabled & OVERFLOW != 0
}

fn enable(interrupts: usize) {
    // SAFETY: Interrupts are masked. No `nomem`: not to be moved across the code that they may interrupt.
    unsafe { asm!("csrw sie, {}", in(reg) interrupts, options(nostack)) };
}

/// Stops the counter and ends its interrupt request.
fn stop() {
    // It may have been stopped before.
    let _ = sbi_rt::pmu_counter_stop(COUNTER_ALONE, 0_usize);
    // SAFETY: Ends a request that is not wanted any more, or is being answered. No `nomem`, as above.
    unsafe { asm!("csrc sip, {}", in(reg) OVERFLOW, options(nostack)) };
}

const COUNTER_ALONE: CounterMask = CounterMask::from_mask_base(1, COUNTER);

/// Finds out how long the ways of the firmware and of the entry are.
fn measure() {
    /// Far from overflowing.
    const FAR: usize = 0_usize.wrapping_sub(1 << 32);

    let configured = sbi_rt::pmu_counter_config_matching(COUNTER_ALONE, 0_usize, INSTRUCTION, 0);
    assert_eq!(configured.into_result(), Ok(COUNTER), "the counter does not overflow: QEMU wants sscofpmf=true");
    // SAFETY: The counter is the kernel's, and its interrupt is not enabled.
    let counted = unsafe { count_in_firmware(0, 0, 0, FAR) };
    stop();
    // The instruction that reads the counter is counted, too.
    IN_FIRMWARE.store(counted.wrapping_sub(FAR) - 1, Relaxed);
    // SAFETY: Interrupts are masked in a call, and `handle_step` knows that this one is for measuring.
    unsafe { armed(1, only_return, 0, core::ptr::null_mut()) };
    assert_ne!(IN_ENTRY.load(Relaxed), 0, "there was no stop");
}

/// Starts the counter at `start`, and returns what it is when the firmware has returned.
///
/// # Safety
///
/// The counter is stopped and nobody else's.
#[unsafe(naked)]
unsafe extern "C" fn count_in_firmware(_: usize, _: usize, _: usize, start: usize) -> usize {
    naked_asm!(
        "li a7, {eid}",
        "li a6, {fid}",
        "li a0, {counter}",
        "li a1, 1",
        "li a2, 1",
        "ecall",
        "csrr a0, hpmcounter3",
        "ret",
        eid = const COUNTERS,
        fid = const START,
        counter = const COUNTER,
    )
}

#[unsafe(naked)]
extern "C" fn only_return(_: usize, _: *mut c_void) -> usize {
    naked_asm!("ret")
}

/// The number of instructions of [`known`].
pub(crate) const KNOWN_INSTRUCTIONS: u64 = 103;

/// A call whose length is known, with a loop in it.
#[unsafe(naked)]
pub(crate) extern "C" fn known(_: usize, _: *mut c_void) -> usize {
    naked_asm!("li t0, 50", "2:", "addi t0, t0, -1", "bnez t0, 2b", "nop", "ret")
}
