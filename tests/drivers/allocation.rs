//! No call allocates, and an allocator can be built on the library: it is called from inside one here.

use std::alloc::{GlobalAlloc, Layout, System};
use std::ptr;

use tsd::{Key, KeyOptions, KeySpace, Port, Slots, StaticKey};

/// The number of allocations of each thread, kept as the value itself; for the allocator, so in the last phase.
const ALLOCATIONS: StaticKey = StaticKey::new(0, KeyOptions::new().name("allocations").last_phase());

struct HostPort;

thread_local! {
    // Constant and without a destructor: reading it allocates nothing.
    static SLOTS: Slots<8> = const { Slots::new() };
}

// SAFETY: the slots are the calling thread's, and outlive every call in these tests.
unsafe impl Port for HostPort {
    type Slots = Slots<8>;

    unsafe fn current(&self) -> Option<&Slots<8>> {
        // SAFETY: a `thread_local` without a destructor lives as long as its thread, and so do the calls on it.
        SLOTS.try_with(|slots| unsafe { &*ptr::from_ref(slots) }).ok()
    }
}

// SAFETY: the threads' slots are used with no other.
static SPACE: KeySpace<HostPort> =
    unsafe { KeySpace::with_table(HostPort, tsd::KeyTable::<8>::new().with_static_keys(&[ALLOCATIONS])) };

/// The number of allocations that the calling thread has made.
fn allocations() -> usize {
    SPACE.get(ALLOCATIONS.key()).addr()
}

/// The system's allocator, with a count a thread.
struct Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

// SAFETY: every call is the system allocator's.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let count = ptr::without_provenance_mut(allocations() + 1);
        // SAFETY: the key has no destructor.
        unsafe { SPACE.set(ALLOCATIONS.key(), count) }.expect("a static key");
        // SAFETY: the caller's duties are the system allocator's.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(pointer, layout) }
    }
}

unsafe extern "C-unwind" fn nothing(_: *mut core::ffi::c_void) {}

#[test]
fn allocator_counts_each_threads_allocations() {
    let before = allocations();
    drop(std::hint::black_box(Box::new(1)));
    drop(std::hint::black_box(Box::new(2)));
    assert_eq!(allocations(), before + 2);
    let of_another = std::thread::spawn(|| {
        let before = allocations();
        drop(std::hint::black_box(Box::new(3)));
        allocations() - before
    });
    assert_eq!(of_another.join().unwrap(), 1);
}

#[test]
fn no_call_allocates() {
    let before = allocations();
    let keys = [(); 7].map(|()| SPACE.create(Some(nothing)).unwrap());
    for key in keys {
        // SAFETY: the destructor does nothing.
        unsafe { SPACE.set(key, ptr::dangling_mut()) }.unwrap();
        assert!(!SPACE.get(key).is_null());
    }
    assert!(SPACE.create(None).is_err());
    assert!(SPACE.delete(Key::default()).is_err());
    assert!(SPACE.table().keys().count() > 7);
    SPACE.once(&tsd::Once::new(), || ()).unwrap();
    assert_eq!(allocations(), before);

    // Exit clears the count too, which would hide an allocation: so another thread's slots are used.
    let slots = Slots::<8>::new();
    for key in keys {
        // SAFETY: the destructor does nothing.
        unsafe { SPACE.table().set(&slots, key, ptr::dangling_mut()) }.unwrap();
    }
    // SAFETY: the values are numbers.
    assert_eq!(unsafe { SPACE.table().exit(&slots) }.calls, 7);
    for key in keys {
        SPACE.delete(key).unwrap();
    }
    assert_eq!(allocations(), before);
}
