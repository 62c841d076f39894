//! Steps on the words of one thread: the portable ones, and the CPU's where it has its own, have the same results.
//!
//! The files are compiled here: a build of the library has one of the two.

#[allow(dead_code)]
#[path = "../../src/local.rs"]
mod portable;
#[allow(unreachable_pub, unused_imports, unused_macros)]
#[path = "../../src/sync.rs"]
mod sync;
#[allow(dead_code)]
#[cfg(all(target_arch = "x86_64", target_pointer_width = "64", not(miri)))]
#[path = "../../arch/x86_64/local.rs"]
mod x86_64;

use std::ptr;
use std::sync::atomic::{AtomicPtr, AtomicUsize, Ordering::Relaxed};

/// Runs the test on each module that there is.
macro_rules! on_each {
    ($module:ident: $body:block) => {{
        {
            use portable as $module;
            $body
        }
        #[cfg(all(target_arch = "x86_64", target_pointer_width = "64", not(miri)))]
        {
            use x86_64 as $module;
            $body
        }
    }};
}

#[test]
fn bits_are_set_and_cleared() {
    on_each!(own: {
        let word = AtomicUsize::new(0b1001);
        own::set_bits(&word, 0b0011);
        assert_eq!(word.load(Relaxed), 0b1011);
        own::clear_bits(&word, 0b0101);
        assert_eq!(word.load(Relaxed), 0b1010);
    });
}

#[test]
fn what_is_there_is_exchanged_whatever_was_seen() {
    on_each!(own: {
        let [first, second, third] = [1, 2, 3].map(ptr::without_provenance_mut::<u8>);
        for seen in [first, second, ptr::null_mut()] {
            let pointer = AtomicPtr::new(first);
            assert_eq!(own::swap(&pointer, seen, third), first);
            assert_eq!(pointer.load(Relaxed), third);
            assert_eq!(own::swap(&pointer, seen, ptr::null_mut()), third);
            assert!(own::swap(&pointer, seen, second).is_null());
            assert_eq!(own::exchange(&pointer, seen, first), second);
            assert_eq!(own::exchange(&pointer, first, ptr::null_mut()), first);
            own::exchange(&pointer, seen, second);
        }
    });
}

#[test]
fn a_pointer_is_replaced_only_where_it_is_the_old_one() {
    on_each!(own: {
        let [first, second, third] = [1, 2, 3].map(ptr::without_provenance_mut::<u8>);
        let pointer = AtomicPtr::new(first);
        assert!(own::replace_value(&pointer, first, second));
        assert!(!own::replace_value(&pointer, first, third));
        assert_eq!(pointer.load(Relaxed), second);
    });
}

#[test]
fn a_word_is_replaced_only_where_it_is_the_old_one() {
    on_each!(own: {
        let word = AtomicUsize::new(1);
        assert!(own::replace(&word, 1, 2));
        assert!(!own::replace(&word, 1, 3));
        assert_eq!(word.load(Relaxed), 2);
    });
}
