//! Waiting for the end of a thread, and giving up the right to.

use core::sync::atomic::Ordering;

use super::{
    control_block::{Error, Thread, ThreadId},
    exit::test_cancel,
    locked, reap,
    thread_table::{Ended, State},
    wait::{self, Cancellable, Wake},
};

/// Waits until `id` has ended and returns how. A cancellation point.
pub(crate) fn join(id: ThreadId) -> Result<Ended, Error> {
    if Thread::current().is_some_and(|thread| thread.index() == id.index) {
        return Err(Error::Itself);
    }
    claim_join(id)?;
    let ended = &Thread::at(id.index).ended;
    while ended.load(Ordering::SeqCst) == 0 {
        if wait::wait(ended, 0, None, Cancellable::Yes) == Wake::Killed {
            give_up_join(id);
            test_cancel();
        }
    }
    let thread = Thread::at(id.index);
    let report = thread.has_died.swap(false, Ordering::SeqCst).then(|| reap::reap(thread));
    let ended = take_ended(id);
    Ok(match report {
        Some(report) => Ended { report, ..ended },
        None => ended,
    })
}

/// Takes the right to join `id`.
fn claim_join(id: ThreadId) -> Result<(), Error> {
    let mut scheduler = locked::lock();
    let record = scheduler.table.find(id)?;
    if record.options.detached || record.has_joiner {
        return Err(Error::NotJoinable);
    }
    record.has_joiner = true;
    Ok(())
}

/// Gives the right to join `id` back: the joiner was killed.
fn give_up_join(id: ThreadId) {
    locked::lock().table.record_mut(id.index).has_joiner = false;
}

/// Takes the result of a thread that has ended, and frees its control block.
fn take_ended(id: ThreadId) -> Ended {
    let mut scheduler = locked::lock();
    let ended = scheduler.table.record_mut(id.index).ended.take();
    scheduler.release(id.index);
    ended.expect("a thread that has ended left its result")
}

/// Gives up the right to join `id`.
pub(crate) fn detach(id: ThreadId) -> Result<(), Error> {
    let mut scheduler = locked::lock();
    let record = scheduler.table.find(id)?;
    if record.options.detached || record.has_joiner {
        return Err(Error::NotJoinable);
    }
    record.options.detached = true;
    if record.state == State::Ended {
        scheduler.release(id.index);
    }
    Ok(())
}
