//! Listings while keys come and go.

use core::ffi::c_void;

use tsd::{Capacity, KeyInfo, KeyOptions, KeyTable, Supported};

use crate::check::Outcomes;
use crate::threads::{start, table};

/// Both names are parts of one text, so that even a mixture of them would lie in it.
const TEXT: &str = "abcde";

unsafe extern "C-unwind" fn first_destructor(_value: *mut c_void) {}
unsafe extern "C-unwind" fn second_destructor(_value: *mut c_void) {
    unreachable!("nothing is set under this key");
}

fn first() -> KeyOptions {
    KeyOptions::new().name(&TEXT[..1]).destructor(first_destructor)
}

fn second() -> KeyOptions {
    KeyOptions::new().name(&TEXT[1..]).destructor(second_destructor)
}

/// A listing shows a key, or the key that follows it, or none; never the name or destructor of one with the handle of
/// the other.
pub(crate) fn shows_a_key_whole(outcomes: &Outcomes) {
    let table = table::<1>();
    let old = table.create_with(first()).unwrap();
    start(&table, move |table| {
        table.delete(old).unwrap();
        table.create_with(second()).unwrap();
    });
    note_listing(&table, outcomes);
}

/// The same where one CPU deletes and another creates.
pub(crate) fn shows_a_key_whole_of_two_creators(outcomes: &Outcomes) {
    let table = table::<2>();
    let old = table.create_with(first()).unwrap();
    start(&table, move |table| table.delete(old).unwrap());
    start(&table, |table| table.create_with(second()).unwrap());
    note_listing(&table, outcomes);
}

fn note_listing<const N: usize>(table: &KeyTable<N>, outcomes: &Outcomes)
where
    Capacity<N>: Supported,
{
    let mut seen = "none";
    for KeyInfo { name, destructor, .. } in table.keys() {
        let address = destructor.map(|destructor| destructor as *const ());
        if address == Some(first_destructor as *const ()) {
            assert_eq!(name, &TEXT[..1]);
            seen = "first";
        } else {
            assert_eq!((name, address), (&TEXT[1..], Some(second_destructor as *const ())));
            seen = "second";
        }
    }
    outcomes.note(seen);
}
