//! Threads that start workers, kill some, join some and detach the others.

use core::sync::atomic::Ordering::SeqCst;

use heapless::Vec;
use tsd_suite::{Priority, Start};

use crate::{Ending, Event, Storm, StormPlatform, account, random::Random, worker};

/// As many workers can a spawner have at once.
const MOST: usize = 10;

/// A worker that was started, and the index of its record.
type Started<W> = (<W as tsd_suite::Platform>::Thread, usize);

/// The thread number `number` of those that make the storm.
pub(crate) fn body<W: StormPlatform>(number: usize) {
    let storm = W::storm();
    let mut random = storm.random(number as u64);
    let mut workers: Vec<Started<W>, MOST> = Vec::new();
    while !storm.is_over() {
        for _ in 0..1 + random.below(4) {
            if !workers.is_full()
                && let Some(worker) = start::<W>(storm, &mut random)
            {
                let pushed = workers.push(worker);
                assert!(pushed.is_ok(), "storm: room was seen");
            }
        }
        if random.one_in(3) {
            W::yield_now();
        }
        if !workers.is_empty() && random.one_in(2) {
            kill::<W>(storm, &workers[random.below(workers.len())]);
        }
        while workers.len() > random.below(MOST) {
            let worker = workers.swap_remove(random.below(workers.len()));
            leave::<W>(storm, worker, &mut random);
        }
    }
    for worker in workers {
        leave::<W>(storm, worker, &mut random);
    }
}

/// Starts a worker, if there is a free record for it.
fn start<W: StormPlatform>(storm: &Storm, random: &mut Random) -> Option<Started<W>> {
    let first = random.below(storm.workers.len());
    let index = (0..storm.workers.len())
        .map(|offset| (first + offset) % storm.workers.len())
        .find(|&index| storm.workers[index].reserve())?;
    storm.workers[index].reset(storm.begin_worker());
    storm.workers[index].is_mortal.store(random.one_in(20) && storm.deaths() < W::MOST_DEATHS, SeqCst);
    let priority = match random.below(6) {
        0 => Priority::Low,
        1 => Priority::High,
        _ => Priority::Normal,
    };
    let start = Start { priority, ..Start::default() };
    Some((W::start_watched(start, worker::body::<W>, index), index))
}

/// Kills a worker, wherever it is; it may have ended.
fn kill<W: StormPlatform>(storm: &Storm, (thread, index): &Started<W>) {
    let record = &storm.workers[*index];
    record.is_killed.store(true, SeqCst);
    if record.is_in_destructor.load(SeqCst) {
        storm.count(Event::KillsInDestructor);
    }
    W::kill(thread);
}

/// Joins or detaches a worker, or reaps it.
fn leave<W: StormPlatform>(storm: &Storm, (thread, index): Started<W>, random: &mut Random) {
    if storm.workers[index].is_mortal.load(SeqCst) {
        if let Some(report) = W::reap(thread) {
            let killed = storm.workers[index].is_killed.load(SeqCst);
            account::settle::<W>(index, &Ending { killed, report: &report, history: None }, true);
        }
        storm.count(Event::Joined);
    } else if random.one_in(3) {
        W::detach(thread);
        storm.count(Event::Detached);
    } else {
        W::join(thread);
        storm.count(Event::Joined);
    }
    storm.workers[index].release();
}
