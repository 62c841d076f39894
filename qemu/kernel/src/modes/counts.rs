//! The mode `counts`: how many instructions each call takes, from each state in which it can start.
//!
//! It is for one CPU under `-icount shift=0`, where the machine's counter goes up by one with each instruction. The
//! slots are found through the thread pointer alone.

use core::{
    ffi::c_void,
    ptr,
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
};

use tsd::{Key, KeyOptions, Port, Slots, StaticKey};

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

tsd::static_keys! {
    // SAFETY: the slots are used with this key space only.
    static SPACE: KeySpace<AtThreadPointer> = unsafe { KeySpace::new(AtThreadPointer) };

    static NUMBER: OwnedKey<u16>;
    static LENT: SharedKey<&'static mut AtomicUsize>;
}

/// The first of the list.
const STATIC_KEY: StaticKey = StaticKey::new(0, KeyOptions::new());
/// How many keys can be created.
const CREATABLE: usize = KEYS - 2;
static SLOTS: Slots<KEYS> = Slots::new();

extern "C" fn get(key: usize, _: *mut c_void) -> usize {
    SPACE.get(Key::from_raw(key as u32)).addr()
}

extern "C" fn static_get(_: usize, _: *mut c_void) -> usize {
    // SAFETY: a call of the one thread that there is.
    STATIC_KEY.get(unsafe { AtThreadPointer.current() }.expect("there always is one")).addr()
}

extern "C" fn typed_get(_: usize, _: *mut c_void) -> usize {
    NUMBER.get().map_or(0, usize::from)
}

extern "C" fn typed_with(_: usize, _: *mut c_void) -> usize {
    LENT.with(|number| number.load(Relaxed)).unwrap_or(0)
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
// With a stack frame of its own: in a kernel of many keys no other mode's stack has room for it.
#[inline(never)]
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
    typed_gets();
    for key in [key, other, new] {
        delete(key, nothing);
    }
    exit(0, nothing);
}

fn typed_gets() {
    static mut LENT_TO: AtomicUsize = AtomicUsize::new(8);
    assert_eq!(print("get of a static typed key: no number stored", typed_get, 0, ptr::null_mut()), 0);
    assert_eq!(NUMBER.replace(7), Ok(None));
    assert_eq!(print("get of a static typed key: number stored", typed_get, 0, ptr::null_mut()), 7);
    assert_eq!(print("with of a static typed key: no value", typed_with, 0, ptr::null_mut()), 0);
    let place = &raw mut LENT_TO;
    // SAFETY: nobody else has it.
    let lent = unsafe { place.as_mut() };
    assert_eq!(LENT.with_or_init(|| lent.expect("it is no null pointer"), |_| ()), Ok(()));
    assert_eq!(print("with of a static typed key: value lent", typed_with, 0, ptr::null_mut()), 8);
}

fn creates_and_deletes() {
    let nothing = ptr::null_mut();
    let mut keys = [0; KEYS];
    keys[0] = print("create: empty table", create, 0, nothing);
    for key in &mut keys[1..CREATABLE] {
        *key = create(0, nothing);
    }
    assert_eq!(print("create: full table", create, 0, nothing), 0);
    print("delete: live key", delete, keys[CREATABLE - 1], nothing);
    assert_eq!(print("delete: deleted key", delete, keys[CREATABLE - 1], nothing), 1);
    keys[CREATABLE - 1] = print("create: the last place is free", create, 0, nothing);
    for &key in &keys[..CREATABLE] {
        assert_eq!(delete(key, nothing), 0);
    }
}

fn exits() {
    let value = ptr::from_ref(&SLOTS).cast_mut().cast();
    let nothing = ptr::null_mut();
    for (name, values) in
        [("exit: 0 set", 0), ("exit: 1 set", 1), ("exit: 8 set", 8), ("exit: 32 set", 32usize.min(CREATABLE))]
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
