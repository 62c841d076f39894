//! What a thread keeps while others run.

use core::{
    ptr,
    sync::atomic::{AtomicBool, AtomicU32, Ordering::SeqCst},
};

use super::join;
use crate::{
    clock, machine,
    port::SPACE,
    thread::{self, Options, Outcome, ThreadId},
};

const FIRST_CPU: u8 = 1;
const LASTS_NS: u64 = 30_000_000;

/// Runs five threads on one CPU for a while, so that each is preempted by others, and adds their
/// results.
fn sum_of_preempted(entry: thread::Entry) -> usize {
    let options = Options { affinity: FIRST_CPU, ..Options::new("keeps") };
    let ids: [ThreadId; 5] = core::array::from_fn(|index| thread::spawn(options, entry, index).expect("room"));
    ids.into_iter()
        .map(|id| match join(id) {
            Outcome::Returned(count) => count,
            other => panic!("{other:?}"),
        })
        .sum()
}

pub(super) fn vector_registers_are_kept() {
    fn keep(index: usize) -> usize {
        let seed = 0x0123_4567_89ab_cd00 + index as u64 * 0x1_0001;
        machine::fp::load(seed);
        let until_ns = clock::now_ns() + LASTS_NS;
        let mut changed = 0;
        while clock::now_ns() < until_ns {
            changed += usize::from(!machine::fp::matches(seed));
        }
        // The comparison itself is checked: another pattern must be seen as one.
        changed + usize::from(machine::fp::matches(seed + 1))
    }
    assert_eq!(sum_of_preempted(keep), 0, "times that registers had changed");
}

pub(super) fn the_thread_pointer_is_kept() {
    fn keep(index: usize) -> usize {
        let mine = ptr::without_provenance_mut(0x1000 * (index + 1));
        // SAFETY: No code of this kernel uses ELF thread-local storage.
        unsafe { tsd::arch::set_thread_pointer(mine) };
        let until_ns = clock::now_ns() + LASTS_NS;
        let mut changed = 0;
        while clock::now_ns() < until_ns {
            changed += usize::from(tsd::arch::thread_pointer() != mine);
        }
        changed
    }
    assert_eq!(sum_of_preempted(keep), 0, "times that the thread pointer had changed");
}

/// The port says "no thread" to what runs in a timer interrupt, and the thread is back afterwards.
pub(super) fn an_interrupt_has_no_thread() {
    static CALLS: AtomicU32 = AtomicU32::new(0);
    static WRONG: AtomicBool = AtomicBool::new(false);

    fn probe() {
        CALLS.fetch_add(1, SeqCst);
        let key = SPACE.create(None).expect("a free key");
        let value = ptr::from_ref(&CALLS).cast_mut().cast();
        // SAFETY: The key has no destructor.
        let set = unsafe { SPACE.set(key, value) };
        let is_wrong = set != Err(tsd::Error::NoThread) || !SPACE.get(key).is_null();
        WRONG.fetch_or(is_wrong || SPACE.delete(key).is_err(), SeqCst);
    }
    crate::interrupt::set_probe(Some(probe));
    while CALLS.load(SeqCst) < 3 {
        assert!(thread::Thread::current().is_some());
    }
    crate::interrupt::set_probe(None);
    assert!(!WRONG.load(SeqCst), "get or set found a thread in an interrupt");
}
