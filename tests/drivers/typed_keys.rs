//! Typed keys that are statics, as a kernel with an allocator declares them.

use std::cell::{Cell, RefCell};
use std::num::NonZero;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::thread;

use tsd::{Error, ExitReport, KeyFlags, OwnedKey, Port, SharedKey, Slots, ThreadsOnly};

/// A kernel whose interrupt handlers find no thread.
struct Kernel;

thread_local! {
    static SLOTS: &'static Slots<8> = Box::leak(Box::default());
}

// SAFETY: the slots are the thread's own, and are never freed.
unsafe impl Port for Kernel {
    type Slots = Slots<8>;

    unsafe fn current(&self) -> Option<&Slots<8>> {
        Some(SLOTS.with(|slots| *slots))
    }
}

// SAFETY: there are no interrupt handlers.
unsafe impl ThreadsOnly for Kernel {}

/// What was dropped, in this order.
static DROPPED: Mutex<Vec<&str>> = Mutex::new(Vec::new());

struct Noted(&'static str);

impl Drop for Noted {
    fn drop(&mut self) {
        DROPPED.lock().unwrap().push(self.0);
    }
}

tsd::static_keys! {
    /// The key space of all tests.
    // SAFETY: the only one of these threads.
    static KEYS: KeySpace<Kernel> = unsafe { KeySpace::new(Kernel) };

    /// A word.
    static ERRNO: OwnedKey<NonZero<i32>>;
    static LAST: SharedKey<Box<Noted>>, last_phase;
    static FIRST: OwnedKey<Box<Noted>>;
    static DEPTH: SharedKey<Box<Cell<u32>>> = for_threads;
}

static NAMES: SharedKey<Box<RefCell<Vec<&str>>>, Kernel> = SharedKey::for_threads(&KEYS).name("names");
static COUNT: SharedKey<Arc<AtomicU32>, Kernel> = SharedKey::new(&KEYS);
static BUFFER: OwnedKey<Box<[u8; 64]>, Kernel> = OwnedKey::new(&KEYS).name("buffer").last_phase();

/// Runs `body` as a thread, to the end of its exit.
fn exit_of(body: impl FnOnce() + Send) -> ExitReport {
    let run = || {
        body();
        // SAFETY: the last that the thread does.
        unsafe { KEYS.exit() }
    };
    thread::scope(|scope| scope.spawn(run).join().unwrap())
}

#[test]
fn values_that_are_not_sync_are_lent() {
    let push = |name| NAMES.with_or_init(Box::default, |names| names.borrow_mut().push(name));
    let report = exit_of(|| {
        push("a").unwrap();
        push("b").unwrap();
        assert_eq!(NAMES.with(|names| names.borrow().join(" ")).as_deref(), Some("a b"));
    });
    assert_eq!((report.calls, report.left_over), (1, 0));
    assert_eq!(exit_of(|| assert!(NAMES.with(|_| ()).is_none())).calls, 0);
}

#[test]
fn what_is_counted_is_given_back_at_the_exit() {
    let count = Arc::new(AtomicU32::new(0));
    for _ in 0..3 {
        let report = exit_of(|| COUNT.with_or_init(|| count.clone(), |count| _ = count.fetch_add(1, SeqCst)).unwrap());
        assert_eq!(report.calls, 1);
    }
    assert_eq!((Arc::strong_count(&count), count.load(SeqCst)), (1, 3));
}

#[test]
fn boxes_are_taken_out_and_put_back() {
    let report = exit_of(|| {
        let fill = |buffer: &mut Box<[u8; 64]>| {
            assert!(BUFFER.take().is_none());
            buffer.fill(7);
        };
        BUFFER.with_or_init(|| Box::new([0; 64]), fill).unwrap();
        assert_eq!(BUFFER.with(|buffer| buffer[63]), Some(7));
    });
    assert_eq!((report.rounds, report.last_phase_rounds, report.calls), (0, 1, 1));
}

#[test]
fn static_keys_are_listed_in_their_order() {
    let statics = KEYS.table().keys().filter(|key| key.flags.contains(KeyFlags::STATIC));
    let listed: Vec<_> = statics.map(|key| (key.name, key.flags - KeyFlags::STATIC)).collect();
    let dropped = KeyFlags::HAS_DESTRUCTOR;
    let expected = [
        ("ERRNO", KeyFlags::empty()),
        ("LAST", dropped | KeyFlags::LAST_PHASE),
        ("FIRST", dropped),
        ("DEPTH", dropped),
    ];
    // A box of a number has something to free.
    assert_eq!(listed, expected);
}

#[test]
fn static_values_are_dropped_in_their_phases() {
    let report = exit_of(|| {
        LAST.with_or_init(|| Box::new(Noted("last")), |_| ()).unwrap();
        assert!(FIRST.replace(Box::new(Noted("first"))).unwrap().is_none());
        assert_eq!(
            (ERRNO.get(), ERRNO.replace(NonZero::<i32>::MIN), ERRNO.get()),
            (None, Ok(None), Some(NonZero::<i32>::MIN))
        );
        assert_eq!(LAST.with(|last| last.0), Some("last"));
    });
    assert_eq!(*DROPPED.lock().unwrap(), ["first", "last"]);
    assert_eq!((report.rounds, report.last_phase_rounds, report.calls), (1, 1, 2));
}

/// After an exit the slots are as new: the next thread with them begins with nothing, and its values are dropped as
/// well.
#[test]
fn static_keys_serve_the_next_thread() {
    let third = exit_of(|| {
        let report = || {
            assert_eq!(DEPTH.with(Cell::get), None);
            let recursion = || DEPTH.with_or_init(|| unreachable!(), |_| ()).unwrap_err();
            let make = || Box::new(Cell::new(recursion().errno() as u32));
            assert_eq!(DEPTH.with_or_init(make, Cell::get), Ok(Error::Recursion.errno() as u32));
            assert_eq!(DEPTH.with_or_init(|| unreachable!(), |depth| depth.replace(2)), Ok(35));
            // SAFETY: nothing uses the value afterwards.
            unsafe { KEYS.exit() }
        };
        assert_eq!((report().calls, report().calls), (1, 1));
    });
    assert_eq!(third.calls, 0);
}
