//! Faults made on purpose, which the sanitizers must report before their silence about the library counts.
//!
//! They are ignored in an ordinary run: `cargo run -- evidence sanitizers` asks for them by name, and expects a report.

use std::cell::UnsafeCell;
use std::hint::black_box;
use std::thread;

struct Shared(UnsafeCell<u64>);

// SAFETY: none; two threads use it at once, which is the fault.
unsafe impl Sync for Shared {}

static SHARED: Shared = Shared(UnsafeCell::new(0));

fn add_often() {
    for _ in 0..1000 {
        // SAFETY: none; see above.
        unsafe { *black_box(SHARED.0.get()) += 1 };
    }
}

#[test]
#[ignore = "a fault for ThreadSanitizer to report"]
fn race() {
    let other = thread::spawn(add_often);
    add_often();
    other.join().unwrap();
}

#[test]
#[ignore = "a fault for AddressSanitizer to report"]
fn overflow() {
    let bytes = black_box(vec![0_u8; 8]);
    // SAFETY: none; the ninth byte of eight is the fault.
    let byte = unsafe { *bytes.as_ptr().add(black_box(8)) };
    black_box(byte);
}
