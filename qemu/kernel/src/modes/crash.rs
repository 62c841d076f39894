//! Runs that must end badly, so that the host can check that they are seen: `crash KIND`.

use core::{
    ffi::c_void,
    hint::black_box,
    ptr,
    sync::atomic::{AtomicU32, Ordering},
};

use tsd::{Destructor, Key, KeyOptions};

use crate::core::{
    clock,
    console::println,
    port::SPACE,
    scheduler::{
        locked,
        sleep::Semaphore,
        thread::{self, Options, Thread},
    },
    watchdog,
};

/// Ends the run as the first of `words` says; returns only if it names no end.
pub(crate) fn run(mut words: impl Iterator<Item = &'static str>) -> bool {
    let entry: fn(usize) = match words.next() {
        Some("panic") => |_| panic!("this run is meant to panic"),
        Some("destructor") => |_| set("panics", panic_in_round_2),
        Some("keys") => every_kind,
        Some("endless") => |_| set("endless", never_return),
        Some("null") => read_null,
        Some("stack") => |depth| _ = recurse(depth),
        Some("hang") => hang,
        Some("uninitialised") => {
            spoil_free_block();
            |_| println!("crash: an uninitialised control block was taken for a new one")
        }
        _ => {
            println!("crash: wants panic, destructor, keys, endless, null, stack, hang or uninitialised");
            return false;
        }
    };
    // For the report: a key and a value of another thread, which must not be shown as the crashing one's.
    set("main's", nothing);
    let id = thread::spawn_no_value(Options::new("crash"), entry, 0).expect("room for a thread");
    let ended = thread::join(id);
    println!("crash: it ended, which should not be: {ended:?}");
    false
}

/// Creates a key and sets the running thread's value.
fn set(name: &'static str, destructor: Destructor) {
    set_new(KeyOptions::new().name(name).destructor(destructor), 0x1234_5678);
}

/// The same with a phase, for any value. Returns the key.
fn set_new(options: KeyOptions, value: usize) -> Key {
    let key = SPACE.create_with(options).expect("a free key");
    // SAFETY: The destructors here do not follow the pointer.
    unsafe { SPACE.set(key, ptr::without_provenance_mut(value)) }.expect("a thread runs");
    key
}

/// Panics in a destructor, with what a debugger may meet in the tables: keys of each phase, with and without a name, one
/// that was deleted, one that has the index of a deleted key; another thread with values and an exit function.
fn every_kind(_: usize) {
    let first = SPACE.create_with(KeyOptions::new().name("predecessor")).expect("a free key");
    let deleted = SPACE.create_with(KeyOptions::new().name("deleted")).expect("a free key");
    SPACE.delete(first).expect("it lives");
    let errno = set_new(KeyOptions::new().name("errno"), 0x26);
    set_new(KeyOptions::new().name("arena").destructor(nothing).last_phase(), 0xa000);
    set_new(KeyOptions::new().name("panics").destructor(panic_in_round_2), 0x1234_5678);
    set_new(KeyOptions::new(), 0x77);
    SPACE.delete(deleted).expect("it lives");
    ERRNO.store(errno.raw(), Ordering::SeqCst);
    thread::spawn_no_value(Options::new("waits"), hold_values, 0).expect("room for a thread");
    HOLDS_VALUES.acquire();
}

/// The key `errno` of [`every_kind`].
static ERRNO: AtomicU32 = AtomicU32::new(0);
static HOLDS_VALUES: Semaphore = Semaphore::new(0);

/// Waits for ever with a value and an exit function.
fn hold_values(_: usize) {
    // SAFETY: The key has no destructor, and the function does nothing.
    unsafe {
        SPACE.set(Key::from_raw(ERRNO.load(Ordering::SeqCst)), ptr::without_provenance_mut(0x4)).expect("it lives");
        SPACE.at_thread_exit(nothing, ptr::without_provenance_mut(0xf00d)).expect("the list has room");
    }
    HOLDS_VALUES.release();
    Semaphore::new(0).acquire();
}

unsafe extern "C-unwind" fn nothing(_: *mut c_void) {}

/// Sets its value again, and does not get through the second round.
unsafe extern "C-unwind" fn panic_in_round_2(value: *mut c_void) {
    let (key, round) = Thread::current().and_then(|thread| thread.slots.current_destructor()).expect("it runs");
    assert!(round == 1, "this destructor is meant to panic, with {value:p}");
    // SAFETY: As in `set`.
    unsafe { SPACE.set(key, value) }.expect("the key lives");
}

/// Never returns, with little time to do so.
unsafe extern "C-unwind" fn never_return(_: *mut c_void) {
    watchdog::start("a destructor that does not return", 100 * clock::TICK_NS);
    loop {
        core::hint::spin_loop();
    }
}

/// Fills the slots of the next free control block with what a kernel may find in memory.
fn spoil_free_block() {
    let thread = locked::free().next().expect("not all blocks are in use");
    // SAFETY: No thread has the block, and any bits are integers and pointers. That the next one finds them is what the
    // run is for.
    unsafe { (&raw const thread.slots).cast_mut().write_bytes(0xff, 1) };
}

fn read_null(address: usize) {
    set("reads null", nothing);
    let pointer = ptr::without_provenance::<usize>(black_box(address));
    // SAFETY: None: the page is not mapped, and the fault is what the run is for.
    unsafe { pointer.read_volatile() };
}

/// Calls itself until the stack is full. Not a tail call: the frame is used after it.
#[allow(unconditional_recursion, reason = "the stack is meant to overflow")]
fn recurse(depth: usize) -> usize {
    let frame = black_box([depth; 16]);
    recurse(depth + 1) + black_box(frame)[depth % 16]
}

/// Waits for ever, with little time to do so.
fn hang(_: usize) {
    watchdog::start("a thread that waits for nothing", 100 * clock::TICK_NS);
    Semaphore::new(0).acquire();
}
