//! Values that lie in the arena of their thread's control block.

use crate::atomic::{AtomicUsize, Ordering::Relaxed};

use tsd::{Error, Inline, SharedKey};

use crate::{ARENA, Log, Platform, Start, exit_of, in_threads};

static DROPPED: Log = Log::new();

/// Half of an arena.
struct Half {
    number: usize,
    _rest: [u8; ARENA / 2 - size_of::<usize>()],
}

impl Half {
    fn new(number: usize) -> Inline<Self> {
        Inline(Self { number, _rest: [0; ARENA / 2 - size_of::<usize>()] })
    }
}

impl Drop for Half {
    fn drop(&mut self) {
        DROPPED.add(self.number);
    }
}

type Key<P, T> = SharedKey<Inline<T>, <P as Platform>::Port>;

fn new_key<P: Platform>() -> Key<P, Half> {
    DROPPED.clear();
    Key::<P, Half>::new(P::space()).name("inline")
}

/// Each thread's value lies in its own control block, and the next thread with the block has all of the arena again.
pub(super) fn lie_in_the_threads_arena<P: Platform>() {
    const THREADS: usize = 4;
    const TURNS: usize = 3;
    let keys = [new_key::<P>(), new_key::<P>()];
    for _ in 0..TURNS {
        in_threads::<P, _>(THREADS, Start::default(), |thread| {
            for (at, key) in keys.iter().enumerate() {
                assert_eq!(P::arena_used(), at * ARENA / 2);
                assert_eq!(key.with_or_init(|| Half::new(thread), |half| half.number), Ok(thread));
                assert_eq!(key.with_or_init(|| unreachable!(), |half| half.number), Ok(thread));
            }
            let places = keys.each_ref().map(|key| key.with(|half| (&raw const *half).addr()).unwrap());
            assert_eq!(places[1] - places[0], ARENA / 2);
            let block = (&raw const *P::slots()).addr();
            assert!(places[0].abs_diff(block) < 1 << 20, "the arena is a part of the control block");
        });
    }
    assert!((0..THREADS).all(|thread| DROPPED.count(thread) == TURNS * keys.len()));
}

/// A value is aligned as its type wants; what is skipped counts.
pub(super) fn are_aligned<P: Platform>() {
    #[repr(align(32))]
    struct Aligned(u8);
    let (small, large) = (Key::<P, u8>::new(P::space()), Key::<P, Aligned>::new(P::space()));
    let empty = Key::<P, ()>::new(P::space());
    let report = exit_of::<P>(|| {
        small.with_or_init(|| Inline(1), |_| ()).unwrap();
        assert_eq!(P::arena_used(), 1);
        large.with_or_init(|| Inline(Aligned(2)), |value| assert!(core::ptr::from_ref(value).is_aligned())).unwrap();
        let used = P::arena_used();
        assert!(used > 32 && used <= 64, "{used} bytes");
        // A value without a size is one.
        assert_eq!(empty.with(|()| ()), None);
        empty.with_or_init(|| Inline(()), |()| ()).unwrap();
        assert_eq!((empty.with(|()| ()), P::arena_used()), (Some(()), used));
        assert_eq!((small.with(|value| *value), large.with(|value| value.0)), (Some(1), Some(2)));
    });
    assert_eq!((report.calls, report.left_over), (0, 0));
}

/// Where there is no room the value is dropped, the thread has none, and those before stay.
pub(super) fn without_room_are_refused<P: Platform>() {
    let keys = [new_key::<P>(), new_key::<P>(), new_key::<P>()];
    let report = exit_of::<P>(|| {
        for (number, key) in keys.iter().enumerate() {
            let result = key.with_or_init(|| Half::new(number), |half| half.number);
            assert_eq!(result, if number < 2 { Ok(number) } else { Err(Error::ListFull) });
        }
        DROPPED.expect(&[2]);
        assert!(keys[2].with(|_| ()).is_none());
        assert_eq!(keys[0].with(|half| half.number), Some(0));
    });
    assert_eq!((report.calls, report.left_over), (2, 0));
    assert_eq!([0, 1, 2].map(|number| DROPPED.count(number)), [1; 3]);
}

/// Whoever reaps a dead thread drops its values and leaves the arena as new.
pub(super) fn of_a_dead_thread_are_dropped<P: Platform>() {
    fn body<P: Platform>(key: usize) {
        // SAFETY: the address is that of the key below.
        let key: &Key<P, Half> = unsafe { &*core::ptr::with_exposed_provenance(key) };
        assert_eq!(P::arena_used(), 0);
        key.with_or_init(|| Half::new(7), |_| P::die()).unwrap();
    }
    let key = new_key::<P>();
    for turn in 1..4 {
        let thread = P::start(Start::default(), body::<P>, (&raw const key).expose_provenance());
        assert_eq!(P::reap(thread).expect("the thread dies").calls, 1);
        assert_eq!(DROPPED.count(7), turn);
    }
}

/// A handler that interrupts an initialiser has room of its own.
pub(super) fn of_a_handler_lie_beside_the_threads<P: Platform>() {
    static ADDRESS: AtomicUsize = AtomicUsize::new(0);
    fn handler<P: Platform>(number: usize) {
        // SAFETY: the address is that of the key below.
        let key: &Key<P, Half> = unsafe { &*core::ptr::with_exposed_provenance(ADDRESS.load(Relaxed)) };
        assert_eq!(key.with_or_init(|| Half::new(number), |half| half.number), Ok(number));
    }
    let keys = [new_key::<P>(), new_key::<P>()];
    ADDRESS.store((&raw const keys[1]).expose_provenance(), Relaxed);
    let report = exit_of::<P>(|| {
        let make = || {
            P::interrupt(handler::<P>, 5);
            Half::new(4)
        };
        assert_eq!(keys[0].with_or_init(make, |half| half.number), Ok(4));
        assert_eq!(keys.each_ref().map(|key| key.with(|half| half.number)), [Some(4), Some(5)]);
        assert_eq!(P::arena_used(), ARENA);
    });
    assert_eq!(report.calls, 2);
    assert_eq!([4, 5].map(|number| DROPPED.count(number)), [1; 2]);
}
