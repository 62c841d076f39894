//! The stack of a CPU before its first thread, and of its idle thread afterwards.

use core::{cell::UnsafeCell, mem::MaybeUninit};

use crate::machine::cpu_local::MAX_CPUS;

const BOOT_STACK_BYTES: usize = 32 << 10;

#[repr(C, align(4096))]
pub(super) struct BootStack(UnsafeCell<MaybeUninit<[u8; BOOT_STACK_BYTES]>>);

// SAFETY: Each is used by one CPU, as its stack.
unsafe impl Sync for BootStack {}

impl BootStack {
    pub(super) const fn new() -> Self {
        Self(UnsafeCell::new(MaybeUninit::uninit()))
    }

    /// Returns the address after its last byte.
    pub(super) fn top(&self) -> usize {
        self.0.get().addr() + BOOT_STACK_BYTES
    }
}

/// Those of the CPUs that do not boot. Not in .bss: a stack need not be cleared.
#[unsafe(link_section = ".stack.secondary")]
pub(super) static SECONDARY_STACKS: [BootStack; MAX_CPUS] = [const { BootStack::new() }; MAX_CPUS];

// Not in .bss either. The entry code takes the linker script's symbol.
#[used]
#[unsafe(link_section = ".stack.boot_stack")]
static FIRST_STACK: BootStack = BootStack::new();
