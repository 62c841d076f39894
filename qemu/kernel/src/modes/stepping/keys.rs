//! The keys of a run, by the part that each plays, and what their destructors do.

use core::{
    ffi::c_void,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
};

use heapless::Vec;
use tsd::{Destructor, Error, Key, KeyFlags, KeyOptions};

use super::{
    functions, ledger,
    name::{self, Name, created, deleted, handle, is_live},
    space::{self, SPACE},
};
use crate::core::capacity::KEYS;

impl Name {
    fn destructor(self) -> Destructor {
        match self {
            Self::Key => destroy_key,
            Self::Other => destroy_other,
            Self::Last => destroy_last,
            Self::Created => destroy_created,
            Self::Successor => destroy_successor,
            Self::Heir => destroy_heir,
            Self::Static => destroy_static,
            Self::StaticLast => destroy_static_last,
        }
    }

    fn options(self) -> KeyOptions {
        let label = ["key", "other", "last", "created", "successor", "heir", "static", "static last"][self as usize];
        let options = KeyOptions::new().name(label).destructor(self.destructor());
        if self == Self::Last { options.last_phase() } else { options }
    }
}

/// What destructors do beside taking the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub(super) enum Script {
    Nothing,
    /// Each sets its own key again.
    SetOwn,
    /// Each sets its own key again, once in a run.
    SetOwnOnce,
    /// `Key`'s sets `Other`, `Other`'s sets `Key`.
    SetEachOther,
    /// `Key`'s sets `Last`.
    SetLast,
    /// `Key`'s sets `StaticLast`.
    SetStatic,
    /// `Key`'s creates `Created` and sets it.
    CreateAndSet,
    /// Each deletes its own key.
    DeleteOwn,
    /// `Key`'s deletes `Other`.
    DeleteOther,
    /// `Key`'s registers a thread-exit function.
    Register,
}

impl Script {
    const ALL: [Self; 10] = [
        Self::Nothing,
        Self::SetOwn,
        Self::SetOwnOnce,
        Self::SetEachOther,
        Self::SetLast,
        Self::SetStatic,
        Self::CreateAndSet,
        Self::DeleteOwn,
        Self::DeleteOther,
        Self::Register,
    ];

    /// Whether destructors create or delete keys.
    pub(super) fn creates_or_deletes(self) -> bool {
        matches!(self, Self::CreateAndSet | Self::DeleteOwn | Self::DeleteOther)
    }

    /// Makes this what destructors do from now on.
    pub(super) fn start(self) {
        SCRIPT.store(self as usize, SeqCst);
        WAS_SET.store(false, SeqCst);
    }
}

static SCRIPT: AtomicUsize = AtomicUsize::new(0);
/// `SetOwnOnce` has done so.
static WAS_SET: AtomicBool = AtomicBool::new(false);
/// Keys that only take up indexes. Not touched by the handler.
static FILLERS: spin::Mutex<Vec<Key, KEYS>> = spin::Mutex::new(Vec::new());

/// The value that the running thread has under `name`.
pub(super) fn get(name: Name) -> usize {
    ledger::value(match name.as_static() {
        Some(key) => key.get(space::slots()),
        None => SPACE.get(handle(name)),
    })
}

/// Sets `name` on the running thread, with no word in the ledger.
pub(super) fn set_unrecorded(name: Name, value: usize) -> Result<(), Error> {
    let pointer = ledger::pointer(value);
    // SAFETY: The destructors only look at the number; the slots are used with the table of the static keys only, here
    // by their thread or in a handler that interrupts it.
    unsafe {
        match name.as_static() {
            Some(key) => key.set(space::slots(), pointer),
            None => SPACE.set(handle(name), pointer)?,
        }
    }
    Ok(())
}

/// Sets `name` on the running thread. For the thread, not for the handler.
pub(super) fn set(name: Name, value: usize) {
    ledger::begin_set(name, value, || get(name));
    let result = set_unrecorded(name, value);
    ledger::end_set(name, value, result.is_ok(), || get(name));
}

/// Creates `name`.
pub(super) fn create(name: Name) -> Result<(), Error> {
    SPACE.create_with(name.options()).map(|key| created(name, key))
}

/// What [`SPACE.create_with`] has to be given for `name`.
pub(super) fn options(name: Name) -> KeyOptions {
    name.options()
}

/// Deletes `name`. For the thread, not for the handler.
pub(super) fn delete(name: Name) {
    ledger::begin_delete(name);
    // That the handler was first is no error.
    let _ = SPACE.delete(handle(name));
    deleted(name);
    ledger::end_delete(name);
}

/// Creates keys that only take up indexes.
pub(super) fn fill(count: usize) {
    let mut fillers = FILLERS.lock();
    for _ in 0..count {
        fillers.push(SPACE.create(None).expect("a free index")).expect("room for every key");
    }
}

/// Deletes whatever the table has, and forgets what it had to have.
pub(super) fn forget() {
    let table = SPACE.table();
    let run_time = table.keys().filter(|info| !info.flags.contains(KeyFlags::STATIC));
    run_time.for_each(|info| table.delete(info.key).expect("it lives"));
    FILLERS.lock().clear();
    Name::ALL.into_iter().for_each(deleted);
}

/// Deletes every key.
pub(super) fn delete_all() {
    for name in Name::ALL.into_iter().filter(|name| name.as_static().is_none()) {
        if is_live(name) {
            delete(name);
        }
        name::forget(name);
    }
    for key in core::mem::take(&mut *FILLERS.lock()) {
        SPACE.delete(key).expect("a filler lives");
    }
}

unsafe extern "C-unwind" fn destroy_key(value: *mut c_void) {
    destroy(Name::Key, value);
}

unsafe extern "C-unwind" fn destroy_other(value: *mut c_void) {
    destroy(Name::Other, value);
}

unsafe extern "C-unwind" fn destroy_last(value: *mut c_void) {
    destroy(Name::Last, value);
}

unsafe extern "C-unwind" fn destroy_created(value: *mut c_void) {
    destroy(Name::Created, value);
}

unsafe extern "C-unwind" fn destroy_successor(value: *mut c_void) {
    destroy(Name::Successor, value);
}

unsafe extern "C-unwind" fn destroy_heir(value: *mut c_void) {
    destroy(Name::Heir, value);
}

pub(super) unsafe extern "C-unwind" fn destroy_static(value: *mut c_void) {
    destroy(Name::Static, value);
}

pub(super) unsafe extern "C-unwind" fn destroy_static_last(value: *mut c_void) {
    destroy(Name::StaticLast, value);
}

fn destroy(name: Name, value: *mut c_void) {
    ledger::called(name, ledger::value(value));
    // Its own value is NULL; what a handler has set may be there.
    let now = get(name);
    assert!(now == 0 || ledger::is_of_handler(now, name), "{name:?} reads {now} in its destructor");
    follow_script(name);
    ledger::returned();
}

fn follow_script(name: Name) {
    let script = Script::ALL[SCRIPT.load(SeqCst)];
    match (script, name) {
        (Script::SetOwn, _) => set(name, ledger::fresh()),
        (Script::SetOwnOnce, _) if !WAS_SET.swap(true, SeqCst) => set(name, ledger::fresh()),
        (Script::SetEachOther, Name::Key) => set(Name::Other, ledger::fresh()),
        (Script::SetEachOther, Name::Other) => set(Name::Key, ledger::fresh()),
        (Script::SetLast, Name::Key) => set(Name::Last, ledger::fresh()),
        (Script::SetStatic, Name::Key) => set(Name::StaticLast, ledger::fresh()),
        (Script::CreateAndSet, Name::Key) if !is_live(Name::Created) => {
            create(Name::Created).expect("a free index");
            set(Name::Created, ledger::fresh());
        }
        (Script::DeleteOwn, _) => delete(name),
        (Script::DeleteOther, Name::Key) => delete(Name::Other),
        (Script::Register, Name::Key) => functions::register_in_destructor(),
        _ => {}
    }
}
