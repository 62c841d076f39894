//! Faults: each ends its thread alone where the thread asks for that, and is seen at the right address.

use core::{
    hint::black_box,
    sync::atomic::{AtomicUsize, Ordering::SeqCst},
};

use super::threads::{join, spawn};
use crate::core::scheduler::{
    stack,
    thread::{Outcome, Thread},
};

fn survive_fault() {
    Thread::current().expect("a thread is running").survives_fault.store(true, SeqCst);
}

/// Calls itself until the stack is full. Not a tail call: the frame is used after it.
#[allow(unconditional_recursion, reason = "the stack is meant to overflow")]
fn recurse(depth: usize) -> usize {
    let frame = black_box([depth; 16]);
    recurse(depth + 1) + black_box(frame)[depth % 16]
}

pub(super) fn a_full_stack_meets_the_guard_page() {
    static LOCAL: AtomicUsize = AtomicUsize::new(0);

    fn overflow(_: usize) -> usize {
        let local = 0_u8;
        LOCAL.store((&raw const local).addr(), SeqCst);
        survive_fault();
        recurse(0)
    }
    let outcome = join(spawn("overflows", overflow, 0));
    let Outcome::Faulted(Some(address)) = outcome else { panic!("{outcome:?}") };
    let below = LOCAL.load(SeqCst) - address;
    let stack_bytes = stack::USUAL_BYTES;
    assert!((stack_bytes / 2..stack_bytes + 4096).contains(&below), "faulted {below} bytes below a local variable");
}

pub(super) fn a_null_pointer_faults() {
    fn read_null(offset: usize) -> usize {
        survive_fault();
        let pointer = core::ptr::without_provenance::<usize>(black_box(offset));
        // SAFETY: None: the page is not mapped, and the fault is what is checked.
        unsafe { pointer.read_volatile() }
    }
    for offset in [0, 8, 4088] {
        assert_eq!(join(spawn("reads null", read_null, offset)), Outcome::Faulted(Some(offset)));
    }
}

pub(super) fn a_fault_leaves_other_threads_alone() {
    a_null_pointer_faults();
    for n in 0..100 {
        assert_eq!(join(spawn("next", |n| n, n)), Outcome::Returned(n));
    }
}
