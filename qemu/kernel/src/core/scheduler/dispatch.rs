//! The scheduler: strict priorities, one set of ready queues for all CPUs.
//!
//! One lock covers everything. It is taken with interrupts masked and is held across a context switch:
//! the thread that is switched to releases it. So no CPU sees a thread as ready, or its control block
//! as free, before its registers are saved and its stack is left.
//!
//! A CPU is asked to look again by a reschedule interrupt, the own CPU too: then a thread that wakes
//! others with interrupts masked keeps the CPU until it unmasks them.

use core::ops::{Deref, DerefMut};

use heapless::Vec;
use spin::{mutex::SpinMutex, relax::Loop};
use tsd::ExitReport;

use crate::{
    core::{
        clock,
        cpu::{self, MAX_CPUS},
        scheduler::{
            ready::{self, ReadyQueues},
            stack::Pool,
            thread::{Cancel, Ended, Entry, Error, MAX_THREADS, Options, Outcome, Thread, ThreadId, ThreadIndex},
            thread_table::{self, State, Table},
            wait::{self, Wake},
        },
    },
    machine::{
        self,
        context::{self, Context},
        interrupts::{self, InterruptState},
    },
};

/// What a CPU is doing.
#[derive(Clone, Copy, Debug)]
struct CpuState {
    online: bool,
    current: ThreadIndex,
    /// The priority of the thread for which it was asked to look again, until it has done so.
    asked_for: Option<u8>,
}

/// What becomes of the running thread's slice of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Slice {
    /// It goes on: only a thread of higher priority takes the CPU.
    GoesOn,
    /// It is over: so does one of the same priority.
    IsOver,
    /// The thread gives it up: likewise, and not against its will.
    GivenUp,
}

/// The state under the lock.
#[derive(Debug)]
pub(crate) struct Scheduler {
    pub(crate) table: Table,
    pub(crate) stacks: Pool,
    /// The threads in the state `Waiting`, first come first.
    pub(crate) waiting: Vec<ThreadIndex, MAX_THREADS>,
    ready: ReadyQueues,
    cpus: [CpuState; MAX_CPUS],
}

/// Waiting for the lock does not tell the CPU that it spins: QEMU's x86_64 emulation takes a lock of its
/// own at each PAUSE, which keeps the holder from its accesses to devices.
static SCHEDULER: SpinMutex<Scheduler, Loop> = SpinMutex::new(Scheduler {
    table: Table::new(),
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
    fn ask_for(&mut self, priority: u8, affinity: u8) {
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

    /// Blocks `index`, which is the caller, and returns why it was woken.
    pub(crate) fn block(&mut self, index: ThreadIndex, state: State) -> Wake {
        self.table.record_mut(index).state = state;
        let pushed = self.waiting.push(index);
        debug_assert!(pushed.is_ok(), "a thread waits twice");
        self.switch();
        self.table.record(index).wake
    }

    /// Goes on with the best thread for this CPU. The caller is queued, waiting or ended; returns when
    /// it is chosen again, maybe on another CPU.
    fn switch(&mut self) {
        let cpu = cpu::id();
        let previous = self.cpus[cpu].current;
        let next = self.ready.take_best(cpu).unwrap_or(cpu as ThreadIndex);
        self.cpus[cpu].asked_for = None;
        self.cpus[cpu].current = next;
        // This CPU may have been asked for the one that is first now, and another CPU must take it. The
        // ones behind it wait until a CPU looks, one tick at most.
        if let Some((priority, affinity)) = self.ready.first() {
            self.ask_for(priority, affinity);
        }
        let record = self.table.record_mut(next);
        record.state = State::Running { cpu };
        record.cpus_seen |= 1 << cpu;
        if next == previous {
            return;
        }
        if is_idle(previous) {
            clock::arm_tick(false);
        }
        let to: *const Context = &raw const record.context;
        let from = &raw mut self.table.record_mut(previous).context;
        machine::cpu::set_current_thread(core::ptr::from_ref(Thread::at(next)).cast());
        // SAFETY: Interrupts are masked and the lock is held, so no one else uses the contexts; `next`
        // was ready, which means that its context was saved or made.
        unsafe { context::switch(from, to) };
    }

    /// Gives this CPU to a better thread if there is one: one of higher priority, or at the end of the
    /// slice one of the same.
    fn preempt(&mut self, slice: Slice) {
        let cpu = cpu::id();
        self.cpus[cpu].asked_for = None;
        let Some(best) = self.ready.best_priority(cpu) else { return };
        let current = self.cpus[cpu].current;
        if !is_idle(current) {
            let record = self.table.record_mut(current);
            let Options { priority, affinity, .. } = record.options;
            let may_stay = affinity & 1 << cpu != 0;
            if may_stay && (best < priority || best == priority && slice == Slice::GoesOn) {
                return;
            }
            record.state = State::Ready;
            record.preemptions += u32::from(slice != Slice::GivenUp);
            if best > priority {
                self.ready.push_front(current, priority, affinity);
            } else {
                self.ready.push(current, priority, affinity);
            }
            // A CPU that runs something of lower priority may take it.
            self.ask_for(priority, affinity);
        }
        self.switch();
    }
}

/// Fills the pools. Once, on the first CPU.
pub(crate) fn init() {
    lock().stacks.fill();
}

/// Makes the caller the idle thread of its CPU.
pub(crate) fn begin_idle() {
    let cpu = cpu::id();
    let mut scheduler = lock();
    thread_table::fill_idle(&mut scheduler.table, cpu);
    scheduler.cpus[cpu] = CpuState { online: true, current: cpu as ThreadIndex, asked_for: None };
    machine::cpu::set_current_thread(core::ptr::from_ref(Thread::at(cpu as ThreadIndex)).cast());
}

/// Creates a thread that begins in `first_entry`.
pub(crate) fn spawn(
    options: &Options,
    entry: Entry,
    argument: usize,
    first_entry: extern "C" fn(usize) -> !,
) -> Result<ThreadId, Error> {
    let mut scheduler = lock();
    let stack = scheduler.stacks.take(options.stack_bytes).ok_or(Error::NoRoom)?;
    let Some(index) = scheduler.table.allocate() else {
        scheduler.stacks.give_back(stack);
        return Err(Error::NoRoom);
    };
    // SAFETY: The pool gave the stack to this thread alone.
    let context = unsafe { Context::new(stack.top(), first_entry, usize::from(index)) };
    Thread::at(index).reset();
    let record = scheduler.table.record_mut(index);
    thread_table::fill(record, options, (entry, argument), stack, context);
    let id = ThreadId { index, generation: record.generation };
    scheduler.make_ready(index);
    Ok(id)
}

/// Releases the lock that the new thread `index` got from the one before it on this CPU. Returns what
/// the thread is to do, and where others may end it. Interrupts stay masked.
pub(crate) fn begin_thread(index: ThreadIndex) -> (Entry, usize, Cancel) {
    // SAFETY: A new thread's first code runs behind a switch, with the lock held and interrupts masked.
    unsafe {
        let record = (*SCHEDULER.as_mut_ptr()).table.record(index);
        let (entry, argument) = record.entry;
        let cancel = record.options.cancel;
        SCHEDULER.force_unlock();
        (entry, argument, cancel)
    }
}

/// Ends the running thread and wakes its joiner.
pub(crate) fn end_thread(outcome: Outcome, report: ExitReport) -> ! {
    let thread = Thread::current().expect("a thread is running");
    let index = thread.index();
    let mut scheduler = lock();
    let record = scheduler.table.record_mut(index);
    record.state = State::Ended;
    record.ended = Some(Ended { outcome, report, history: (record.cpus_seen, record.preemptions) });
    let detached = record.options.detached;
    thread.ended.store(1, core::sync::atomic::Ordering::SeqCst);
    scheduler.wake_word((&raw const thread.ended).addr());
    if detached {
        scheduler.release(index);
    }
    scheduler.switch();
    unreachable!("a thread that has ended was chosen");
}

/// Asks `id` to end at its next safe point.
pub(crate) fn kill(id: ThreadId) -> Result<(), Error> {
    let mut scheduler = lock();
    let state = scheduler.table.find(id)?.state;
    Thread::at(id.index).kill_requested.store(true, core::sync::atomic::Ordering::SeqCst);
    match state {
        State::Waiting { .. } => scheduler.wake_to_end(id.index),
        State::Running { cpu } => machine::ipi::send_reschedule(cpu),
        State::Free | State::Ready | State::Ended => {}
    }
    Ok(())
}

/// Gives this CPU to a better thread if there is one. At the end of an interrupt, or idle.
pub(crate) fn preempt() {
    lock().preempt(Slice::GoesOn);
}

/// Ends the running thread's slice, wakes the threads whose time is up, and starts the next tick.
///
/// The lock is left alone where there is nothing to do. Otherwise the tick is started with the lock in
/// hand: however long that took, the thread that runs next gets a slice and not the next tick at once.
pub(crate) fn tick(now_ns: u64) {
    let is_idle = Thread::current().is_none_or(|thread| is_idle(thread.index()));
    if !ready::is_any_ready() && !wait::is_any_due(now_ns) {
        clock::arm_tick(is_idle);
        return;
    }
    let mut scheduler = lock();
    clock::arm_tick(is_idle);
    scheduler.wake_sleepers(now_ns);
    scheduler.preempt(Slice::IsOver);
}

/// Lets the other ready threads of the same priority run first.
pub(crate) fn yield_now() {
    if ready::is_any_ready() {
        lock().preempt(Slice::GivenUp);
    }
}

/// Lets the running thread run on the CPUs of `affinity` only, from now on.
pub(crate) fn set_affinity(affinity: u8) {
    let thread = Thread::current().expect("a thread is running").index();
    let mut scheduler = lock();
    let record = scheduler.table.record_mut(thread);
    record.options.affinity = affinity;
    if affinity & 1 << cpu::id() == 0 {
        scheduler.make_ready(thread);
        scheduler.switch();
    }
}

/// Returns the name of the thread that has the control block `index`.
pub(crate) fn id_of(index: ThreadIndex) -> ThreadId {
    ThreadId { index, generation: lock().table.record(index).generation }
}

/// The scheduler's state for the report at the end of a run that went wrong. See [`seize`].
pub(crate) struct Seized {
    pub(crate) table: &'static Table,
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
