//! Which of the boundaries that a CPU steps through one by one are stops.

use core::sync::atomic::{AtomicUsize, Ordering};

use crate::machine::entries::KERNEL;

/// The boundaries until the next stop, with it.
// Relaxed throughout: one CPU uses it, for one thread at a time.
static LEFT: AtomicUsize = AtomicUsize::new(0);

/// Makes boundary number `first` of the call that begins the next stop.
pub(super) fn begin(first: usize) {
    LEFT.store(first, Ordering::Relaxed);
}

/// Passes a boundary, and stops if it is one to stop at. Returns whether there is another stop to come.
pub(super) fn pass(program_counter: usize) -> bool {
    let left = match LEFT.load(Ordering::Relaxed) - 1 {
        0 => (KERNEL.step)(program_counter),
        left => left,
    };
    LEFT.store(left, Ordering::Relaxed);
    left != 0
}
