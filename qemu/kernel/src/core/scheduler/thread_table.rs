//! What the scheduler keeps of each thread, and which control blocks are free.
//!
//! All of it is part of the scheduler's state and under its lock. The free list is last in, first out,
//! so that the next thread takes the control block that was left last.

use heapless::Vec;

use crate::{
    core::{
        cpu::MAX_CPUS,
        scheduler::{
            dispatch::{self, Scheduler},
            stack::Stack,
            thread::{AtEnd, Ended, Entry, Error, MAX_THREADS, Options, Thread, ThreadId, ThreadIndex},
            wait::Wake,
        },
    },
    machine::context::Context,
};

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
pub(crate) struct Table {
    records: [Record; MAX_THREADS],
    free: Vec<ThreadIndex, MAX_THREADS>,
    /// Control blocks that were never used begin here.
    fresh: usize,
}

impl Table {
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

impl Scheduler {
    /// Gives back the control block and the stack of a thread that has ended.
    pub(crate) fn release(&mut self, index: ThreadIndex) {
        if let Some(stack) = self.table.record_mut(index).stack.take() {
            self.stacks.give_back(stack);
        }
        self.table.release(index);
    }
}

/// Takes the right to join `id`.
pub(crate) fn claim_join(id: ThreadId) -> Result<(), Error> {
    let mut scheduler = dispatch::lock();
    let record = scheduler.table.find(id)?;
    if record.options.detached || record.has_joiner {
        return Err(Error::NotJoinable);
    }
    record.has_joiner = true;
    Ok(())
}

/// Gives the right to join `id` back: the joiner was killed.
pub(crate) fn give_up_join(id: ThreadId) {
    dispatch::lock().table.record_mut(id.index).has_joiner = false;
}

/// Takes the result of a thread that has ended, and frees its control block.
pub(crate) fn take_ended(id: ThreadId) -> Ended {
    let mut scheduler = dispatch::lock();
    let ended = scheduler.table.record_mut(id.index).ended.take();
    scheduler.release(id.index);
    ended.expect("a thread that has ended left its result")
}

/// Gives up the right to join `id`.
pub(crate) fn detach(id: ThreadId) -> Result<(), Error> {
    let mut scheduler = dispatch::lock();
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

/// Returns what `id` is doing.
pub(crate) fn state(id: ThreadId) -> Option<State> {
    dispatch::lock().table.find(id).ok().map(|record| record.state)
}

/// Returns on which CPUs `id` ran, a bit for each, and how often it was preempted.
pub(crate) fn history(id: ThreadId) -> Option<(u8, u32)> {
    dispatch::lock().table.find(id).ok().map(|record| (record.cpus_seen, record.preemptions))
}

/// Returns what the running thread calls last, and the argument.
pub(crate) fn at_end_of(index: ThreadIndex) -> Option<(AtEnd, usize)> {
    let scheduler = dispatch::lock();
    let record = scheduler.table.record(index);
    record.options.at_end.map(|at_end| (at_end, record.entry.1))
}

/// Returns the control blocks that no thread has.
pub(crate) fn free() -> impl Iterator<Item = &'static Thread> {
    (MAX_CPUS..MAX_THREADS)
        .map(|index| index as ThreadIndex)
        .filter(|&index| dispatch::lock().table.record(index).state == State::Free)
        .map(Thread::at)
}

/// Sets up the record of a new thread in the control block `index`.
pub(crate) fn fill(record: &mut Record, options: &Options, entry: (Entry, usize), stack: Stack, context: Context) {
    let generation = record.generation;
    *record = Record { options: *options, entry, stack: Some(stack), context, generation, ..Record::new() };
}

/// Sets up the record of `cpu`'s idle thread, which is the caller.
pub(crate) fn fill_idle(table: &mut Table, cpu: usize) {
    let record = table.record_mut(cpu as ThreadIndex);
    record.state = State::Running { cpu };
    record.options = Options { affinity: 1 << cpu, detached: true, ..Options::new("idle") };
    record.cpus_seen = 1 << cpu;
    Thread::at(cpu as ThreadIndex).reset();
}
