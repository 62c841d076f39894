//! What becomes of each value: the model that every run is held to.
//!
//! A value is a small number, given once in a run, and has one fate: its destructor gets it once, or a report names its
//! key; or another value has replaced it, or a handler has taken and freed it, or it went with its deleted key. No
//! destructor may have it then.
//!
//! A run's thread and the handlers that interrupt it share the ledger. A handler comes between any two instructions of
//! the thread's part, more than once in a run; so the thread announces what it is about to do, and each handler, by
//! what it reads before it does anything, judges whether that has taken effect.

use core::{
    ffi::c_void,
    ptr,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
};

use tsd::{ExitFlags, ExitReport};

use super::name::{self, NAMES, Name};

/// How many values there can be, 0 (NULL) included.
const VALUES: usize = 64;
/// The values that handlers set begin here.
const OF_HANDLER: usize = VALUES - 8;

/// What is to become of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
enum Fate {
    /// One call, or a line in a report.
    Owed,
    /// No call: another value is in its place.
    Replaced,
    /// No call: a handler has taken and freed it.
    Freed,
    /// No call: its key was deleted.
    Dropped,
    /// No call: it was not set.
    Refused,
    /// At most one call: its key was deleted while the exit was under way.
    AtMostOnce,
}

impl Fate {
    const ALL: [Self; 6] = [Self::Owed, Self::Replaced, Self::Freed, Self::Dropped, Self::Refused, Self::AtMostOnce];
}

/// What was under way when the account was begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Interrupted {
    Nothing,
    /// A call, which the thread does not live to end.
    Call,
    /// Nothing; the call was an exit.
    Exit,
    /// A call, in which the thread has died.
    DeadCall,
    /// An exit, in which the thread has died.
    DeadExit,
}

impl Interrupted {
    /// Whether the thread has died.
    pub(super) fn is_dead(self) -> bool {
        matches!(self, Self::DeadCall | Self::DeadExit)
    }
}

struct Value {
    /// The name of its key plus one; 0 before it is given.
    owner: AtomicUsize,
    fate: AtomicUsize,
    calls: AtomicUsize,
}

static LEDGER: [Value; VALUES] =
    [const { Value { owner: AtomicUsize::new(0), fate: AtomicUsize::new(0), calls: AtomicUsize::new(0) } }; VALUES];
/// The next value of the thread, and of the handlers.
static NEXT: [AtomicUsize; 2] = [const { AtomicUsize::new(1) }; 2];
/// What each key's value is by now, as far as it is known; above it a number that grows with each change, so that the
/// thread can tell whether a handler has come between.
static CURRENT: [AtomicUsize; NAMES] = [const { AtomicUsize::new(0) }; NAMES];
/// The key, plus one, and the value of a `set` that the thread is in; 0 for none.
static PENDING_SET: AtomicUsize = AtomicUsize::new(0);
/// The value that it has replaced, when it has returned.
static REPLACING: AtomicUsize = AtomicUsize::new(0);
/// A handler has seen what that `set` does, or has deleted the key.
static IS_SEEN: AtomicBool = AtomicBool::new(false);
/// The key, plus one, of a `delete` that the thread is in; 0 for none.
static PENDING_DELETE: AtomicUsize = AtomicUsize::new(0);
/// The value whose destructor is under way, or 0; and the one in whose destructor the thread was killed.
static IN_DESTRUCTOR: AtomicUsize = AtomicUsize::new(0);
static KILLED_WITH: AtomicUsize = AtomicUsize::new(0);
/// How many runs there were.
static RUN: AtomicUsize = AtomicUsize::new(0);
static EXITING: AtomicBool = AtomicBool::new(false);

fn fate(value: usize) -> Fate {
    Fate::ALL[LEDGER[value].fate.load(SeqCst)]
}

fn decide(value: usize, fate: Fate) {
    if value != 0 {
        LEDGER[value].fate.store(fate as usize, SeqCst);
    }
}

/// The value is one of `name`.
fn give(value: usize, name: Name) {
    if value != 0 {
        LEDGER[value].owner.store(name as usize + 1, SeqCst);
    }
}

fn is_of(value: usize, name: Name) -> bool {
    LEDGER[value].owner.load(SeqCst) == name as usize + 1
}

fn calls(value: usize) -> usize {
    LEDGER[value].calls.load(SeqCst)
}

/// The values that were given.
fn given() -> impl Iterator<Item = usize> {
    (1..NEXT[0].load(SeqCst)).chain(OF_HANDLER..NEXT[1].load(SeqCst))
}

/// The values of `name` that no destructor has got and that have this fate.
fn undestroyed(name: Name, wanted: Fate) -> impl Iterator<Item = usize> {
    given().filter(move |&value| is_of(value, name) && fate(value) == wanted && calls(value) == 0)
}

fn current(name: Name) -> usize {
    CURRENT[name as usize].load(SeqCst) % VALUES
}

/// The value of `name` is another one, if nothing has changed since `seen` was loaded.
fn change_from(name: Name, seen: usize, value: usize) -> bool {
    let changed = (seen / VALUES + 1) * VALUES + value;
    CURRENT[name as usize].compare_exchange(seen, changed, SeqCst, SeqCst).is_ok()
}

/// The same for handlers, between whose steps nothing comes.
fn change(name: Name, value: usize) {
    assert!(change_from(name, CURRENT[name as usize].load(SeqCst), value), "somebody interrupts a handler");
}

/// Begins a run with no value.
pub(super) fn reset() {
    RUN.fetch_add(1, SeqCst);
    for Value { owner, fate, calls } in &LEDGER {
        [owner, fate, calls].iter().for_each(|word| word.store(0, SeqCst));
    }
    CURRENT.iter().chain([&PENDING_SET, &PENDING_DELETE]).for_each(|word| word.store(0, SeqCst));
    [&IN_DESTRUCTOR, &KILLED_WITH].iter().for_each(|value| value.store(0, SeqCst));
    NEXT[0].store(1, SeqCst);
    NEXT[1].store(OF_HANDLER, SeqCst);
    [&EXITING, &IS_SEEN].iter().for_each(|flag| flag.store(false, SeqCst));
}

/// What is stored for a value: a pointer that no other run has.
pub(super) fn pointer(value: usize) -> *mut c_void {
    ptr::without_provenance_mut(if value == 0 { 0 } else { RUN.load(SeqCst) * VALUES + value })
}

/// The value that a pointer stands for.
pub(super) fn value(pointer: *mut c_void) -> usize {
    let address = pointer.addr();
    assert!(address == 0 || address / VALUES == RUN.load(SeqCst), "{pointer:p} is no value of this run");
    address % VALUES
}

/// A value that was not used in this run. For the thread, not for handlers.
pub(super) fn fresh() -> usize {
    let value = NEXT[0].fetch_add(1, SeqCst);
    assert!(value < OF_HANDLER, "the run has more values than the ledger");
    value
}

/// A value for a handler to set.
pub(super) fn fresh_of_handler() -> usize {
    let value = NEXT[1].fetch_add(1, SeqCst);
    assert!(value < VALUES, "the handlers have more values than the ledger");
    value
}

/// Whether a handler has set this value under `name`.
pub(super) fn is_of_handler(value: usize, name: Name) -> bool {
    value >= OF_HANDLER && is_of(value, name)
}

/// From here on values may be on their way to a destructor.
pub(super) fn begin_exit() {
    EXITING.store(true, SeqCst);
}

/// Whether the thread's exit is under way.
pub(super) fn is_exiting() -> bool {
    EXITING.load(SeqCst)
}

/// Holds what a handler reads before it does anything to what can be there, and judges by it what has taken effect.
pub(super) fn observe(name: Name, is_live: bool, read: usize) {
    let known = current(name);
    if read != 0 {
        assert!(is_live || is_delete_pending(name), "{name:?} is dead and reads {read}");
        assert!(is_of(read, name), "{name:?} reads {read}, which was set under another key");
        assert!(fate(read) == Fate::Owed, "{name:?} reads {read}, which is {:?}", fate(read));
        assert_eq!(calls(read), 0, "{name:?} reads {read}, which its destructor has");
    }
    if read == known {
        return;
    }
    if is_set_pending(name) && !IS_SEEN.load(SeqCst) && PENDING_SET.load(SeqCst) % VALUES == read {
        IS_SEEN.store(true, SeqCst);
        decide(known, Fate::Replaced);
    } else if read == 0 && is_delete_pending(name) {
        decide(known, Fate::Dropped);
    } else {
        // It is on the way to its destructor: still owed.
        assert!(read == 0 && is_exiting(), "{name:?} reads {read} instead of {known}");
    }
    change(name, read);
}

/// The thread goes no further in the call that it is in, and a handler has observed every key.
pub(super) fn end_call() {
    let pending = PENDING_SET.swap(0, SeqCst);
    let has_ended = Name::ALL.into_iter().any(|name| current(name) == pending % VALUES);
    if pending != 0 && has_ended {
        decide(REPLACING.load(SeqCst), Fate::Replaced);
    } else if pending != 0 && !IS_SEEN.load(SeqCst) {
        decide(pending % VALUES, Fate::Refused);
    }
    KILLED_WITH.store(IN_DESTRUCTOR.load(SeqCst), SeqCst);
}

/// The thread is about to set `name` to `value`, 0 for NULL; it reads `before`.
pub(super) fn begin_set(name: Name, value: usize, before: impl FnOnce() -> usize) {
    let seen = CURRENT[name as usize].load(SeqCst);
    if is_exiting() && before() == 0 {
        // What was there has gone its way. It fails where a handler has come between, and knows better.
        change_from(name, seen, 0);
    }
    REPLACING.store(0, SeqCst);
    IS_SEEN.store(false, SeqCst);
    PENDING_SET.store((name as usize + 1) * VALUES + value, SeqCst);
    give(value, name);
}

/// Whether the thread is in the middle of setting `name`.
pub(super) fn is_set_pending(name: Name) -> bool {
    PENDING_SET.load(SeqCst) / VALUES == name as usize + 1
}

/// The thread's `set` has returned; afterwards the key reads as `read` says.
pub(super) fn end_set(name: Name, value: usize, succeeded: bool, read: impl FnOnce() -> usize) {
    let seen = CURRENT[name as usize].load(SeqCst);
    if !succeeded {
        decide(value, Fate::Refused);
    } else if !IS_SEEN.load(SeqCst) && (value != 0 || read() == 0) {
        REPLACING.store(seen % VALUES, SeqCst);
        if change_from(name, seen, value) {
            // No handler has seen it, so it came after all of them.
            decide(seen % VALUES, Fate::Replaced);
        }
    }
    PENDING_SET.store(0, SeqCst);
}

/// A handler, which has observed the key, has set `name` to `value` (0 for NULL).
pub(super) fn set_by_handler(name: Name, value: usize, succeeded: bool) {
    give(value, name);
    if succeeded {
        decide(current(name), Fate::Replaced);
        change(name, value);
    } else {
        decide(value, Fate::Refused);
    }
}

/// A handler, which has observed the key, has taken its value away and freed it.
pub(super) fn freed(name: Name) {
    decide(current(name), Fate::Freed);
    change(name, 0);
}

/// The thread is about to delete `name`.
pub(super) fn begin_delete(name: Name) {
    PENDING_DELETE.store(name as usize + 1, SeqCst);
}

/// Whether the thread is in the middle of deleting `name`.
pub(super) fn is_delete_pending(name: Name) -> bool {
    PENDING_DELETE.load(SeqCst) == name as usize + 1
}

/// The thread's `delete` has returned, and the key is dead, whoever deleted it.
pub(super) fn end_delete(name: Name) {
    deleted(name);
    PENDING_DELETE.store(0, SeqCst);
}

/// The key is dead.
pub(super) fn deleted(name: Name) {
    let fate = if is_exiting() { Fate::AtMostOnce } else { Fate::Dropped };
    if is_set_pending(name) {
        // The thread may not have come to it.
        give(PENDING_SET.load(SeqCst) % VALUES, name);
    }
    undestroyed(name, Fate::Owed).for_each(|value| decide(value, fate));
    if is_set_pending(name) {
        IS_SEEN.store(true, SeqCst);
    }
    // It fails where a handler has come between, and has observed that it is gone.
    change_from(name, CURRENT[name as usize].load(SeqCst), 0);
}

/// A destructor has got a value.
pub(super) fn called(name: Name, value: usize) {
    IN_DESTRUCTOR.store(value, SeqCst);
    assert!(is_of(value, name), "the destructor of {name:?} got {value}, which is not its");
    let fate = fate(value);
    assert!(matches!(fate, Fate::Owed | Fate::AtMostOnce), "the destructor of {name:?} got {value}, which is {fate:?}");
    assert_eq!(LEDGER[value].calls.fetch_add(1, SeqCst), 0, "{value} was destroyed before");
    let seen = CURRENT[name as usize].load(SeqCst);
    if seen % VALUES == value {
        // It fails where a handler has come between, and has observed that it is gone.
        change_from(name, seen, 0);
    }
}

/// It is about to return.
pub(super) fn returned() {
    IN_DESTRUCTOR.store(0, SeqCst);
}

/// Holds what the thread reads, when the call has returned, to what must be there.
pub(super) fn check_now(name: Name, is_live: bool, read: usize) {
    let is_right = read == current(name) || read == 0 && is_exiting();
    assert!(is_right && (is_live || read == 0), "{name:?} reads {read} instead of {}", current(name));
}

/// Holds what became of the values to what had to: what no destructor has got is named in a report, and nothing else
/// is. Returns the number of calls.
pub(super) fn settle<'a>(reports: impl Iterator<Item = &'a ExitReport> + Clone, was_killed: bool) -> usize {
    let is_interrupted = |report: &ExitReport| report.flags.contains(ExitFlags::INTERRUPTED);
    let mut named = 0;
    for name in Name::ALL {
        let key = name::handle(name);
        let left_over =
            reports.clone().flat_map(|report| report.left_over_keys.iter()).filter(|&&it| it == key).count();
        let interrupted = reports.clone().filter(|report| is_interrupted(report) && report.interrupted == key).count();
        let (owed, optional) = (undestroyed(name, Fate::Owed).count(), undestroyed(name, Fate::AtMostOnce).count());
        assert!(
            (owed..=owed + optional).contains(&left_over) || was_killed && left_over + interrupted >= owed,
            "{name:?}: {owed} values were not destroyed, {left_over} are reported as left over, {interrupted} interrupted"
        );
        assert!(left_over <= owed + optional, "{name:?}: more values are reported as left over than there were");
        let is_cut_short = is_of(KILLED_WITH.load(SeqCst), name);
        assert!(!is_cut_short || interrupted == 1, "{name:?}: its destructor has not returned, and is not named");
        named += left_over;
    }
    let left_over = reports.map(|report| report.left_over as usize).sum::<usize>();
    // The thread may have died after it named a key and before it counted it.
    let is_counted = named == left_over || was_killed && named == left_over + 1;
    assert!(is_counted, "{named} of the run's keys are reported as left over, {left_over} values");
    calls_in_all()
}

/// The number of calls.
pub(super) fn calls_in_all() -> usize {
    given().map(calls).sum()
}

/// Whether `name` has a value that no destructor got.
pub(super) fn has_undestroyed(name: Name) -> bool {
    [Fate::Owed, Fate::AtMostOnce].into_iter().any(|fate| undestroyed(name, fate).next().is_some())
}
