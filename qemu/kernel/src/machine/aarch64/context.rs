//! The context switch.
//!
//! A thread that does not run has its registers on its own stack, and its [`Context`] is the stack
//! pointer to them. What is kept: the registers that a called function must keep, the thread pointer,
//! and all vector registers with their control and status, because an interrupted C program may use
//! any of them. Reference: Procedure Call Standard for the Arm 64-bit Architecture (AAPCS64), 6.1.

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
    vectors: [u128; 32],
    fpcr: u64,
    fpsr: u64,
    tpidr_el0: u64,
    _padding: u64,
    x19: u64,
    x20: u64,
    x21_to_x29: [u64; 9],
    x30: u64,
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
            vectors: [0; 32],
            fpcr: 0,
            fpsr: 0,
            tpidr_el0: 0,
            _padding: 0,
            x19: entry as usize as u64,
            x20: argument as u64,
            x21_to_x29: [0; 9],
            x30: first_entry as *const () as usize as u64,
        };
        let saved = (stack_top - size_of::<SavedRegisters>()) as *mut SavedRegisters;
        // SAFETY: The caller gives a stack of its own, which is larger than the registers.
        unsafe { saved.write(registers) };
        Self { stack_pointer: saved as usize }
    }
}

/// What a new thread's first switch returns to: calls `x19(x20)`.
#[unsafe(naked)]
unsafe extern "C" fn first_entry() {
    // x30 is cleared to end the chain of callers for a debugger.
    naked_asm!("mov x0, x20", "mov x30, xzr", "br x19")
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
        // The kernel is built without vector registers; this function alone names them.
        ".arch_extension fp",
        ".arch_extension simd",
        "sub sp, sp, #640",
        "mov x5, sp",
        "st1 {{v0.2d, v1.2d, v2.2d, v3.2d}}, [x5], #64",
        "st1 {{v4.2d, v5.2d, v6.2d, v7.2d}}, [x5], #64",
        "st1 {{v8.2d, v9.2d, v10.2d, v11.2d}}, [x5], #64",
        "st1 {{v12.2d, v13.2d, v14.2d, v15.2d}}, [x5], #64",
        "st1 {{v16.2d, v17.2d, v18.2d, v19.2d}}, [x5], #64",
        "st1 {{v20.2d, v21.2d, v22.2d, v23.2d}}, [x5], #64",
        "st1 {{v24.2d, v25.2d, v26.2d, v27.2d}}, [x5], #64",
        "st1 {{v28.2d, v29.2d, v30.2d, v31.2d}}, [x5], #64",
        "mrs x2, fpcr",
        "mrs x3, fpsr",
        "mrs x4, tpidr_el0",
        "stp x2, x3, [x5, #0]",
        "str x4, [x5, #16]",
        "stp x19, x20, [x5, #32]",
        "stp x21, x22, [x5, #48]",
        "stp x23, x24, [x5, #64]",
        "stp x25, x26, [x5, #80]",
        "stp x27, x28, [x5, #96]",
        "stp x29, x30, [x5, #112]",
        "mov x2, sp",
        "str x2, [x0]",
        // From here on it is the other thread's stack.
        "ldr x2, [x1]",
        "mov sp, x2",
        "mov x5, sp",
        "ld1 {{v0.2d, v1.2d, v2.2d, v3.2d}}, [x5], #64",
        "ld1 {{v4.2d, v5.2d, v6.2d, v7.2d}}, [x5], #64",
        "ld1 {{v8.2d, v9.2d, v10.2d, v11.2d}}, [x5], #64",
        "ld1 {{v12.2d, v13.2d, v14.2d, v15.2d}}, [x5], #64",
        "ld1 {{v16.2d, v17.2d, v18.2d, v19.2d}}, [x5], #64",
        "ld1 {{v20.2d, v21.2d, v22.2d, v23.2d}}, [x5], #64",
        "ld1 {{v24.2d, v25.2d, v26.2d, v27.2d}}, [x5], #64",
        "ld1 {{v28.2d, v29.2d, v30.2d, v31.2d}}, [x5], #64",
        "ldp x2, x3, [x5, #0]",
        "ldr x4, [x5, #16]",
        "msr fpcr, x2",
        "msr fpsr, x3",
        "msr tpidr_el0, x4",
        "ldp x19, x20, [x5, #32]",
        "ldp x21, x22, [x5, #48]",
        "ldp x23, x24, [x5, #64]",
        "ldp x25, x26, [x5, #80]",
        "ldp x27, x28, [x5, #96]",
        "ldp x29, x30, [x5, #112]",
        "add sp, sp, #640",
        "ret",
    )
}

const _: () = assert!(size_of::<SavedRegisters>() == 640, "`switch` stores the registers in 640 bytes");
