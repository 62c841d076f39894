//! What the kernel keeps of each thread of the program.

use core::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

use crate::core::scheduler::thread::{MAX_THREADS, Thread};

/// What the kernel keeps of a thread of the program.
pub(super) struct Local {
    /// Where `leave` goes back to.
    pub(super) left: AtomicUsize,
    /// The address of a word that is cleared, and woken, at the thread's end; or 0.
    pub(super) clear_word: AtomicUsize,
    /// Address and length of memory that is given back at the thread's end.
    pub(super) unmap: [AtomicUsize; 2],
    /// The signals that the program has blocked.
    pub(super) mask: AtomicU64,
    /// A function of the program that cancels the thread, while that may happen at any instruction; or 0.
    pub(super) cancel: AtomicUsize,
    /// The thread is in a call, where it is not cancelled.
    pub(super) in_call: AtomicBool,
}

/// By the number of the thread\'s control block.
pub(super) static LOCALS: [Local; MAX_THREADS] = [const { Local::new() }; MAX_THREADS];

impl Local {
    const fn new() -> Self {
        Self {
            left: AtomicUsize::new(0),
            clear_word: AtomicUsize::new(0),
            unmap: [const { AtomicUsize::new(0) }; 2],
            mask: AtomicU64::new(0),
            cancel: AtomicUsize::new(0),
            in_call: AtomicBool::new(false),
        }
    }

    pub(super) fn current() -> &'static Self {
        &LOCALS[current_number() - 1]
    }
}

/// Returns the number of the calling thread, which is never 0.
pub(super) fn current_number() -> usize {
    usize::from(Thread::current().expect("a thread is running").index()) + 1
}

/// Has memory given back when the calling thread has ended.
pub(super) fn unmap_at_end(address: usize, bytes: usize) {
    let local = Local::current();
    local.unmap[0].store(address, Ordering::SeqCst);
    local.unmap[1].store(bytes, Ordering::SeqCst);
}

/// Sets the word that is cleared at the thread's end. Returns the thread's number.
pub(super) fn set_clear_word(address: usize) -> usize {
    Local::current().clear_word.store(address, Ordering::SeqCst);
    current_number()
}

/// Notes whether the calling thread is in a call. On the way out of one, a thread that may be cancelled anywhere looks
/// for what came meanwhile at its next interrupt.
pub(super) fn set_in_call(in_call: bool) {
    Local::current().in_call.store(in_call, Ordering::SeqCst);
}

/// Takes the signal that has ended a wait of the calling thread.
pub(super) fn take_signal() {
    Thread::current().expect("a thread is running").kill_requested.store(false, Ordering::SeqCst);
}
