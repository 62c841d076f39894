//! The context switch.
//!
//! A thread that does not run has its registers on its own stack, and its [`Context`] is the stack
//! pointer to them. What is kept: the registers that a called function must keep, the thread pointer,
//! and all floating-point registers with their control and status, because an interrupted C program may use
//! any of them. Reference: RISC-V ABIs Specification, "Register Convention".

use core::arch::naked_asm;

/// Where a thread that does not run has its registers.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Context {
    stack_pointer: usize,
}

/// The registers in the order in which `switch` stores them.
#[repr(C, align(16))]
struct SavedRegisters {
    floating_point: [u64; 32],
    fcsr: u64,
    tp: u64,
    ra: u64,
    s0: u64,
    s1: u64,
    s2_to_s11: [u64; 10],
    _padding: u64,
}

impl Context {
    /// Returns a context to switch from: it is filled by the switch.
    pub(crate) const fn empty() -> Self {
        Self { stack_pointer: 0 }
    }

    /// Returns the context of a new thread that calls `entry(argument)` on the stack below `stack_top`,
    /// with interrupts masked.
    ///
    /// # Safety
    ///
    /// The memory below `stack_top`, which is aligned to 16 bytes, is a stack that no one else uses.
    pub(crate) unsafe fn new(stack_top: usize, entry: extern "C" fn(usize) -> !, argument: usize) -> Self {
        let registers = SavedRegisters {
            floating_point: [0; 32],
            fcsr: 0,
            tp: 0,
            ra: first_entry as *const () as usize as u64,
            s0: entry as usize as u64,
            s1: argument as u64,
            s2_to_s11: [0; 10],
            _padding: 0,
        };
        let saved = (stack_top - size_of::<SavedRegisters>()) as *mut SavedRegisters;
        // SAFETY: The caller gives a stack of its own, which is larger than the registers.
        unsafe { saved.write(registers) };
        Self { stack_pointer: saved as usize }
    }
}

/// What a new thread's first switch returns to: calls `s0(s1)`.
#[unsafe(naked)]
unsafe extern "C" fn first_entry() {
    // The frame pointer and the return address are cleared to end the chain of callers for a debugger.
    naked_asm!("mv t0, s0", "mv a0, s1", "mv s0, zero", "mv ra, zero", "jr t0")
}

/// Stores this thread's registers, sets `from` to them, and goes on with the thread of `to`. Returns
/// when another switch comes back to `from`.
///
/// # Safety
///
/// 1. `from` is the running thread's context, `to` another thread's that `new` or `switch` made and
///    that is not switched to twice.
/// 2. Interrupts are masked, and no other CPU uses either context until the switch is done.
#[unsafe(naked)]
pub(crate) unsafe extern "C" fn switch(from: *mut Context, to: *const Context) {
    naked_asm!(
        // The kernel is built without floating-point registers; this function alone names them.
        ".option push",
        ".option arch, +d",
        "addi sp, sp, -384",
        ".irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31",
        r"fsd f\n, 8 * \n(sp)",
        ".endr",
        "frcsr t0",
        "sd t0, 256(sp)",
        "sd tp, 264(sp)",
        "sd ra, 272(sp)",
        ".irp n, 0,1,2,3,4,5,6,7,8,9,10,11",
        r"sd s\n, 280 + 8 * \n(sp)",
        ".endr",
        "sd sp, 0(a0)",
        // From here on it is the other thread's stack.
        "ld sp, 0(a1)",
        ".irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31",
        r"fld f\n, 8 * \n(sp)",
        ".endr",
        "ld t0, 256(sp)",
        "fscsr t0",
        "ld tp, 264(sp)",
        "ld ra, 272(sp)",
        ".irp n, 0,1,2,3,4,5,6,7,8,9,10,11",
        r"ld s\n, 280 + 8 * \n(sp)",
        ".endr",
        "addi sp, sp, 384",
        "ret",
        ".option pop",
    )
}

const _: () = assert!(size_of::<SavedRegisters>() == 384, "`switch` stores the registers in 384 bytes");
