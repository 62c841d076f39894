//! The program's threads: each is a thread of the kernel that runs on a stack of the program.
//!
//! The kernel's own stack of the thread holds the call that entered the program. A thread ends by leaving
//! to there first, because its joiner, or the thread itself, gives the program's stack back.
//!
//! Of signals, there is only what cancellation needs: one interrupts a call that waits. The C library then
//! cancels the thread itself. Other signals have their default action.

use core::{
    mem,
    ops::RangeInclusive,
    sync::atomic::{AtomicU32, Ordering},
};

use super::{
    end::end_by_signal,
    errno::{EAGAIN, EINVAL, ENOSYS, EPERM, ESRCH, Errno, Result},
    local::{LOCALS, Local, current_number, take_signal},
    memory, user,
};
use crate::{
    core::{
        cpu,
        scheduler::{
            dispatch, locked,
            thread::{self, Cancel, MAX_THREADS, Options, Thread, ThreadId},
            thread_table::State,
            wait::{self, Cancellable},
        },
    },
    machine::{
        calls,
        cpu::set_thread_pointer,
        interrupts,
        program::{self, Frame},
    },
};

/// The number of the only process.
pub(super) const PROCESS: usize = 1;

/// What `clone` must share with the caller for a thread: memory, file system, files, signals, process.
const THREAD_FLAGS: usize = 0x100 | 0x200 | 0x400 | 0x800 | 0x1_0000;
const SET_THREAD_POINTER: usize = 0x8_0000;
const STORE_NUMBER: usize = 0x10_0000;
const CLEAR_WORD: usize = 0x20_0000;

/// The C library's signal for cancellation.
const CANCELLATION: usize = 33;
/// Signals that do nothing by default: child, urgent data, window size, continue.
const IGNORED: [usize; 4] = [17, 23, 28, 18];
const LAST_SIGNAL: usize = 64;

/// Returns the thread that has a number.
fn find(number: usize) -> core::result::Result<ThreadId, Errno> {
    let index = number.checked_sub(1).filter(|&index| index < MAX_THREADS).ok_or(EINVAL)?;
    let id = locked::id_of(index as thread::ThreadIndex);
    match thread::state(id) {
        None | Some(State::Ended) => Err(ESRCH),
        Some(_) => Ok(id),
    }
}

/// What a new thread takes over from the one that creates it.
struct Start {
    stack_pointer: usize,
    program_counter: usize,
    arguments: [usize; 6],
    thread_pointer: Option<usize>,
    clear_word: usize,
    number_word: usize,
    mask: u64,
    /// 1 when the new thread has a copy.
    is_taken: AtomicU32,
}

/// `clone`, of threads only: the new one goes on where the caller does, on another stack.
pub(super) fn clone(frame: &Frame) -> Result {
    let [flags, stack_pointer, number_word, ..] = frame.arguments;
    if flags & THREAD_FLAGS != THREAD_FLAGS {
        return Err(ENOSYS);
    }
    let argument = |flag: usize, index: usize| if flags & flag != 0 { frame.arguments[index] } else { 0 };
    let start = Start {
        stack_pointer,
        program_counter: frame.program_counter,
        arguments: frame.arguments,
        thread_pointer: (flags & SET_THREAD_POINTER != 0).then(|| frame.arguments[calls::CLONE_THREAD_POINTER]),
        clear_word: argument(CLEAR_WORD, calls::CLONE_CLEAR_WORD),
        number_word: if flags & STORE_NUMBER != 0 { number_word } else { 0 },
        mask: Local::current().mask.load(Ordering::SeqCst),
        is_taken: AtomicU32::new(0),
    };
    let options = Options { detached: true, cancel: Cancel::Deferred, ..Options::new("program") };
    let id = thread::spawn_no_value(options, begin_clone, (&raw const start).addr()).map_err(|_| EAGAIN)?;
    while start.is_taken.load(Ordering::SeqCst) == 0 {
        wait::wait(&start.is_taken, 0, None, Cancellable::No);
    }
    Ok(usize::from(id.index) + 1)
}

fn begin_clone(start: usize) {
    // SAFETY: The address of the `Start` of a thread that waits in `clone` until `is_taken` is set.
    let start = unsafe { &*(start as *const Start) };
    let Start { stack_pointer, program_counter, arguments, .. } = *start;
    let local = Local::current();
    local.clear_word.store(start.clear_word, Ordering::SeqCst);
    local.mask.store(start.mask, Ordering::SeqCst);
    if let Some(pointer) = start.thread_pointer {
        set_pointer(pointer);
    }
    // An address that is not the program's is as if it had given none.
    let _ = user::store(start.number_word, current_number() as u32);
    let is_taken = &start.is_taken;
    is_taken.store(1, Ordering::SeqCst);
    // The word may be gone by now: its address alone is used.
    wait::wake(is_taken);
    run(stack_pointer, program_counter, &arguments);
}

/// Runs the program's first thread, which is the caller, until it ends.
pub(super) fn begin(stack_pointer: usize, program_counter: usize) {
    thread::set_cancel(Cancel::Deferred);
    run(stack_pointer, program_counter, &[0; 6]);
}

fn run(stack_pointer: usize, program_counter: usize, arguments: &[usize; 6]) {
    let local = Local::current();
    local.in_call.store(false, Ordering::SeqCst);
    // SAFETY: 1. The program gave the stack to this thread. 2. `left` is static, and `end` leaves.
    unsafe { program::enter(stack_pointer, program_counter, arguments, local.left.as_ptr()) };
    // The thread is on the kernel's stack again: nothing of the program's is used any more.
    local.cancel.store(0, Ordering::SeqCst);
    let [address, bytes] = local.unmap.each_ref().map(|word| word.swap(0, Ordering::SeqCst));
    if bytes != 0 {
        let unmapped = memory::unmap(address, bytes);
        debug_assert!(unmapped.is_ok(), "the range was looked at when it was noted");
    }
    let word = local.clear_word.swap(0, Ordering::SeqCst);
    if let Ok(pointer) = user::pointer::<AtomicU32>(word) {
        // SAFETY: A word of the program that it named for this.
        let word = unsafe { &*pointer };
        word.store(0, Ordering::SeqCst);
        wait::wake(word);
    }
}

/// Ends the calling thread.
pub(super) fn end() -> ! {
    // SAFETY: Stored when this thread entered the program, which it has not left.
    unsafe { program::leave(Local::current().left.load(Ordering::SeqCst)) }
}

/// Sets the register by which the program finds the thread's own data.
pub(super) fn set_pointer(address: usize) -> usize {
    // SAFETY: The register is the program's; the kernel itself does not use it.
    unsafe { set_thread_pointer(address as *mut _) };
    0
}

/// Lets other threads run.
pub(super) fn yield_now() -> usize {
    dispatch::yield_now();
    0
}

/// `tkill`: sends a signal to a thread.
pub(super) fn signal(number: usize, signal: usize) -> Result {
    let id = find(number)?;
    match signal {
        0 => {}
        CANCELLATION => thread::kill(id).map_err(|_| ESRCH)?,
        signal if signal > LAST_SIGNAL => return Err(EINVAL),
        signal if IGNORED.contains(&signal) => {}
        signal => end_by_signal(signal as u8),
    }
    Ok(0)
}

/// `kill`: sends a signal to the process.
pub(super) fn signal_process(process: usize, number: usize) -> Result {
    if process == PROCESS { signal(current_number(), number) } else { Err(ESRCH) }
}

/// The kernel's own call: from now on the thread may be cancelled at any instruction, by a call of the function at
/// `cancel`; with 0 no longer.
pub(super) fn set_cancel(cancel: usize) -> Result {
    if cancel != 0 {
        user::pointer::<u8>(cancel)?;
    }
    Local::current().cancel.store(cancel, Ordering::SeqCst);
    Ok(0)
}

/// Behind an interrupt, on the interrupted thread's stack, with interrupts masked: cancels the thread, if it is one of
/// the program's that may be cancelled here and is wanted to.
pub(super) fn cancel_after_interrupt() {
    let Some(thread) = Thread::current().filter(|thread| thread.kill_requested.load(Ordering::SeqCst)) else { return };
    let local = &LOCALS[usize::from(thread.index())];
    let cancel = local.cancel.load(Ordering::SeqCst);
    if cancel != 0 && !local.in_call.load(Ordering::SeqCst) {
        take_signal();
        interrupts::enable();
        // SAFETY: The program gave the address of such a function, which uses general registers only: the interrupted
        // code's others are still in place if it returns.
        unsafe { mem::transmute::<usize, extern "C" fn()>(cancel)() };
        interrupts::disable();
        // It returns where the program does not want to be cancelled just now: try again later.
        thread.kill_requested.store(true, Ordering::SeqCst);
    }
}

/// `rt_sigaction`: there are no handlers. The C library sets one for cancellation and does without.
pub(super) fn set_handler(signal: usize) -> Result {
    if (1..=LAST_SIGNAL).contains(&signal) { Err(ENOSYS) } else { Err(EINVAL) }
}

/// `rt_sigprocmask`. With no handlers, a mask is only kept.
pub(super) fn set_mask(how: usize, new: usize, old: usize) -> Result {
    let mask = &Local::current().mask;
    let before = mask.load(Ordering::SeqCst);
    if new != 0 {
        let new = user::load::<u64>(new)?;
        let after = match how {
            0 => before | new,
            1 => before & !new,
            2 => new,
            _ => return Err(EINVAL),
        };
        mask.store(after, Ordering::SeqCst);
    }
    user::store(old, before).map(|()| 0)
}

/// `sched_getaffinity`: a bit for each CPU.
pub(super) fn cpus(bytes: usize, mask: usize) -> Result {
    if bytes < size_of::<usize>() {
        return Err(EINVAL);
    }
    user::store(mask, (1_usize << cpu::online()) - 1).map(|()| size_of::<usize>())
}

const POLICY_OTHER: usize = 0;
const POLICY_FIFO: usize = 1;
const POLICY_ROUND_ROBIN: usize = 2;

/// `sched_getscheduler`: all threads of a program are of one priority and take turns.
pub(super) fn policy(number: usize) -> Result {
    check(number).map(|()| POLICY_OTHER)
}

/// `sched_getparam`.
pub(super) fn parameters(number: usize, result: usize) -> Result {
    check(number)?;
    user::store(result, 0_u32).map(|()| 0)
}

/// `sched_setscheduler`: to other policies it is not permitted.
pub(super) fn set_policy(number: usize, policy: usize) -> Result {
    check(number)?;
    match policy {
        POLICY_OTHER => Ok(0),
        POLICY_FIFO | POLICY_ROUND_ROBIN => Err(EPERM),
        _ => Err(EINVAL),
    }
}

/// The priorities that a policy has.
pub(super) fn priorities(policy: usize) -> core::result::Result<RangeInclusive<usize>, Errno> {
    match policy {
        POLICY_OTHER => Ok(0..=0),
        POLICY_FIFO | POLICY_ROUND_ROBIN => Ok(1..=99),
        _ => Err(EINVAL),
    }
}

/// Fails unless `number` is a thread's; 0 is the caller's.
fn check(number: usize) -> core::result::Result<(), Errno> {
    if number == 0 { Ok(()) } else { find(number).map(|_| ()) }
}
