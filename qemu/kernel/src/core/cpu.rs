//! The block of data that each CPU has, and the answer to "which thread am I".
//!
//! The current thread is null while an interrupt is handled and before the first thread: that is how
//! the library's port learns that there is no current thread.

use core::{
    cell::UnsafeCell,
    mem::MaybeUninit,
    ptr,
    sync::atomic::{AtomicPtr, AtomicUsize, Ordering},
};

use tsd::arch;

use crate::machine;

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
struct FaultStack(UnsafeCell<MaybeUninit<[u8; FAULT_STACK_BYTES]>>);

// SAFETY: Only the CPU's fault entry uses it, as a stack.
unsafe impl Sync for FaultStack {}

static LOCALS: [CpuLocal; MAX_CPUS] = {
    let mut id = 0;
    let mut locals = [const { CpuLocal::new(0) }; MAX_CPUS];
    while id < MAX_CPUS {
        locals[id] = CpuLocal::new(id);
        id += 1;
    }
    locals
};

static FAULT_STACKS: [FaultStack; MAX_CPUS] = [const { FaultStack(UnsafeCell::new(MaybeUninit::uninit())) }; MAX_CPUS];

impl CpuLocal {
    const fn new(id: usize) -> Self {
        Self {
            current_thread: AtomicPtr::new(ptr::null_mut()),
            fault_stack_top: AtomicUsize::new(0),
            id,
            put_aside: [const { AtomicUsize::new(0) }; 3],
        }
    }
}

/// Gives `cpu`, which is the caller, its block. The first thing that a CPU does.
pub(crate) fn init_local(cpu: usize) {
    let local = &LOCALS[cpu];
    // Relaxed: only this CPU reads the word.
    local.fault_stack_top.store(FAULT_STACKS[cpu].0.get() as usize + FAULT_STACK_BYTES, Ordering::Relaxed);
    // SAFETY: the kernel runs where the pointer may be written, and `local` below is its only reader but for the machine's
    // code, which wants this block.
    unsafe { arch::set_cpu_pointer(ptr::from_ref(local).cast_mut().cast()) };
    machine::cpu::set_current_thread(ptr::null());
}

/// Returns the block of the CPU that runs the caller. It stays so only while interrupts are masked.
pub(crate) fn local() -> &'static CpuLocal {
    // SAFETY: `init_local` is the first call on each CPU and stored a static reference.
    unsafe { &*arch::cpu_pointer().cast::<CpuLocal>() }
}

/// Returns the number of the CPU that runs the caller. It stays so only while interrupts are masked.
pub(crate) fn id() -> usize {
    local().id
}

static ONLINE: AtomicUsize = AtomicUsize::new(0);

/// Counts the caller's CPU as online.
pub(crate) fn set_online() {
    ONLINE.fetch_add(1, Ordering::SeqCst);
}

/// Returns how many CPUs are online.
pub(crate) fn online() -> usize {
    ONLINE.load(Ordering::SeqCst)
}
