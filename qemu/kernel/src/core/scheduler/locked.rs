//! The scheduler's state and its lock.
//!
//! One lock covers everything. It is taken with interrupts masked and is held across a context switch:
//! the thread that is switched to releases it. So no CPU sees a thread as ready, or its control block
//! as free, before its registers are saved and its stack is left.
//!
//! A CPU is asked to look again by a reschedule interrupt, its own CPU too: then a thread that wakes
//! others with interrupts masked keeps the CPU until it unmasks them.

use core::ops::{Deref, DerefMut};

use heapless::Vec;
use spin::{mutex::SpinMutex, relax::Loop};

use super::{
    control_block::{Cancel, MAX_THREADS, Thread, ThreadId, ThreadIndex},
    ready::ReadyQueues,
    stack::Pool,
    thread_table::{AtEnd, Entry, Options, State, ThreadTable},
};
use crate::{
    core::cpu,
    machine::{
        self,
        cpu_local::MAX_CPUS,
        interrupts::{self, InterruptState},
    },
};

/// What a CPU is doing.
#[derive(Clone, Copy, Debug)]
pub(super) struct CpuState {
    pub(super) online: bool,
    pub(super) current: ThreadIndex,
    /// The priority of the thread for which it was asked to look again, until it has done so.
    pub(super) asked_for: Option<u8>,
}

/// The state under the lock.
#[derive(Debug)]
pub(crate) struct Scheduler {
    pub(crate) table: ThreadTable,
    pub(crate) stacks: Pool,
    /// The threads in the state `Waiting`, first come first.
    pub(crate) waiting: Vec<ThreadIndex, MAX_THREADS>,
    pub(super) ready: ReadyQueues,
    pub(super) cpus: [CpuState; MAX_CPUS],
}

/// Waiting for the lock does not tell the CPU that it spins: QEMU's x86_64 emulation takes a lock of its
/// own at each PAUSE, which keeps the holder from its accesses to devices.
static SCHEDULER: SpinMutex<Scheduler, Loop> = SpinMutex::new(Scheduler {
    table: ThreadTable::new(),
    stacks: Pool::new(),
    waiting: Vec::new(),
    ready: ReadyQueues::new(),
    cpus: [CpuState { online: false, current: 0, asked_for: None }; MAX_CPUS],
});

/// The lock is held and interrupts are masked. Dropping releases the lock and puts the interrupt
/// state back.
///
/// Not spin's own guard: a switch hands the lock to another thread, which drops its own.
#[derive(Debug)]
pub(crate) struct Locked {
    interrupts: InterruptState,
}

/// Takes the scheduler's lock.
pub(crate) fn lock() -> Locked {
    let interrupts = interrupts::save_and_disable();
    core::mem::forget(SCHEDULER.lock());
    Locked { interrupts }
}

impl Deref for Locked {
    type Target = Scheduler;

    fn deref(&self) -> &Scheduler {
        // SAFETY: The lock is held for as long as a `Locked` exists that is running.
        unsafe { &*SCHEDULER.as_mut_ptr() }
    }
}

impl DerefMut for Locked {
    fn deref_mut(&mut self) -> &mut Scheduler {
        // SAFETY: As in `deref`; a CPU has one running `Locked`.
        unsafe { &mut *SCHEDULER.as_mut_ptr() }
    }
}

impl Drop for Locked {
    fn drop(&mut self) {
        // SAFETY: The lock is held, and interrupts are masked since `lock` returned the state, also
        // if the thread has come to another CPU in between: it was masked there as well.
        unsafe {
            SCHEDULER.force_unlock();
            interrupts::restore(self.interrupts);
        }
    }
}

/// Returns whether `index` is a CPU's idle thread.
pub(crate) fn is_idle(index: ThreadIndex) -> bool {
    usize::from(index) < MAX_CPUS
}

impl Scheduler {
    /// Queues a thread and asks a CPU to take it, if one runs something of lower priority.
    pub(crate) fn make_ready(&mut self, index: ThreadIndex) {
        let record = self.table.record_mut(index);
        record.state = State::Ready;
        let Options { priority, affinity, .. } = record.options;
        self.ready.push(index, priority, affinity);
        self.ask_for(priority, affinity);
    }

    /// Asks the CPU with the lowest priority among those of `affinity` to look again, if its priority is
    /// below `priority`. The caller's CPU is preferred among equals.
    pub(super) fn ask_for(&mut self, priority: u8, affinity: u8) {
        let this = cpu::id();
        let lowest = (0..MAX_CPUS)
            .filter(|&cpu| self.cpus[cpu].online && affinity & 1 << cpu != 0)
            .min_by_key(|&cpu| (self.priority_of(cpu), cpu != this));
        if let Some(cpu) = lowest
            && self.priority_of(cpu) < Some(priority)
        {
            self.cpus[cpu].asked_for = Some(priority);
            machine::ipi::send_reschedule(cpu);
        }
    }

    /// Returns the priority of what `cpu` runs, or will as soon as it has looked; none for idle.
    fn priority_of(&self, cpu: usize) -> Option<u8> {
        let CpuState { current, asked_for, .. } = self.cpus[cpu];
        let running = (!is_idle(current)).then(|| self.table.record(current).options.priority);
        running.max(asked_for)
    }

    /// Gives back the control block and the stack of a thread that has ended.
    pub(crate) fn release(&mut self, index: ThreadIndex) {
        if let Some(stack) = self.table.record_mut(index).stack.take() {
            self.stacks.give_back(stack);
        }
        self.table.release(index);
    }
}

/// Releases the lock that the new thread `index` got from the one before it on this CPU. Returns what
/// the thread is to do, and where others may end it. Interrupts stay masked.
pub(crate) fn begin_thread(index: ThreadIndex) -> (Entry, usize, Cancel) {
    // SAFETY: A new thread's first code runs after a switch, with the lock held and interrupts masked.
    unsafe {
        let record = (*SCHEDULER.as_mut_ptr()).table.record(index);
        let (entry, argument) = record.entry;
        let cancel = record.options.cancel;
        SCHEDULER.force_unlock();
        (entry, argument, cancel)
    }
}

/// Returns the name of the thread that has the control block `index`.
pub(crate) fn id_of(index: ThreadIndex) -> ThreadId {
    ThreadId { index, generation: lock().table.record(index).generation }
}

/// Returns what `id` is doing.
pub(crate) fn state(id: ThreadId) -> Option<State> {
    lock().table.find(id).ok().map(|record| record.state)
}

/// Returns on which CPUs `id` ran, a bit for each, and how often it was preempted.
pub(crate) fn history(id: ThreadId) -> Option<(u8, u32)> {
    lock().table.find(id).ok().map(|record| (record.cpus_seen, record.preemptions))
}

/// Returns what the running thread calls last, and the argument.
pub(crate) fn at_end_of(index: ThreadIndex) -> Option<(AtEnd, usize)> {
    let scheduler = lock();
    let record = scheduler.table.record(index);
    record.options.at_end.map(|at_end| (at_end, record.entry.1))
}

/// Returns the control blocks that no thread has.
pub(crate) fn free() -> impl Iterator<Item = &'static Thread> {
    (MAX_CPUS..MAX_THREADS)
        .map(|index| index as ThreadIndex)
        .filter(|&index| lock().table.record(index).state == State::Free)
        .map(Thread::at)
}

/// The scheduler's state for the report at the end of a run that went wrong. See [`seize`].
pub(crate) struct Seized {
    pub(crate) table: &'static ThreadTable,
    cpus: &'static [CpuState; MAX_CPUS],
}

impl Seized {
    /// Returns which thread `cpu` runs.
    pub(crate) fn current(&self, cpu: usize) -> Option<ThreadIndex> {
        self.cpus[cpu].online.then_some(self.cpus[cpu].current)
    }
}

/// Takes the lock for good, if it comes free, and returns what it protects in any case: whoever has it
/// may be what went wrong.
pub(crate) fn seize() -> Seized {
    const TRIES: usize = 1_000_000;

    for _ in 0..TRIES {
        if let Some(guard) = SCHEDULER.try_lock() {
            core::mem::forget(guard);
            break;
        }
        core::hint::spin_loop();
    }
    // SAFETY: The lock is held and never released, by this CPU or by another one that does not get on.
    // In the latter case what is read may be half changed; nothing is done with it but printing.
    let scheduler = unsafe { &*SCHEDULER.as_mut_ptr() };
    Seized { table: &scheduler.table, cpus: &scheduler.cpus }
}
