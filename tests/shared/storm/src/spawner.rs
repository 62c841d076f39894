//! Threads that start workers, kill some, join some and let the others go.

use core::sync::atomic::Ordering::SeqCst;

use heapless::Vec;
use tsd_suite::{Priority, Start};

use crate::{Ending, Event, Storm, StormPlatform, random::Random, worker};

/// As many workers has a spawner to join at once.
const MOST: usize = 10;

/// A worker that was started, and its desk.
type Started<W> = (<W as tsd_suite::Platform>::Thread, usize);

/// The thread number `number` of those that the storm is made by.
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

/// Starts a worker, if there is a desk for it.
fn start<W: StormPlatform>(storm: &Storm, random: &mut Random) -> Option<Started<W>> {
    let first = random.below(storm.desks.len());
    let number = (0..storm.desks.len())
        .map(|offset| (first + offset) % storm.desks.len())
        .find(|&number| storm.desks[number].take())?;
    storm.desks[number].open(storm.begin_worker());
    storm.desks[number].is_mortal.store(random.one_in(20) && storm.deaths() < W::MOST_DEATHS, SeqCst);
    let priority = match random.below(6) {
        0 => Priority::Low,
        1 => Priority::High,
        _ => Priority::Normal,
    };
    let start = Start { priority, ..Start::default() };
    Some((W::start_watched(start, worker::body::<W>, number), number))
}

/// Kills a worker, wherever it is; it may have ended.
fn kill<W: StormPlatform>(storm: &Storm, (thread, desk): &Started<W>) {
    let desk = &storm.desks[*desk];
    desk.is_killed.store(true, SeqCst);
    if desk.is_in_destructor.load(SeqCst) {
        storm.count(Event::KillsInDestructor);
    }
    W::kill(thread);
}

/// Joins a worker or lets it go.
fn leave<W: StormPlatform>(storm: &Storm, (thread, desk): Started<W>, random: &mut Random) {
    if storm.desks[desk].is_mortal.load(SeqCst) {
        if let Some(report) = W::reap(thread) {
            let killed = storm.desks[desk].is_killed.load(SeqCst);
            worker::account::<W>(desk, &Ending { killed, report: &report, history: None }, true);
        }
        storm.count(Event::Joined);
    } else if random.one_in(3) {
        W::detach(thread);
        storm.count(Event::Detached);
    } else {
        W::join(thread);
        storm.count(Event::Joined);
    }
    storm.desks[desk].give_up();
}
