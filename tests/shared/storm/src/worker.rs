//! What a worker does, and its account when it has ended.

use core::cell::Cell;
use core::ptr;
use core::sync::atomic::Ordering::SeqCst;

use tsd::{DEFAULT_ROUNDS, Error, ExitFlags};

use crate::{
    Ending, Event, Storm, StormPlatform,
    desk::{Desk, Doing, State, Value},
    destructors,
    keys::{KeyRecord, Kind, RecordNumber, any_cell},
    module,
    random::Random,
    storm::Control,
};

/// The thread with the desk of this number.
pub(crate) fn body<W: StormPlatform>(number: usize) {
    let storm = W::storm();
    let desk = &storm.desks[number];
    W::shield(|| {
        let slots = ptr::from_ref(W::slots()).expose_provenance();
        // Those of a thread that was reaped, and whose account is still to come.
        storm.desks.iter().filter(|desk| desk.is_of(slots)).for_each(Desk::close);
        desk.begin(slots);
    });
    let mut random = storm.random(desk.worker() as u64);
    if random.one_in(3) {
        // Early, where many are killed.
        register::<W>(storm, desk);
    }
    for _ in 0..4 + random.below(40) {
        step::<W>(storm, desk, &mut random);
    }
    if desk.is_mortal.load(SeqCst) {
        approach_death::<W>(storm, desk, &mut random);
    }
    if random.one_in(3) {
        desk.ends_itself.store(true, SeqCst);
        W::exit_thread();
    }
}

/// Dies, or sets a value in whose destructor the thread dies, if there are places for it.
fn approach_death<W: StormPlatform>(storm: &Storm, desk: &Desk, random: &mut Random) {
    if random.one_in(3) {
        W::shield(|| {
            storm.count(Event::DiedOutside);
            W::die();
        });
    }
    let created = W::shield(|| {
        if let Some(old) = desk.disown() {
            storm.delete_key::<W>(old);
        }
        storm.create_key_of::<W>(Kind::Deadly).inspect(|&key| desk.own_key(key))
    });
    if let Some(key) = created {
        set::<W>(storm, desk, key, 0);
    }
}

fn step<W: StormPlatform>(storm: &Storm, desk: &Desk, random: &mut Random) {
    match random.below(16) {
        0..8 => with_key::<W>(storm, desk, random),
        8..10 => with_own_key::<W>(storm, desk, random),
        10 => initialise::<W>(storm, desk, random),
        11 => {
            // Now and then more than the list has room for.
            let count = if random.one_in(20) { 40 } else { 1 };
            (0..count).for_each(|_| register::<W>(storm, desk));
        }
        12 => W::yield_now(),
        13 if random.one_in(8) => W::sleep_ms(1),
        _ => (0..random.below(300)).for_each(|_| core::hint::spin_loop()),
    }
}

/// Uses a key of the board, which may be deleted at any moment.
fn with_key<W: StormPlatform>(storm: &Storm, desk: &Desk, random: &mut Random) {
    let cell = if random.one_in(6) { module::any_cell(random) } else { any_cell(random) };
    let Some(key) = W::shield(|| storm.keys.at(cell).inspect(|&key| desk.use_key(key))) else { return };
    match random.below(8) {
        0 => set::<W>(storm, desk, key, random.below(4)),
        1 => clear::<W>(storm, desk, key),
        2 => get::<W>(storm, desk, key),
        _ => {
            desk.note(Doing::Between);
            get::<W>(storm, desk, key);
            if random.one_in(2) {
                W::yield_now();
            }
            set::<W>(storm, desk, key, random.below(4));
            desk.note(Doing::Anything);
            get::<W>(storm, desk, key);
        }
    }
    W::shield(|| desk.stop_using().map(|key| storm.keys.record(key).release()));
}

/// Creates a key, uses it alone, and deletes it; or keeps the value, and lets the end of the thread delete it.
fn with_own_key<W: StormPlatform>(storm: &Storm, desk: &Desk, random: &mut Random) {
    let created = W::shield(|| {
        if let Some(old) = desk.disown() {
            storm.delete_key::<W>(old);
        }
        storm.create_key::<W>(random).inspect(|&key| desk.own_key(key))
    });
    let Some(key) = created else { return };
    set::<W>(storm, desk, key, random.below(3));
    get::<W>(storm, desk, key);
    if random.one_in(3) {
        take::<W>(storm, desk, key);
    }
    if random.one_in(2) {
        W::shield(|| desk.disown().map(|key| storm.delete_key::<W>(key)));
    }
}

/// Reads a key's value, which is the one that was stored, or NULL.
pub(crate) fn get<W: StormPlatform>(storm: &Storm, desk: &Desk, key: RecordNumber) {
    let record = storm.keys.record(key);
    let was_deleted = record.delete_ended().is_some();
    let read = W::space().get(record.key());
    let may_be_deleted = record.delete_began().is_some();
    storm.count(Event::Gets);
    let expected = desk.stored_under(key).map_or(ptr::null_mut(), Value::pointer);
    if read.is_null() && !expected.is_null() {
        assert!(may_be_deleted, "storm: a value is gone whose key lives");
        storm.count(Event::StaleReads);
    } else {
        assert_eq!(read, expected, "storm: a value that was not stored under the key");
        assert!(read.is_null() || !was_deleted, "storm: the value of a deleted key");
    }
}

/// Stores a new value under a key, in place of the one that is there.
pub(crate) fn set<W: StormPlatform>(storm: &Storm, desk: &Desk, key: RecordNumber, again: usize) {
    let record = storm.keys.record(key);
    let was_deleted = record.delete_ended().is_some();
    let begin = || {
        let new = storm.allocate(desk, key, again)?;
        let old = desk.stored_under(key).inspect(|old| old.become_(State::InDoubt));
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
fn clear<W: StormPlatform>(storm: &Storm, desk: &Desk, key: RecordNumber) {
    let record = storm.keys.record(key);
    let old = W::shield(|| desk.stored_under(key).inspect(|old| old.become_(State::InDoubt)));
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
fn take<W: StormPlatform>(storm: &Storm, desk: &Desk, key: RecordNumber) {
    let record = storm.keys.record(key);
    // SAFETY: the calling thread's own.
    unsafe { W::slots().share() };
    let Some(old) = W::shield(|| desk.stored_under(key).inspect(|old| old.become_(State::InDoubt))) else { return };
    let taken = W::space().table().take(W::slots(), record.key());
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
pub(crate) fn register<W: StormPlatform>(storm: &Storm, desk: &Desk) {
    let Some(number) = W::shield(|| desk.begin_function()) else { return };
    let argument = destructors::function_argument(number);
    // SAFETY: the function takes the numbers that its thread's desk has given.
    let result = unsafe { W::space().at_thread_exit(destructors::function::<W>, argument) };
    W::shield(|| {
        desk.end_function(number, result.is_ok());
        if let Err(error) = result {
            assert_eq!(error, Error::ListFull, "storm: a thread-exit function was refused");
            storm.count(Event::FunctionsRefused);
        }
    });
}

/// Calls the control that all call at the moment.
///
/// The thread is killed in the initialiser or not at all: what a kernel kills in the middle of `once` itself, between the
/// step that claims the control and the one that says whose it is, is beyond help.
pub(crate) fn initialise<W: StormPlatform>(storm: &Storm, desk: &Desk, random: &mut Random) {
    let (number, control) = storm.current_control();
    let found_running = control.inside.load(SeqCst) != 0;
    let ran = Cell::new(false);
    let result = W::at_safe_points(|| {
        W::space().once(&control.once, || {
            run_initialiser::<W>(storm, desk, control, random);
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

fn run_initialiser<W: StormPlatform>(storm: &Storm, desk: &Desk, control: &Control, random: &mut Random) {
    // What a killed thread was doing stays noted while its destructors run.
    let is_exiting = desk.exit_began().is_some();
    if !is_exiting {
        desk.note(Doing::Initialising);
    }
    let inside = control.inside.swap(desk.worker(), SeqCst);
    assert!(!storm.is_well(inside), "storm: two threads are in one initialiser");
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
        desk.note(Doing::Anything);
    }
}

/// Accounts for a watched thread that has ended: called on the thread itself, behind its exit hook.
pub fn at_end<W: StormPlatform>(number: usize, ending: &Ending<'_>) {
    account::<W>(number, ending, false);
}

/// Accounts for a worker that has ended, or that has died and was reaped.
pub(crate) fn account<W: StormPlatform>(number: usize, ending: &Ending<'_>, has_died: bool) {
    let storm = W::storm();
    let exit_ended = storm.ticket();
    let desk = &storm.desks[number];
    count_ending(storm, desk, ending, has_died);
    if has_died {
        settle_interrupted(storm, desk, ending);
    }
    if let Some(key) = desk.stop_using() {
        storm.keys.record(key).release();
    }
    settle_values(storm, desk, exit_ended, ending, has_died);
    assert!(!desk.has_functions_above(0), "storm: a thread-exit function has not run");
    let (calls, functions) = (desk.calls.load(SeqCst), desk.functions_run.load(SeqCst));
    // What a thread that died had counted is gone with it.
    let is_counted = |ran: u32, reported: u32| ran == reported || has_died && ran > reported;
    let report = ending.report;
    assert!(is_counted(calls, report.calls), "storm: {calls} calls of destructors, {report:?}");
    assert!(is_counted(functions, report.functions), "storm: {functions} calls of functions, {report:?}");
    if let Some(key) = desk.disown() {
        storm.delete_key::<W>(key);
    }
    desk.close();
    desk.give_up();
    storm.end_worker();
}

/// Sees that the report of a thread that has died names the value in whose destructor it was, and no other.
fn settle_interrupted(storm: &Storm, desk: &Desk, ending: &Ending<'_>) {
    let mut taken = desk.values().filter(|value| value.state() == State::Taken);
    let interrupted = taken.next();
    assert!(taken.next().is_none(), "storm: a thread has died in two destructors");
    let key = interrupted.map(|value| storm.keys.record(value.key()).key());
    let is_named = ending.report.flags.contains(ExitFlags::INTERRUPTED);
    assert_eq!(key, is_named.then_some(ending.report.interrupted), "storm: the value that a dead thread took along");
    if let Some(value) = interrupted {
        storm.free(value);
    }
}

fn count_ending(storm: &Storm, desk: &Desk, ending: &Ending<'_>, has_died: bool) {
    let report = ending.report;
    if has_died {
        // Counted when it did.
    } else if ending.killed {
        assert!(desk.is_killed.load(SeqCst), "storm: a thread is killed that nobody has killed");
        storm.count(Event::Killed);
        let doing = [
            (Doing::NotBegun, Event::KilledAtOnce),
            (Doing::Between, Event::KilledBetween),
            (Doing::Initialising, Event::KilledInOnce),
        ];
        doing.into_iter().filter(|&(doing, _)| desk.is_doing(doing)).for_each(|(_, event)| storm.count(event));
    } else {
        storm.count(if desk.ends_itself.load(SeqCst) { Event::Exited } else { Event::Returned });
    }
    storm.add(Event::Rounds, report.rounds);
    storm.add(Event::LastRounds, report.last_phase_rounds);
    storm.raise(Event::RoundsMost, report.rounds + report.last_phase_rounds);
    storm.add(Event::LeftOver, report.left_over);
    if let Some((preemptions, cpus)) = ending.history {
        storm.add(Event::Preemptions, preemptions);
        storm.add(Event::Migrated, u32::from(cpus > 1));
    }
}

/// Sees that every value that was stored and not taken away was destroyed, or could not be.
fn settle_values(storm: &Storm, desk: &Desk, exit_ended: usize, ending: &Ending<'_>, has_died: bool) {
    let report = ending.report;
    let (mut left_over, mut deleted) = (0, 0);
    let mut in_doubt: Option<&Value> = None;
    let mut is_pending = false;
    for value in desk.values() {
        let record = storm.keys.record(value.key());
        let kind = record.kind();
        let is_deleted = record.delete_began().is_some_and(|began| began < exit_ended);
        match value.state() {
            State::Stored if kind == Kind::None => storm.count(Event::Undestroyed),
            State::Stored if is_deleted => {
                storm.count(Event::Abandoned);
                deleted += 1;
            }
            State::Stored => {
                let rounds = if kind.is_last_phase() { report.last_phase_rounds } else { report.rounds };
                assert_eq!(rounds, DEFAULT_ROUNDS, "storm: a value of kind {kind:?} is lost, {report:?}");
                if value.is_early.load(SeqCst) {
                    // Who reaps a thread has rounds of its own.
                    let most = DEFAULT_ROUNDS + u32::from(has_died);
                    let is_used_up = (DEFAULT_ROUNDS..=most).contains(&value.calls.load(SeqCst));
                    assert!(kind == Kind::Endless && is_used_up, "storm: a value is lost, {report:?}");
                }
                left_over += 1;
            }
            state @ (State::Pending | State::InDoubt) if ending.killed => {
                storm.count(if state == State::Pending { Event::KilledInSet } else { Event::Uncertain });
                is_pending |= state == State::Pending;
                if state == State::InDoubt && !is_deleted && kind != Kind::None {
                    in_doubt = Some(value);
                }
            }
            state => panic!("storm: a value is {state:?} when its thread has ended"),
        }
    }
    assert!(!(is_pending && in_doubt.is_some()), "storm: a value was lost while another one replaced it");
    // Of a key that is being deleted, the value may have been reported or not.
    let allowed = left_over..=left_over + deleted;
    assert!(allowed.contains(&report.left_over), "storm: {allowed:?} values are left over, {report:?}");
    desk.values().for_each(|value| storm.free(value));
}
