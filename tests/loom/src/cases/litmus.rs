//! What the checker itself can see: small programs whose outcomes are known.
//!
//! Were a load to hide another, or a relaxed store never to arrive late, the other cases would pass for nothing.

use core::sync::atomic::Ordering::{self, Acquire, Relaxed, Release, SeqCst};
use std::sync::Arc;

use loom::sync::atomic::fence;
use tsd::AtomicUsize;

use crate::check::Outcomes;
use crate::threads::start;

/// Two words that two threads share.
fn two_words() -> Arc<[AtomicUsize; 2]> {
    Arc::new([AtomicUsize::new(0), AtomicUsize::new(0)])
}

/// A thread that loads before it stores: the other's load comes before or after the store.
pub(crate) fn load_hides_no_load(outcomes: &Outcomes) {
    let words = two_words();
    start(&words, |words| {
        words[0].load(Relaxed);
        words[0].store(1, Relaxed);
    });
    outcomes.note(["old", "new"][words[0].load(Relaxed)]);
}

/// A thread that stores, loads and stores again: another one sees each pair of values that there was, and no less.
pub(crate) fn redundant_load_hides_nothing(outcomes: &Outcomes) {
    let words = two_words();
    start(&words, |words| {
        words[0].store(1, SeqCst);
        words[1].store(1, SeqCst);
        words[1].store(0, SeqCst);
        words[0].load(SeqCst);
        words[0].store(0, SeqCst);
    });
    let second = words[1].load(SeqCst);
    let first = words[0].load(SeqCst);
    outcomes.note([["0 0", "0 1"], ["1 0", "1 1"]][first][second]);
}

fn message(outcomes: &Outcomes, store: Ordering, load: Ordering, fences: (bool, bool)) {
    let words = two_words();
    start(&words, move |words| {
        words[0].store(1, Relaxed);
        if fences.0 {
            fence(Release);
        }
        words[1].store(1, store);
    });
    if words[1].load(load) == 0 {
        outcomes.note("nothing");
        return;
    }
    if fences.1 {
        fence(Acquire);
    }
    outcomes.note(["stale", "whole"][words[0].load(Relaxed)]);
}

/// A flag with no ordering may overtake its data.
pub(crate) fn relaxed_message(outcomes: &Outcomes) {
    message(outcomes, Relaxed, Relaxed, (false, false));
}

/// Release and Acquire keep it after.
pub(crate) fn released_message(outcomes: &Outcomes) {
    message(outcomes, Release, Acquire, (false, false));
}

/// So do two fences.
pub(crate) fn fenced_message(outcomes: &Outcomes) {
    message(outcomes, Relaxed, Relaxed, (true, true));
}

/// One fence is not enough.
pub(crate) fn message_with_one_fence(outcomes: &Outcomes) {
    message(outcomes, Relaxed, Relaxed, (true, false));
}

/// Two threads that store and then load the other's word: both may read what was before.
pub(crate) fn buffered_stores(outcomes: &Outcomes) {
    let words = two_words();
    let other = start(&words, |words| {
        words[0].store(1, Relaxed);
        words[1].load(Relaxed)
    });
    words[1].store(1, Relaxed);
    let mine = words[0].load(Relaxed);
    outcomes.note(match (mine, other.join().unwrap()) {
        (0, 0) => "both late",
        (0, _) => "first late",
        (_, 0) => "second late",
        _ => "none late",
    });
}
