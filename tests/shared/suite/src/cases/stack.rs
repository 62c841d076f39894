//! How much stack thread exit takes above its caller's: the same whatever was set.

use core::ffi::c_void;
use core::hint::black_box;

use tsd::{KeyTable, Slots};

use crate::{KeyCell, Platform, local::exit_table, value};

/// The lowest address of a destructor's own variable.
static LOWEST: crate::Counter = crate::Counter::new();
static TABLE: KeyTable<1024> = KeyTable::new();
static SLOTS: Slots<1024> = Slots::new();
static KEYS: [KeyCell; 512] = [const { KeyCell::new() }; 512];

/// The most bytes of stack between a caller of exit and a destructor's own frame.
const BOUND_BYTES: usize = if cfg!(debug_assertions) { 4096 } else { 1024 };

#[inline(never)]
unsafe extern "C-unwind" fn measure(number: *mut c_void) {
    let here = 0_u8;
    LOWEST.set(LOWEST.get().min((&raw const *black_box(&here)).addr()));
    if number.addr() == 2 {
        // Set again and again, so that all rounds are used up.
        // SAFETY: this destructor takes any number.
        unsafe { TABLE.set(&SLOTS, KEYS[0].get(), number) }.unwrap();
    }
}

/// Sets `count` values and exits; the bytes of stack between here and the deepest destructor.
#[inline(never)]
fn depth_bytes(count: usize, number: usize) -> usize {
    let here = 0_u8;
    LOWEST.set(usize::MAX);
    for key in &KEYS[..count] {
        // SAFETY: the destructor takes any number.
        unsafe { TABLE.set(&SLOTS, key.get(), value(number)) }.unwrap();
    }
    let report = exit_table(&TABLE, &SLOTS);
    assert!(report.calls as usize >= count);
    (&raw const *black_box(&here)).addr() - LOWEST.get()
}

/// The stack that exit takes is bounded, and depends neither on the number of values nor on that of rounds.
pub(super) fn exit_takes_a_bounded_stack<P: Platform>() {
    for key in &KEYS {
        key.put(TABLE.create(Some(measure)).unwrap());
    }
    let one = depth_bytes(1, 1);
    assert_eq!(depth_bytes(KEYS.len(), 1), one);
    assert_eq!(depth_bytes(1, 2), one);
    assert_eq!(depth_bytes(KEYS.len(), 2), one);
    assert!(one < BOUND_BYTES, "{one} bytes of stack");
    for key in &KEYS {
        TABLE.delete(key.get()).unwrap();
    }
}
