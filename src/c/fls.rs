//! Win32 `Fls`: indexes whose callback runs for every thread's value, also when the index is freed.
//!
//! The rest of this library never walks over threads; FlsFree must. So this family, and only this one, links the
//! threads that have set an Fls value in a [list], and guards the list and its values with a [lock]. FlsAlloc and
//! FlsGetValue take no lock, callbacks run with none held, and a thread that never sets an Fls value is on no list.
//!
//! An Fls index is a key of the common table; `INDEXES` tells it from a POSIX or Tls key. Values are stored under the
//! lock only, so FlsFree knows when it has found the last one. Thread exit takes values without the lock: exit and
//! FlsFree both exchange the value for NULL, and the one that gets it runs the callback.
//!
//! A thread may be killed at any instruction of all this. What it had begun is written down where its exit finds it:
//! the lock has its owner's name, the list can be repaired from one half of its pointers, and `INDEXES` has who frees
//! what.

use core::ffi::{c_int, c_void};
use core::mem::transmute;
use core::ptr;
use core::sync::atomic::{
    Ordering::{Acquire, Relaxed, Release},
    fence,
};

use tsd::{Destructor, Key, raw};

use crate::calls;
use crate::config::KEYS;
use crate::hooks::leave_fls;
use crate::key_space::key_space;
use crate::port::{current, set_last_error};
use crate::sync::{AtomicPtr, AtomicU32, AtomicUsize};
use crate::thread::{FlsEvent, Thread};
use crate::win32::{ERROR_INVALID_PARAMETER, ERROR_NOT_ENOUGH_MEMORY, ERROR_SUCCESS, OUT_OF_INDEXES, succeed};

mod list;
mod lock;

use lock::{Lock, NOBODY, NONE, Name, name};

static LOCK: Lock = Lock::new();

/// What the family knows of an index of the table.
struct Index {
    /// The Fls key there, or 0. Cleared under the lock; `FlsAlloc` takes none, and may give the index a later key where this
    /// one has gone with its module.
    key: AtomicU32,
    /// The key that `freer` frees.
    freed: AtomicU32,
    /// The thread that is in FlsFree, or `NONE`. Set under the lock.
    freer: AtomicUsize,
    /// A value of `freed` that `freer` has taken and not yet called the callback for: that of a thread which was killed there
    /// is called by who finishes it.
    taken: AtomicPtr<c_void>,
}

static INDEXES: [Index; KEYS] = [const {
    Index {
        key: AtomicU32::new(0),
        freed: AtomicU32::new(0),
        freer: AtomicUsize::new(NONE),
        taken: AtomicPtr::new(ptr::null_mut()),
    }
}; KEYS];

impl Index {
    /// Makes `key` no Fls key any more, unless the index has a later one.
    fn clear(&self, key: u32) {
        // Release: as the stores before it, where FlsFree is killed behind it.
        let _ = self.key.compare_exchange(key, 0, Release, Relaxed);
    }
}

/// How many of `INDEXES` have a `freer`, at least: where there are none, nobody searches for one.
static FREES: AtomicUsize = AtomicUsize::new(0);

/// `FlsAlloc`.
///
/// # Safety
///
/// `callback` must be callable with the values that will be set.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tsd_FlsAlloc(callback: Option<Destructor>) -> u32 {
    let mut key = 0;
    // SAFETY: a local variable; the caller vouches for the callback.
    if unsafe { calls::tsd_key_create(&mut key, callback) } != 0 {
        set_last_error(ERROR_NOT_ENOUGH_MEMORY);
        return OUT_OF_INDEXES;
    }
    index_of(key).key.store(key, Relaxed);
    // Release: pairs with the fence in `is_fls`, so that an index that was handed over by a relaxed store is valid
    // wherever it is read. The one with which the key was created came before the store above.
    fence(Release);
    key
}

/// `FlsGetValue`.
#[unsafe(no_mangle)]
pub extern "C" fn tsd_FlsGetValue(index: u32) -> *mut c_void {
    if !is_fls(index) {
        set_last_error(ERROR_INVALID_PARAMETER);
        return ptr::null_mut();
    }
    let value = calls::tsd_get(index);
    // The key may be gone with the module of its callback, by `tsd_keys_purge`.
    let is_there = !value.is_null() || key_space().table().is_live(Key::from_raw(index));
    set_last_error(if is_there { ERROR_SUCCESS } else { ERROR_INVALID_PARAMETER });
    value
}

/// `FlsSetValue`.
///
/// # Safety
///
/// The callback must be callable with `value`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tsd_FlsSetValue(index: u32, value: *mut c_void) -> c_int {
    let Some(thread) = current() else { return 0 };
    acquire(Some(thread));
    let ours = is_fls(index);
    if ours && !value.is_null() {
        // Before the value is there, which FlsFree must find wherever this thread is killed.
        list::join(thread);
    }
    // SAFETY: the caller's word.
    let set = ours && unsafe { calls::tsd_set(index, value) } == 0;
    LOCK.release();
    succeed(set)
}

/// `FlsFree`: callbacks for the values of all threads, then the index is free.
#[unsafe(no_mangle)]
pub extern "C" fn tsd_FlsFree(key: u32) -> c_int {
    let thread = current();
    let index = index_of(key);
    acquire(thread);
    let ours = is_fls(key);
    if ours {
        // Relaxed, in what follows: for this thread and its exit, or under the lock. What was taken of an earlier key there,
        // which is gone with its module, is none of this one's.
        if index.freed.load(Relaxed) != key {
            index.taken.store(ptr::null_mut(), Relaxed);
        }
        // First, so that they are never fewer than `INDEXES` has.
        FREES.fetch_add(1, Relaxed);
        // Release, three times: the thread may be killed between any two, and its exit goes by what it finds. Before
        // the second it finds a key that is deleted already, and the call has done nothing.
        index.freer.store(name(thread), Release);
        index.freed.store(key, Release);
        // From here on nobody stores a value, and who frees it a second time fails.
        index.clear(key);
    }
    LOCK.release();
    succeed(ours && finish(index, key, name(thread)))
}

/// Runs the callback for each value of a key that `freer` frees, then deletes it; whether it was there to be deleted.
fn finish(index: &'static Index, key: u32, freer: Name) -> bool {
    let key = Key::from_raw(key);
    let info = key_space().table().info(raw::index::<KEYS>(key)).filter(|info| info.key == key);
    if let Some(callback) = info.and_then(|info| info.destructor) {
        // SAFETY: the same type but for what may unwind, and nothing may.
        let callback = unsafe { transmute::<Destructor, unsafe extern "C" fn(*mut c_void)>(callback) };
        while let Some(value) = next_value(index, key) {
            // SAFETY: `FlsSetValue`'s caller vouched for the value, and taking it made this its only call.
            unsafe { callback(value) };
        }
    }
    let deleted = calls::tsd_key_delete(key.raw()) == 0;
    // Relaxed, both: for this thread and its exit. Behind the deletion, so that the exit of a thread that was killed
    // between deletes nothing that it should not; and only if the index's next key is not being freed by another
    // already.
    let _ = index.freer.compare_exchange(freer, NONE, Relaxed, Relaxed);
    FREES.fetch_sub(1, Relaxed);
    deleted
}

/// The next value of a key that is being freed, of whichever thread, which does not have it any more.
fn next_value(index: &Index, key: Key) -> Option<*mut c_void> {
    acquire(current());
    // Relaxed, all of them: under the lock, or of the thread that frees the key.
    let mut value = ptr::null_mut();
    // Else the key is gone with its module, and the index's next key is being freed already.
    if index.freed.load(Relaxed) == key.raw() {
        // If there is one already, who took it was killed before the call.
        value = index.taken.load(Relaxed);
        if value.is_null() {
            // NULL: the thread has none, or its own exit was faster. The key lives until this walk is over, and its
            // values are stored under the lock only.
            let mut values = list::threads().map(|thread| raw::take(key_space().table(), &thread.slots, key));
            value = values.find(|value| !value.is_null()).unwrap_or(ptr::null_mut());
            index.taken.store(value, Relaxed);
        }
    }
    LOCK.release();
    // Unless the next key is being freed by now: then there may be a value of that.
    let _ = index.taken.compare_exchange(value, ptr::null_mut(), Relaxed, Relaxed);
    (!value.is_null()).then_some(value)
}

/// Acquires the lock for the calling thread, if there is one.
fn acquire(thread: Option<&'static Thread>) {
    if let Some(thread) = thread {
        enter(thread);
    }
    let own = name(thread);
    // This thread has it already where it was killed under it and is at its exit now. Of nobody, that can't be known.
    if LOCK.acquire(own, if own == NOBODY { NONE } else { own })
        && let Some(thread) = thread
    {
        // It is on the list if the repair finds it there.
        list::mark_off(thread);
        list::repair();
    }
}

/// Sees to it that the calling thread's exit calls [`leave`].
fn enter(thread: &Thread) {
    if !thread.fls.is_used() {
        // So that its exit has something to do.
        // SAFETY: the calling thread's own.
        unsafe { raw::share(&thread.slots) };
        // Release: pairs with the Acquire of thread exit, which then calls a function of a family that is there.
        leave_fls().store(leave as *mut (), Release);
        // A Release, too: what the exit then calls is there.
        list::mark_off(thread);
    }
}

/// What the core calls for a thread.
extern "C" fn leave(block: *const Thread, event: FlsEvent) {
    if event == FlsEvent::Initialises {
        return forget(block);
    }
    // SAFETY: at its exit, a thread's block is there.
    let thread = unsafe { &*block };
    if event == FlsEvent::Exits {
        // It may have been killed between the two halves of a release.
        LOCK.wake();
        if LOCK.is_owned_by(name(Some(thread))) {
            acquire(Some(thread));
            LOCK.release();
        }
        while let Some((index, key)) = unfinished(thread) {
            finish(index, key, name(Some(thread)));
        }
    } else {
        if list::has(thread) {
            acquire(Some(thread));
            list::leave(thread);
            LOCK.release();
        }
        // Relaxed: of this thread only.
        thread.fls.before.store(ptr::null_mut(), Relaxed);
    }
}

/// An index whose FlsFree a killed thread has not finished, and the key.
fn unfinished(thread: &'static Thread) -> Option<(&'static Index, u32)> {
    // Relaxed, all of them: this thread's own, or under the lock.
    if FREES.load(Relaxed) == 0 {
        return None;
    }
    acquire(Some(thread));
    let index = INDEXES.iter().find(|index| index.freer.load(Relaxed) == name(Some(thread)));
    let found = index.map(|index| {
        let key = index.freed.load(Relaxed);
        index.clear(key);
        (index, key)
    });
    LOCK.release();
    found
}

/// Forgets the thread that had the block at this address, which has ended with no exit: the block is about to be
/// another's. Nothing is read there.
fn forget(block: *const Thread) {
    let dead = block.addr();
    // The block may be the calling thread's own, which has not begun then.
    let thread = current().filter(|thread| !ptr::eq(*thread, block));
    // Relaxed: whoever hands the memory on orders what its thread did before this. What it left is there until it is
    // found.
    if list::is_empty() && !LOCK.is_owned_by(dead) && FREES.load(Relaxed) == 0 {
        return;
    }
    if let Some(thread) = thread {
        enter(thread);
    }
    let was_dead = LOCK.acquire(name(thread), dead);
    list::remove(block);
    if was_dead {
        list::repair();
    }
    for index in INDEXES.iter().filter(|index| index.freer.load(Relaxed) == dead) {
        let key = Key::from_raw(index.freed.load(Relaxed));
        if key_space().table().info(raw::index::<KEYS>(key)).is_some_and(|info| info.key == key) {
            // Nobody can say who would run the callbacks: the index is as if it had not been freed. Whoever frees it
            // next begins with the value that is taken already. Unless the index has a later key by now.
            let _ = index.key.compare_exchange(0, key.raw(), Relaxed, Relaxed);
        } else {
            index.taken.store(ptr::null_mut(), Relaxed);
        }
        index.freer.store(NONE, Relaxed);
        FREES.fetch_sub(1, Relaxed);
    }
    LOCK.release();
}

/// Whether `index` is an Fls index that nobody has freed.
fn is_fls(index: u32) -> bool {
    // Relaxed: nothing is read because of it but what takes care of itself; under the lock it is exact.
    let is_there = || index_of(index).key.load(Relaxed) == index;
    let looks_twice = || {
        // Acquire: pairs with the fence in `FlsAlloc`. Should the index have come here by a relaxed load, this second
        // look finds it; calls with a valid index that has arrived pay nothing.
        fence(Acquire);
        is_there()
    };
    index != 0 && (is_there() || looks_twice())
}

fn index_of(key: u32) -> &'static Index {
    let at = raw::index::<KEYS>(Key::from_raw(key));
    // `index` gives an index of the table whatever the number; the array is as long.
    INDEXES.get(at).unwrap_or(&INDEXES[0])
}
