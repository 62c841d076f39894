//! Typed keys, and once.

use core::{
    cell::Cell,
    num::NonZero,
    sync::atomic::{AtomicU32, Ordering::SeqCst},
};

use cortex_m::peripheral::SYST;
use tsd::{Error, Inline, Once, OwnedKey, SharedKey};

use crate::kernel::{ARENA_BYTES, DEPTH, LAST_ERROR, Microbit, SPACE, exit, switch_to};

/// A word in the slot itself.
pub(super) fn owned_word(_: &mut SYST) {
    let key: OwnedKey<NonZero<u32>, Microbit> = OwnedKey::new(&SPACE);
    let word = |number| NonZero::new(number).unwrap();
    let in_use = SPACE.table().in_use();
    assert_eq!(key.replace(word(1)), Ok(None));
    assert_eq!((key.get(), SPACE.table().in_use()), (Some(word(1)), in_use + 1));
    assert_eq!(key.replace(word(2)), Ok(Some(word(1))));
    switch_to(1);
    assert_eq!(key.get(), None);
    switch_to(0);
    assert_eq!(key.with(|number| *number = word(number.get() + 1)), Some(()));
    assert_eq!((key.take(), key.take()), (Some(word(3)), None));
    let _ = exit();
    drop(key);
    assert_eq!(SPACE.table().in_use(), in_use);
}

struct Counted(u32);

static DROPPED: AtomicU32 = AtomicU32::new(0);

impl Drop for Counted {
    fn drop(&mut self) {
        DROPPED.store(DROPPED.load(SeqCst) + self.0, SeqCst);
    }
}

/// A value in the thread control block.
pub(super) fn shared_inline(_: &mut SYST) {
    let counted: SharedKey<Inline<Counted>, Microbit> = SharedKey::new(&SPACE);
    let large: SharedKey<Inline<[u8; ARENA_BYTES]>, Microbit> = SharedKey::new(&SPACE);
    DROPPED.store(0, SeqCst);
    assert_eq!(counted.with(|value| value.0), None);
    assert_eq!(counted.with_or_init(|| Inline(Counted(5)), |value| value.0), Ok(5));
    assert_eq!(counted.with_or_init(|| unreachable!(), |value| value.0), Ok(5));
    assert_eq!(large.with_or_init(|| Inline([0; ARENA_BYTES]), |value| value[0]), Err(Error::ListFull));
    assert_eq!((exit().calls, DROPPED.load(SeqCst)), (1, 5));
    assert_eq!(counted.with(|value| value.0), None);
    // All of the memory is free again.
    assert_eq!(large.with_or_init(|| Inline([1; ARENA_BYTES]), |value| value[0]), Ok(1));
    let _ = exit();
}

pub(super) fn static_keys(_: &mut SYST) {
    assert_eq!((LAST_ERROR.get(), LAST_ERROR.replace(0)), (None, Ok(None)));
    assert_eq!(LAST_ERROR.get(), Some(0));
    assert_eq!(DEPTH.with_or_init(|| Inline(Cell::new(1)), |depth| depth.replace(2)), Ok(1));
    assert_eq!(DEPTH.with(Cell::get), Some(2));
    switch_to(1);
    assert_eq!((LAST_ERROR.get(), DEPTH.with(Cell::get)), (None, None));
    switch_to(0);
    let _ = exit();
    assert_eq!((LAST_ERROR.get(), DEPTH.with(Cell::get)), (None, None));
}

pub(super) fn once(_: &mut SYST) {
    let control = Once::new();
    let runs = Cell::new(0);
    let run = || SPACE.once(&control, || runs.set(runs.get() + 1));
    let outer = SPACE.once(&control, || {
        runs.set(runs.get() + 1);
        assert_eq!(SPACE.once(&control, || unreachable!()), Err(Error::Recursion));
    });
    assert_eq!((outer, run(), run(), runs.get()), (Ok(()), Ok(()), Ok(()), 1));
    let _ = exit();
}
