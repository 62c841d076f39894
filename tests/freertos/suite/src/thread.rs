//! Tasks as threads of the suite: started, joined or detached, killed, and dead until somebody reaps them.
//!
//! A task is killed in an interrupt that finds it in its own code: the handler has it go on at its end. In a call of
//! this file, or of FreeRTOS, it is not; there it looks by itself where it has slept, which is a safe point.

use core::{ffi::c_void, ptr};

use tsd::ExitReport;
use tsd_suite::atomic::{AtomicBool, AtomicPtr, AtomicU32, Ordering::SeqCst};
use tsd_suite::{Priority, Start};

use crate::{
    block::{self, Block, Reserved},
    freertos::{self, Handle},
};

const USUAL_STACK_BYTES: usize = 16 << 10;
/// Room for an exit with an interrupt on top.
const SMALLEST_STACK_BYTES: usize = 2 << 10;
/// The stack of a thread that has tables of many keys on it.
pub(crate) const LARGEST_STACK_BYTES: usize = 512 << 10;

/// FreeRTOS's priority of [`Priority::Normal`]; the idle task's is 0.
pub(crate) const NORMAL: u32 = 2;
/// So long may the idle task take until it has freed the memory of tasks that have deleted themselves.
const MOST_TRIES: u32 = 5000;

/// How a thread ends: called last on it, with its argument.
pub(crate) type AtEnd = fn(argument: usize, ending: &Ended);

/// What is told of a thread that has ended.
pub(crate) struct Ended {
    pub(crate) killed: bool,
    pub(crate) report: ExitReport,
    /// How often it lost the CPU against its will.
    pub(crate) preemptions: u32,
}

/// What is known of a thread. It goes when the thread has ended and was joined or detached.
pub(crate) struct Record {
    task: AtomicPtr<c_void>,
    body: fn(usize),
    argument: usize,
    at_end: AtEnd,
    /// While it is not 0, the thread is in no code of its own, or must not be killed.
    shield: AtomicU32,
    /// It is killed at safe points only.
    at_safe_points: AtomicBool,
    is_wanted_dead: AtomicBool,
    has_ended: AtomicBool,
    has_died: AtomicBool,
    is_detached: AtomicBool,
    joiner: AtomicPtr<c_void>,
    preemptions: AtomicU32,
}

impl Record {
    /// The thread's task is switched out.
    pub(crate) fn lost_the_cpu(&self) {
        if self.shield.load(SeqCst) == 0 {
            self.preemptions.fetch_add(1, SeqCst);
        }
    }

    fn is_over(&self) -> bool {
        self.has_ended.load(SeqCst) || self.has_died.load(SeqCst)
    }

    /// Marks the thread as one that somebody may wait for no longer, and wakes who does.
    fn announce(&self, event: &AtomicBool) {
        event.store(true, SeqCst);
        let joiner = self.joiner.load(SeqCst);
        if !joiner.is_null() {
            // SAFETY: the joiner lives: it waits, or has taken itself out.
            unsafe { freertos::notify(joiner) };
        }
    }
}

/// A thread that was started.
pub(crate) struct Thread(*const Record);

// SAFETY: what is behind it is atomic, and freed once.
unsafe impl Send for Thread {}
// SAFETY: as above.
unsafe impl Sync for Thread {}

impl Thread {
    fn record(&self) -> &Record {
        // SAFETY: it is freed when the thread was joined, detached or reaped, which takes the `Thread`.
        unsafe { &*self.0 }
    }
}

fn priority(start: Start) -> u32 {
    match start.priority {
        Priority::Low => NORMAL - 1,
        Priority::Normal => NORMAL,
        Priority::High => NORMAL + 1,
    }
}

/// Starts a thread that calls `at_end` last.
pub(crate) fn start(start: Start, body: fn(usize), argument: usize, at_end: AtEnd) -> Thread {
    let stack = if start.smallest_stack { SMALLEST_STACK_BYTES } else { USUAL_STACK_BYTES };
    start_with_stack(stack, priority(start), body, argument, at_end)
}

/// The same with a stack of this size.
pub(crate) fn start_with_stack(
    stack_bytes: usize,
    priority: u32,
    body: fn(usize),
    argument: usize,
    at_end: AtEnd,
) -> Thread {
    shielded(|| {
        let record = || Record {
            task: AtomicPtr::new(ptr::null_mut()),
            body,
            argument,
            at_end,
            shield: AtomicU32::new(0),
            at_safe_points: AtomicBool::new(false),
            is_wanted_dead: AtomicBool::new(false),
            has_ended: AtomicBool::new(false),
            has_died: AtomicBool::new(false),
            is_detached: AtomicBool::new(false),
            joiner: AtomicPtr::new(ptr::null_mut()),
            preemptions: AtomicU32::new(0),
        };
        let record = patiently(|| freertos::allocate(record()));
        // The task stores it, too, and may run before this call returns.
        let task = patiently(|| freertos::create(entry, record.cast(), stack_bytes, priority));
        freertos::critical(|| {
            // SAFETY: only this call's result lets somebody free it.
            unsafe { &*record }.task.store(task, SeqCst);
        });
        Thread(record)
    })
}

/// Calls `get` again until it has got something: the idle task frees what is left of tasks that have deleted
/// themselves.
fn patiently<T>(mut get: impl FnMut() -> Option<T>) -> T {
    for _ in 0..MOST_TRIES {
        if let Some(got) = get() {
            return got;
        }
        freertos::sleep(1);
    }
    panic!("FreeRTOS has no memory for a task");
}

extern "C" fn entry(record: *mut c_void) {
    let record: *const Record = record.cast_const().cast();
    // SAFETY: it lives until this task has announced its end.
    let thread = unsafe { &*record };
    thread.task.store(freertos::current_task(), SeqCst);
    block::SPACE.attach().expect("the block of a new task is new");
    // From here on it can be killed.
    block::set_record(record);
    safe_point();
    (thread.body)(thread.argument);
    end(thread, false)
}

/// Ends the calling thread.
fn end(thread: &Record, killed: bool) -> ! {
    // Nobody kills it from here on.
    thread.shield.fetch_add(1, SeqCst);
    // SAFETY: the thread's code does not run any more.
    let report = unsafe { block::SPACE.exit() };
    let preemptions = thread.preemptions.load(SeqCst);
    (thread.at_end)(thread.argument, &Ended { killed, report, preemptions });
    let record = ptr::from_ref(thread).cast_mut();
    let is_detached = freertos::critical(|| {
        block::set_record(ptr::null());
        thread.announce(&thread.has_ended);
        thread.is_detached.load(SeqCst)
    });
    if is_detached {
        // SAFETY: nobody else has it.
        unsafe { freertos::free(record) };
    }
    freertos::delete_self()
}

/// Ends the calling thread by its own wish.
pub(crate) fn exit() -> ! {
    end(block::record().expect("a thread of the suite ends itself"), false)
}

/// Ends the calling thread where it stands.
pub(crate) fn die() -> ! {
    let thread = block::record().expect("a thread of the suite dies");
    freertos::critical(|| {
        block::set_record(ptr::null());
        thread.announce(&thread.has_died);
    });
    freertos::suspend_self()
}

/// Waits until the thread has ended; if it has died, finishes its exit.
pub(crate) fn join(thread: Thread) -> Option<ExitReport> {
    let record = thread.record();
    loop {
        let is_over = shielded(|| {
            let is_over = freertos::critical(|| {
                record.joiner.store(freertos::current_task(), SeqCst);
                record.is_over()
            });
            if !is_over {
                freertos::await_notice();
            }
            is_over
        });
        if is_over {
            break;
        }
        if is_to_end() {
            detach(thread);
            safe_point();
            unreachable!("the thread has ended");
        }
    }
    let report = record.has_died.load(SeqCst).then(|| bury(record.task.load(SeqCst)));
    // SAFETY: the thread does not use it any more, and nobody else has it.
    shielded(|| unsafe { freertos::free(thread.0.cast_mut()) });
    report
}

/// Finishes the exit of a task that has died, and deletes it.
fn bury(task: Handle) -> ExitReport {
    shielded(|| {
        // SAFETY: a task that has died is there until it is deleted here, and never runs again.
        unsafe {
            freertos::suspend(task);
            let report = block::reap(block_of(task));
            freertos::delete(task);
            report
        }
    })
}

unsafe extern "C" {
    /// The TLS block in a task's control block.
    fn suite_block_of(task: Handle) -> *mut Reserved;
}

/// # Safety
/// The task lives.
unsafe fn block_of(task: Handle) -> *mut Block {
    // SAFETY: the caller's word.
    block::in_reserved(unsafe { suite_block_of(task) })
}

/// Leaves the thread to itself.
pub(crate) fn detach(thread: Thread) {
    let record = thread.record();
    let has_ended = freertos::critical(|| {
        record.joiner.store(ptr::null_mut(), SeqCst);
        record.is_detached.store(true, SeqCst);
        record.has_ended.load(SeqCst)
    });
    if has_ended {
        // SAFETY: the thread does not use it any more, and nobody else has it.
        shielded(|| unsafe { freertos::free(thread.0.cast_mut()) });
    }
}

/// Lets the thread end.
pub(crate) fn kill(thread: &Thread) {
    let record = thread.record();
    freertos::critical(|| {
        record.is_wanted_dead.store(true, SeqCst);
        if !record.is_over() {
            // SAFETY: it has not ended, and does not before this section ends.
            unsafe { freertos::wake_early(record.task.load(SeqCst)) };
        }
    });
}

/// Calls `work`; the calling thread is not killed meanwhile.
pub(crate) fn shielded<R>(work: impl FnOnce() -> R) -> R {
    let record = block::record();
    if let Some(record) = record {
        record.shield.fetch_add(1, SeqCst);
    }
    let result = work();
    if let Some(record) = record {
        record.shield.fetch_sub(1, SeqCst);
    }
    result
}

/// Calls `work`; the calling thread is killed at safe points only, until it has returned.
pub(crate) fn at_safe_points<R>(work: impl FnOnce() -> R) -> R {
    let record = block::record();
    let before = record.map(|record| record.at_safe_points.swap(true, SeqCst));
    let result = work();
    if let (Some(record), Some(before)) = (record, before) {
        record.at_safe_points.store(before, SeqCst);
    }
    result
}

/// Whether somebody wants the calling thread to end, and it can.
fn is_to_end() -> bool {
    block::record().is_some_and(|record| record.is_wanted_dead.load(SeqCst) && record.shield.load(SeqCst) == 0)
}

/// Ends the calling thread if somebody wants that and it can.
pub(crate) fn safe_point() {
    if is_to_end() {
        end(block::record().expect("it was looked at"), true);
    }
}

/// A timer has interrupted a task: one that is to end, and is in its own code, goes on at its end.
#[unsafe(no_mangle)]
extern "C" fn board_preempted() {
    let is_in_own_code = || !block::record().is_some_and(|record| record.at_safe_points.load(SeqCst));
    if freertos::is_in_handler() && is_to_end() && is_in_own_code() {
        let frame = freertos::interrupted_frame();
        // SAFETY: the handler has interrupted a task, whose registers are there. What is kept of its state says how
        // they lie there; the rest says that it is between two instructions of Thumb.
        unsafe {
            frame.add(6).write((killed as *const () as u32) & !1);
            frame.add(7).write(frame.add(7).read() & 1 << 9 | 1 << 24);
        }
    }
}

/// FreeRTOS's tick.
#[unsafe(no_mangle)]
extern "C" fn vApplicationTickHook() {
    board_preempted();
}

/// Where a killed task goes on: with a stack as functions find it.
#[unsafe(naked)]
extern "C" fn killed() -> ! {
    core::arch::naked_asm!(
        "mov r0, sp",
        "movs r1, #7",
        "bics r0, r1",
        "mov sp, r0",
        "bl {end}",
        end = sym killed_end,
    )
}

extern "C" fn killed_end() -> ! {
    end(block::record().expect("a thread of the suite was killed"), true)
}
