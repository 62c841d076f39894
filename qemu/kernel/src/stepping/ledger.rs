//! What becomes of each value: the model that every run is held to.
//!
//! A value is a small number, given once in a run. It is owed one call of its key's destructor, or to be reported as left
//! over, until another value takes its place under a live key, or the key is deleted. Nothing is owed then, and no
//! destructor may have it.
//!
//! A run's thread and the handler that interrupts it share the ledger. The handler comes between any two instructions
//! of the thread's part, once in a run; so the thread announces what it is about to do, and the handler judges by what
//! it reads whether that has taken effect.

use core::{
    ffi::c_void,
    ptr,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
};

use super::keys::{NAMES, Name};

/// How many values there can be, 0 (NULL) included.
const VALUES: usize = 32;
/// The values that the handler sets begin here, one for each name.
const OF_HANDLER: usize = VALUES - NAMES;

/// What is to become of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
enum Fate {
    /// One call, or a line in a report.
    Owed,
    /// No call: it was replaced, or its key deleted.
    Forgotten,
    /// At most one call: its key was deleted while the exit was under way.
    AtMostOnce,
}

struct Value {
    /// The name of its key plus one; 0 before it is given.
    owner: AtomicUsize,
    fate: AtomicUsize,
    calls: AtomicUsize,
}

static LEDGER: [Value; VALUES] =
    [const { Value { owner: AtomicUsize::new(0), fate: AtomicUsize::new(0), calls: AtomicUsize::new(0) } }; VALUES];
static NEXT: AtomicUsize = AtomicUsize::new(1);
/// What the thread has set last, by name. For the thread alone, so that its part is short: it is stepped through too.
static LATEST: [AtomicUsize; NAMES] = [const { AtomicUsize::new(0) }; NAMES];
/// The key, plus one, and the value of a `set` that the thread is in; 0 for none.
static PENDING_SET: AtomicUsize = AtomicUsize::new(0);
/// The key, plus one, of a `delete` that the thread is in; 0 for none.
static PENDING_DELETE: AtomicUsize = AtomicUsize::new(0);
/// The handler has set a key that was NULL and is being set to NULL: either may be the later one.
static UNDECIDED: AtomicBool = AtomicBool::new(false);
/// How many runs there were.
static RUN: AtomicUsize = AtomicUsize::new(0);
static EXITING: AtomicBool = AtomicBool::new(false);

fn fate(value: usize) -> Fate {
    match LEDGER[value].fate.load(SeqCst) {
        0 => Fate::Owed,
        1 => Fate::Forgotten,
        _ => Fate::AtMostOnce,
    }
}

fn decide(value: usize, fate: Fate) {
    LEDGER[value].fate.store(fate as usize, SeqCst);
}

fn give(value: usize, name: Name) {
    LEDGER[value].owner.store(name as usize + 1, SeqCst);
}

fn is_of(value: usize, name: Name) -> bool {
    LEDGER[value].owner.load(SeqCst) == name as usize + 1
}

fn calls(value: usize) -> usize {
    LEDGER[value].calls.load(SeqCst)
}

/// The values that `name` has or may have.
fn due(name: Name) -> impl Iterator<Item = usize> {
    given().filter(move |&value| is_of(value, name) && fate(value) == Fate::Owed && calls(value) == 0)
}

/// The values that have an owner, and some that may have none.
fn given() -> impl Iterator<Item = usize> {
    (1..NEXT.load(SeqCst)).chain(OF_HANDLER..VALUES)
}

/// Begins a run with no value.
pub(super) fn reset() {
    RUN.fetch_add(1, SeqCst);
    for Value { owner, fate, calls } in &LEDGER {
        [owner, fate, calls].iter().for_each(|word| word.store(0, SeqCst));
    }
    LATEST.iter().for_each(|latest| latest.store(0, SeqCst));
    NEXT.store(1, SeqCst);
    EXITING.store(false, SeqCst);
    UNDECIDED.store(false, SeqCst);
    PENDING_DELETE.store(0, SeqCst);
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

/// A value that was not used in this run. For the thread, not for the handler.
pub(super) fn fresh() -> usize {
    let value = NEXT.load(SeqCst);
    assert!(value < OF_HANDLER, "the run has more values than the ledger");
    NEXT.store(value + 1, SeqCst);
    value
}

/// The value that the handler sets under `name`.
pub(super) const fn of_handler(name: Name) -> usize {
    OF_HANDLER + name as usize
}

/// From here on values may be on their way to a destructor.
pub(super) fn begin_exit() {
    EXITING.store(true, SeqCst);
}

/// Whether the thread's exit is under way.
pub(super) fn is_exiting() -> bool {
    EXITING.load(SeqCst)
}

/// The thread goes no further in the call that it is in. What the keys read, by `get`, tells what has taken effect.
pub(super) fn end_call(get: fn(Name) -> usize) {
    for name in Name::ALL {
        let (read, pending) = (get(name), PENDING_SET.load(SeqCst) % VALUES);
        if is_set_pending(name) && read == pending {
            due(name).filter(|&value| value != read).for_each(|value| decide(value, Fate::Forgotten));
        } else if is_set_pending(name) {
            decide(pending, Fate::Forgotten);
        }
        if is_delete_pending(name) && read == 0 {
            deleted(name);
        }
    }
    PENDING_SET.store(0, SeqCst);
}

/// The thread is about to set `name` to `value`, 0 for NULL. Returns what [`end_set`] wants to know.
pub(super) fn begin_set(name: Name, value: usize) -> bool {
    PENDING_SET.store((name as usize + 1) * VALUES + value, SeqCst);
    if value != 0 {
        give(value, name);
    }
    // What the handler set earlier is replaced. What it sets from here on, it judges itself.
    is_of(of_handler(name), name)
}

/// It was replaced, if no destructor has had it. Nothing is owed for NULL.
fn forget_unless_called(value: usize) {
    if calls(value) == 0 {
        decide(value, Fate::Forgotten);
    }
}

/// Whether the thread is in the middle of setting `name`.
pub(super) fn is_set_pending(name: Name) -> bool {
    PENDING_SET.load(SeqCst) / VALUES == name as usize + 1
}

/// The thread's `set` has returned.
pub(super) fn end_set(name: Name, value: usize, handler_was_first: bool, succeeded: bool, now: usize) {
    PENDING_SET.store(0, SeqCst);
    if !succeeded {
        decide(value, Fate::Forgotten);
        return;
    }
    let before = LATEST[name as usize].swap(value, SeqCst);
    forget_unless_called(before);
    if handler_was_first {
        forget_unless_called(of_handler(name));
    }
    if UNDECIDED.load(SeqCst) && now == 0 {
        decide(of_handler(name), Fate::Forgotten);
    }
}

/// The handler has set `name` to `value` (0 for NULL), which read as `before`.
pub(super) fn set_by_handler(name: Name, value: usize, before: usize, succeeded: bool) {
    if value != 0 {
        give(value, name);
    }
    if !succeeded {
        decide(value, Fate::Forgotten);
        return;
    }
    if before != 0 {
        decide(before, Fate::Forgotten);
    }
    if is_set_pending(name) {
        match PENDING_SET.load(SeqCst) % VALUES {
            // The thread's NULL is still to come.
            0 if before != 0 => decide(value, Fate::Forgotten),
            0 => UNDECIDED.store(due(name).all(|due| due == value), SeqCst),
            // The thread's value is still to come.
            set if set != before => decide(value, Fate::Forgotten),
            _ => {}
        }
    }
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
    let fate = if EXITING.load(SeqCst) { Fate::AtMostOnce } else { Fate::Forgotten };
    due(name).for_each(|value| decide(value, fate));
}

/// A destructor has a value.
pub(super) fn called(name: Name, value: usize) {
    assert!(is_of(value, name), "the destructor of {name:?} got {value}, which is not its");
    LEDGER[value].calls.store(calls(value) + 1, SeqCst);
}

/// Holds what the handler reads to what can be there: the old or the new value.
pub(super) fn check_read(name: Name, is_live: bool, read: usize) {
    let is_deleted = !is_live || is_delete_pending(name);
    let pending = PENDING_SET.load(SeqCst);
    if read != 0 {
        assert!(is_live || is_delete_pending(name), "{name:?} is dead and reads {read}");
        assert!(is_of(read, name), "{name:?} reads {read}, which was set under another key");
        assert!(fate(read) == Fate::Owed, "{name:?} reads {read}, which is {:?}", fate(read));
        assert_eq!(calls(read), 0, "{name:?} reads {read}, which its destructor has");
    } else if !is_deleted && !EXITING.load(SeqCst) && pending != (name as usize + 1) * VALUES {
        let lost = due(name).find(|value| pending != (name as usize + 1) * VALUES + value);
        assert_eq!(lost, None, "{name:?} reads NULL");
    }
}

/// Holds what the thread reads, when the call has returned, to what must be there.
pub(super) fn check_now(name: Name, is_live: bool, read: usize) {
    let mut due = due(name);
    let found = if EXITING.load(SeqCst) { due.find(|&value| value == read) } else { due.next() };
    if !is_live {
        assert_eq!(read, 0, "{name:?} is dead and has a value");
    } else if read != 0 || !EXITING.load(SeqCst) {
        assert_eq!(Some(read), found.or(Some(0)), "{name:?} has the wrong value");
    }
}

/// Holds what became of the values to what had to, given the number of values that reports say were left over. Returns
/// the number of calls.
pub(super) fn settle(left_over: usize) -> usize {
    let (mut total, mut owed, mut optional) = (0, 0, 0);
    for value in given().filter(|&value| LEDGER[value].owner.load(SeqCst) != 0) {
        let (calls, fate) = (calls(value), fate(value));
        total += calls;
        assert!(calls <= 1, "value {value} was destroyed {calls} times");
        assert!(calls == 0 || fate != Fate::Forgotten, "value {value} was destroyed, though replaced or deleted");
        owed += usize::from(calls == 0 && fate == Fate::Owed);
        optional += usize::from(calls == 0 && fate == Fate::AtMostOnce);
    }
    let range = owed..=owed + optional;
    assert!(range.contains(&left_over), "{owed} values were not destroyed, and {left_over} reported as left over");
    total
}

/// Whether `name` has a value that no destructor got.
pub(super) fn has_undestroyed(name: Name) -> bool {
    given().any(|value| is_of(value, name) && calls(value) == 0 && fate(value) != Fate::Forgotten)
}
