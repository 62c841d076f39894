//! What runs at thread exit: one destructor for each kind of key, and one thread-exit function.
//!
//! Each checks that it is called for a value that its thread has stored under a key of its kind and generation, for the
//! first time since then, not after a deletion that was over when the exit began, and in the right phase. A thread is
//! not killed in its exit, so nothing here is in doubt; where it dies in it, another one runs the rest.

use core::ffi::c_void;
use core::sync::atomic::Ordering::SeqCst;

use tsd_suite::value;

use crate::{
    Event, Storm, StormPlatform,
    keys::{Kind, any_cell},
    random::Random,
    worker,
    worker_record::{State, Value, WorkerRecord},
};

macro_rules! destructors {
    ($($name:ident $kind:ident,)+) => {
        $(pub(crate) unsafe extern "C-unwind" fn $name<W: StormPlatform>(value: *mut c_void) {
            run::<W>(Kind::$kind, value);
        })+
    };
}

destructors! {
    plain Plain,
    again Again,
    endless Endless,
    other Other,
    busy Busy,
    last Last,
    last_again LastAgain,
    module Module,
    deadly Deadly,
}

fn run<W: StormPlatform>(kind: Kind, pointer: *mut c_void) {
    let storm = W::storm();
    storm.count(Event::Calls);
    let worker = storm.worker_of::<W>().expect("storm: a destructor runs on a thread that is no worker");
    let value = worker.value_at(pointer).expect("storm: a destructor got what its thread has not stored");
    check::<W>(storm, worker, value, kind);
    worker.calls.fetch_add(1, SeqCst);
    worker.is_in_destructor.store(true, SeqCst);
    let random = &mut storm.random((worker.number() * 1000) as u64 + u64::from(worker.calls.load(SeqCst)));
    match kind {
        Kind::None => unreachable!("there is no destructor of this kind"),
        Kind::Plain | Kind::Last => storm.free(value),
        Kind::Again | Kind::LastAgain => {
            let again = value.again.load(SeqCst);
            if again == 0 {
                storm.free(value);
            } else {
                value.again.store(again - 1, SeqCst);
                set_again::<W>(storm, value);
            }
        }
        Kind::Endless => set_again::<W>(storm, value),
        Kind::Other => {
            storm.free(value);
            set_another::<W>(storm, worker, random);
        }
        Kind::Busy => {
            storm.free(value);
            be_busy::<W>(storm, worker, random);
        }
        Kind::Module => {
            storm.module.run::<W>(storm, random);
            storm.free(value);
        }
        Kind::Deadly => {
            storm.count(Event::DiedInExit);
            W::die();
        }
    }
    worker.is_in_destructor.store(false, SeqCst);
}

/// Checks that the destructor of `kind` is due for `value`, and takes the value.
fn check<W: StormPlatform>(storm: &Storm, worker: &WorkerRecord, value: &Value, kind: Kind) {
    let state = value.state();
    let is_in_doubt = matches!(state, State::Pending | State::InDoubt);
    assert!(
        state == State::Stored || is_in_doubt && worker.is_killed.load(SeqCst),
        "storm: the destructor of a value that is {state:?}"
    );
    let record = storm.keys.record(value.key());
    assert_eq!(record.kind(), kind, "storm: the destructor of another key");
    let running = W::slots().current_destructor().map(|(key, _)| key);
    assert_eq!(running, Some(record.key()), "storm: the destructor of another generation");
    if let (Some(deleted), Some(exit)) = (record.delete_ended(), worker.exit_began()) {
        assert!(deleted > exit, "storm: the destructor of a key that was deleted before the exit began");
    }
    assert!(W::space().get(record.key()).is_null(), "storm: a value can be read in its destructor");
    let is_first = worker.calls.load(SeqCst) == 0;
    assert!(!is_first || !worker.has_functions_above(0), "storm: a destructor before a thread-exit function");
    if kind.is_last_phase() {
        worker.is_in_last_phase.store(true, SeqCst);
    } else {
        assert!(!worker.is_in_last_phase.load(SeqCst), "storm: an ordinary destructor in the last phase");
    }
    if is_in_doubt {
        // The set that the kill has interrupted has left one value and not two: the other one was never there, or is
        // gone. Its destructor would find it free.
        for other in worker.values() {
            if !core::ptr::eq(other, value) && matches!(other.state(), State::Pending | State::InDoubt) {
                storm.free(other);
            }
        }
    }
    value.calls.fetch_add(1, SeqCst);
    value.become_(State::Taken);
}

/// Stores the same value again.
fn set_again<W: StormPlatform>(storm: &Storm, value: &Value) {
    let record = storm.keys.record(value.key());
    // SAFETY: the key's destructor takes such values.
    match unsafe { W::space().set(record.key(), value.pointer()) } {
        Ok(()) => {
            let read = W::space().get(record.key());
            assert!(read == value.pointer() || record.delete_began().is_some(), "storm: a value is not set again");
            value.become_(State::Stored);
            storm.count(Event::Resets);
        }
        Err(error) => {
            worker::expect_deleted(record, error);
            storm.count(Event::SetsRefused);
            storm.free(value);
        }
    }
}

/// Stores a value under any key of the board.
fn set_another<W: StormPlatform>(storm: &Storm, worker: &WorkerRecord, random: &mut Random) {
    if let Some(key) = storm.keys.at(any_cell(random)) {
        worker::set::<W>(storm, worker, key, random.below(3));
        storm.keys.record(key).release();
    }
}

/// Does what a destructor may do: blocks, creates and deletes, registers, initialises.
fn be_busy<W: StormPlatform>(storm: &Storm, worker: &WorkerRecord, random: &mut Random) {
    W::yield_now();
    if random.one_in(2) {
        W::sleep_ms(1);
    }
    if random.one_in(4)
        && let Some(key) = storm.create_key::<W>(random)
    {
        worker::set::<W>(storm, worker, key, 0);
        worker::get::<W>(storm, worker, key);
        storm.delete_key::<W>(key);
    }
    if random.one_in(4) {
        worker::register::<W>(storm, worker);
    }
    if random.one_in(4) {
        worker::initialise::<W>(storm, worker, random);
    }
}

/// The number that a thread-exit function gets, which is not NULL.
pub(crate) fn function_argument(number: usize) -> *mut c_void {
    value(number + 1)
}

/// The thread-exit function.
pub(crate) unsafe extern "C-unwind" fn function<W: StormPlatform>(argument: *mut c_void) {
    let storm = W::storm();
    storm.count(Event::Functions);
    let worker = storm.worker_of::<W>().expect("storm: a thread-exit function runs on a thread that is no worker");
    let number = argument.addr() - 1;
    worker.run_function(number);
    let random = &mut storm.random((worker.number() * 1000 + 500 + number) as u64);
    if random.one_in(3) {
        set_another::<W>(storm, worker, random);
    }
}
