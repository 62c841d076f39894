//! Threads as the rest of the kernel sees them: create, join, detach, kill, exit.
//!
//! A [`Thread`] is the thread control block. It embeds the library's slots and list of exit functions
//! and is only ever touched by its own thread, but for the atomics. What the scheduler keeps of a
//! thread is in [`crate::core::scheduler::thread_table`], under the scheduler's lock.
//!
//! A thread is ended by its own call of [`exit`], always on its own stack: when its entry function
//! returns, when it calls `exit`, or at a safe point after someone called [`kill`].

use core::{
    cell::UnsafeCell,
    ptr,
    sync::atomic::{AtomicBool, AtomicPtr, AtomicU8, AtomicU32, Ordering},
};

use heapless::Vec;
use spin::Mutex;
use tsd::{ExitFunctions, ExitReport, Slots};

use crate::{
    core::{
        cpu::MAX_CPUS,
        interrupt,
        port::{self, EXIT_FUNCTIONS, KEYS, SPACE},
        scheduler::{
            dispatch, reap,
            thread_table::{self, State},
            wait::{self, Wake},
        },
    },
    machine,
};

/// How many threads can be alive at once, the idle threads included.
pub(crate) const MAX_THREADS: usize = 320;
const CLEANUPS: usize = 8;

/// The number of a thread control block. The first [`MAX_CPUS`] are the idle threads'.
pub(crate) type ThreadIndex = u16;

/// Names a thread for as long as it is not joined, or not ended if it is detached. Never names a
/// later thread in the same control block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ThreadId {
    pub(crate) index: ThreadIndex,
    pub(crate) generation: u32,
}

/// A cleanup handler: a function and its argument.
pub(crate) type Cleanup = (fn(usize), usize);

/// What a thread calls last.
pub(crate) type AtEnd = fn(argument: usize, ended: &Ended);

/// Where a request to end the thread is acted upon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Cancel {
    /// When it waits, sleeps, yields or asks with [`test_cancel`].
    Deferred = 0,
    /// Also when it is interrupted.
    Asynchronous = 1,
    /// Nowhere.
    Disabled = 2,
}

/// The thread control block.
#[derive(Debug)]
pub(crate) struct Thread {
    pub(crate) slots: Slots<KEYS>,
    pub(crate) exit_functions: ExitFunctions<EXIT_FUNCTIONS>,
    /// 1 once the thread has ended: the word that joiners wait for.
    pub(crate) ended: AtomicU32,
    pub(crate) kill_requested: AtomicBool,
    /// A fault of this thread ends the thread and not the run.
    pub(crate) survives_fault: AtomicBool,
    /// It ended by [`reap::die`], and nobody has reaped it yet.
    pub(crate) has_died: AtomicBool,
    /// The dead thread that this one reaps, or null.
    pub(crate) reaps: AtomicPtr<Thread>,
    /// What the thread wants to be called in its next reschedule interrupt. Locked with interrupts masked.
    pub(crate) interrupt_call: Mutex<Option<interrupt::Call>>,
    cancel: AtomicU8,
    cleanups: UnsafeCell<Vec<Cleanup, CLEANUPS>>,
}

// SAFETY: `cleanups` is used by the thread that owns the block alone; slots and exit functions are
// reached through the port, which gives them to their own thread. The rest is atomic.
unsafe impl Sync for Thread {}

static THREADS: [Thread; MAX_THREADS] = [const { Thread::new() }; MAX_THREADS];

impl Thread {
    const fn new() -> Self {
        Self {
            slots: Slots::new(),
            exit_functions: ExitFunctions::new(),
            ended: AtomicU32::new(0),
            kill_requested: AtomicBool::new(false),
            survives_fault: AtomicBool::new(false),
            has_died: AtomicBool::new(false),
            reaps: AtomicPtr::new(ptr::null_mut()),
            interrupt_call: Mutex::new(None),
            cancel: AtomicU8::new(Cancel::Deferred as u8),
            cleanups: UnsafeCell::new(Vec::new()),
        }
    }

    /// Returns the control block number `index`.
    pub(crate) fn at(index: ThreadIndex) -> &'static Self {
        &THREADS[usize::from(index)]
    }

    /// Returns the running thread's control block; none in an interrupt and before the first thread.
    #[inline]
    pub(crate) fn current() -> Option<&'static Self> {
        // SAFETY: Null, or an element of THREADS: `scheduler` and `interrupt` store nothing else.
        unsafe { machine::cpu::current_thread().cast::<Self>().as_ref() }
    }

    /// Returns the block that the library is to see while this thread runs: its own, or that of the dead thread which it
    /// reaps.
    #[inline]
    pub(crate) fn seen(&self) -> &Self {
        // Relaxed: the thread's own.
        // SAFETY: Null, or an element of THREADS: `reap` stores nothing else.
        unsafe { self.reaps.load(Ordering::Relaxed).as_ref() }.unwrap_or(self)
    }

    /// Returns the number of this control block.
    pub(crate) fn index(&self) -> ThreadIndex {
        let offset = core::ptr::from_ref(self).addr() - (&raw const THREADS).addr();
        (offset / size_of::<Self>()) as ThreadIndex
    }

    /// Makes the block ready for its next thread, which others may end from its first own code on. The slots and the list of exit functions need
    /// nothing: the last thread's exit left them as new.
    pub(crate) fn reset(&self) {
        self.ended.store(0, Ordering::SeqCst);
        self.kill_requested.store(false, Ordering::SeqCst);
        self.survives_fault.store(false, Ordering::SeqCst);
        self.has_died.store(false, Ordering::SeqCst);
        self.reaps.store(ptr::null_mut(), Ordering::SeqCst);
        self.cancel.store(Cancel::Disabled as u8, Ordering::SeqCst);
    }

    /// Makes the running thread's slots and exit functions as new, whatever they hold. It is in no call that uses them, or
    /// in one that does not go on.
    pub(crate) fn forget(&self) {
        // SAFETY: Both consist of atomics, for which all zero bytes mean empty, and belong to this thread alone.
        unsafe {
            Slots::init((&raw const self.slots).cast_mut());
            (&raw const self.exit_functions).cast_mut().write_bytes(0, 1);
        }
    }

    /// Returns whether the thread may be ended by others in calls that are safe points.
    pub(crate) fn accepts_cancel(&self) -> bool {
        self.cancel.load(Ordering::SeqCst) != Cancel::Disabled as u8
    }

    /// Returns whether the thread may be ended wherever an interrupt finds it.
    fn accepts_cancel_anywhere(&self) -> bool {
        self.cancel.load(Ordering::SeqCst) == Cancel::Asynchronous as u8
    }

    fn is_wanted_dead(&self) -> bool {
        self.kill_requested.load(Ordering::SeqCst)
    }
}

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
    /// What the thread calls last, behind its exit hook, with its argument and how it has ended.
    pub(crate) at_end: Option<AtEnd>,
}

/// The number of priorities.
pub(crate) const PRIORITIES: usize = 8;
/// May run on every CPU.
pub(crate) const ALL_CPUS: u8 = u8::MAX;
const _: () = assert!(MAX_CPUS <= u8::BITS as usize, "an affinity has a bit for each CPU");

impl Options {
    /// A joinable thread of middle priority on any CPU.
    pub(crate) const fn new(name: &'static str) -> Self {
        Self {
            name,
            priority: PRIORITIES as u8 / 2,
            affinity: ALL_CPUS,
            stack_bytes: crate::core::scheduler::stack::USUAL_BYTES,
            detached: false,
            cancel: Cancel::Deferred,
            at_end: None,
        }
    }
}

/// Why a call about a thread is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Error {
    /// All control blocks or all stacks of the size are in use.
    NoRoom,
    /// It was joined, or has ended detached.
    NoSuchThread,
    /// It is detached, or another thread joins it.
    NotJoinable,
    /// A thread can't join itself.
    Itself,
}

/// How a thread ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// With this value, given to [`exit`] or returned by its entry function.
    Returned(usize),
    /// Because of [`kill`].
    Killed,
    /// By a fault that does not end the run, at this address if it was about one. The exit hook did not run.
    Faulted(Option<usize>),
    /// By [`reap::die`]: its exit hook did not run, or not to its end, and its joiner has reaped it.
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

/// Creates a thread, which starts at once if a CPU is free for it.
pub(crate) fn spawn(options: Options, entry: fn(usize) -> usize, argument: usize) -> Result<ThreadId, Error> {
    dispatch::spawn(&options, Entry::Value(entry), argument, first_entry)
}

/// The same for a function with no result; the thread's is 0.
pub(crate) fn spawn_no_value(options: Options, entry: fn(usize), argument: usize) -> Result<ThreadId, Error> {
    dispatch::spawn(&options, Entry::NoValue(entry), argument, first_entry)
}

/// Where each thread begins: with interrupts masked, and the scheduler's lock from its predecessor.
extern "C" fn first_entry(index: usize) -> ! {
    let (entry, argument, cancel) = dispatch::begin_thread(index as ThreadIndex);
    machine::interrupts::enable();
    SPACE.attach().expect("the last thread in this control block left it as new");
    set_cancel(cancel);
    match entry {
        Entry::Value(function) => exit(function(argument)),
        Entry::NoValue(function) => {
            function(argument);
            exit(0)
        }
    }
}

/// Returns the name of the running thread.
pub(crate) fn current_id() -> ThreadId {
    let thread = Thread::current().expect("a thread is running");
    dispatch::id_of(thread.index())
}

/// Ends the running thread: cleanup handlers, the library's exit, then joiners are woken.
pub(crate) fn exit(value: usize) -> ! {
    end(Outcome::Returned(value))
}

fn end(outcome: Outcome) -> ! {
    let thread = Thread::current().expect("a thread is running");
    // The exit is no place to be killed in.
    thread.cancel.store(Cancel::Disabled as u8, Ordering::SeqCst);
    while let Some((handler, argument)) = cleanup_pop() {
        handler(argument);
    }
    let report = port::exit();
    if let Some((at_end, argument)) = thread_table::at_end_of(thread.index()) {
        let history = thread_table::history(current_id()).expect("the running thread has a control block");
        at_end(argument, &Ended { outcome, report: report.clone(), history });
    }
    dispatch::end_thread(outcome, report)
}

/// Ends the running thread because of a fault, from the CPU's fault stack: nothing of the thread's own
/// can be relied on, so neither handlers nor destructors run.
pub(crate) fn end_faulted(address: Option<usize>) -> ! {
    Thread::current().expect("a thread faulted").forget();
    dispatch::end_thread(Outcome::Faulted(address), ExitReport::default())
}

/// Waits until `id` has ended and returns how. A cancellation point.
pub(crate) fn join(id: ThreadId) -> Result<Ended, Error> {
    if Thread::current().is_some_and(|thread| thread.index() == id.index) {
        return Err(Error::Itself);
    }
    thread_table::claim_join(id)?;
    let ended = &Thread::at(id.index).ended;
    while ended.load(Ordering::SeqCst) == 0 {
        if wait::wait(ended, 0, None, wait::Cancellable::Yes) == Wake::Killed {
            thread_table::give_up_join(id);
            test_cancel();
        }
    }
    let thread = Thread::at(id.index);
    let report = thread.has_died.swap(false, Ordering::SeqCst).then(|| reap::reap(thread));
    let ended = thread_table::take_ended(id);
    Ok(match report {
        Some(report) => Ended { report, ..ended },
        None => ended,
    })
}

/// Gives up the right to join `id`: its control block is free as soon as it has ended.
pub(crate) fn detach(id: ThreadId) -> Result<(), Error> {
    thread_table::detach(id)
}

/// Asks `id` to end at its next safe point.
pub(crate) fn kill(id: ThreadId) -> Result<(), Error> {
    dispatch::kill(id)
}

/// A safe point: ends the running thread if someone asked for it.
pub(crate) fn test_cancel() {
    if Thread::current().is_some_and(|thread| thread.is_wanted_dead() && thread.accepts_cancel()) {
        end(Outcome::Killed)
    }
}

/// The safe point behind an interrupt, on the interrupted thread's stack, with interrupts masked.
pub(crate) fn test_cancel_after_interrupt() {
    if Thread::current().is_some_and(|thread| thread.is_wanted_dead() && thread.accepts_cancel_anywhere()) {
        machine::interrupts::enable();
        end(Outcome::Killed)
    }
}

/// Sets where the running thread may be ended by others; returns what was set before.
pub(crate) fn set_cancel(cancel: Cancel) -> Cancel {
    let thread = Thread::current().expect("a thread is running");
    match thread.cancel.swap(cancel as u8, Ordering::SeqCst) {
        0 => Cancel::Deferred,
        1 => Cancel::Asynchronous,
        _ => Cancel::Disabled,
    }
}

/// Registers a function that runs first when the running thread ends, the last one registered first.
pub(crate) fn cleanup_push(handler: fn(usize), argument: usize) -> Result<(), Error> {
    let thread = Thread::current().expect("a thread is running");
    // SAFETY: Only the thread itself uses its list, and never in an interrupt.
    unsafe { &mut *thread.cleanups.get() }.push((handler, argument)).map_err(|_| Error::NoRoom)
}

/// Takes the function that was registered last.
pub(crate) fn cleanup_pop() -> Option<Cleanup> {
    let thread = Thread::current().expect("a thread is running");
    // SAFETY: As in `cleanup_push`.
    unsafe { &mut *thread.cleanups.get() }.pop()
}

/// Lets threads of the same priority run, and is a safe point.
pub(crate) fn yield_now() {
    dispatch::yield_now();
    test_cancel();
}

/// Returns what `id` is doing, if it still has a control block.
pub(crate) fn state(id: ThreadId) -> Option<State> {
    thread_table::state(id)
}
