//! Win32 `Fls`: indexes whose callback runs for every thread's value, also when the index is freed.
//!
//! The rest of this library never walks over threads; FlsFree must. So this family, and only this one, links the
//! threads that have set an Fls value in a list, and guards the list and its values with a lock that sleeps through
//! the kernel's hooks. FlsAlloc and FlsGetValue take no lock, callbacks run with none held, and a thread that never
//! sets an Fls value is on no list.
//!
//! An Fls index is a key of the common table; `keys` tells it from a POSIX or Tls key. Values are stored under the
//! lock only, so FlsFree knows when it has found the last one. Thread exit takes values without the lock: exit and
//! FlsFree both exchange the value for NULL, and the one that gets it runs the callback.

use core::ffi::{c_int, c_void};
use core::mem::transmute;
use core::ptr;
use core::sync::atomic::{
    AtomicPtr, AtomicU32,
    Ordering::{Acquire, Relaxed, Release},
};

use tsd::{Destructor, Key, KeyTable};

use crate::api::{self, LEAVE_FLS, SPACE};
use crate::config::KEYS;
use crate::thread::{Thread, current, set_last_error};
use crate::win32::{ERROR_INVALID_PARAMETER, ERROR_NOT_ENOUGH_MEMORY, ERROR_SUCCESS, OUT_OF_INDEXES, succeed};

static LOCK: Lock = Lock(AtomicU32::new(FREE));

/// The first thread that has set an Fls value. Guarded by the lock.
static FIRST: AtomicPtr<Thread> = AtomicPtr::new(ptr::null_mut());

/// The Fls key at each index of the table, or 0. Cleared under the lock.
static KEY_AT: [AtomicU32; KEYS] = [const { AtomicU32::new(0) }; KEYS];

/// How many values FlsFree takes each time that it has the lock.
const BATCH: usize = 4;

/// `FlsAlloc`.
///
/// # Safety
///
/// `callback` must be callable with the values that will be set.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tsd_FlsAlloc(callback: Option<Destructor>) -> u32 {
    let mut key = 0;
    // SAFETY: a local variable; the caller vouches for the callback.
    if unsafe { api::tsd_key_create(&mut key, callback) } != 0 {
        set_last_error(ERROR_NOT_ENOUGH_MEMORY);
        return OUT_OF_INDEXES;
    }
    // Relaxed: who gets the index from somewhere gets this store the same way, or takes the lock.
    place(key).store(key, Relaxed);
    key
}

/// `FlsGetValue`.
#[unsafe(no_mangle)]
pub extern "C" fn tsd_FlsGetValue(index: u32) -> *mut c_void {
    if !is_fls(index) {
        set_last_error(ERROR_INVALID_PARAMETER);
        return ptr::null_mut();
    }
    set_last_error(ERROR_SUCCESS);
    api::tsd_get(index)
}

/// `FlsSetValue`.
///
/// # Safety
///
/// The callback must be callable with `value`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tsd_FlsSetValue(index: u32, value: *mut c_void) -> c_int {
    let Some(thread) = current() else { return 0 };
    LOCK.acquire();
    // SAFETY: the caller's word.
    let set = is_fls(index) && unsafe { api::tsd_set(index, value) } == 0;
    if set && !value.is_null() {
        join(thread);
    }
    LOCK.release();
    succeed(set)
}

/// `FlsFree`: callbacks for the values of all threads, then the index is free.
#[unsafe(no_mangle)]
pub extern "C" fn tsd_FlsFree(index: u32) -> c_int {
    LOCK.acquire();
    let ours = is_fls(index);
    if ours {
        // Relaxed: under the lock. From here on nobody stores a value, and who frees it a second time fails.
        place(index).store(0, Relaxed);
    }
    LOCK.release();
    if !ours {
        return succeed(false);
    }
    let key = Key::from_raw(index);
    let at = KeyTable::<KEYS>::index(key);
    if let Some(callback) = SPACE.table().info(at).filter(|info| info.key == key).and_then(|info| info.destructor) {
        while call_for_batch(key, callback) == BATCH {}
    }
    succeed(api::tsd_key_delete(index) == 0)
}

/// Takes at most [`BATCH`] values of the key from all threads and runs the callback for each; how many there were.
fn call_for_batch(key: Key, callback: Destructor) -> usize {
    let mut batch = [ptr::null_mut(); BATCH];
    let mut places = batch.iter_mut();
    let mut count = 0;
    LOCK.acquire();
    // Relaxed, here and at `next`: under the lock.
    let mut next = FIRST.load(Relaxed);
    // SAFETY: a thread on the list leaves it, under the lock, before its structure goes away.
    while let Some(thread) = unsafe { next.as_ref() } {
        if !SPACE.table().get(&thread.slots, key).is_null() {
            let Some(place) = places.next() else { break };
            // The key lives until this walk is over, and its values are stored under the lock only.
            *place = SPACE.table().take(&thread.slots, key);
            count += 1;
        }
        next = thread.fls.next.load(Relaxed);
    }
    LOCK.release();
    // SAFETY: the same type but for what may unwind, and nothing may.
    let callback = unsafe { transmute::<Destructor, unsafe extern "C" fn(*mut c_void)>(callback) };
    // NULL: not taken, or the thread's own exit was faster.
    for value in batch.iter().filter(|value| !value.is_null()) {
        // SAFETY: `FlsSetValue`'s caller vouched for the value, and taking it made this its only call.
        unsafe { callback(*value) };
    }
    count
}

/// Puts a thread on the list if it is not there. Under the lock.
fn join(thread: &'static Thread) {
    // Relaxed, all of them: under the lock.
    if !thread.fls.back.load(Relaxed).is_null() {
        return;
    }
    // SAFETY: the calling thread's own.
    unsafe { thread.slots.share() };
    let next = FIRST.load(Relaxed);
    thread.fls.next.store(next, Relaxed);
    point_back(next, &thread.fls.next);
    thread.fls.back.store((&raw const FIRST).cast_mut(), Relaxed);
    FIRST.store(ptr::from_ref(thread).cast_mut(), Relaxed);
    // Release: pairs with the Acquire of thread exit, which then calls a function of a family that is there.
    LEAVE_FLS.store(leave as *mut (), Release);
}

/// Takes an exited thread off the list.
extern "C" fn leave(thread: &Thread) {
    LOCK.acquire();
    // Relaxed, all of them: under the lock.
    let back = thread.fls.back.load(Relaxed);
    let next = thread.fls.next.load(Relaxed);
    // SAFETY: only called for threads on the list, so it is the head or the `next` of a thread on the list.
    let back = unsafe { &*back };
    back.store(next, Relaxed);
    point_back(next, back);
    thread.fls.back.store(ptr::null_mut(), Relaxed);
    LOCK.release();
}

/// Tells `thread`, unless it is NULL, which pointer points to it.
fn point_back(thread: *const Thread, pointer: &AtomicPtr<Thread>) {
    // SAFETY: NULL or a thread on the list.
    if let Some(thread) = unsafe { thread.as_ref() } {
        // Relaxed: under the lock.
        thread.fls.back.store(ptr::from_ref(pointer).cast_mut(), Relaxed);
    }
}

/// Whether `index` is an Fls index that nobody has freed.
fn is_fls(index: u32) -> bool {
    // Relaxed: see `FlsAlloc`; under the lock it is exact.
    index != 0 && place(index).load(Relaxed) == index
}

fn place(index: u32) -> &'static AtomicU32 {
    let at = KeyTable::<KEYS>::index(Key::from_raw(index));
    // `index` gives an index of the table whatever the number; the array is as long.
    KEY_AT.get(at).unwrap_or(&KEY_AT[0])
}

/// A lock that sleeps through the kernel's hooks.
struct Lock(AtomicU32);

const FREE: u32 = 0;
const HELD: u32 = 1;
/// Held, and somebody may be waiting.
const AWAITED: u32 = 2;

impl Lock {
    fn acquire(&self) {
        // Acquire, here and below: what the last holder wrote is visible. Relaxed on failure: nothing was acquired.
        if self.0.compare_exchange(FREE, HELD, Acquire, Relaxed).is_err() {
            while self.0.swap(AWAITED, Acquire) != FREE {
                api::tsd_wait(&self.0, AWAITED);
            }
        }
    }

    fn release(&self) {
        // Release: pairs with the Acquire above.
        if self.0.swap(FREE, Release) == AWAITED {
            api::tsd_wake(&self.0);
        }
    }
}
