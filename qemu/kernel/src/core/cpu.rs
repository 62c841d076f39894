//! Which CPU runs the caller, and how many are online.
//!
//! Each CPU finds its block by its CPU pointer. The current thread is null while an interrupt is handled and before the
//! first thread: that is how the library's port learns that there is no current thread.

use core::{
    ptr,
    sync::atomic::{AtomicUsize, Ordering},
};

use crate::machine::{self, cpu_local::CpuLocal};

/// Gives `cpu`, which is the caller, its block. The first thing that a CPU does.
pub(crate) fn init_local(cpu: usize) {
    let local = CpuLocal::prepare(cpu);
    // SAFETY: the kernel runs where the pointer may be written, and `local` below is its only reader but for the
    // machine's code, which wants this block.
    unsafe { machine::cpu::set_cpu_pointer(ptr::from_ref(local).cast_mut().cast()) };
    machine::cpu::set_current_thread(ptr::null());
}

/// Returns the block of the CPU that runs the caller. It stays so only while interrupts are masked.
fn local() -> &'static CpuLocal {
    // SAFETY: `init_local` is the first call on each CPU and stored a static reference.
    unsafe { &*machine::cpu::cpu_pointer().cast::<CpuLocal>() }
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
