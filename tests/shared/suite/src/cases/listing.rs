//! The owners of keys: names, counts, listings and one thread's values.

use core::ffi::c_void;

use tsd::{Error, Key, KeyFlags, KeyOptions, KeyTable, Slots};

use crate::{Line, Platform, Start, in_threads, value};

unsafe extern "C-unwind" fn nothing(_: *mut c_void) {}

/// Live keys are listed by index, each with its name, kind and destructor, and no other.
pub(super) fn live_keys_are_listed<P: Platform>() {
    let table = KeyTable::<64>::new();
    let plain = table.create(None).unwrap();
    let gone = table.create_with(KeyOptions::new().name("gone")).unwrap();
    let runtime = table.create_with(KeyOptions::new().name("runtime").destructor(nothing).last_phase()).unwrap();
    table.delete(gone).unwrap();

    let mut keys = table.keys();
    let first = keys.next().unwrap();
    assert_eq!((first.key, first.name, first.flags), (plain, "", KeyFlags::empty()));
    assert!(first.destructor.is_none());
    let second = keys.next().unwrap();
    assert_eq!((second.key, second.name), (runtime, "runtime"));
    assert_eq!(second.flags, KeyFlags::LAST_PHASE | KeyFlags::HAS_DESTRUCTOR);
    assert_eq!(second.destructor.map(|destructor| destructor as usize), Some(nothing as *const () as usize));
    assert!(keys.next().is_none());
}

/// A name goes with its key: the next key at the index has its own or none.
pub(super) fn names_go_with_their_keys<P: Platform>() {
    let table = KeyTable::<1>::new();
    for name in ["errno", "", "a longer name than before", "é"] {
        let key = table.create_with(KeyOptions::new().name(name)).unwrap();
        assert_eq!(table.keys().next().unwrap().name, name);
        table.delete(key).unwrap();
        assert_eq!(table.keys().count(), 0);
    }
}

/// The values of one thread are listed with their keys; NULL and values of deleted keys are not.
pub(super) fn values_of_a_thread_are_listed<P: Platform>() {
    let table = KeyTable::<64>::new();
    let slots = Slots::<64>::new();
    let keys = [(); 5].map(|()| table.create(None).unwrap());
    for (number, &key) in keys.iter().enumerate().skip(1) {
        // SAFETY: the keys have no destructors.
        unsafe { table.set(&slots, key, value(number)) }.unwrap();
    }
    // SAFETY: as above.
    unsafe { table.set(&slots, keys[2], core::ptr::null_mut()) }.unwrap();
    table.delete(keys[3]).unwrap();
    let mut listed = table.values(&slots).map(|(info, value)| (info.key, value.addr()));
    assert_eq!(listed.next(), Some((keys[1], 1)));
    assert_eq!(listed.next(), Some((keys[4], 4)));
    assert_eq!(listed.next(), None);
}

/// The number in use follows creates and deletes; the high-water mark never falls; a refused create counts nothing.
pub(super) fn counts_follow_creates_and_deletes<P: Platform>() {
    let table = KeyTable::<3>::new();
    assert_eq!((table.in_use(), table.high_water(), table.retired()), (0, 0, 0));
    let one = table.create(None).unwrap();
    let two = table.create(None).unwrap();
    assert_eq!((table.in_use(), table.high_water()), (2, 2));
    table.delete(one).unwrap();
    assert!(table.delete(one).is_err());
    assert_eq!((table.in_use(), table.high_water()), (1, 2));
    let three = table.create(None).unwrap();
    assert_eq!((table.in_use(), table.high_water()), (2, 2));
    table.create(None).unwrap();
    assert_eq!(table.create(None), Err(Error::TableFull));
    assert_eq!((table.in_use(), table.high_water()), (3, 3));
    table.delete(two).unwrap();
    table.delete(three).unwrap();
    assert_eq!((table.in_use(), table.high_water(), table.retired()), (1, 3, 0));
    table.create(None).unwrap();
    assert_eq!((table.in_use(), table.high_water()), (2, 3));
}

/// While keys come and go, what is listed of one key is of one key: its name and its destructor belong together.
pub(super) fn listing_while_keys_come_and_go<P: Platform>() {
    const THREADS: usize = 3;
    let table = KeyTable::<1>::new();
    let line = Line::new();
    in_threads::<P, _>(THREADS, Start::default(), |thread| {
        line.meet::<P>(THREADS);
        for round in 0..1000 {
            if thread == 0 {
                let options = KeyOptions::new();
                let options = if round % 2 == 0 {
                    options.name("with a destructor").destructor(nothing)
                } else {
                    options.name("none").last_phase()
                };
                let key = table.create_with(options).unwrap();
                table.delete(key).unwrap();
            } else {
                for info in table.keys() {
                    let has_destructor = info.destructor.is_some();
                    assert_eq!(info.name, if has_destructor { "with a destructor" } else { "none" });
                    assert_eq!(info.flags.contains(KeyFlags::LAST_PHASE), !has_destructor);
                }
            }
        }
    });
}

/// An error has a number and a text of its own.
pub(super) fn errors_have_texts<P: Platform>() {
    let errors = [
        (1, Error::InvalidKey, tsd::errno::EINVAL),
        (2, Error::DeletedKey, tsd::errno::EINVAL),
        (3, Error::StaticKey, tsd::errno::EINVAL),
        (4, Error::TableFull, tsd::errno::EAGAIN),
        (5, Error::TableWornOut, tsd::errno::EAGAIN),
        (6, Error::ListFull, tsd::errno::ENOMEM),
        (7, Error::NoThread, tsd::errno::ESRCH),
        (9, Error::NotInitialised, tsd::errno::EINVAL),
        (10, Error::Recursion, tsd::errno::EDEADLK),
        (11, Error::NullPointer, tsd::errno::EINVAL),
        (12, Error::TypedKey, tsd::errno::EINVAL),
        (13, Error::Exiting, tsd::errno::ESRCH),
    ];
    let text = |error: Error| {
        let mut text = heapless::String::<80>::new();
        core::fmt::Write::write_fmt(&mut text, format_args!("{error}")).unwrap();
        text
    };
    for (at, (number, error, errno)) in errors.into_iter().enumerate() {
        assert_eq!(error.errno(), errno);
        // What it is cast to, which C code may have been compiled with.
        assert_eq!(error as usize, number << 8 | errno as usize);
        assert!(errors[..at].iter().all(|&(_, other, _)| text(other) != text(error)));
    }
}

/// A key is live from its creation to its deletion, and no other number is.
pub(super) fn live_keys_are_known<P: Platform>() {
    let table = KeyTable::<3>::new();
    let key = table.create(None).unwrap();
    assert!(table.is_live(key));
    assert!(!table.is_live(Key::default()));
    assert!(!table.is_live(Key::from_raw(key.raw() + 1)));
    table.delete(key).unwrap();
    assert!(!table.is_live(key));
    let new = table.create(None).unwrap();
    assert!(table.is_live(new) && !table.is_live(key));
}
