//! The test kernel as a kernel: its threads, which run on several processors and are preempted, and its interrupts. A
//! part of that kernel, `qemu/kernel`, only.

use core::ptr;

use spin::Mutex;
use tsd_suite::{Platform, Start};

use super::Thread;
use crate::{
    core::scheduler::thread::{self, MAX_THREADS},
    machine::interrupts::without_interrupts,
    modes::suite,
};

pub(crate) use crate::core::console::println;

/// Beside the kernel's own control blocks, whose slots are of the kernel's own key space: no two share slots.
static THREADS: [Thread; MAX_THREADS] = [const { Thread::new() }; MAX_THREADS];

/// The running thread's control block; none in a timer's interrupt.
pub(super) fn current() -> Option<&'static Thread> {
    thread::Thread::current().map(|thread| &THREADS[usize::from(thread.index())])
}

/// Calls `body` on a thread of its own, and waits for its end.
pub(super) fn run_thread<F: FnOnce() + Send>(body: F) {
    fn call<F: FnOnce()>(body: usize) {
        // SAFETY: it is the variable below, which only this thread uses until it has been joined.
        let body = unsafe { &mut *ptr::with_exposed_provenance_mut::<Option<F>>(body) };
        body.take().expect("a thread calls its body once")();
    }
    let mut body = Some(body);
    let thread = suite::Kernel::start(Start::default(), call::<F>, (&raw mut body).expose_provenance());
    suite::Kernel::join(thread);
}

/// Calls `handler` in an interrupt of the running thread.
pub(super) fn interrupt<F: Fn()>(handler: F) {
    fn call<F: Fn()>(handler: usize) {
        // SAFETY: it is the parameter below, which stays until the interrupt is over.
        let handler = unsafe { &*ptr::with_exposed_provenance::<F>(handler) };
        handler();
    }
    suite::Kernel::interrupt(call::<F>, (&raw const handler).expose_provenance());
}

/// What one thread or handler uses at a time.
pub(crate) struct Lock<T>(Mutex<T>);

impl<T> Lock<T> {
    pub(crate) const fn new(value: T) -> Self {
        Self(Mutex::new(value))
    }

    /// Calls `use_value` with the lock taken and interrupts masked, so that no handler waits for its own thread.
    pub(crate) fn with<R>(&self, use_value: impl FnOnce(&mut T) -> R) -> R {
        without_interrupts(|| use_value(&mut self.0.lock()))
    }
}
