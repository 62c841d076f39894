//! The host as a platform for the shared suite and the storm: std's threads, control blocks that the next thread takes
//! at once.
//!
//! - [`case`](mod@case)  the suite's cases, each by itself
//! - [`failure`]  how a case fails when one of its threads does
//! - `storm`      what the storm asks for besides

pub mod case;
pub mod failure;
mod storm;

use std::cell::{Cell, OnceCell};
use std::panic::{self, AssertUnwindSafe};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use core::sync::atomic::{AtomicBool, AtomicU32, Ordering::SeqCst};

use tsd::{
    Arena, ArenaMemory, ExitFunctionList, ExitFunctions, ExitReport, KeySpace, NotificationList, Notifications, Port,
    Slots,
};
use tsd_suite::{ARENA, EXIT_FUNCTIONS, KEYS, NOTIFICATIONS, Platform, Start};

/// The host.
pub struct Host;

/// The host's port: threads sleep on one condition variable, which is enough for tests.
#[derive(Debug)]
pub struct HostPort;

/// What the library has of a thread.
#[derive(Debug)]
pub(crate) struct ThreadControlBlock {
    slots: Slots<KEYS>,
    functions: ExitFunctions<EXIT_FUNCTIONS>,
    arena: Arena<ARENA>,
}

impl ThreadControlBlock {
    /// Takes a block into use that a thread has left, the last one first, or a new one. None is ever freed.
    fn take() -> &'static Self {
        let left = LEFT.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let new = || Self { slots: Slots::new(), functions: ExitFunctions::new(), arena: Arena::new() };
        left.unwrap_or_else(|| Box::leak(Box::new(new())))
    }

    /// Whether the exit of its last thread has left it as it was before the first.
    pub(crate) fn is_as_new(&self) -> bool {
        self.slots.is_idle() && self.functions.as_list().is_empty() && self.arena.as_memory().used() == 0
    }
}

/// The blocks of threads that have ended.
pub(crate) static LEFT: Mutex<Vec<&'static ThreadControlBlock>> = Mutex::new(Vec::new());

thread_local! {
    /// The thread's own, or that of the dead thread which it reaps.
    static BLOCK: Cell<&'static ThreadControlBlock> = Cell::new(ThreadControlBlock::take());
    /// Where the thread leaves its block when it dies; of threads that the platform has started.
    static GRAVE: OnceCell<Arc<Grave>> = const { OnceCell::new() };
    /// Whether somebody wants the thread to end; of threads that the platform has started.
    static IS_WANTED_DEAD: OnceCell<Arc<AtomicBool>> = const { OnceCell::new() };
    /// The thread is in its exit, and goes on to its end.
    static IS_EXITING: Cell<bool> = const { Cell::new(false) };
}

/// The block of a thread that has died and was not reaped.
type Grave = Mutex<Option<&'static ThreadControlBlock>>;

/// A thread that the platform has started.
pub struct HostThread {
    handle: JoinHandle<()>,
    is_wanted_dead: Arc<AtomicBool>,
    grave: Arc<Grave>,
}

static SENT: Notifications<NOTIFICATIONS> = Notifications::new();
// SAFETY: the blocks of the host's threads are used with this key space only.
static SPACE: KeySpace<HostPort> = unsafe { KeySpace::new(HostPort) };
static SLEEPERS: (Mutex<()>, Condvar) = (Mutex::new(()), Condvar::new());

// SAFETY: the block is the thread's own until after its exit, and is never freed; the host has no interrupts, and a
// thread that is killed unwinds to its exit.
unsafe impl Port for HostPort {
    type Slots = Slots<KEYS>;

    unsafe fn current(&self) -> Option<&Slots<KEYS>> {
        Some(&BLOCK.get().slots)
    }

    unsafe fn exit_functions(&self) -> Option<ExitFunctionList<'_>> {
        Some(BLOCK.get().functions.as_list())
    }

    unsafe fn arena(&self) -> Option<ArenaMemory<'_>> {
        Some(BLOCK.get().arena.as_memory())
    }

    fn notifications(&self) -> Option<NotificationList<'_>> {
        Some(SENT.as_list())
    }

    fn wait(&self, word: &AtomicU32, expected: u32) {
        let mut sleepers = SLEEPERS.0.lock().unwrap();
        while word.load(SeqCst) == expected {
            sleepers = SLEEPERS.1.wait(sleepers).unwrap();
        }
    }

    fn wake(&self, _word: &AtomicU32) {
        drop(SLEEPERS.0.lock().unwrap());
        SLEEPERS.1.notify_all();
    }
}

impl Platform for Host {
    type Port = HostPort;
    type Thread = HostThread;

    fn space() -> &'static KeySpace<HostPort> {
        &SPACE
    }

    fn notifications() -> &'static Notifications<NOTIFICATIONS> {
        &SENT
    }

    fn start(_start: Start, body: fn(usize), argument: usize) -> HostThread {
        start_watched(body, argument, |_, _, _| ())
    }

    fn join(thread: HostThread) {
        // A failure was noted; a joiner has more threads to join.
        let _ = thread.handle.join();
    }

    fn detach(thread: HostThread) {
        drop(thread);
    }

    /// At a safe point only: no case may rely on more, so [`Needs::HOST`](tsd_suite::Needs::HOST) is without `KILL`.
    fn kill(thread: &HostThread) {
        thread.is_wanted_dead.store(true, SeqCst);
    }

    fn exit_thread() -> ! {
        panic::resume_unwind(Box::new(ThreadExit { killed: false }));
    }

    /// The host's thread stays, asleep: it never runs again.
    fn die() -> ! {
        let grave = GRAVE.with(|grave| grave.get().expect("the platform has started it").clone());
        *grave.lock().unwrap() = Some(BLOCK.get());
        loop {
            thread::park();
        }
    }

    fn reap(thread: HostThread) -> Option<ExitReport> {
        let dead = loop {
            if thread.handle.is_finished() {
                return None;
            }
            if let Some(dead) = thread.grave.lock().unwrap().take() {
                break dead;
            }
            Self::sleep_ms(1);
        };
        let own = BLOCK.replace(dead);
        // SAFETY: the thread never runs again, and the port gives its block meanwhile.
        let report = unsafe { SPACE.reap() };
        leave_block();
        BLOCK.set(own);
        Some(report)
    }

    fn yield_now() {
        failure::check();
        thread::yield_now();
        test_kill();
    }

    fn sleep_ms(milliseconds: u32) {
        failure::check();
        thread::sleep(Duration::from_millis(milliseconds.into()));
        test_kill();
    }

    fn cpus() -> usize {
        thread::available_parallelism().map_or(1, usize::from)
    }

    fn interrupt(_handler: fn(usize), _argument: usize) {
        unimplemented!("the host has no interrupts");
    }

    fn interrupt_no_thread(_handler: fn(usize), _argument: usize) {
        unimplemented!("the host has no interrupts");
    }

    fn interrupts_enabled() -> bool {
        true
    }

    fn on_idle_thread(_body: fn(usize), _argument: usize) {
        unimplemented!("the host's idle threads are its own");
    }

    fn panics(body: fn(usize), argument: usize) -> bool {
        // The panic is part of the case: its message would only look like a failure's.
        let hook = panic::take_hook();
        panic::set_hook(Box::new(|_| {}));
        let result = panic::catch_unwind(|| body(argument));
        panic::set_hook(hook);
        result.is_err()
    }
}

/// Starts a thread that calls `at_end` last, after its exit hook: with the argument, whether it was killed, and what
/// its exit reported.
pub(crate) fn start_watched(
    body: fn(usize),
    argument: usize,
    at_end: fn(argument: usize, killed: bool, report: &ExitReport),
) -> HostThread {
    let (is_wanted_dead, grave) = (Arc::new(AtomicBool::new(false)), Arc::new(Grave::default()));
    let (own, own_grave) = (is_wanted_dead.clone(), grave.clone());
    let handle = thread::spawn(move || {
        IS_WANTED_DEAD.with(|cell| cell.set(own)).expect("the thread is new");
        GRAVE.with(|cell| cell.set(own_grave)).expect("the thread is new");
        let (killed, report) = (Cell::new(false), Cell::new(ExitReport::default()));
        let exit = || {
            IS_EXITING.set(true);
            // SAFETY: the thread has left its body.
            report.set(unsafe { SPACE.exit() });
        };
        let end = || at_end(argument, killed.get(), &report.take());
        let steps: [&dyn Fn(); 4] = [&|| SPACE.attach().unwrap(), &|| body(argument), &exit, &end];
        for step in steps {
            if let Err(payload) = panic::catch_unwind(AssertUnwindSafe(step)) {
                match payload.downcast_ref::<ThreadExit>() {
                    Some(ending) => killed.set(ending.killed),
                    None => failure::note(&*payload),
                }
            }
        }
        leave_block();
    });
    HostThread { handle, is_wanted_dead, grave }
}

/// Leaves the calling thread's block to the next one, unless the thread has failed and left something in it.
fn leave_block() {
    let block = BLOCK.get();
    if block.is_as_new() {
        LEFT.lock().unwrap_or_else(PoisonError::into_inner).push(block);
    } else {
        failure::note(&"a thread's exit has left something in its control block");
    }
}

/// Ends the calling thread if somebody wants that and it is not on its way out.
fn test_kill() {
    let is_wanted = IS_WANTED_DEAD.with(|cell| cell.get().is_some_and(|wanted| wanted.load(SeqCst)));
    if is_wanted && !IS_EXITING.get() {
        panic::resume_unwind(Box::new(ThreadExit { killed: true }));
    }
}

/// What a thread unwinds with that ends itself, or that is killed.
struct ThreadExit {
    killed: bool,
}
