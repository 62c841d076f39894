//! Who runs where: strict priorities, one set of ready queues for all CPUs, preemption.

use tsd::ExitReport;

use super::{
    control_block::{Error, Thread, ThreadId, ThreadIndex},
    locked::{CpuState, Scheduler, is_idle, lock},
    ready,
    thread_table::{self, Ended, Entry, Options, Outcome, State, Wake},
    wake,
};
use crate::{
    core::{
        clock, cpu,
        trace::{self, What},
    },
    machine::{
        self,
        context::{self, Context},
    },
};

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

impl Scheduler {
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
        // ones after it wait until a CPU looks, one tick at most.
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
        trace::note_of(next, What::Runs);
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
            if slice != Slice::GivenUp {
                record.preemptions += 1;
                trace::note_of(current, What::Preempted);
            }
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
    trace::note_of(index, What::Created(options.name));
    scheduler.make_ready(index);
    Ok(id)
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
    trace::note_of(index, What::Ended);
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
    if !ready::is_any_ready() && !wake::is_any_due(now_ns) {
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
