//! How a case fails on the host when one of its threads does, so that no other thread waits for it for ever.
//!
//! A thread that panics leaves its message here. From then on, and when the case has taken too long, every thread of
//! the case panics where it would wait; so threads can still be joined, and what they share stays until they are.

use std::any::Any;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::time::{Duration, Instant};

/// The time that a case may take.
const LIMIT: Duration = Duration::from_secs(30);

static FAILED: AtomicBool = AtomicBool::new(false);
static MESSAGE: Mutex<Option<String>> = Mutex::new(None);
static BEGUN: Mutex<Option<Instant>> = Mutex::new(None);

/// A case begins.
pub fn begin() {
    FAILED.store(false, SeqCst);
    *MESSAGE.lock().unwrap() = None;
    go_on();
}

/// The case that runs has come further, and may take its time anew.
pub fn go_on() {
    *BEGUN.lock().unwrap() = Some(Instant::now());
}

/// Notes what a thread panicked with; the first one counts.
pub fn note(payload: &(dyn Any + Send)) {
    let text = payload.downcast_ref::<String>().map(String::as_str).or(payload.downcast_ref::<&str>().copied());
    MESSAGE.lock().unwrap().get_or_insert_with(|| text.unwrap_or("the case panicked").to_owned());
    FAILED.store(true, SeqCst);
}

/// What the first thread of the case that failed has panicked with.
pub fn message() -> Option<String> {
    MESSAGE.lock().unwrap().take()
}

/// Whether the case that runs has taken too long.
pub fn is_overdue() -> bool {
    BEGUN.lock().unwrap().expect("a case runs").elapsed() >= LIMIT
}

/// Panics where the calling thread would wait for one that has failed, or for ever.
pub fn check() {
    if !FAILED.load(SeqCst) {
        assert!(!is_overdue(), "the case waits for something that does not come");
    } else if !std::thread::panicking() {
        panic!("another thread of the case has failed");
    }
}
