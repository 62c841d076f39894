//! The block of data that each CPU has, to which its CPU pointer points.

use core::{
    cell::UnsafeCell,
    mem::MaybeUninit,
    ptr,
    sync::atomic::{AtomicPtr, AtomicUsize, Ordering},
};

/// The largest number of CPUs that the kernel starts.
pub(crate) const MAX_CPUS: usize = 8;

const FAULT_STACK_BYTES: usize = 16 << 10;

/// What a CPU finds through its CPU pointer. The machine's code uses all but the number.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct CpuLocal {
    /// The current thread on machines that have no register for it.
    pub(crate) current_thread: AtomicPtr<()>,
    /// The end of the stack on which this CPU handles faults.
    pub(crate) fault_stack_top: AtomicUsize,
    /// The CPU's number, from 0.
    pub(crate) id: usize,
    /// For the first instructions of an exception.
    pub(crate) put_aside: [AtomicUsize; 3],
}

#[repr(C, align(16))]
pub(crate) struct FaultStack(UnsafeCell<MaybeUninit<[u8; FAULT_STACK_BYTES]>>);

// SAFETY: Only the CPU's fault entry uses it, as a stack.
unsafe impl Sync for FaultStack {}

impl FaultStack {
    /// Returns the address after its last byte.
    pub(crate) fn top(&self) -> usize {
        self.0.get().addr() + FAULT_STACK_BYTES
    }
}

static LOCALS: [CpuLocal; MAX_CPUS] = {
    let mut id = 0;
    let mut locals = [const { CpuLocal::new(0) }; MAX_CPUS];
    while id < MAX_CPUS {
        locals[id] = CpuLocal::new(id);
        id += 1;
    }
    locals
};

/// Each CPU's stack for faults.
pub(crate) static FAULT_STACKS: [FaultStack; MAX_CPUS] =
    [const { FaultStack(UnsafeCell::new(MaybeUninit::uninit())) }; MAX_CPUS];

impl CpuLocal {
    const fn new(id: usize) -> Self {
        Self {
            current_thread: AtomicPtr::new(ptr::null_mut()),
            fault_stack_top: AtomicUsize::new(0),
            id,
            put_aside: [const { AtomicUsize::new(0) }; 3],
        }
    }

    /// Returns the block of `cpu`, which is the caller, with its fault stack.
    pub(crate) fn prepare(cpu: usize) -> &'static Self {
        let local = &LOCALS[cpu];
        // Relaxed: only this CPU reads the word.
        local.fault_stack_top.store(FAULT_STACKS[cpu].top(), Ordering::Relaxed);
        local
    }
}
