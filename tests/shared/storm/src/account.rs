//! The account of a worker that has ended: what became of its values and thread-exit functions, held to its exit's
//! report.

use core::sync::atomic::Ordering::SeqCst;

use tsd::{DEFAULT_ROUNDS, ExitFlags};

use crate::{
    Ending, Event, Storm, StormPlatform,
    keys::Kind,
    worker_record::{Doing, State, Value, WorkerRecord},
};

/// Accounts for a watched thread that has ended: called on the thread itself, after its exit hook.
pub fn at_end<W: StormPlatform>(index: usize, ending: &Ending<'_>) {
    settle::<W>(index, ending, false);
}

/// Accounts for a worker that has ended, or that has died and was reaped.
pub(crate) fn settle<W: StormPlatform>(index: usize, ending: &Ending<'_>, has_died: bool) {
    let storm = W::storm();
    let exit_ended = storm.ticket();
    let worker = &storm.workers[index];
    count_ending(storm, worker, ending, has_died);
    if has_died {
        settle_interrupted(storm, worker, ending);
    }
    if let Some(key) = worker.stop_using() {
        storm.keys.record(key).release();
    }
    settle_values(storm, worker, exit_ended, ending, has_died);
    assert!(!worker.has_functions_above(0), "storm: a thread-exit function has not run");
    let (calls, functions) = (worker.calls.load(SeqCst), worker.functions_run.load(SeqCst));
    // What a thread that died had counted is gone with it.
    let is_counted = |ran: u32, reported: u32| ran == reported || has_died && ran > reported;
    let report = ending.report;
    assert!(is_counted(calls, report.calls), "storm: {calls} calls of destructors, {report:?}");
    assert!(is_counted(functions, report.functions), "storm: {functions} calls of functions, {report:?}");
    if let Some(key) = worker.disown() {
        storm.delete_key::<W>(key);
    }
    worker.close();
    worker.release();
    storm.end_worker();
}

/// Sees that the report of a thread that has died names the value in whose destructor it was, and no other.
fn settle_interrupted(storm: &Storm, worker: &WorkerRecord, ending: &Ending<'_>) {
    let mut taken = worker.values().filter(|value| value.state() == State::Taken);
    let interrupted = taken.next();
    assert!(taken.next().is_none(), "storm: a thread has died in two destructors");
    let key = interrupted.map(|value| storm.keys.record(value.key()).key());
    let is_named = ending.report.flags.contains(ExitFlags::INTERRUPTED);
    assert_eq!(key, is_named.then_some(ending.report.interrupted), "storm: the value that a dead thread took along");
    if let Some(value) = interrupted {
        storm.free(value);
    }
}

fn count_ending(storm: &Storm, worker: &WorkerRecord, ending: &Ending<'_>, has_died: bool) {
    let report = ending.report;
    if has_died {
        // Counted when it did.
    } else if ending.killed {
        assert!(worker.is_killed.load(SeqCst), "storm: a thread is killed that nobody has killed");
        storm.count(Event::Killed);
        let doing = [
            (Doing::NotBegun, Event::KilledAtOnce),
            (Doing::Between, Event::KilledBetween),
            (Doing::Initialising, Event::KilledInOnce),
        ];
        doing.into_iter().filter(|&(doing, _)| worker.is_doing(doing)).for_each(|(_, event)| storm.count(event));
    } else {
        storm.count(if worker.ends_itself.load(SeqCst) { Event::Exited } else { Event::Returned });
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
fn settle_values(storm: &Storm, worker: &WorkerRecord, exit_ended: usize, ending: &Ending<'_>, has_died: bool) {
    let report = ending.report;
    let (mut left_over, mut deleted) = (0, 0);
    let mut in_doubt: Option<&Value> = None;
    let mut is_pending = false;
    for value in worker.values() {
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
                    // The thread that reaps has rounds of its own.
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
    worker.values().for_each(|value| storm.free(value));
}
