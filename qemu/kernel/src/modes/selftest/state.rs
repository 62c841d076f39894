//! What a thread keeps while others run.

use core::{
    ptr,
    sync::atomic::{AtomicU32, AtomicUsize, Ordering::SeqCst},
};

use super::threads::join;
use crate::{
    core::{
        clock,
        port::SPACE,
        scheduler::thread::{self, Options, Outcome, ThreadId},
    },
    machine,
};

const FIRST_CPU: u8 = 1;
const LASTS_NS: u64 = 30_000_000;

/// Runs five threads on one CPU for a while, so that each is preempted by others, and adds their
/// results.
fn sum_of_preempted(entry: fn(usize) -> usize) -> usize {
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
        unsafe { machine::cpu::set_thread_pointer(mine) };
        let until_ns = clock::now_ns() + LASTS_NS;
        let mut changed = 0;
        while clock::now_ns() < until_ns {
            changed += usize::from(machine::cpu::thread_pointer() != mine);
        }
        changed
    }
    assert_eq!(sum_of_preempted(keep), 0, "times that the thread pointer had changed");
}

/// In an interrupt the port gives the interrupted thread, or none where the kernel says so.
pub(super) fn an_interrupt_has_its_thread_or_none() {
    static KEY: AtomicU32 = AtomicU32::new(0);
    static SEEN: AtomicUsize = AtomicUsize::new(0);

    fn probe(new: usize) {
        let key = tsd::Key::from_raw(KEY.load(SeqCst));
        SEEN.store(SPACE.get(key).addr(), SeqCst);
        // SAFETY: The key has no destructor.
        let set = unsafe { SPACE.set(key, ptr::without_provenance_mut(new)) };
        assert_eq!(set.is_ok(), thread::Thread::current().is_some());
        assert!(!machine::interrupts::are_enabled());
    }
    let key = SPACE.create(None).expect("a free key");
    KEY.store(key.raw(), SeqCst);
    for round in 1..100 {
        let (old, new) = (round, round + 1);
        // SAFETY: The key has no destructor.
        unsafe { SPACE.set(key, ptr::without_provenance_mut(old)) }.expect("a thread runs");
        crate::core::interrupt::call_without_thread(probe, new);
        assert_eq!((SEEN.load(SeqCst), SPACE.get(key).addr()), (0, old));
        crate::core::interrupt::call(probe, new);
        assert_eq!((SEEN.load(SeqCst), SPACE.get(key).addr()), (old, new));
        assert!(machine::interrupts::are_enabled());
    }
    SPACE.delete(key).expect("the key lives");
}
