//! What is done at a boundary, in the handler that interrupts the call or on behalf of another CPU.
//!
//! Before and after it the handler reads every key of the run, and is held to what may be there.

use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};

use spin::Mutex;
use tsd::{Error, ExitReport, Once};

use super::{
    account::{self, Interrupted},
    functions,
    keys::{self, Name},
    ledger,
};
use crate::port::{self, SPACE};

/// One action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    /// The handler reads, and no more.
    Get,
    /// The handler sets a key.
    Set(Name),
    /// The handler sets a key to NULL.
    Clear(Name),
    /// The handler creates a key.
    Create,
    /// The handler registers a thread-exit function.
    Register,
    /// The handler runs an initialiser.
    Once,
    /// The thread is killed: it goes no further, and exits where it is. In the course of its exit that does nothing.
    Exit,
    /// Another CPU deletes a key.
    Delete(Name),
    /// Another CPU deletes a key and creates one in its place.
    DeleteCreate(Name),
    /// The handler deletes a key, creates one in its place and sets that, but not in the middle of a `set` of the key:
    /// which is what handlers must not do.
    DeleteCreateSet(Name),
}

/// What the handler's action came to: the deletion, if it is that and more.
static RESULT: AtomicUsize = AtomicUsize::new(0);
/// What `Key` was read as before it.
static READ: AtomicUsize = AtomicUsize::new(0);

/// The thread has exited in the middle of the call. What the call does when it goes on, no thread does.
static WAS_KILLED: AtomicBool = AtomicBool::new(false);

/// What the exit did that was the last action, in the course of another.
static REPORT: Mutex<Option<ExitReport>> = Mutex::new(None);

/// What the exit did that was the last action, in the course of another.
pub(super) fn report() -> Option<ExitReport> {
    REPORT.lock().clone()
}

/// Whether the last action was the end of the thread.
pub(super) fn was_killed() -> bool {
    WAS_KILLED.load(SeqCst)
}

/// A result as a number: 0 for success.
pub(super) fn code<T>(result: &Result<T, Error>) -> usize {
    result.as_ref().err().map_or(0, |error| *error as usize)
}

/// The result of the last action, as [`code`] has it.
pub(super) fn result() -> usize {
    RESULT.load(SeqCst)
}

/// What `Key` was read as before the last action.
pub(super) fn read() -> usize {
    READ.load(SeqCst)
}

impl Action {
    /// What the tables call it.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Get => "get",
            Self::Set(Name::Key) => "set",
            Self::Set(_) => "set another",
            Self::Clear(_) => "set NULL",
            Self::Create => "create",
            Self::Register => "register",
            Self::Once => "once",
            Self::Exit => "exit",
            Self::Delete(_) => "delete",
            Self::DeleteCreate(_) => "delete + create",
            Self::DeleteCreateSet(_) => "delete + create + set",
        }
    }

    /// Whether another CPU, or the handler, deletes `name`.
    pub(super) fn deletes(self, name: Name) -> bool {
        [Self::Delete(name), Self::DeleteCreate(name), Self::DeleteCreateSet(name)].contains(&self)
    }

    /// Whether a key is created in its course.
    pub(super) const fn creates(self) -> bool {
        matches!(self, Self::Create | Self::DeleteCreate(_) | Self::DeleteCreateSet(_))
    }

    fn changes(self, name: Name) -> bool {
        let sets = matches!(self, Self::DeleteCreateSet(_)) && name == Name::Successor;
        sets || self == Self::Exit || self.deletes(name) || [Self::Set(name), Self::Clear(name)].contains(&self)
    }

    /// Does it.
    pub(super) fn perform(self) {
        let before = Name::ALL.map(keys::get);
        for name in Name::ALL {
            ledger::check_read(name, keys::is_live(name), before[name as usize]);
        }
        WAS_KILLED.store(false, SeqCst);
        *REPORT.lock() = None;
        READ.store(before[Name::Key as usize], SeqCst);
        let result = match self {
            Self::Get => Ok(()),
            Self::Set(name) => set(name, ledger::of_handler(name), before[name as usize]),
            Self::Clear(name) => set(name, 0, before[name as usize]),
            Self::Create => keys::create(Name::Successor),
            Self::Register => functions::registered(functions::OF_HANDLER, functions::register(functions::OF_HANDLER)),
            Self::Once => run_initialiser(),
            Self::Exit => exit(),
            Self::Delete(name) => delete(name),
            Self::DeleteCreate(name) => delete_and_create(name),
            Self::DeleteCreateSet(name) => {
                let deleted = delete_and_create(name);
                if keys::is_live(Name::Successor) && !ledger::is_set_pending(name) {
                    set(Name::Successor, ledger::of_handler(Name::Successor), 0).expect("the successor lives");
                }
                deleted
            }
        };
        RESULT.store(code(&result), SeqCst);
        if WAS_KILLED.load(SeqCst) {
            return;
        }
        for name in Name::ALL.into_iter().filter(|&name| !self.changes(name)) {
            assert_eq!(keys::get(name), before[name as usize], "{name:?} has another value than before");
        }
    }
}

fn set(name: Name, value: usize, before: usize) -> Result<(), Error> {
    let result = keys::set_unrecorded(name, value);
    ledger::set_by_handler(name, value, before, result.is_ok());
    if !ledger::is_delete_pending(name) {
        assert_eq!(result.is_ok(), keys::is_live(name), "set of {name:?} gave {result:?}");
    }
    assert_eq!(keys::get(name), if result.is_ok() { value } else { 0 }, "{name:?} has another value than was set");
    result
}

fn delete(name: Name) -> Result<(), Error> {
    let result = SPACE.delete(keys::handle(name));
    if !ledger::is_delete_pending(name) {
        assert_eq!(result.is_ok(), keys::is_live(name), "delete of {name:?} gave {result:?}");
    }
    if result.is_ok() {
        keys::deleted(name);
        ledger::deleted(name);
    }
    result
}

fn delete_and_create(name: Name) -> Result<(), Error> {
    let deleted = delete(name);
    // Whether there has to be a place is for the routine to know.
    let _ = keys::create(Name::Successor);
    deleted
}

fn exit() -> Result<(), Error> {
    if ledger::is_exiting() {
        // Only where the other has not begun yet, or is over, does it do anything.
        *REPORT.lock() = Some(port::exit());
    } else {
        WAS_KILLED.store(true, SeqCst);
        ledger::end_call(keys::get);
        account::settle(&[], Interrupted::Call);
    }
    Ok(())
}

fn run_initialiser() -> Result<(), Error> {
    let (control, mut runs) = (Once::new(), 0);
    let result = SPACE.once(&control, || runs += 1);
    assert!(control.is_complete() && runs == 1, "the handler's initialiser ran {runs} times");
    result
}
