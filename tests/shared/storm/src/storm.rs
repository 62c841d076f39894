//! The storm as a whole: from the first thread to the last account.

use core::ffi::c_void;
use core::ptr;
use tsd_suite::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering::SeqCst};

use heapless::Vec;
use tsd::{Notification, Once, Reason};
use tsd_suite::{Start, wait_until};

use crate::{
    Event, Needed, StormPlatform, churn,
    counts::Counts,
    keys::{CELLS, Keys},
    module::{self, Module},
    random::Random,
    spawner,
    worker_record::{WORKERS, WorkerRecord},
};

/// Threads that start workers, and threads that create and delete keys.
const SPAWNERS: usize = 4;
const CHURNERS: usize = 3;
const CHURNERS_END: usize = SPAWNERS + CHURNERS;
/// And one that loads and unloads the module.
const OWN: usize = SPAWNERS + CHURNERS + 1;
/// As many initialisations as a storm can have; after the last one all calls find it complete.
const CONTROLS: usize = 1 << 16;
/// A storm lasts this many times as long as asked for if an event that has to come does not.
const PATIENCE: u64 = 10;
const PROGRESS_MS: u64 = 1000;
/// A storm in which no thread starts for this long hangs, and so does one whose end takes as long.
const STALL_SECONDS: u64 = 30;

/// A control of `once`, and the worker in its initialiser.
#[derive(Debug)]
pub(crate) struct Control {
    pub(crate) once: Once,
    /// The worker that is in the initialiser, or was killed in it; or 0.
    pub(crate) inside: AtomicUsize,
    /// An initialiser has ended.
    pub(crate) is_done: AtomicBool,
    /// Calls that have run the initialiser and returned.
    pub(crate) completed: AtomicUsize,
}

/// A storm. It lives in a static and runs once.
#[derive(Debug)]
pub struct Storm {
    counts: Counts,
    clock: AtomicUsize,
    seed: AtomicU32,
    is_over: AtomicBool,
    /// Workers that were started, and those that have not ended yet.
    started: AtomicUsize,
    living: AtomicUsize,
    pub(crate) keys: Keys,
    pub(crate) module: Module,
    pub(crate) workers: [WorkerRecord; WORKERS],
    controls: [Control; CONTROLS],
    /// The first control that may not be complete.
    control: AtomicUsize,
}

impl Storm {
    /// A storm that has not begun.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "a default is a value, and this is too large to be one")]
    pub const fn new() -> Self {
        Self {
            counts: Counts::new(),
            clock: AtomicUsize::new(1),
            seed: AtomicU32::new(0),
            is_over: AtomicBool::new(false),
            started: AtomicUsize::new(0),
            living: AtomicUsize::new(0),
            keys: Keys::new(),
            module: Module::new(),
            workers: [const { WorkerRecord::new() }; WORKERS],
            controls: [const {
                Control {
                    once: Once::new(),
                    inside: AtomicUsize::new(0),
                    is_done: AtomicBool::new(false),
                    completed: AtomicUsize::new(0),
                }
            }; CONTROLS],
            control: AtomicUsize::new(0),
        }
    }

    /// Runs for this time, and until every event has come that must come.
    ///
    /// # Panics
    ///
    /// A check fails; on the thread that saw it.
    pub fn run<W: StormPlatform>(&'static self, milliseconds: u64, seed: u32) {
        assert_eq!(self.counts.get(Event::Threads), 0, "storm: it runs once");
        self.seed.store(seed, SeqCst);
        let before = W::space().table().in_use();
        let notification = self.listen::<W>();
        let mut random = self.random(0);
        for cell in 0..CELLS {
            let key = self.create_key::<W>(&mut random);
            assert_eq!(self.keys.exchange(cell, key), None, "storm: the board is not new");
        }

        let mut threads: Vec<W::Thread, OWN> = Vec::new();
        for number in 0..OWN {
            let body = match number {
                0..SPAWNERS => spawner::body::<W>,
                SPAWNERS..CHURNERS_END => churn::body::<W>,
                _ => module::body::<W>,
            };
            let pushed = threads.push(W::start(Start::default(), body, number + 1));
            assert!(pushed.is_ok(), "storm: as many threads as the list has room for");
        }
        self.wait::<W>(milliseconds);
        self.is_over.store(true, SeqCst);
        threads.into_iter().for_each(W::join);
        wait_until::<W>(|| self.living.load(SeqCst) == 0);
        assert!(W::notifications().unregister(notification), "storm: the notification is gone");

        (0..CELLS).filter_map(|cell| self.keys.exchange(cell, None)).for_each(|key| self.delete_key::<W>(key));
        self.settle::<W>(before);
    }

    /// Sees that the time passes, and that something happens meanwhile.
    fn wait<W: StormPlatform>(&self, milliseconds: u64) {
        let began = W::now_ms();
        let (mut passed, mut said, mut started) = (0, 0, 0);
        W::allow_seconds(STALL_SECONDS);
        while passed < milliseconds || passed < PATIENCE * milliseconds && self.missing::<W>().next().is_some() {
            W::sleep_ms(20);
            passed = W::now_ms() - began;
            let count = |event| self.counts.get(event);
            if passed - said >= PROGRESS_MS && count(Event::Threads) > started {
                (said, started) = (passed, count(Event::Threads));
                let (killed, keys, calls) = (count(Event::Killed), count(Event::KeysCreated), count(Event::Calls));
                W::say(format_args!(
                    "tsd: progress: {} of {} s, {started} threads, {killed} killed, {keys} keys, {calls} destructors",
                    passed / 1000,
                    milliseconds / 1000
                ));
                W::allow_seconds(STALL_SECONDS);
            }
        }
        W::allow_seconds(STALL_SECONDS);
    }

    /// Settles the last account, when all threads have ended and all keys were deleted.
    fn settle<W: StormPlatform>(&self, keys_before: usize) {
        let count = |event| self.counts.get(event);
        self.counts.raise(Event::KeysMost, W::space().table().high_water());
        assert_eq!(W::space().table().in_use(), keys_before, "storm: keys are left");
        assert_eq!(self.keys.referred_to(), 0, "storm: keys are referred to");
        assert_eq!(
            self.workers.iter().filter(|worker| !worker.is_free()).count(),
            0,
            "storm: records of workers are in use"
        );
        assert_eq!(W::blocks_not_as_new(), 0, "storm: thread control blocks are not as new");
        assert_eq!(count(Event::Allocations), count(Event::Frees), "storm: allocations and frees");
        assert_eq!(count(Event::KeysCreated), count(Event::KeysDeleted), "storm: keys created and deleted");
        let ended = count(Event::Returned) + count(Event::Exited) + count(Event::Killed) + self.deaths();
        assert_eq!(count(Event::Threads), ended, "storm: threads started and ended");
        assert_eq!(count(Event::Threads), count(Event::Joined) + count(Event::Detached), "storm: threads given up");
        // The storm's own threads have sent some too.
        let notices = (count(Event::Attached), count(Event::DetachNotices));
        assert_eq!(notices, (ended + OWN, ended + OWN), "storm: notifications of {ended} threads and {OWN}");
    }

    /// Counts notifications from here on.
    fn listen<W: StormPlatform>(&'static self) -> &'static Notification {
        extern "C-unwind" fn notified<W: StormPlatform>(reason: Reason, _: *mut c_void) {
            let storm = W::storm();
            match reason {
                Reason::ThreadAttach => storm.count(Event::Attached),
                Reason::ThreadDetach => {
                    storm.count(Event::DetachNotices);
                    if let Some(worker) = storm.worker_of::<W>() {
                        worker.begin_exit(storm.ticket());
                    }
                }
            }
        }
        struct Listener<W>(core::marker::PhantomData<W>);
        impl<W: StormPlatform> Listener<W> {
            const NOTIFICATION: &'static Notification =
                &Notification { function: notified::<W>, context: ptr::null_mut() };
        }

        let notification = Listener::<W>::NOTIFICATION;
        W::notifications().register(notification).expect("room for a notification");
        notification
    }

    /// The events that must have come on this platform and have not.
    pub fn missing<W: StormPlatform>(&self) -> impl Iterator<Item = Event> {
        Self::events::<W>().filter(|&event| event.needed() != Needed::Nowhere && self.counts.get(event) == 0)
    }

    /// What was counted on this platform.
    pub fn figures<W: StormPlatform>(&self) -> impl Iterator<Item = (&'static str, usize)> {
        Self::events::<W>().map(|event| (event.name(), self.counts.get(event)))
    }

    fn events<W: StormPlatform>() -> impl Iterator<Item = Event> {
        Event::ALL.iter().copied().filter(|event| match event.needed() {
            Needed::Everywhere | Needed::Nowhere => true,
            Needed::WithHistory => W::HAS_HISTORY,
            Needed::WithCpus => W::HAS_HISTORY && W::cpus() > 1,
        })
    }

    pub(crate) fn count(&self, event: Event) {
        self.counts.add(event, 1);
    }

    pub(crate) fn add(&self, event: Event, number: u32) {
        self.counts.add(event, number as usize);
    }

    pub(crate) fn raise(&self, event: Event, number: u32) {
        self.counts.raise(event, number as usize);
    }

    /// How many threads have died.
    pub(crate) fn deaths(&self) -> usize {
        self.counts.get(Event::DiedInExit) + self.counts.get(Event::DiedOutside)
    }

    /// A number greater than all that were drawn before, on any CPU.
    pub(crate) fn ticket(&self) -> usize {
        self.clock.fetch_add(1, SeqCst)
    }

    /// The decisions of the thread with this number.
    pub(crate) fn random(&self, number: u64) -> Random {
        Random::new(self.seed.load(SeqCst).into(), number)
    }

    pub(crate) fn is_over(&self) -> bool {
        self.is_over.load(SeqCst)
    }

    /// A worker is about to start; its number, from some number above those of the storm's own threads.
    pub(crate) fn begin_worker(&self) -> usize {
        self.living.fetch_add(1, SeqCst);
        self.count(Event::Threads);
        OWN + 1 + self.started.fetch_add(1, SeqCst)
    }

    /// A worker has ended and been accounted for.
    pub(crate) fn end_worker(&self) {
        self.living.fetch_sub(1, SeqCst);
    }

    /// The record of the calling thread, if it is a worker.
    pub(crate) fn worker_of<W: StormPlatform>(&self) -> Option<&WorkerRecord> {
        let slots = ptr::from_ref(W::slots()).addr();
        self.workers.iter().find(|worker| worker.is_of(slots))
    }

    /// Whether the worker with this number is alive and no thread kills it.
    pub(crate) fn is_unharmed(&self, number: usize) -> bool {
        number != 0 && self.workers.iter().any(|worker| worker.is_of_unharmed(number))
    }

    /// The control that all call at the moment, with its number.
    pub(crate) fn current_control(&self) -> (usize, &Control) {
        let number = self.control.load(SeqCst);
        (number, &self.controls[number])
    }

    /// Control `number` is complete: all go on to the next.
    pub(crate) fn leave_control(&self, number: usize) {
        if number + 1 < CONTROLS {
            // It fails where another thread has come first.
            let _ = self.control.compare_exchange(number, number + 1, SeqCst, SeqCst);
        }
    }
}
