//! What a kernel's log says of the thread: which request it serves, and how many lines that has. `log` may be called
//! from threads and from interrupt handlers, which log for the thread that they interrupt.
//!
//! The context is lent by reference while a handler may use it, too. So it is made of atomics: the compiler refuses a
//! `Cell`.

mod kernel;

use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use kernel::{Kernel, run_thread};
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
/// Where the lines go.
static CONSOLE: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Logs a line. It never makes a context, so that a handler allocates nothing.
fn log(text: &str) {
    let head = CONTEXT.with(|context| {
        let line = context.lines.fetch_add(1, Relaxed) + 1;
        format!("request {} line {line}", context.request.load(Relaxed))
    });
    let line = format!("{}: {text}", head.as_deref().unwrap_or("kernel"));
    CONSOLE.lock().expect("no line panics").push(line);
}

/// Serves a request; the context is made by the thread's first.
fn serve(request: u32, interrupt: fn()) -> Result<(), Error> {
    CONTEXT.with_or_init(Box::default, |context| {
        context.request.store(request, Relaxed);
        context.lines.store(0, Relaxed);
        log("begins");
        // A handler may come anywhere, also while the context is in use.
        interrupt();
        log("ends");
    })
}

/// What a timer's interrupt does.
fn tick() {
    log("tick");
}

pub(crate) fn main() {
    let report = run_thread(&KEYS, || {
        // The thread has served nothing yet.
        tick();
        serve(7, tick).expect("the table has room");
        serve(8, || ()).expect("the table has room");
    });
    assert_eq!((report.calls, report.left_over), (1, 0));
    let lines = CONSOLE.lock().expect("no line panics");
    assert_eq!(
        lines.join("; "),
        "kernel: tick; request 7 line 1: begins; request 7 line 2: tick; \
        request 7 line 3: ends; request 8 line 1: begins; request 8 line 2: ends"
    );
    println!("{}", lines.join("\n"));
}
