//! The part of Rust's std that a target without `#[thread_local]` gives it: keys, and `thread_local!` on top of them.
//! What std calls `sys::thread_local::key` is four lines each; what it calls `os::Storage` is `Local`. std wants keys
//! that are not 0; here none is.

extern crate alloc;
mod kernel;

use alloc::{boxed::Box, vec::Vec};
use core::sync::atomic::{AtomicU32, Ordering::Acquire, Ordering::Release};

use kernel::{Kernel, println, run_thread};
use tsd::KeySpace;

// SAFETY: the only key space of these threads.
static KEYS: KeySpace<Kernel> = unsafe { KeySpace::new(Kernel) };

/// What std asks of a target.
mod key {
    use super::KEYS;
    pub(crate) use tsd::Key;

    pub(crate) fn create(destructor: Option<tsd::Destructor>) -> Key {
        KEYS.create(destructor).expect("out of thread-local keys")
    }

    pub(crate) unsafe fn set(key: Key, value: *mut u8) {
        // SAFETY: the caller's word.
        unsafe { KEYS.set(key, value.cast()) }.expect("the key lives");
    }
    pub(crate) fn get(key: Key) -> *mut u8 {
        KEYS.get(key).cast()
    }
    pub(crate) fn destroy(key: Key) {
        KEYS.delete(key).expect("the key lives");
    }
}

/// A `thread_local!`: its key, 0 until it is created, and what makes a value.
struct Local<T: 'static>(AtomicU32, fn() -> T);

impl<T> Local<T> {
    fn key(&'static self) -> key::Key {
        match self.0.load(Acquire) {
            0 => {
                let new = key::create(Some(destroy_value::<T>));
                let Err(first) = self.0.compare_exchange(0, new.raw(), Release, Acquire) else { return new };
                key::destroy(new);
                key::Key::from_raw(first)
            }
            raw => key::Key::from_raw(raw),
        }
    }

    fn with<R>(&'static self, use_value: impl FnOnce(&T) -> R) -> R {
        let key = self.key();
        if key::get(key).is_null() {
            // SAFETY: the destructor takes such a box.
            unsafe { key::set(key, Box::into_raw(Box::new((self.1)())).cast()) };
        }
        // SAFETY: the box is the thread's, until its exit.
        use_value(unsafe { &*key::get(key).cast() })
    }
}

unsafe extern "C-unwind" fn destroy_value<T>(value: *mut core::ffi::c_void) {
    // SAFETY: `with` stored a box of this type.
    drop(unsafe { Box::<T>::from_raw(value.cast()) });
}

static NAMES: Local<core::cell::RefCell<Vec<&str>>> = Local(AtomicU32::new(0), Default::default);

pub(crate) fn main() {
    let report = run_thread(&KEYS, || {
        NAMES.with(|names| names.borrow_mut().push("main"));
        assert_eq!(NAMES.with(|names| names.borrow().len()), 1);
    });
    assert_eq!((report.calls, report.left_over), (1, 0));
    println!("dropped");
}
