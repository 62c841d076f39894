//! What a kernel's log says of the thread: which request it serves, and how many lines that has. `log` may be called
//! from threads and from interrupt handlers, which log for the thread that they interrupt.
//!
//! The context is lent by reference while a handler may use it, too. So it is made of atomics: the compiler refuses a
//! `Cell`.

extern crate alloc;
mod kernel;

use alloc::boxed::Box;
use core::sync::atomic::{AtomicU32, Ordering::Relaxed};

use kernel::{Kernel, interrupt, println, run_thread};
use tsd::{Error, KeySpace, SharedKey};

/// What is logged of a thread.
#[derive(Default)]
struct Context {
    request: AtomicU32,
    lines: AtomicU32,
}

// SAFETY: the only key space of these threads.
static KEYS: KeySpace<Kernel> = unsafe { KeySpace::new(Kernel) };
static CONTEXT: SharedKey<Box<Context>, Kernel> = SharedKey::new(&KEYS).name("log context");
/// Lines for which there was no context.
static KERNEL_LINES: AtomicU32 = AtomicU32::new(0);

/// Logs a line. It never makes a context, so that a handler allocates nothing.
fn log(text: &str) {
    let logged = CONTEXT.with(|context| {
        // Relaxed, here and below: it counts lines, and orders nothing else.
        let line = context.lines.fetch_add(1, Relaxed) + 1;
        println!("request {} line {line}: {text}", context.request.load(Relaxed));
    });
    if logged.is_none() {
        KERNEL_LINES.fetch_add(1, Relaxed);
        println!("kernel: {text}");
    }
}

/// Serves a request; the context is made by the thread's first. Returns the number of its lines.
fn serve(request: u32, work: fn()) -> Result<u32, Error> {
    CONTEXT.with_or_init(Box::default, |context| {
        context.request.store(request, Relaxed);
        context.lines.store(0, Relaxed);
        log("begins");
        // A handler may come anywhere, also while the context is in use, as it is here.
        work();
        log("ends");
        context.lines.load(Relaxed)
    })
}

/// What an interrupt handler does.
fn tick() {
    log("tick");
}

pub(crate) fn main() {
    let report = run_thread(&KEYS, || {
        // The thread has served nothing yet.
        interrupt(tick);
        assert_eq!(KERNEL_LINES.load(Relaxed), 1);
        assert_eq!(serve(7, || interrupt(tick)), Ok(3));
        assert_eq!(serve(8, || ()), Ok(2));
        // Another thread's lines are its own.
        let other = run_thread(&KEYS, || assert_eq!(serve(9, || interrupt(tick)), Ok(3)));
        assert_eq!(other.calls, 1);
        assert_eq!(CONTEXT.with(|context| context.lines.load(Relaxed)), Some(2));
    });
    assert_eq!((report.calls, report.left_over, KERNEL_LINES.load(Relaxed)), (1, 0, 1));
}
