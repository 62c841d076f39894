//! Keys whose values stay where they are while their thread lives.

use crate::atomic::{AtomicUsize, Ordering::Relaxed};
use core::ffi::c_void;

use tsd::{ArenaMemory, Error, Owner, SharedKey, SharedOwner};

use crate::{Counter, Log, Platform, Start, exit_of, in_threads};

const CELLS: usize = 16;

/// The memory of the values, which are numbered from 0, and the numbers of those that were dropped.
static MEMORY: [AtomicUsize; CELLS] = [const { AtomicUsize::new(0) }; CELLS];
static DROPPED: Log = Log::new();
/// What the drop of a value does besides.
static IN_DROP: spin::Mutex<Option<fn()>> = spin::Mutex::new(None);

/// Owns one of the cells.
struct Cell(usize);

impl Cell {
    /// The cell with this number, which is in nobody's hands, with a value.
    fn new(number: usize, value: usize) -> Self {
        MEMORY[number].store(value, Relaxed);
        Self(number)
    }
}

impl Drop for Cell {
    fn drop(&mut self) {
        let besides = *IN_DROP.lock();
        if let Some(besides) = besides {
            besides();
        }
        DROPPED.add(self.0);
    }
}

// SAFETY: the pointer is to the cell, from which its number is found again.
unsafe impl Owner for Cell {
    fn into_raw(self) -> *mut c_void {
        let number = self.0;
        core::mem::forget(self);
        (&raw const MEMORY[number]).cast_mut().cast()
    }

    unsafe fn from_raw(pointer: *mut c_void) -> Self {
        Self((pointer.addr() - MEMORY.as_ptr().addr()) / size_of::<AtomicUsize>())
    }
}

// SAFETY: the cells are never freed, and have a size.
unsafe impl SharedOwner for Cell {
    type Target = AtomicUsize;

    unsafe fn store(self, _: Option<ArenaMemory<'_>>) -> Result<*mut c_void, Error> {
        Ok(self.into_raw())
    }

    unsafe fn lend<'a>(pointer: *mut c_void) -> &'a AtomicUsize {
        // SAFETY: the caller vouches for the pointer.
        unsafe { &*pointer.cast() }
    }

    unsafe fn discard(pointer: *mut c_void) {
        // SAFETY: as above.
        drop(unsafe { Self::from_raw(pointer) });
    }
}

type Key<P> = SharedKey<Cell, <P as Platform>::Port>;

fn new_key<P: Platform>() -> Key<P> {
    DROPPED.clear();
    *IN_DROP.lock() = None;
    Key::<P>::new(P::space()).name("shared")
}

/// Each thread has a value of its own, made once, lent to all its calls, and dropped at its exit.
pub(super) fn made_once_a_thread<P: Platform>() {
    const THREADS: usize = 4;
    let (key, made) = (new_key::<P>(), Counter::new());
    in_threads::<P, _>(THREADS, Start::default(), |thread| {
        assert_eq!(key.with(|_| ()), None);
        for turn in 0..3 {
            let make = || {
                made.add();
                Cell::new(thread, 10 * thread)
            };
            assert_eq!(key.with_or_init(make, |cell| cell.fetch_add(1, Relaxed)), Ok(10 * thread + turn));
        }
        // References to it may exist side by side.
        let both = key.with(|outer| key.with(|inner| core::ptr::eq(outer, inner)));
        assert_eq!(both, Some(Some(true)));
    });
    assert_eq!((made.get(), DROPPED.len()), (THREADS, THREADS));
    assert!((0..THREADS).all(|number| DROPPED.count(number) == 1));
}

/// An initialiser that asks for its own value is refused, and goes on.
pub(super) fn recursion_is_refused<P: Platform>() {
    let key = new_key::<P>();
    let report = exit_of::<P>(|| {
        let make = || {
            assert_eq!(key.with(|_| ()), None);
            assert_eq!(key.with_or_init(|| unreachable!(), |_| ()), Err(Error::Recursion));
            Cell::new(1, 5)
        };
        assert_eq!(key.with_or_init(make, |cell| cell.load(Relaxed)), Ok(5));
    });
    DROPPED.expect(&[1]);
    assert_eq!((report.calls, report.left_over), (1, 0));
}

/// An initialiser that fails leaves nothing, and the next one is called.
pub(super) fn failed_initialiser_leaves_nothing<P: Platform>() {
    let key = new_key::<P>();
    let report = exit_of::<P>(|| {
        for _ in 0..2 {
            let failed = key.with_or_try_init(|| Err(Error::ListFull), |_| unreachable!());
            assert_eq!(failed, Err::<(), _>(Error::ListFull));
            assert_eq!(key.with(|_| ()), None);
        }
    });
    assert_eq!(report.calls, 0);
    assert_eq!(exit_of::<P>(|| key.with_or_init(|| Cell::new(2, 0), |_| ()).unwrap()).calls, 1);
    DROPPED.expect(&[2]);
}

/// An initialiser that panics leaves nothing, and the next one is called.
pub(super) fn panic_in_the_initialiser_leaves_nothing<P: Platform>() {
    fn panics<P: Platform>(key: usize) {
        // SAFETY: the address is that of the key below.
        let key: &Key<P> = unsafe { &*core::ptr::with_exposed_provenance(key) };
        let _ = key.with_or_init(|| panic!("on purpose"), |_| ());
    }
    let key = new_key::<P>();
    let report = exit_of::<P>(|| {
        assert!(P::panics(panics::<P>, (&raw const key).expose_provenance()));
        assert_eq!(key.with(|_| ()), None);
        assert_eq!(key.with_or_init(|| Cell::new(3, 7), |cell| cell.load(Relaxed)), Ok(7));
    });
    DROPPED.expect(&[3]);
    assert_eq!(report.calls, 1);
}

/// A thread that dies in its initialiser has no value: nothing is dropped, and the next thread begins anew.
pub(super) fn died_in_the_initialiser<P: Platform>() {
    fn body<P: Platform>(key: usize) {
        // SAFETY: the address is that of the key below.
        let key: &Key<P> = unsafe { &*core::ptr::with_exposed_provenance(key) };
        let _ = key.with_or_init(|| P::die(), |_| ());
    }
    let key = new_key::<P>();
    for _ in 0..3 {
        let thread = P::start(Start::default(), body::<P>, (&raw const key).expose_provenance());
        let report = P::reap(thread).expect("the thread dies");
        assert!(DROPPED.is_empty());
        assert_eq!(report.left_over, 0);
    }
    assert_eq!(exit_of::<P>(|| key.with_or_init(|| Cell::new(8, 0), |_| ()).unwrap()).calls, 1);
    DROPPED.expect(&[8]);
}

/// A value that is being dropped is not lent and not made again; nor is one that was not there.
pub(super) fn nothing_is_made_in_an_exit<P: Platform>() {
    type Look = fn() -> [bool; 2];
    static LOOK: spin::Mutex<Option<Look>> = spin::Mutex::new(None);
    static SEEN: Log = Log::new();
    static ADDRESSES: [AtomicUsize; 2] = [const { AtomicUsize::new(0) }; 2];
    fn look<P: Platform>() -> [bool; 2] {
        ADDRESSES.each_ref().map(|address| {
            // SAFETY: the addresses are those of the keys below.
            let key: &Key<P> = unsafe { &*core::ptr::with_exposed_provenance(address.load(Relaxed)) };
            assert_eq!(key.with_or_init(|| unreachable!(), |_| ()), Err(Error::Exiting));
            key.with(|_| ()).is_some()
        })
    }
    let keys = [new_key::<P>(), new_key::<P>()];
    SEEN.clear();
    *LOOK.lock() = Some(look::<P>);
    for (address, key) in ADDRESSES.iter().zip(&keys) {
        address.store((&raw const *key).expose_provenance(), Relaxed);
    }
    *IN_DROP.lock() = Some(|| {
        let look = *LOOK.lock();
        let seen = look.expect("it is set above")();
        SEEN.add(usize::from(seen[0]) + usize::from(seen[1]));
    });
    let report = exit_of::<P>(|| keys[0].with_or_init(|| Cell::new(4, 0), |_| ()).unwrap());
    *IN_DROP.lock() = None;
    DROPPED.expect(&[4]);
    SEEN.expect(&[0]);
    assert_eq!((report.rounds, report.calls, report.left_over), (1, 1, 0));
}

/// In a destructor that runs before, the value is still there.
pub(super) fn later_values_can_be_used_in_drops<P: Platform>() {
    static ADDRESS: AtomicUsize = AtomicUsize::new(0);
    static SEEN: Log = Log::new();
    unsafe extern "C-unwind" fn look<P: Platform>(_: *mut c_void) {
        // SAFETY: the address is that of the key below.
        let key: &Key<P> = unsafe { &*core::ptr::with_exposed_provenance(ADDRESS.load(Relaxed)) };
        SEEN.add(key.with_or_init(|| unreachable!(), |cell| cell.load(Relaxed)).unwrap());
    }
    SEEN.clear();
    let key = new_key::<P>().last_phase();
    ADDRESS.store((&raw const key).expose_provenance(), Relaxed);
    let ordinary = P::space().create(Some(look::<P>)).unwrap();
    let report = exit_of::<P>(|| {
        key.with_or_init(|| Cell::new(5, 50), |_| ()).unwrap();
        // SAFETY: the destructor does not look at the value.
        unsafe { P::space().set(ordinary, (&raw const key).cast_mut().cast()) }.unwrap();
    });
    P::space().delete(ordinary).unwrap();
    assert_eq!(report.calls, 2);
    SEEN.expect(&[50]);
    DROPPED.expect(&[5]);
}

/// A handler uses the value that its thread uses, and is refused while the thread makes it.
pub(super) fn handler_uses_the_interrupted_threads_value<P: Platform>() {
    static ADDRESS: AtomicUsize = AtomicUsize::new(0);
    static HANDLED: Log = Log::new();
    fn handler<P: Platform>(number: usize) {
        // SAFETY: the address is that of the key below.
        let key: &Key<P> = unsafe { &*core::ptr::with_exposed_provenance(ADDRESS.load(Relaxed)) };
        HANDLED.add(match key.with_or_init(|| Cell::new(7, number), |cell| cell.fetch_add(1, Relaxed)) {
            Ok(before) => before,
            Err(error) => 1000 + error.errno() as usize,
        });
    }
    HANDLED.clear();
    let key = new_key::<P>();
    ADDRESS.store((&raw const key).expose_provenance(), Relaxed);
    let report = exit_of::<P>(|| {
        let make = || {
            P::interrupt(handler::<P>, 0);
            Cell::new(6, 60)
        };
        let seen = key.with_or_init(make, |cell| {
            P::interrupt(handler::<P>, 0);
            cell.load(Relaxed)
        });
        assert_eq!(seen, Ok(61));
    });
    assert_eq!(report.calls, 1);
    // The handler is the first.
    let report = exit_of::<P>(|| {
        P::interrupt(handler::<P>, 70);
        assert_eq!(key.with_or_init(|| unreachable!(), |cell| cell.load(Relaxed)), Ok(71));
    });
    assert_eq!(report.calls, 1);
    HANDLED.expect(&[1000 + Error::Recursion.errno() as usize, 60, 70]);
    DROPPED.expect(&[6, 7]);
}

/// Where no thread is current there is nothing to lend, and nothing is made.
pub(super) fn no_current_thread<P: Platform>() {
    static ADDRESS: AtomicUsize = AtomicUsize::new(0);
    static HANDLED: Counter = Counter::new();
    fn handler<P: Platform>(_: usize) {
        // SAFETY: the address is that of the key below.
        let key: &Key<P> = unsafe { &*core::ptr::with_exposed_provenance(ADDRESS.load(Relaxed)) };
        assert_eq!(key.with_or_init(|| unreachable!(), |_| ()), Err(Error::NoThread));
        assert_eq!(key.with(|_| ()), None);
        HANDLED.add();
    }
    HANDLED.set(0);
    let key = new_key::<P>();
    ADDRESS.store((&raw const key).expose_provenance(), Relaxed);
    P::interrupt_no_thread(handler::<P>, 0);
    assert_eq!(HANDLED.get(), 1);
}
