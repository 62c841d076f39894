//! Keys that are created at their first use, and whose values are taken out to be used.

use core::num::NonZero;

use tsd::{Error, KeyFlags, OwnedKey};

use crate::{Counter, Line, Platform, Start, exit_of, in_threads};

type Key<O, P> = OwnedKey<O, <P as Platform>::Port>;

fn keys_named<P: Platform>(name: &str) -> usize {
    P::space().table().keys().filter(|info| info.name == name).count()
}

/// A key is in the table from its first use until it is dropped; reading is no use.
pub(super) fn created_at_the_first_use<P: Platform>() {
    let key = Key::<u16, P>::new(P::space()).name("owned");
    assert_eq!((key.get(), key.take(), key.with(|_| ())), (None, None, None));
    assert_eq!(keys_named::<P>("owned"), 0);
    assert_eq!(key.replace(5), Ok(None));
    let info = P::space().table().keys().find(|info| info.name == "owned").unwrap();
    assert_eq!(info.flags, KeyFlags::TYPED);
    assert_eq!(P::space().delete(info.key), Err(Error::TypedKey));
    assert_eq!(key.replace(6), Ok(Some(5)));
    assert_eq!((key.get(), key.take(), key.get()), (Some(6), Some(6), None));
    drop(key);
    assert_eq!(keys_named::<P>("owned"), 0);
    drop(Key::<u16, P>::new(P::space()));
}

/// Threads that use it first at the same time have one key.
pub(super) fn created_once_by_many<P: Platform>() {
    const THREADS: usize = 8;
    let before = P::space().table().in_use();
    for _ in 0..20 {
        let (key, line) = (Key::<u16, P>::new(P::space()).name("contested"), Line::new());
        in_threads::<P, _>(THREADS, Start::default(), |thread| {
            line.meet::<P>(THREADS);
            assert_eq!(key.replace(thread as u16), Ok(None));
            assert_eq!(key.get(), Some(thread as u16));
        });
        assert_eq!(keys_named::<P>("contested"), 1);
        drop(key);
    }
    assert_eq!(P::space().table().in_use(), before);
}

/// Where the table is full the first use is refused, and a later one is not. The initialiser is not called.
pub(super) fn full_table_refuses_the_first_use<P: Platform>() {
    let key = Key::<u16, P>::new(P::space());
    let mut taken = [None; 1024];
    let mut count = 0;
    while let Ok(other) = P::space().create(None) {
        taken[count] = Some(other);
        count += 1;
    }
    assert_eq!(key.replace(1), Err(Error::TableFull));
    assert_eq!(key.with_or_init(|| unreachable!(), |_| ()), Err(Error::TableFull));
    taken.iter().flatten().for_each(|other| P::space().delete(*other).unwrap());
    assert_eq!(key.with_or_init(|| 1, |value| *value), Ok(1));
    assert_eq!(key.take(), Some(1));
}

/// Every value of a word comes back as it went, and is told from none.
pub(super) fn words_are_what_they_were<P: Platform>() {
    fn check<P: Platform, O: tsd::Word + PartialEq + core::fmt::Debug>(values: &[O]) {
        let key = Key::<O, P>::new(P::space());
        for value in values {
            assert_eq!(key.replace(*value), Ok(None));
            assert_eq!((key.get(), key.take()), (Some(*value), Some(*value)));
        }
    }
    fn double(number: i32) -> i32 {
        2 * number
    }

    check::<P, _>(&[false, true]);
    check::<P, _>(&[u8::MIN, 1, u8::MAX]);
    check::<P, _>(&[i8::MIN, -1, 0, i8::MAX]);
    check::<P, _>(&[u16::MIN, u16::MAX]);
    check::<P, _>(&[i16::MIN, -1, 0, i16::MAX]);
    check::<P, _>(&['\0', 'a', char::MAX]);
    #[cfg(target_pointer_width = "64")]
    {
        check::<P, _>(&[u32::MIN, u32::MAX]);
        check::<P, _>(&[i32::MIN, -1, 0, i32::MAX]);
        check::<P, _>(&[NonZero::<i64>::MIN, NonZero::<i64>::MAX]);
    }
    check::<P, _>(&[NonZero::<i8>::MIN, NonZero::<i8>::new(-1).unwrap(), NonZero::<i8>::MAX]);
    check::<P, _>(&[NonZero::<usize>::MIN, NonZero::<usize>::MAX]);
    let function = Key::<fn(i32) -> i32, P>::new(P::space());
    assert!(function.replace(double).unwrap().is_none());
    assert_eq!(function.get().map(|function| function(4)), Some(8));
    assert!(function.take().is_some());
}

/// What is made when there is none stays; one that is made inside is dropped when the outer one is put back.
pub(super) fn with_or_init_lends_the_value<P: Platform>() {
    let (key, made) = (Key::<u16, P>::new(P::space()), Counter::new());
    let make = || {
        made.add();
        1
    };
    assert_eq!(key.with_or_init(make, |value| core::mem::replace(value, 2)), Ok(1));
    let inner = || key.with_or_init(make, |value| core::mem::replace(value, 9));
    assert_eq!(key.with_or_init(make, |value| (inner(), *value)), Ok((Ok(1), 2)));
    assert_eq!((key.take(), made.get()), (Some(2), 2));
    let failed = key.with_or_try_init(|| Err(Error::ListFull), |_| unreachable!());
    assert_eq!((failed, key.get()), (Err::<(), _>(Error::ListFull), None));
}

/// In the thread's exit a value that is there can be used and stored, and none is made.
pub(super) fn nothing_is_made_in_an_exit<P: Platform>() {
    let key = Key::<u16, P>::new(P::space());
    let (functions, unused) = (Counter::new(), Key::<u16, P>::new(P::space()));
    struct Used<'a, P: Platform>(&'a Key<u16, P>, &'a Key<u16, P>, &'a Counter);
    unsafe extern "C-unwind" fn run<P: Platform>(used: *mut core::ffi::c_void) {
        // SAFETY: it is registered below with one.
        let Used::<P>(key, unused, functions) = unsafe { &*used.cast() };
        assert!(P::slots().is_exiting());
        assert_eq!(key.with_or_init(|| unreachable!(), |value| *value), Ok(3));
        assert_eq!(unused.with_or_init(|| unreachable!(), |_| ()), Err(Error::Exiting));
        functions.add();
    }
    let used = Used::<P>(&key, &unused, &functions);
    let report = exit_of::<P>(|| {
        key.replace(3).unwrap();
        // SAFETY: what it is given outlives the thread.
        unsafe { P::space().at_thread_exit(run::<P>, (&raw const used).cast_mut().cast()) }.unwrap();
    });
    assert_eq!((functions.get(), report.functions, report.calls, report.left_over), (1, 1, 0, 0));
    in_threads::<P, _>(1, Start::default(), |_| assert_eq!(key.get(), None));
}
