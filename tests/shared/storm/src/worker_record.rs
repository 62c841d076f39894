//! What is known of a thread: the values that it has stored, its thread-exit functions, and how far it is.
//!
//! A record belongs to one worker from before its start until it has been accounted for and released. Only the worker
//! writes to it, but for its beginning and for the note that another thread kills it.
//!
//! The worker is killed at any instruction that is not shielded. What it does to the library is not, so it notes before
//! a call what it is going to do, and after it what has come of it; a value that is neither stored nor not stored for
//! that reason is in doubt, and only if the thread was killed.

use core::ffi::c_void;
use core::ptr;
use tsd_suite::atomic::{
    AtomicBool, AtomicU8, AtomicU32, AtomicUsize,
    Ordering::{Relaxed, SeqCst},
};

use tsd::Slots;
use tsd_suite::KEYS;

use crate::{Event, Storm, keys::RecordNumber};

/// As many workers can be alive at once.
pub(crate) const WORKERS: usize = 64;
/// As many values can a worker have.
const VALUES: usize = 16;
/// As many thread-exit functions can a worker register in its life; more than fit in its list.
const FUNCTIONS: usize = 64;

/// Nothing, as the number of a key's record in a word.
const NOTHING: u32 = u32::MAX;

/// What is known of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum State {
    /// The entry is not in use.
    Free,
    /// Its set has begun.
    Pending,
    /// It was set.
    Stored,
    /// It was set, and something has begun that takes it away.
    InDoubt,
    /// Its destructor runs.
    Taken,
}

impl State {
    const ALL: [Self; 5] = [Self::Free, Self::Pending, Self::Stored, Self::InDoubt, Self::Taken];
}

/// A value: what is stored under keys is a pointer to one.
#[derive(Debug)]
pub(crate) struct Value {
    state: AtomicU8,
    key: AtomicU32,
    /// How often its destructor sets it again.
    pub(crate) again: AtomicU32,
    /// How often its destructor was called.
    pub(crate) calls: AtomicU32,
    /// It was set before the thread's exit began.
    pub(crate) is_early: AtomicBool,
}

impl Value {
    const fn new() -> Self {
        Self {
            state: AtomicU8::new(0),
            key: AtomicU32::new(0),
            again: AtomicU32::new(0),
            calls: AtomicU32::new(0),
            is_early: AtomicBool::new(false),
        }
    }

    pub(crate) fn pointer(&self) -> *mut c_void {
        ptr::from_ref(self).cast_mut().cast()
    }

    pub(crate) fn state(&self) -> State {
        State::ALL[usize::from(self.state.load(SeqCst))]
    }

    pub(crate) fn become_(&self, state: State) {
        self.state.store(state as u8, SeqCst);
    }

    /// The record of the key under which it is stored.
    pub(crate) fn key(&self) -> RecordNumber {
        self.key.load(SeqCst)
    }
}

/// What is known of a thread-exit function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
enum Registration {
    /// There is none of this number.
    None,
    /// It is being registered.
    Pending,
    /// It was registered.
    Registered,
    /// It has run.
    Run,
}

/// What the worker is doing when it is killed, for the count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Doing {
    /// Its own code has not begun.
    NotBegun,
    /// Anything.
    Anything,
    /// It is between a get and a set.
    Between,
    /// It is in an initialiser.
    Initialising,
}

/// What is known of one worker.
#[derive(Debug)]
pub(crate) struct WorkerRecord {
    /// The worker, and the thread that joins or detaches it; 0 for a free record.
    holders: AtomicU32,
    /// Which worker of the storm it is.
    number: AtomicUsize,
    /// The address of the worker's slots, or 0.
    slots: AtomicUsize,
    doing: AtomicU8,
    /// It returns otherwise.
    pub(crate) ends_itself: AtomicBool,
    pub(crate) is_killed: AtomicBool,
    /// It is to die, and is reaped by the thread that started it.
    pub(crate) is_mortal: AtomicBool,
    pub(crate) is_in_destructor: AtomicBool,
    pub(crate) is_in_last_phase: AtomicBool,
    /// The ticket of its detach notification, or 0.
    exit_began: AtomicUsize,
    /// Destructor calls and thread-exit functions that have run.
    pub(crate) calls: AtomicU32,
    pub(crate) functions_run: AtomicU32,
    /// A key that the worker uses at the moment, and one that it has created.
    using: AtomicU32,
    own: AtomicU32,
    values: [Value; VALUES],
    functions: [AtomicU8; FUNCTIONS],
}

impl WorkerRecord {
    pub(crate) const fn new() -> Self {
        Self {
            holders: AtomicU32::new(0),
            number: AtomicUsize::new(0),
            slots: AtomicUsize::new(0),
            doing: AtomicU8::new(0),
            ends_itself: AtomicBool::new(false),
            is_killed: AtomicBool::new(false),
            is_mortal: AtomicBool::new(false),
            is_in_destructor: AtomicBool::new(false),
            is_in_last_phase: AtomicBool::new(false),
            exit_began: AtomicUsize::new(0),
            calls: AtomicU32::new(0),
            functions_run: AtomicU32::new(0),
            using: AtomicU32::new(NOTHING),
            own: AtomicU32::new(NOTHING),
            values: [const { Value::new() }; VALUES],
            functions: [const { AtomicU8::new(0) }; FUNCTIONS],
        }
    }

    /// Reserves a free record for a worker that is about to start and for its starter.
    pub(crate) fn reserve(&self) -> bool {
        self.holders.compare_exchange(0, 2, SeqCst, SeqCst).is_ok()
    }

    /// Clears the record for the worker with this number.
    pub(crate) fn reset(&self, number: usize) {
        assert!(self.values.iter().all(|value| value.state() == State::Free), "storm: a record with values was free");
        self.number.store(number, SeqCst);
        self.doing.store(Doing::NotBegun as u8, SeqCst);
        let in_exit = [&self.is_in_destructor, &self.is_in_last_phase];
        for flag in [&self.ends_itself, &self.is_killed, &self.is_mortal].into_iter().chain(in_exit) {
            flag.store(false, SeqCst);
        }
        self.exit_began.store(0, SeqCst);
        self.calls.store(0, SeqCst);
        self.functions_run.store(0, SeqCst);
        self.functions.iter().for_each(|function| function.store(Registration::None as u8, SeqCst));
    }

    /// Releases one of the two holds on the record.
    pub(crate) fn release(&self) {
        self.holders.fetch_sub(1, SeqCst);
    }

    pub(crate) fn is_free(&self) -> bool {
        self.holders.load(SeqCst) == 0
    }

    /// The worker has begun, with these slots.
    pub(crate) fn begin(&self, slots: usize) {
        self.slots.store(slots, SeqCst);
        self.note(Doing::Anything);
    }

    /// Which worker of the storm it is.
    pub(crate) fn number(&self) -> usize {
        self.number.load(SeqCst)
    }

    /// Whether it is the record of the worker with this number, which is alive and which no thread kills.
    pub(crate) fn is_of_unharmed(&self, number: usize) -> bool {
        let is_alive = self.slots.load(SeqCst) != 0 && !self.is_killed.load(SeqCst);
        is_alive && self.number() == number
    }

    /// The slots of its worker, if that has begun and has not been accounted for.
    pub(crate) fn slots(&self) -> Option<&'static Slots<KEYS>> {
        let slots = self.slots.load(SeqCst);
        // SAFETY: the worker has exposed them, and no platform frees a thread control block.
        unsafe { ptr::with_exposed_provenance::<Slots<KEYS>>(slots).as_ref() }
    }

    /// Whether it is the record of the thread with these slots.
    pub(crate) fn is_of(&self, slots: usize) -> bool {
        self.slots.load(SeqCst) == slots
    }

    /// Notes what the worker does now.
    pub(crate) fn note(&self, doing: Doing) {
        self.doing.store(doing as u8, SeqCst);
    }

    pub(crate) fn is_doing(&self, doing: Doing) -> bool {
        self.doing.load(SeqCst) == doing as u8
    }

    pub(crate) fn begin_exit(&self, ticket: usize) {
        self.exit_began.store(ticket, SeqCst);
    }

    /// The ticket of the worker's detach notification, if it has begun before that.
    pub(crate) fn exit_began(&self) -> Option<usize> {
        Some(self.exit_began.load(SeqCst)).filter(|&ticket| ticket != 0)
    }

    /// Notes the key that the worker uses. The reference goes along.
    pub(crate) fn use_key(&self, number: RecordNumber) {
        self.using.store(number, SeqCst);
    }

    /// The worker no longer uses a key: takes the reference back.
    pub(crate) fn stop_using(&self) -> Option<RecordNumber> {
        Some(self.using.swap(NOTHING, SeqCst)).filter(|&number| number != NOTHING)
    }

    /// Notes the key that the worker has created.
    pub(crate) fn own_key(&self, number: RecordNumber) {
        self.own.store(number, SeqCst);
    }

    /// The key that the worker has created and not deleted yet, to be deleted.
    pub(crate) fn disown(&self) -> Option<RecordNumber> {
        Some(self.own.swap(NOTHING, SeqCst)).filter(|&number| number != NOTHING)
    }

    pub(crate) fn values(&self) -> impl Iterator<Item = &Value> {
        self.values.iter().filter(|value| value.state() != State::Free)
    }

    /// The value that is stored under a key.
    pub(crate) fn stored_under(&self, key: RecordNumber) -> Option<&Value> {
        self.values.iter().find(|value| value.state() == State::Stored && value.key() == key)
    }

    /// The value to which `pointer` points, if it is one of this record's.
    pub(crate) fn value_at(&self, pointer: *mut c_void) -> Option<&Value> {
        self.values.iter().find(|value| value.pointer() == pointer)
    }

    /// Notes that a function is about to be registered; its number, if there is one left.
    pub(crate) fn begin_function(&self) -> Option<usize> {
        let number = self.functions.iter().position(|function| function.load(SeqCst) == Registration::None as u8)?;
        self.functions[number].store(Registration::Pending as u8, SeqCst);
        Some(number)
    }

    /// Notes whether it was registered.
    pub(crate) fn end_function(&self, number: usize, is_registered: bool) {
        let registration = if is_registered { Registration::Registered } else { Registration::None };
        self.functions[number].store(registration as u8, SeqCst);
    }

    /// Notes that a function runs, and checks that it is its turn.
    pub(crate) fn run_function(&self, number: usize) {
        let registration = self.functions[number].swap(Registration::Run as u8, SeqCst);
        let may_be_pending = self.is_killed.load(SeqCst) && registration == Registration::Pending as u8;
        assert!(
            registration == Registration::Registered as u8 || may_be_pending,
            "storm: thread-exit function {number} runs twice, or was never registered"
        );
        assert!(!self.has_functions_above(number + 1), "storm: thread-exit function {number} runs too early");
        // Relaxed: of this thread only, like all counts of one record.
        self.functions_run.fetch_add(1, Relaxed);
    }

    /// Whether a function with this number or a higher one is registered and has not run.
    pub(crate) fn has_functions_above(&self, number: usize) -> bool {
        self.functions[number..].iter().any(|function| function.load(SeqCst) == Registration::Registered as u8)
    }

    /// The worker is gone: nothing refers to its slots any more.
    pub(crate) fn close(&self) {
        self.slots.store(0, SeqCst);
    }
}

impl Storm {
    /// Allocates an entry for a value under a key, if the record has one, with a reference to the key. Its destructor
    /// sets it again so many times, if it is of a kind that does; fewer times than there are rounds.
    pub(crate) fn allocate<'a>(&self, worker: &'a WorkerRecord, key: RecordNumber, again: usize) -> Option<&'a Value> {
        let value = worker.values.iter().find(|value| value.state() == State::Free)?;
        assert!(self.keys.record(key).refer(), "storm: a value of a key that nothing refers to");
        value.key.store(key, SeqCst);
        value.again.store(again as u32, SeqCst);
        value.calls.store(0, SeqCst);
        value.is_early.store(worker.exit_began().is_none(), SeqCst);
        value.become_(State::Pending);
        self.count(Event::Allocations);
        Some(value)
    }

    /// Frees a value's entry.
    pub(crate) fn free(&self, value: &Value) {
        assert_ne!(value.state(), State::Free, "storm: a value is freed twice");
        value.become_(State::Free);
        self.keys.record(value.key()).release();
        self.count(Event::Frees);
    }
}
