//! What a worker does.

use core::cell::Cell;
use core::ptr;
use core::sync::atomic::Ordering::SeqCst;

use tsd::Error;

use crate::{
    Event, Storm, StormPlatform, destructors,
    keys::{KeyRecord, Kind, RecordNumber, any_cell},
    module,
    random::Random,
    storm::Control,
    worker_record::{Doing, State, Value, WorkerRecord},
};

/// The thread whose record has this index.
pub(crate) fn body<W: StormPlatform>(index: usize) {
    let storm = W::storm();
    let worker = &storm.workers[index];
    W::shield(|| {
        let slots = ptr::from_ref(W::slots()).expose_provenance();
        // Those of a thread that was reaped, and whose account is still to come.
        storm.workers.iter().filter(|other| other.is_of(slots)).for_each(WorkerRecord::close);
        worker.begin(slots);
    });
    let mut random = storm.random(worker.number() as u64);
    if random.one_in(3) {
        // Early, where many are killed.
        register::<W>(storm, worker);
    }
    for _ in 0..4 + random.below(40) {
        step::<W>(storm, worker, &mut random);
    }
    if worker.is_mortal.load(SeqCst) {
        approach_death::<W>(storm, worker, &mut random);
    }
    if random.one_in(3) {
        worker.ends_itself.store(true, SeqCst);
        W::exit_thread();
    }
}

/// Dies, or sets a value in whose destructor the thread dies, if there is room for it.
fn approach_death<W: StormPlatform>(storm: &Storm, worker: &WorkerRecord, random: &mut Random) {
    if random.one_in(3) {
        W::shield(|| {
            storm.count(Event::DiedOutside);
            W::die();
        });
    }
    let created = W::shield(|| {
        if let Some(old) = worker.disown() {
            storm.delete_key::<W>(old);
        }
        storm.create_key_of::<W>(Kind::Deadly).inspect(|&key| worker.own_key(key))
    });
    if let Some(key) = created {
        set::<W>(storm, worker, key, 0);
    }
}

fn step<W: StormPlatform>(storm: &Storm, worker: &WorkerRecord, random: &mut Random) {
    match random.below(16) {
        0..8 => with_key::<W>(storm, worker, random),
        8..10 => with_own_key::<W>(storm, worker, random),
        10 => initialise::<W>(storm, worker, random),
        11 => {
            // Now and then more than the list has room for.
            let count = if random.one_in(20) { 40 } else { 1 };
            (0..count).for_each(|_| register::<W>(storm, worker));
        }
        12 => W::yield_now(),
        13 if random.one_in(8) => W::sleep_ms(1),
        _ => (0..random.below(300)).for_each(|_| core::hint::spin_loop()),
    }
}

/// Uses a key of the board, which may be deleted at any moment.
fn with_key<W: StormPlatform>(storm: &Storm, worker: &WorkerRecord, random: &mut Random) {
    let cell = if random.one_in(6) { module::any_cell(random) } else { any_cell(random) };
    let Some(key) = W::shield(|| storm.keys.at(cell).inspect(|&key| worker.use_key(key))) else { return };
    match random.below(8) {
        0 => set::<W>(storm, worker, key, random.below(4)),
        1 => clear::<W>(storm, worker, key),
        2 => get::<W>(storm, worker, key),
        _ => {
            worker.note(Doing::Between);
            get::<W>(storm, worker, key);
            if random.one_in(2) {
                W::yield_now();
            }
            set::<W>(storm, worker, key, random.below(4));
            worker.note(Doing::Anything);
            get::<W>(storm, worker, key);
        }
    }
    W::shield(|| worker.stop_using().map(|key| storm.keys.record(key).release()));
}

/// Creates a key, uses it alone, and deletes it; or keeps the value, and lets the end of the thread delete it.
fn with_own_key<W: StormPlatform>(storm: &Storm, worker: &WorkerRecord, random: &mut Random) {
    let created = W::shield(|| {
        if let Some(old) = worker.disown() {
            storm.delete_key::<W>(old);
        }
        storm.create_key::<W>(random).inspect(|&key| worker.own_key(key))
    });
    let Some(key) = created else { return };
    set::<W>(storm, worker, key, random.below(3));
    get::<W>(storm, worker, key);
    if random.one_in(3) {
        take::<W>(storm, worker, key);
    }
    if random.one_in(2) {
        W::shield(|| worker.disown().map(|key| storm.delete_key::<W>(key)));
    }
}

/// Reads a key's value, which is the one that was stored, or NULL.
pub(crate) fn get<W: StormPlatform>(storm: &Storm, worker: &WorkerRecord, key: RecordNumber) {
    let record = storm.keys.record(key);
    let was_deleted = record.delete_ended().is_some();
    let read = W::space().get(record.key());
    let may_be_deleted = record.delete_began().is_some();
    storm.count(Event::Gets);
    let expected = worker.stored_under(key).map_or(ptr::null_mut(), Value::pointer);
    if read.is_null() && !expected.is_null() {
        assert!(may_be_deleted, "storm: a value is gone whose key lives");
        storm.count(Event::StaleReads);
    } else {
        assert_eq!(read, expected, "storm: a value that was not stored under the key");
        assert!(read.is_null() || !was_deleted, "storm: the value of a deleted key");
    }
}

/// Stores a new value under a key, in place of the one that is there.
pub(crate) fn set<W: StormPlatform>(storm: &Storm, worker: &WorkerRecord, key: RecordNumber, again: usize) {
    let record = storm.keys.record(key);
    let was_deleted = record.delete_ended().is_some();
    let begin = || {
        let new = storm.allocate(worker, key, again)?;
        let old = worker.stored_under(key).inspect(|old| old.become_(State::InDoubt));
        Some((new, old))
    };
    let Some((new, old)) = W::shield(begin) else { return };
    // SAFETY: the key's destructor takes such values, and destroys none twice.
    let result = unsafe { W::space().set(record.key(), new.pointer()) };
    W::shield(|| match result {
        Ok(()) => {
            assert!(!was_deleted, "storm: a deleted key was set");
            new.become_(State::Stored);
            storm.count(Event::Sets);
            if let Some(old) = old {
                storm.free(old);
                storm.count(Event::Replaced);
            }
        }
        Err(error) => {
            expect_deleted(record, error);
            storm.free(new);
            storm.count(Event::SetsRefused);
            if let Some(old) = old {
                old.become_(State::Stored);
            }
        }
    });
}

/// Takes the value under a key away by setting NULL.
fn clear<W: StormPlatform>(storm: &Storm, worker: &WorkerRecord, key: RecordNumber) {
    let record = storm.keys.record(key);
    let old = W::shield(|| worker.stored_under(key).inspect(|old| old.become_(State::InDoubt)));
    // SAFETY: NULL gets no destructor.
    let result = unsafe { W::space().set(record.key(), ptr::null_mut()) };
    W::shield(|| match result {
        Ok(()) => {
            if let Some(old) = old {
                storm.free(old);
                storm.count(Event::Cleared);
            }
        }
        Err(error) => {
            expect_deleted(record, error);
            if let Some(old) = old {
                old.become_(State::Stored);
            }
        }
    });
}

/// Takes the value under the worker's own key, which nobody else deletes or sets.
fn take<W: StormPlatform>(storm: &Storm, worker: &WorkerRecord, key: RecordNumber) {
    let record = storm.keys.record(key);
    // SAFETY: the calling thread's own.
    unsafe { tsd::raw::share(W::slots()) };
    let Some(old) = W::shield(|| worker.stored_under(key).inspect(|old| old.become_(State::InDoubt))) else { return };
    let taken = tsd::raw::take(W::space().table(), W::slots(), record.key());
    W::shield(|| {
        assert_eq!(taken, old.pointer(), "storm: another value was taken than the one that was stored");
        assert!(W::space().get(record.key()).is_null(), "storm: a value that was taken can be read");
        storm.free(old);
        storm.count(Event::Taken);
    });
}

/// Checks that a set was refused for the right reason.
pub(crate) fn expect_deleted(record: &KeyRecord, error: Error) {
    assert_eq!(error, Error::DeletedKey, "storm: a set was refused");
    assert!(record.delete_began().is_some(), "storm: a set was refused though the key lives");
}

/// Registers a thread-exit function.
pub(crate) fn register<W: StormPlatform>(storm: &Storm, worker: &WorkerRecord) {
    let Some(number) = W::shield(|| worker.begin_function()) else { return };
    let argument = destructors::function_argument(number);
    // SAFETY: the function takes the numbers that its thread's record has given.
    let result = unsafe { W::space().at_thread_exit(destructors::function::<W>, argument) };
    W::shield(|| {
        worker.end_function(number, result.is_ok());
        if let Err(error) = result {
            assert_eq!(error, Error::ListFull, "storm: a thread-exit function was refused");
            storm.count(Event::FunctionsRefused);
        }
    });
}

/// Calls the control that all call at the moment.
///
/// The thread is killed in the initialiser or not at all: what a kernel kills in the middle of `once` itself, between
/// the step that claims the control and the one that says whose it is, is beyond help.
pub(crate) fn initialise<W: StormPlatform>(storm: &Storm, worker: &WorkerRecord, random: &mut Random) {
    let (number, control) = storm.current_control();
    let found_running = control.inside.load(SeqCst) != 0;
    let ran = Cell::new(false);
    let result = W::at_safe_points(|| {
        W::space().once(&control.once, || {
            run_initialiser::<W>(storm, worker, control, random);
            ran.set(true);
        })
    });
    assert_eq!(result, Ok(()), "storm: once was refused");
    assert!(control.is_done.load(SeqCst), "storm: once has returned before an initialiser was complete");
    if ran.get() {
        let before = control.completed.fetch_add(1, SeqCst);
        assert_eq!(before, 0, "storm: an initialiser has completed twice");
        storm.count(Event::OnceRuns);
        storm.leave_control(number);
    } else if found_running {
        storm.count(Event::OnceWaits);
    }
}

fn run_initialiser<W: StormPlatform>(storm: &Storm, worker: &WorkerRecord, control: &Control, random: &mut Random) {
    // What a killed thread was doing stays noted while its destructors run.
    let is_exiting = worker.exit_began().is_some();
    if !is_exiting {
        worker.note(Doing::Initialising);
    }
    let inside = control.inside.swap(worker.number(), SeqCst);
    assert!(!storm.is_unharmed(inside), "storm: two threads are in one initialiser");
    assert!(!control.once.is_complete(), "storm: an initialiser runs again");
    match random.below(4) {
        0 => W::sleep_ms(1),
        1 => {
            let recursion = W::space().once(&control.once, || panic!("storm: an initialiser runs in itself"));
            assert_eq!(recursion, Err(Error::Recursion), "storm: recursion was not detected");
            storm.count(Event::Recursions);
        }
        _ => W::yield_now(),
    }
    control.is_done.store(true, SeqCst);
    control.inside.store(0, SeqCst);
    if !is_exiting {
        worker.note(Doing::Anything);
    }
}
