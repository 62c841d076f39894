//! The spans that each thread is in, as a tracing library keeps them: a stack that is entered, left, and read by
//! whoever logs.
//!
//! This kernel's handlers find no thread (`ThreadsOnly`), so a plain `RefCell` will do.

mod kernel;

use std::cell::RefCell;

use kernel::{Kernel, run_thread};
use tsd::{Error, ThreadsOnly};

// SAFETY: the port gives no slots to handlers; here there are none.
unsafe impl ThreadsOnly for Kernel {}

tsd::static_keys! {
    // SAFETY: the only key space of these threads.
    static KEYS: KeySpace<Kernel> = unsafe { KeySpace::new(Kernel) };

    static SPANS: SharedKey<Box<RefCell<Vec<&'static str>>>> = for_threads;
}

/// The thread is in a span until this is dropped.
struct Entered;

/// Enters a span.
fn enter(name: &'static str) -> Result<Entered, Error> {
    SPANS.with_or_init(Box::default, |spans| spans.borrow_mut().push(name))?;
    Ok(Entered)
}

impl Drop for Entered {
    fn drop(&mut self) {
        SPANS.with(|spans| spans.borrow_mut().pop());
    }
}

/// Where the calling thread is: `boot/mount/read`.
fn path() -> String {
    SPANS.with(|spans| spans.borrow().join("/")).unwrap_or_default()
}

fn read() -> Result<(), Error> {
    let _span = enter("read")?;
    assert_eq!(path(), "boot/mount/read");
    Ok(())
}

pub(crate) fn main() {
    let report = run_thread(&KEYS, || {
        assert_eq!(path(), "");
        let _boot = enter("boot").expect("the thread lives");
        {
            let _mount = enter("mount").expect("the thread lives");
            read().expect("the thread lives");
            // Spans of other threads are theirs.
            let other = run_thread(&KEYS, || {
                let _idle = enter("idle").expect("the thread lives");
                assert_eq!(path(), "idle");
            });
            assert_eq!(other.calls, 1);
        }
        assert_eq!(path(), "boot");
        println!("in {}", path());
    });
    assert_eq!((report.calls, report.left_over), (1, 0));
}
