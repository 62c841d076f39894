//! What the scheduler keeps of each thread, and which control blocks are free.
//!
//! All of it is part of the scheduler's state and under its lock. The free list is last in, first out,
//! so that the next thread takes the control block that was left last.

use heapless::Vec;
use tsd::ExitReport;

use super::{
    control_block::{ALL_CPUS, Cancel, Error, MAX_THREADS, PRIORITIES, Thread, ThreadId, ThreadIndex},
    stack::{self, Stack},
};
use crate::machine::{context::Context, cpu_local::MAX_CPUS};

/// What a thread does: a function of one word, with or without a result.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Entry {
    Value(fn(argument: usize) -> usize),
    NoValue(fn(argument: usize)),
}

/// How a thread is to be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Options {
    /// For listings and panic dumps.
    pub(crate) name: &'static str,
    /// 0 is the lowest. A ready thread never waits for a CPU that runs one of lower priority.
    pub(crate) priority: u8,
    /// A bit for each CPU that may run it.
    pub(crate) affinity: u8,
    pub(crate) stack_bytes: usize,
    /// Nobody joins it.
    pub(crate) detached: bool,
    /// Where others may end it at first.
    pub(crate) cancel: Cancel,
    /// What the thread calls last, after its exit hook, with its argument and how it has ended.
    pub(crate) at_end: Option<AtEnd>,
}

impl Options {
    /// A joinable thread of middle priority on any CPU.
    pub(crate) const fn new(name: &'static str) -> Self {
        Self {
            name,
            priority: PRIORITIES as u8 / 2,
            affinity: ALL_CPUS,
            stack_bytes: stack::USUAL_BYTES,
            detached: false,
            cancel: Cancel::Deferred,
            at_end: None,
        }
    }
}

/// What a thread calls last.
pub(crate) type AtEnd = fn(argument: usize, ended: &Ended);

/// How a thread ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// With this value, given to `exit` or returned by its entry function.
    Returned(usize),
    /// Because of `kill`.
    Killed,
    /// By a fault that does not end the run, at this address if it was about one. The exit hook did not run.
    Faulted(Option<usize>),
    /// By `reap::die`: its exit hook did not run, or not to its end, and its joiner has reaped it.
    Died,
}

/// What a joiner gets.
#[derive(Clone, Debug)]
pub(crate) struct Ended {
    pub(crate) outcome: Outcome,
    /// What the exit hook did.
    pub(crate) report: ExitReport,
    /// Which CPUs ran it, a bit for each, and how often it was preempted.
    pub(crate) history: (u8, u32),
}

/// Why a wait ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wake {
    /// Someone called `wake`.
    Woken,
    /// The word did not hold the value.
    Changed,
    /// The time was up.
    TimedOut,
    /// Someone wants the thread to end.
    Killed,
}

/// What a thread is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// The control block belongs to nobody.
    Free,
    /// In a ready queue.
    Ready,
    /// On this CPU.
    Running { cpu: usize },
    /// Until someone wakes `word`, an address, or the clock passes `until_ns`.
    Waiting { word: usize, until_ns: Option<u64>, cancellable: bool },
    /// Done, and not joined yet.
    Ended,
}

/// One thread's record.
#[derive(Debug)]
pub(crate) struct Record {
    pub(crate) state: State,
    pub(crate) context: Context,
    pub(crate) options: Options,
    pub(crate) entry: (Entry, usize),
    /// How many threads had this control block before.
    pub(crate) generation: u32,
    pub(crate) has_joiner: bool,
    pub(crate) stack: Option<Stack>,
    /// Why the last wait ended.
    pub(crate) wake: Wake,
    pub(crate) ended: Option<Ended>,
    /// A bit for each CPU that ran it.
    pub(crate) cpus_seen: u8,
    /// How often it lost its CPU to another thread without asking.
    pub(crate) preemptions: u32,
}

impl Record {
    const fn new() -> Self {
        Self {
            state: State::Free,
            context: Context::empty(),
            options: Options::new(""),
            entry: (Entry::NoValue(|_| ()), 0),
            generation: 0,
            has_joiner: false,
            stack: None,
            wake: Wake::Woken,
            ended: None,
            cpus_seen: 0,
            preemptions: 0,
        }
    }
}

/// All records and the free list.
#[derive(Debug)]
pub(crate) struct ThreadTable {
    records: [Record; MAX_THREADS],
    free: Vec<ThreadIndex, MAX_THREADS>,
    /// Control blocks that were never used begin here.
    fresh: usize,
}

impl ThreadTable {
    pub(crate) const fn new() -> Self {
        Self { records: [const { Record::new() }; MAX_THREADS], free: Vec::new(), fresh: MAX_CPUS }
    }

    pub(crate) fn record(&self, index: ThreadIndex) -> &Record {
        &self.records[usize::from(index)]
    }

    pub(crate) fn record_mut(&mut self, index: ThreadIndex) -> &mut Record {
        &mut self.records[usize::from(index)]
    }

    /// Returns the record of the thread that `id` names.
    pub(crate) fn find(&mut self, id: ThreadId) -> Result<&mut Record, Error> {
        let record = &mut self.records[usize::from(id.index)];
        if record.generation == id.generation && record.state != State::Free {
            Ok(record)
        } else {
            Err(Error::NoSuchThread)
        }
    }

    /// Takes a control block for a new thread.
    pub(crate) fn allocate(&mut self) -> Option<ThreadIndex> {
        if let Some(index) = self.free.pop() {
            return Some(index);
        }
        let index = self.fresh;
        (index < MAX_THREADS).then(|| {
            self.fresh += 1;
            index as ThreadIndex
        })
    }

    /// Gives a control block back. Its thread must never run again.
    pub(crate) fn release(&mut self, index: ThreadIndex) {
        let record = self.record_mut(index);
        record.state = State::Free;
        record.generation = record.generation.wrapping_add(1);
        let pushed = self.free.push(index);
        debug_assert!(pushed.is_ok(), "a control block was given back twice");
    }

    /// Returns all records with their numbers.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (ThreadIndex, &Record)> {
        (0..).zip(&self.records).filter(|(_, record)| record.state != State::Free)
    }
}

/// Sets up the record of a new thread in the control block `index`.
pub(crate) fn fill(record: &mut Record, options: &Options, entry: (Entry, usize), stack: Stack, context: Context) {
    let generation = record.generation;
    *record = Record { options: *options, entry, stack: Some(stack), context, generation, ..Record::new() };
}

/// Sets up the record of `cpu`'s idle thread, which is the caller.
pub(crate) fn fill_idle(table: &mut ThreadTable, cpu: usize) {
    let record = table.record_mut(cpu as ThreadIndex);
    record.state = State::Running { cpu };
    record.options = Options { affinity: 1 << cpu, detached: true, ..Options::new("idle") };
    record.cpus_seen = 1 << cpu;
    Thread::at(cpu as ThreadIndex).reset();
}
