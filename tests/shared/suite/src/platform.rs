//! What a case may ask of the platform on which it runs.

use bitflags::bitflags;
use tsd::{ExitReport, KeySpace, Notifications, Port, Slots};

/// The capacity of the platform's key space, from TSD_KEYS at build time.
pub const KEYS: usize = match option_env!("TSD_KEYS") {
    Some(keys) => match usize::from_str_radix(keys, 10) {
        Ok(keys) => keys,
        Err(_) => panic!("TSD_KEYS must be a number"),
    },
    None => tsd::DEFAULT_KEYS,
};

/// The number of notifications that can be registered at run time.
pub const NOTIFICATIONS: usize = 8;

/// The number of thread-exit functions that each thread can have.
pub const EXIT_FUNCTIONS: usize = 32;

/// The number of bytes that each thread's arena has.
pub const ARENA: usize = 64;

bitflags! {
    /// What a case can't do without. A platform leaves out the cases that need what it has not.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct Needs: u32 {
        /// [`Platform::interrupt`] and [`Platform::interrupt_no_thread`].
        const INTERRUPTS = 1 << 0;
        /// [`Platform::kill`].
        const KILL = 1 << 1;
        /// [`Start::priority`] and [`Start::cpu`] are obeyed strictly.
        const PRIORITIES = 1 << 2;
        /// The case runs on a thread that the platform did not start: the boot thread.
        const BOOT_THREAD = 1 << 3;
        /// [`Platform::panics`]: a panic unwinds.
        const UNWINDING = 1 << 4;
        /// [`Platform::on_idle_thread`].
        const IDLE_THREAD = 1 << 5;
    }
}

impl Needs {
    /// What the images have.
    pub const IMAGES: Self = Self::UNWINDING.complement();
    /// What the host has.
    pub const HOST: Self = Self::UNWINDING;
}

/// How urgent a thread is. A ready thread of a higher priority runs before every one of a lower.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Priority {
    /// Below that of the case.
    Low,
    /// That of the case.
    #[default]
    Normal,
    /// Above that of the case.
    High,
}

/// How a thread is started.
#[derive(Clone, Copy, Debug, Default)]
pub struct Start {
    /// How urgent it is.
    pub priority: Priority,
    /// The only CPU that it may run on, or any.
    pub cpu: Option<usize>,
    /// Whether it has the smallest stack that the platform allows.
    pub smallest_stack: bool,
}

/// A platform on which cases run.
pub trait Platform: Sized + 'static {
    /// The port of the platform's key space.
    type Port: Port<Slots = Slots<KEYS>> + Sync + 'static;
    /// A thread that was started and not yet joined or detached.
    type Thread: Send + Sync;

    /// The platform's key space. Each thread that [`start`](Self::start) started attaches to it and exits from it.
    fn space() -> &'static KeySpace<Self::Port>;

    /// The notifications that the key space's threads send.
    fn notifications() -> &'static Notifications<NOTIFICATIONS>;

    /// Starts a thread that calls `body` with `argument`.
    fn start(start: Start, body: fn(argument: usize), argument: usize) -> Self::Thread;

    /// Waits until the thread has ended, its exit hook included.
    fn join(thread: Self::Thread);

    /// Leaves the thread to itself; what it holds is freed when it ends.
    fn detach(thread: Self::Thread);

    /// Lets the thread end at its next safe point: in a sleep, a yield, a join, or when it is preempted. A thread that
    /// is in its exit hook, or that has ended, goes on as if nothing had happened; one that waits in `once` goes on
    /// to wait, and ends afterwards.
    fn kill(thread: &Self::Thread);

    /// Ends the calling thread, as pthread_exit does.
    fn exit_thread() -> !;

    /// Ends the calling thread where it stands, be it in its exit: nothing of it ever runs again. Somebody has to
    /// [`reap`](Self::reap) it.
    fn die() -> !;

    /// Waits until the thread has ended. If it has died, by [`die`](Self::die), the calling thread reaps it, which
    /// gives the report.
    fn reap(thread: Self::Thread) -> Option<ExitReport>;

    /// Lets other threads of the same priority run.
    fn yield_now();

    /// Sleeps; others run meanwhile.
    fn sleep_ms(milliseconds: u32);

    /// The number of CPUs that run threads.
    fn cpus() -> usize;

    /// Calls `handler` with `argument` in an interrupt handler that interrupts the calling thread.
    fn interrupt(handler: fn(argument: usize), argument: usize);

    /// The same, while the kernel says that there is no current thread.
    fn interrupt_no_thread(handler: fn(argument: usize), argument: usize);

    /// Whether interrupts are enabled for the calling thread; true where a platform has none.
    fn interrupts_enabled() -> bool;

    /// Calls `body` on an idle thread of some CPU, the thread that runs when no other is ready; returns when it has.
    fn on_idle_thread(body: fn(argument: usize), argument: usize);

    /// Calls `body` and catches its panic; whether it panicked.
    fn panics(body: fn(argument: usize), argument: usize) -> bool;

    /// The slots of the calling thread.
    fn slots() -> &'static Slots<KEYS> {
        // SAFETY: a case uses them on this thread, before its end.
        unsafe { Self::space().port().current() }.expect("a case runs on a thread")
    }

    /// How many bytes of the calling thread's arena are in use.
    fn arena_used() -> usize {
        // SAFETY: as above.
        unsafe { Self::space().port().arena() }.expect("each thread has an arena").used()
    }

    /// Runs the calling thread's exit in the middle of a case.
    fn exit() -> ExitReport {
        // SAFETY: the values of a case are numbers and its own records; it is in no initialiser.
        unsafe { Self::space().exit() }
    }

    /// Runs the calling thread's exit functions in the middle of a case.
    fn run_exit_functions() -> u32 {
        // SAFETY: as above.
        unsafe { Self::space().run_exit_functions() }
    }
}
