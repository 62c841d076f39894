//! Typed keys: an owner a thread, dropped at the thread's exit.

use core::cell::UnsafeCell;
use core::ffi::c_void;
use core::ptr;

use heapless::box_pool;
use heapless::pool::boxed::{Box as PoolBox, BoxBlock};
use tsd::{Error, KeyFlags, KeyOptions, Owner, TypedKey};

use crate::{Counter, Log, Platform, Start, in_threads};

/// The numbers of tokens that were dropped.
static DROPPED: Log = Log::new();

/// An owner that notes its drop.
#[derive(Debug, PartialEq)]
struct Token(usize);

impl Drop for Token {
    fn drop(&mut self) {
        DROPPED.add(self.0);
    }
}

// SAFETY: the number is not 0 in any case here, and comes back as it went.
unsafe impl Owner for Token {
    fn into_raw(self) -> *mut c_void {
        let raw = ptr::without_provenance_mut(self.0);
        core::mem::forget(self);
        raw
    }

    unsafe fn from_raw(pointer: *mut c_void) -> Self {
        Self(pointer.addr())
    }
}

type TokenKey<P> = TypedKey<'static, Token, <P as Platform>::Port>;

fn new_key<P: Platform>() -> TokenKey<P> {
    DROPPED.clear();
    TypedKey::new(P::space(), KeyOptions::new().name("tokens")).unwrap()
}

/// What was stored is taken back or replaced, and only then is somebody else's.
pub(super) fn replace_and_take<P: Platform>() {
    let key = new_key::<P>();
    assert_eq!(key.take(), None);
    assert_eq!(key.replace(Token(1)).unwrap(), None);
    assert!(DROPPED.is_empty());
    let old = key.replace(Token(2)).unwrap();
    assert_eq!(old, Some(Token(1)));
    DROPPED.expect(&[1]);
    drop(old);
    assert_eq!(key.take().map(|token| token.0), Some(2));
    assert_eq!(key.take(), None);
    DROPPED.expect(&[1, 1, 2]);
}

/// Each thread's value is dropped at its exit, once, and others' are not.
pub(super) fn dropped_at_thread_exit<P: Platform>() {
    const THREADS: usize = 4;
    let key = new_key::<P>();
    key.replace(Token(100)).unwrap();
    in_threads::<P, _>(THREADS, Start::default(), |thread| {
        key.replace(Token(50 + thread)).unwrap();
        drop(key.replace(Token(1 + thread)).unwrap());
    });
    assert_eq!(DROPPED.len(), 2 * THREADS);
    assert!((1..=THREADS).all(|number| DROPPED.count(number) == 1));
    assert_eq!(DROPPED.count(100), 0);
    drop(key.take());
}

/// `with` lends the value; within it the thread has none, and one that is stored meanwhile is dropped.
pub(super) fn with_lends_the_value<P: Platform>() {
    let key = new_key::<P>();
    assert_eq!(key.with(|_| ()), None);
    key.replace(Token(1)).unwrap();
    let seen = key.with(|token| {
        assert_eq!(key.with(|_| ()), None);
        assert_eq!(key.take(), None);
        assert_eq!(key.replace(Token(9)).unwrap(), None);
        core::mem::replace(&mut token.0, 2)
    });
    assert_eq!(seen, Some(1));
    DROPPED.expect(&[9]);
    assert_eq!(key.with(|token| token.0), Some(2));
    drop(key.take());
    DROPPED.expect(&[9, 2]);
}

/// Dropping the key deletes it; what a thread still has is not dropped then or at its exit.
pub(super) fn dropped_key_is_deleted<P: Platform>() {
    let key = new_key::<P>();
    let deleted = Counter::new();
    let before = P::space().table().in_use();
    let cell = spin::Mutex::new(Some(key));
    in_threads::<P, _>(1, Start::default(), |_| {
        let key = cell.lock().take().unwrap();
        key.replace(Token(3)).unwrap();
        drop(key);
        deleted.add();
    });
    assert_eq!(P::space().table().in_use(), before - 1);
    assert!(DROPPED.is_empty());
}

/// A typed key is deleted by dropping it and in no other way, so that its number is no other key's as long as it lives.
pub(super) fn is_not_deleted_by_its_number<P: Platform>() {
    let key = new_key::<P>();
    let info = P::space().table().keys().find(|info| info.name == "tokens").unwrap();
    assert!(info.flags.contains(KeyFlags::TYPED));
    assert_eq!(key.replace(Token(4)), Ok(None));
    assert_eq!(P::space().delete(info.key), Err(Error::TypedKey));
    let destructor = info.destructor.unwrap() as *const ();
    assert_eq!(P::space().table().purge(destructor..destructor.wrapping_byte_add(1)), 0);
    assert_eq!(key.take(), Some(Token(4)));
    drop(key);
    assert_eq!(P::space().delete(info.key), Err(Error::DeletedKey));
}

/// A last-phase typed key is dropped after ordinary ones.
pub(super) fn last_phase_is_dropped_last<P: Platform>() {
    DROPPED.clear();
    let runtime: TokenKey<P> = TypedKey::new(P::space(), KeyOptions::new().last_phase()).unwrap();
    let ordinary: TokenKey<P> = TypedKey::new(P::space(), KeyOptions::new()).unwrap();
    in_threads::<P, _>(1, Start::default(), |_| {
        runtime.replace(Token(2)).unwrap();
        ordinary.replace(Token(1)).unwrap();
    });
    DROPPED.expect(&[1, 2]);
}

/// Boxes from a pool of heapless are back in the pool when their threads have ended.
pub(super) fn boxes_go_back_to_their_pool<P: Platform>() {
    const BOXES: usize = 3;
    box_pool!(Buffers: [usize; 4]);
    static ADDED: Counter = Counter::new();
    static BLOCKS: [StaticBlock; BOXES] = [const { StaticBlock(UnsafeCell::new(BoxBlock::new())) }; BOXES];
    struct StaticBlock(UnsafeCell<BoxBlock<[usize; 4]>>);
    // SAFETY: each is borrowed once, below.
    unsafe impl Sync for StaticBlock {}

    if ADDED.add() == 0 {
        for block in &BLOCKS {
            // SAFETY: only the first call comes here, so the borrow is the only one.
            Buffers.manage(unsafe { &mut *block.0.get() });
        }
    }
    let key = TypedKey::<'static, PoolBox<Buffers>, P::Port>::new(P::space(), KeyOptions::new()).unwrap();
    for _ in 0..3 {
        // Each round needs all boxes that there are.
        in_threads::<P, _>(BOXES, Start::default(), |index| {
            assert!(key.replace(Buffers.alloc([index; 4]).unwrap()).unwrap().is_none());
            assert_eq!(key.with(|buffer| buffer.iter().sum::<usize>()), Some(4 * index));
        });
    }
    let all = [(); BOXES].map(|()| Buffers.alloc([0; 4]).unwrap());
    assert!(Buffers.alloc([0; 4]).is_err());
    drop(all);
}

/// An exclusive reference is stored and taken back as it is, and is not dropped. The key shows its number.
pub(super) fn exclusive_references_are_owners<P: Platform>() {
    let mut number = 1;
    // SAFETY: the reference is used in this function only, and no thread has it at the end.
    let reference: &'static mut usize = unsafe { &mut *ptr::from_mut(&mut number) };
    let key = TypedKey::<'static, &'static mut usize, P::Port>::new(P::space(), KeyOptions::new()).unwrap();
    assert_eq!(key.replace(reference), Ok(None));
    assert_eq!(key.with(|number| core::mem::replace(*number, 2)), Some(1));
    assert_eq!(key.take().map(|number| *number), Some(2));

    let mut shown = heapless::String::<80>::new();
    core::fmt::Write::write_fmt(&mut shown, format_args!("{key:?}")).unwrap();
    let mut expected = heapless::String::<80>::new();
    let only = P::space().table().keys().next().unwrap().key;
    core::fmt::Write::write_fmt(&mut expected, format_args!("TypedKey({only:?})")).unwrap();
    assert_eq!(shown, expected);
}
