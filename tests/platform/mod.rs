//! The host as a platform for the shared suite: std's threads, slots in a `thread_local`.

pub(crate) mod failure;

use std::panic::{self, AssertUnwindSafe};
use std::sync::{Condvar, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use core::sync::atomic::{AtomicU32, Ordering::SeqCst};

use tsd::{ExitFunctionList, ExitFunctions, KeySpace, NotificationList, Notifications, Port, Slots};
use tsd_suite::{EXIT_FUNCTIONS, KEYS, NOTIFICATIONS, Platform, Start};

/// The host.
pub(crate) struct Host;

/// The host's port: threads sleep on one condition variable, which is enough for tests.
#[derive(Debug)]
pub(crate) struct HostPort;

struct ThreadControlBlock {
    slots: Slots<KEYS>,
    functions: ExitFunctions<EXIT_FUNCTIONS>,
}

thread_local! {
    /// Leaked, so that it outlives the thread's own destructors.
    static BLOCK: &'static ThreadControlBlock =
        Box::leak(Box::new(ThreadControlBlock { slots: Slots::new(), functions: ExitFunctions::new() }));
}

static SENT: Notifications<NOTIFICATIONS> = Notifications::new();
static SPACE: KeySpace<HostPort, KEYS> = KeySpace::new(HostPort);
static SLEEPERS: (Mutex<()>, Condvar) = (Mutex::new(()), Condvar::new());

// SAFETY: the block is the thread's own and is never freed; the host has no interrupts and kills no threads.
unsafe impl Port<KEYS> for HostPort {
    fn current(&self) -> Option<&Slots<KEYS>> {
        Some(BLOCK.with(|block| &block.slots))
    }

    fn exit_functions(&self) -> Option<ExitFunctionList<'_>> {
        Some(BLOCK.with(|block| block.functions.as_list()))
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
    type Thread = JoinHandle<()>;

    fn space() -> &'static KeySpace<HostPort, KEYS> {
        &SPACE
    }

    fn notifications() -> &'static Notifications<NOTIFICATIONS> {
        &SENT
    }

    fn start(_start: Start, body: fn(usize), argument: usize) -> JoinHandle<()> {
        thread::spawn(move || {
            let steps: [&dyn Fn(); 3] = [&|| SPACE.attach().unwrap(), &|| body(argument), &|| drop(SPACE.exit())];
            for step in steps {
                if let Err(payload) = panic::catch_unwind(AssertUnwindSafe(step))
                    && !payload.is::<ThreadExit>()
                {
                    failure::note(&*payload);
                }
            }
        })
    }

    fn join(thread: JoinHandle<()>) {
        // A failure was noted; a joiner has more threads to join.
        let _ = thread.join();
    }

    fn detach(thread: JoinHandle<()>) {
        drop(thread);
    }

    fn kill(_thread: &JoinHandle<()>) {
        unimplemented!("the host does not kill threads");
    }

    fn exit_thread() -> ! {
        panic::resume_unwind(Box::new(ThreadExit));
    }

    fn yield_now() {
        failure::check();
        thread::yield_now();
    }

    fn sleep_ms(milliseconds: u32) {
        failure::check();
        thread::sleep(Duration::from_millis(milliseconds.into()));
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

/// What a thread unwinds with that ends itself.
struct ThreadExit;
