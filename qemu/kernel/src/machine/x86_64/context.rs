//! The context switch.
//!
//! A thread that does not run has its registers on its own stack, and its [`Context`] is the stack
//! pointer to them. What is kept: the registers that a called function must keep, the thread pointer,
//! and the x87 and SSE registers with their control and status, because an interrupted C program may
//! use any of them. AVX is not enabled, so FXSAVE's layout holds all there is.
//! References: System V ABI, AMD64 supplement, 3.2.1; Intel SDM volume 1, 10.5 "FXSAVE and FXRSTOR".

use core::arch::naked_asm;

/// Where a thread that does not run has its registers.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Context {
    stack_pointer: usize,
}

/// The layout of FXSAVE, as far as a new thread's state differs from all zero.
#[repr(C, align(16))]
struct FloatingPoint {
    control: u16,
    status: u16,
    tags: u16,
    _last: [u16; 9],
    mxcsr: u32,
    _rest: [u32; 121],
}

impl FloatingPoint {
    /// The state that the ABI gives a program: all exceptions masked, round to nearest, extended
    /// precision.
    const INITIAL: Self = Self { control: 0x037f, status: 0, tags: 0, _last: [0; 9], mxcsr: 0x1f80, _rest: [0; 121] };
}

/// The registers in the order in which `switch` stores them.
#[repr(C)]
struct SavedRegisters {
    floating_point: FloatingPoint,
    fs_base: usize,
    r15: usize,
    r14: usize,
    r13: usize,
    r12: usize,
    rbx: usize,
    rbp: usize,
    return_address: usize,
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
            floating_point: FloatingPoint::INITIAL,
            fs_base: 0,
            r15: 0,
            r14: 0,
            r13: entry as usize,
            r12: argument,
            rbx: 0,
            rbp: 0,
            return_address: first_entry as *const () as usize,
        };
        let saved = (stack_top - size_of::<SavedRegisters>()) as *mut SavedRegisters;
        // SAFETY: The caller gives a stack of its own, which is larger than the registers.
        unsafe { saved.write(registers) };
        Self { stack_pointer: saved as usize }
    }
}

/// What a new thread's first switch returns to: calls `r13(r12)`.
#[unsafe(naked)]
unsafe extern "C" fn first_entry() {
    // RBP is 0, which ends the chain of callers for a debugger. The call leaves the stack pointer as the
    // ABI wants it at a function's start.
    naked_asm!("mov rdi, r12", "call r13")
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
        "push rbp",
        "push rbx",
        "push r12",
        "push r13",
        "push r14",
        "push r15",
        "rdfsbase rax",
        "push rax",
        // The return address and seven words above, the stack pointer is a multiple of 16 as FXSAVE
        // wants it.
        "sub rsp, 512",
        "fxsave64 [rsp]",
        "mov [rdi], rsp",
        // From here on it is the other thread's stack.
        "mov rsp, [rsi]",
        "fxrstor64 [rsp]",
        "add rsp, 512",
        "pop rax",
        "wrfsbase rax",
        "pop r15",
        "pop r14",
        "pop r13",
        "pop r12",
        "pop rbx",
        "pop rbp",
        "ret",
    )
}

const _: () = assert!(size_of::<FloatingPoint>() == 512, "`switch` stores the registers in 512 bytes");
const _: () = assert!(size_of::<SavedRegisters>() == 512 + 8 * 8, "`switch` stores no padding");
