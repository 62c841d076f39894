//! FreeRTOS as a platform for the shared suite.

use core::{mem, ptr};

use tsd::{ExitReport, KeySpace, Notifications};
use tsd_suite::atomic::{AtomicBool, AtomicPtr, AtomicUsize, Ordering::SeqCst};
use tsd_suite::{NOTIFICATIONS, Platform, Start};

use crate::{
    block::{self, FreeRtosPort, SENT, SPACE},
    freertos,
    thread::{self, Thread},
};

/// FreeRTOS on one Cortex-M3.
pub(crate) struct FreeRtos;

impl Platform for FreeRtos {
    type Port = FreeRtosPort;
    type Thread = Thread;

    fn space() -> &'static KeySpace<FreeRtosPort> {
        &SPACE
    }

    fn notifications() -> &'static Notifications<NOTIFICATIONS> {
        &SENT
    }

    fn start(start: Start, body: fn(usize), argument: usize) -> Thread {
        thread::start(start, body, argument, |_, _| ())
    }

    fn join(thread: Thread) {
        assert!(thread::join(thread).is_none(), "a thread that is joined has died");
    }

    fn detach(thread: Thread) {
        thread::detach(thread);
    }

    fn kill(thread: &Thread) {
        thread::kill(thread);
    }

    fn exit_thread() -> ! {
        thread::exit()
    }

    fn die() -> ! {
        thread::die()
    }

    fn reap(thread: Thread) -> Option<ExitReport> {
        thread::join(thread)
    }

    fn yield_now() {
        thread::shielded(freertos::yield_now);
        thread::safe_point();
    }

    fn sleep_ms(milliseconds: u32) {
        thread::shielded(|| freertos::sleep(milliseconds));
        thread::safe_point();
    }

    fn cpus() -> usize {
        1
    }

    fn interrupt(handler: fn(usize), argument: usize) {
        // It comes when the section ends, before a switch can.
        freertos::critical(|| {
            HANDLER.store(handler as *mut (), SeqCst);
            ARGUMENT.store(argument, SeqCst);
            freertos::interrupt();
        });
    }

    fn interrupt_no_thread(handler: fn(usize), argument: usize) {
        freertos::critical(|| {
            IS_WITHOUT_THREAD.store(true, SeqCst);
            HANDLER.store(handler as *mut (), SeqCst);
            ARGUMENT.store(argument, SeqCst);
            freertos::interrupt();
        });
    }

    fn interrupts_enabled() -> bool {
        freertos::interrupts_are_enabled()
    }

    fn on_idle_thread(body: fn(usize), argument: usize) {
        IDLE_ARGUMENT.store(argument, SeqCst);
        IDLE_BODY.store(body as *mut (), SeqCst);
        while !IDLE_BODY.load(SeqCst).is_null() {
            Self::sleep_ms(1);
        }
    }

    fn panics(_body: fn(usize), _argument: usize) -> bool {
        unimplemented!("nothing unwinds here");
    }
}

/// The handler of the software interrupt, and what it is called with.
static HANDLER: AtomicPtr<()> = AtomicPtr::new(ptr::null_mut());
static ARGUMENT: AtomicUsize = AtomicUsize::new(0);
static IS_WITHOUT_THREAD: AtomicBool = AtomicBool::new(false);

#[unsafe(no_mangle)]
extern "C" fn board_interrupted() {
    // SAFETY: nothing else is stored in it.
    let handler: fn(usize) = unsafe { mem::transmute(HANDLER.load(SeqCst)) };
    let work = || handler(ARGUMENT.load(SeqCst));
    if IS_WITHOUT_THREAD.swap(false, SeqCst) { block::without_thread(work) } else { work() }
}

/// What the idle task is asked to call; null when it has.
static IDLE_BODY: AtomicPtr<()> = AtomicPtr::new(ptr::null_mut());
static IDLE_ARGUMENT: AtomicUsize = AtomicUsize::new(0);

#[unsafe(no_mangle)]
extern "C" fn vApplicationIdleHook() {
    let body = IDLE_BODY.load(SeqCst);
    if !body.is_null() {
        // SAFETY: nothing else but null is stored in it.
        let body: fn(usize) = unsafe { mem::transmute(body) };
        body(IDLE_ARGUMENT.load(SeqCst));
        IDLE_BODY.store(ptr::null_mut(), SeqCst);
    }
}
