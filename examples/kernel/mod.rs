//! What the examples have for a kernel, and yours has in its own way: a thread control block, the port that finds it, a
//! lock, a console and interrupts. What is of the host is in `host.rs`; what is of the test kernel, in `image.rs`.

// An example uses what it needs.
#![allow(dead_code, unused_imports)]

use core::sync::atomic::{AtomicBool, Ordering::Relaxed};

use tsd::{Arena, ArenaMemory, ExitReport, KeySpace, Port, Slots};

#[cfg_attr(target_os = "none", path = "image.rs")]
#[cfg_attr(not(target_os = "none"), path = "host.rs")]
mod machine;

pub(crate) use machine::{Lock, println};

/// What a thread control block embeds.
pub(crate) struct Thread {
    slots: Slots<64>,
    arena: Arena<64>,
    in_interrupt: AtomicBool,
}

impl Thread {
    const fn new() -> Self {
        Self { slots: Slots::new(), arena: Arena::new(), in_interrupt: AtomicBool::new(false) }
    }
}

/// The port. A handler has the values of the thread that it interrupts.
pub(crate) struct Kernel;

// SAFETY: slots and arena are the running thread's own, or the interrupted one's, and no thread has its block freed.
unsafe impl Port for Kernel {
    type Slots = Slots<64>;

    unsafe fn current(&self) -> Option<&Slots<64>> {
        machine::current().map(|thread| &thread.slots)
    }

    unsafe fn arena(&self) -> Option<ArenaMemory<'_>> {
        machine::current().map(|thread| thread.arena.as_memory())
    }
}

/// Runs `body` as a thread; what its exit did.
pub(crate) fn run_thread<P: Port<Slots = Slots<64>> + Sync>(
    keys: &'static KeySpace<P>,
    body: impl FnOnce() + Send,
) -> ExitReport {
    let mut report = None;
    machine::run_thread(|| {
        body();
        // SAFETY: the last that the thread does.
        report = Some(unsafe { keys.exit() });
    });
    report.expect("the thread has ended")
}

/// Interrupts the running thread by `handler`.
pub(crate) fn interrupt(handler: fn()) {
    machine::interrupt(|| {
        let thread = machine::current().expect("a thread is interrupted");
        // Relaxed: of this thread alone.
        thread.in_interrupt.store(true, Relaxed);
        handler();
        thread.in_interrupt.store(false, Relaxed);
    });
}

/// Whether the caller is an interrupt handler.
pub(crate) fn in_interrupt() -> bool {
    machine::current().is_some_and(|thread| thread.in_interrupt.load(Relaxed))
}
