//! What is done at a boundary, in the handler that interrupts the call or on behalf of another CPU.
//!
//! Before and after it the handler reads every key of the run, and is held to what may be there.

use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};

use spin::Mutex;
use tsd::{Error, ExitReport, Once};

use super::{
    account, functions, keys,
    ledger::{self, Interrupted},
    name::{self, Name},
    space::{self, SPACE},
    stepper::MOST,
};
use crate::core::scheduler::thread;

/// One action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    /// The handler reads, and no more.
    Get,
    /// The handler sets a key.
    Set(Name),
    /// The handler sets a key to NULL.
    Clear(Name),
    /// The handler gets a key's value, sets the key to NULL and frees the value.
    Take(Name),
    /// The handler gets a key's value, sets another one and frees the first.
    Swap(Name),
    /// Another CPU takes a key's value, if the thread lets it.
    TakeShared(Name),
    /// The handler creates a key.
    Create,
    /// The handler registers a thread-exit function.
    Register,
    /// The handler runs an initialiser.
    Once,
    /// The thread is killed: it goes no further, and exits where it is. In the course of its exit that does nothing.
    Exit,
    /// The thread is killed, be it in its exit, and never runs again: another one reaps it.
    Die,
    /// Another CPU deletes a key.
    Delete(Name),
    /// Another CPU deletes a key and creates one at its index.
    DeleteCreate(Name),
    /// The handler deletes a key and creates one at its index, so many times, and sets the last one, but not in the
    /// middle of a `set` of the key: which is what handlers must not do.
    Recreate(Name, usize),
}

/// What every routine bears: the handler reads, and sets a key.
pub(super) const READ_AND_SET: &[Action] = &[Action::Get, Action::Set(Name::Key), Action::Set(Name::Other)];
/// The handler changes the value of `Key`, which the call is about.
pub(super) const CHANGE: &[Action] = &[Action::Clear(Name::Key), Action::Take(Name::Key), Action::Swap(Name::Key)];
/// The thread goes no further. Not to die where the call owns an index, which would be lost.
pub(super) const END: &[Action] = &[Action::Exit, Action::Die];
/// `Key` is deleted, and its index used again.
pub(super) const DELETE: &[Action] = &[Action::Delete(Name::Key), Action::DeleteCreate(Name::Key)];
/// The same by the handler, which sets the new key.
pub(super) const RECREATE: &[Action] = &[Action::Recreate(Name::Key, 1)];

/// What the handlers' actions gave: the deletion, if it is that and more.
static RESULTS: [AtomicUsize; MOST] = [const { AtomicUsize::new(0) }; MOST];
/// What `Key` was read as before the first.
static READ: AtomicUsize = AtomicUsize::new(0);

/// The thread has exited in the middle of the call. What the call does when it goes on, no thread does.
static WAS_KILLED: AtomicBool = AtomicBool::new(false);
/// The thread has died in the call.
static HAS_DIED: AtomicBool = AtomicBool::new(false);

/// What the exits did that were actions, in the course of another.
static REPORTS: Mutex<[Option<ExitReport>; MOST]> = Mutex::new([const { None }; MOST]);

/// What the exits did that were actions, in the course of another.
pub(super) fn reports() -> [ExitReport; MOST] {
    REPORTS.lock().clone().map(Option::unwrap_or_default)
}

/// Whether an action was the end of the thread.
pub(super) fn was_killed() -> bool {
    WAS_KILLED.load(SeqCst)
}

/// Whether an action was the end of the thread, which goes no further.
pub(super) fn has_died() -> bool {
    HAS_DIED.load(SeqCst)
}

/// A result as a number: 0 for success.
pub(super) fn code<T>(result: &Result<T, Error>) -> usize {
    result.as_ref().err().map_or(0, |error| *error as usize)
}

/// The result of an action, as [`code`] has it.
pub(super) fn result(number: usize) -> usize {
    RESULTS[number].load(SeqCst)
}

/// What `Key` was read as before the first action.
pub(super) fn read() -> usize {
    READ.load(SeqCst)
}

/// Begins a run.
pub(super) fn reset() {
    *REPORTS.lock() = [const { None }; MOST];
    WAS_KILLED.store(false, SeqCst);
    HAS_DIED.store(false, SeqCst);
}

impl Action {
    /// What the tables call it.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Get => "get",
            Self::Set(Name::Key) => "set",
            Self::Set(Name::Last) => "set last-phase",
            Self::Set(Name::Static | Name::StaticLast) => "set static",
            Self::Set(_) => "set another",
            Self::Clear(_) => "set NULL",
            Self::Take(Name::Key) => "take",
            Self::Take(Name::Last) => "take last-phase",
            Self::Take(_) => "take static",
            Self::Swap(Name::Key) => "swap",
            Self::Swap(Name::Last) => "swap last-phase",
            Self::Swap(_) => "swap static",
            Self::TakeShared(_) => "take from another CPU",
            Self::Create => "create",
            Self::Register => "register",
            Self::Once => "once",
            Self::Exit => "exit",
            Self::Die => "die and be reaped",
            Self::Delete(_) => "delete",
            Self::DeleteCreate(_) => "delete + create",
            Self::Recreate(_, 1) => "delete + create + set",
            Self::Recreate(_, 2) => "2 x (delete + create) + set",
            Self::Recreate(..) => "3 x (delete + create) + set",
        }
    }

    /// The key that it is about.
    pub(super) const fn key(self) -> Option<Name> {
        match self {
            Self::Set(name)
            | Self::Clear(name)
            | Self::Take(name)
            | Self::Swap(name)
            | Self::TakeShared(name)
            | Self::Delete(name)
            | Self::DeleteCreate(name)
            | Self::Recreate(name, _) => Some(name),
            _ => None,
        }
    }

    /// Whether another CPU, or the handler, deletes `name`.
    pub(super) fn deletes(self, name: Name) -> bool {
        matches!(self, Self::Delete(it) | Self::DeleteCreate(it) | Self::Recreate(it, _) if it == name)
    }

    /// Whether a key is created in its course.
    pub(super) const fn creates(self) -> bool {
        matches!(self, Self::Create | Self::DeleteCreate(_) | Self::Recreate(..))
    }

    /// Whether the call does not go on after it.
    pub(super) fn is_an_end(self) -> bool {
        matches!(self, Self::Exit | Self::Die)
    }

    /// Does it, as number `number` of the run.
    pub(super) fn perform(self, number: usize) {
        let before = Name::ALL.map(keys::get);
        for name in Name::ALL {
            ledger::observe(name, name::is_live(name), before[name as usize]);
        }
        if number == 0 {
            READ.store(before[Name::Key as usize], SeqCst);
        }
        let result = match self {
            Self::Get => Ok(()),
            Self::Set(name) => set(name, ledger::fresh_of_handler()),
            Self::Clear(name) => set(name, 0),
            Self::Take(name) => take(name),
            Self::Swap(name) => swap(name),
            Self::TakeShared(name) => take_shared(name, before[name as usize]),
            Self::Create => keys::create(unborn()),
            Self::Register => functions::register_in_handler(number),
            Self::Once => run_initialiser(),
            Self::Exit => exit(number),
            Self::Die => die(),
            Self::Delete(name) => delete(heir_of(name)),
            Self::DeleteCreate(name) => delete_and_create(heir_of(name), 1).0,
            Self::Recreate(name, times) => recreate(heir_of(name), times),
        };
        RESULTS[number].store(code(&result), SeqCst);
        if was_killed() {
            return;
        }
        for name in Name::ALL.into_iter().filter(|&name| !self.may_change(name)) {
            assert_eq!(keys::get(name), before[name as usize], "{name:?} has another value than before");
        }
    }

    fn may_change(self, name: Name) -> bool {
        let is_successor = matches!(name, Name::Successor | Name::Heir);
        self == Self::Exit || self.key() == Some(name) || (self.creates() || self.deletes(Name::Key)) && is_successor
    }
}

/// The key that has the index of `name` in an earlier action, or `name`.
fn heir_of(name: Name) -> Name {
    let has_successor = !name::is_live(name) && name::is_live(Name::Successor);
    if name == Name::Key && has_successor { Name::Successor } else { name }
}

/// One that no earlier action has created.
fn unborn() -> Name {
    if name::was_created(Name::Successor) { Name::Heir } else { Name::Successor }
}

fn set(name: Name, value: usize) -> Result<(), Error> {
    let result = keys::set_unrecorded(name, value);
    ledger::set_by_handler(name, value, result.is_ok());
    if !ledger::is_delete_pending(name) {
        assert_eq!(result.is_ok(), name::is_live(name), "set of {name:?} gave {result:?}");
    }
    assert_eq!(keys::get(name), if result.is_ok() { value } else { 0 }, "{name:?} has another value than was set");
    result
}

fn take(name: Name) -> Result<(), Error> {
    if keys::get(name) != 0 {
        keys::set_unrecorded(name, 0)?;
        ledger::freed(name);
        assert_eq!(keys::get(name), 0, "{name:?} has a value after it was taken");
    }
    Ok(())
}

fn swap(name: Name) -> Result<(), Error> {
    let (old, new) = (keys::get(name), ledger::fresh_of_handler());
    let result = keys::set_unrecorded(name, new);
    if result.is_ok() && old != 0 {
        ledger::freed(name);
    }
    ledger::set_by_handler(name, new, result.is_ok());
    assert_eq!(keys::get(name), if result.is_ok() { new } else { 0 }, "{name:?} has another value than was set");
    result
}

fn take_shared(name: Name, before: usize) -> Result<(), Error> {
    let taken = ledger::value(tsd::raw::take(SPACE.table(), space::slots(), name::handle(name)));
    if taken != 0 {
        assert_eq!(taken, before, "another value was taken than could be read");
        ledger::freed(name);
    }
    Ok(())
}

fn delete(name: Name) -> Result<(), Error> {
    let result = SPACE.delete(name::handle(name));
    if !ledger::is_delete_pending(name) {
        assert_eq!(result.is_ok(), name::is_live(name), "delete of {name:?} gave {result:?}");
    }
    if result.is_ok() {
        name::deleted(name);
        ledger::deleted(name);
    }
    result
}

/// What the first deletion gave, and the last key.
fn delete_and_create(name: Name, times: usize) -> (Result<(), Error>, Name) {
    let (deleted, new) = (delete(name), unborn());
    // Whether an index has to be free is for the routine to know.
    let _ = keys::create(new);
    for _ in 1..times {
        if name::is_live(new) {
            delete(new).expect("it was just created");
            keys::create(new).expect("its index is free");
        }
    }
    (deleted, new)
}

fn recreate(name: Name, times: usize) -> Result<(), Error> {
    let (deleted, new) = delete_and_create(name, times);
    if name::is_live(new) && !ledger::is_set_pending(name) {
        set(new, ledger::fresh_of_handler()).expect("the new key lives");
    }
    deleted
}

fn exit(number: usize) -> Result<(), Error> {
    if ledger::is_exiting() {
        // Only where the other has not begun yet, or is over, does it do anything.
        REPORTS.lock()[number] = Some(space::exit());
    } else {
        WAS_KILLED.store(true, SeqCst);
        ledger::end_call();
        account::settle(&[], Interrupted::Call);
    }
    Ok(())
}

/// Ends the thread here and now, with all that it is in the middle of.
fn die() -> ! {
    HAS_DIED.store(true, SeqCst);
    ledger::end_call();
    thread::end_faulted(None)
}

fn run_initialiser() -> Result<(), Error> {
    let (control, mut runs) = (Once::new(), 0);
    let result = SPACE.once(&control, || runs += 1);
    assert!(control.is_complete() && runs == 1, "the handler's initialiser ran {runs} times");
    result
}
