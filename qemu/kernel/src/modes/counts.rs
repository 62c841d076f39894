//! The mode `counts`: how many instructions each call takes, from each state in which it can start.
//!
//! It is for one CPU under `-icount shift=0`, where the machine's counter goes up by one with each instruction. The
//! slots are found through the thread pointer alone.

use core::{ffi::c_void, ptr};

use tsd::{Key, KeyOptions, KeySpace, KeyTable, Port, Slots, StaticKey};

use crate::{
    core::{capacity::KEYS, console::println},
    machine::{
        counted::{Call, instructions},
        counter, cpu,
    },
};

/// Finds the slots at the thread pointer.
struct AtThreadPointer;

// SAFETY: `run` sets the pointer to slots that nobody else uses, before the first call, and they are never freed.
unsafe impl Port for AtThreadPointer {
    type Slots = Slots<KEYS>;

    #[inline(always)]
    unsafe fn current(&self) -> Option<&Slots<KEYS>> {
        // SAFETY: As above.
        Some(unsafe { &*cpu::thread_pointer().cast::<Slots<KEYS>>() })
    }
}

const STATIC_KEY: StaticKey = StaticKey::new(0, KeyOptions::new());
// SAFETY: the slots are used with this key space only.
static SPACE: KeySpace<AtThreadPointer> =
    unsafe { KeySpace::with_table(AtThreadPointer, KeyTable::<KEYS>::new().with_static_keys(&[STATIC_KEY])) };
static SLOTS: Slots<KEYS> = Slots::new();

extern "C" fn get(key: usize, _: *mut c_void) -> usize {
    SPACE.get(Key::from_raw(key as u32)).addr()
}

extern "C" fn static_get(_: usize, _: *mut c_void) -> usize {
    // SAFETY: a call of the one thread that there is.
    STATIC_KEY.get(unsafe { AtThreadPointer.current() }.expect("there always is one")).addr()
}

extern "C" fn set(key: usize, value: *mut c_void) -> usize {
    // SAFETY: The destructor takes any value.
    usize::from(unsafe { SPACE.set(Key::from_raw(key as u32), value) }.is_err())
}

extern "C" fn create(_: usize, _: *mut c_void) -> usize {
    SPACE.create(Some(destroy)).map_or(0, |key| key.raw() as usize)
}

extern "C" fn delete(key: usize, _: *mut c_void) -> usize {
    usize::from(SPACE.delete(Key::from_raw(key as u32)).is_err())
}

extern "C" fn exit(_: usize, _: *mut c_void) -> usize {
    // SAFETY: the values are numbers.
    let _ = unsafe { SPACE.exit() };
    0
}

unsafe extern "C-unwind" fn destroy(_: *mut c_void) {}

/// Counts a call, prints the count, and gives what the call returned.
fn print(name: &str, call: Call, key: usize, value: *mut c_void) -> usize {
    let (count, result) = instructions(call, key, value);
    println!("count {name}: {count}");
    result
}

/// Runs the mode.
pub(crate) fn run() -> bool {
    counter::init();
    let before = cpu::thread_pointer();
    // SAFETY: No ELF thread-local storage is used while it points to the slots; it is put back below.
    unsafe { cpu::set_thread_pointer(ptr::from_ref(&SLOTS).cast_mut().cast()) };
    gets_and_sets();
    creates_and_deletes();
    exits();
    // SAFETY: It is what was there.
    unsafe { cpu::set_thread_pointer(before) };
    true
}

fn gets_and_sets() {
    let value = ptr::from_ref(&SLOTS).cast_mut().cast();
    let nothing = ptr::null_mut();
    let [key, other, old] = [create(0, nothing), create(0, nothing), create(0, nothing)];
    print("get: no value set", get, key, nothing);
    print("set: NULL, no value set", set, key, nothing);
    print("set: first value of the thread", set, key, value);
    print("set: first value of the key", set, other, value);
    print("set: value set", set, key, value);
    assert_eq!(print("get: value set", get, key, nothing), value.addr());
    set(old, value);
    delete(old, nothing);
    let new = create(0, nothing);
    assert_eq!(print("get: key created anew, old value left", get, new, nothing), 0);
    assert_eq!(print("get: deleted key", get, old, nothing), 0);
    assert_eq!(print("get: key 0", get, 0, nothing), 0);
    print("set: key created anew, old value left", set, new, value);
    assert_eq!(print("set: deleted key", set, old, value), 1);
    assert_eq!(print("set: key 0", set, 0, value), 1);
    print("get of a static key: any", static_get, 0, nothing);
    for key in [key, other, new] {
        delete(key, nothing);
    }
    exit(0, nothing);
}

fn creates_and_deletes() {
    let nothing = ptr::null_mut();
    let mut keys = [0; KEYS];
    keys[0] = print("create: empty table", create, 0, nothing);
    // One place is the static key's.
    for key in &mut keys[1..KEYS - 1] {
        *key = create(0, nothing);
    }
    assert_eq!(print("create: full table", create, 0, nothing), 0);
    print("delete: live key", delete, keys[KEYS - 2], nothing);
    assert_eq!(print("delete: deleted key", delete, keys[KEYS - 2], nothing), 1);
    keys[KEYS - 2] = print("create: the last place is free", create, 0, nothing);
    for &key in &keys[..KEYS - 1] {
        assert_eq!(delete(key, nothing), 0);
    }
}

fn exits() {
    let value = ptr::from_ref(&SLOTS).cast_mut().cast();
    let nothing = ptr::null_mut();
    for (name, values) in
        [("exit: 0 set", 0), ("exit: 1 set", 1), ("exit: 8 set", 8), ("exit: 32 set", 32usize.min(KEYS - 1))]
    {
        let mut keys = [0; 32];
        for key in &mut keys[..values] {
            *key = create(0, nothing);
            set(*key, value);
        }
        print(name, exit, 0, nothing);
        for &key in &keys[..values] {
            delete(key, nothing);
        }
    }
}
