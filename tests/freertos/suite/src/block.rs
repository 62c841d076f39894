//! What a task's control block has of the library, and the port: FreeRTOS says when a block is made, when its task gets
//! the CPU, and when it goes.

use core::{
    mem::{align_of, size_of},
    ptr,
};

use tsd::{
    Arena, ArenaMemory, ExitFunctionList, ExitFunctions, ExitReport, KeySpace, NotificationList, Notifications, Port,
    Slots,
};
use tsd_suite::atomic::{AtomicPtr, AtomicU32, AtomicUsize, Ordering::SeqCst};
use tsd_suite::{ARENA, EXIT_FUNCTIONS, KEYS, NOTIFICATIONS};

use crate::{freertos, thread, thread::Record};

/// FreeRTOS's TLS block of each task.
#[repr(C)]
pub(crate) struct Block {
    slots: Slots<KEYS>,
    functions: ExitFunctions<EXIT_FUNCTIONS>,
    arena: Arena<ARENA>,
    /// Where the task's calls look: at this block, or at that of a dead task which it reaps.
    seen: AtomicPtr<Block>,
    /// What is known of the task; null for tasks that the platform has not started.
    record: AtomicPtr<Record>,
}

/// What `tsd_freertos.h` reserves for a block, in memory that FreeRTOS aligns to 8 bytes.
#[repr(C, align(8))]
pub(crate) struct Reserved([u8; 1536]);

const _: () = assert!(align_of::<Block>() - align_of::<Reserved>() + size_of::<Block>() <= size_of::<Reserved>());

/// The block in what is reserved for it, which may be aligned to less.
pub(crate) fn in_reserved(reserved: *mut Reserved) -> *mut Block {
    reserved.map_addr(|address| address.next_multiple_of(align_of::<Block>())).cast()
}

/// The running task's block, and where its calls look: null before the scheduler runs, and in handlers that shall have
/// no thread.
static OWN: AtomicPtr<Block> = AtomicPtr::new(ptr::null_mut());
static SEEN: AtomicPtr<Block> = AtomicPtr::new(ptr::null_mut());
/// Blocks whose task has left something in them.
static NOT_AS_NEW: AtomicUsize = AtomicUsize::new(0);
/// Switches to another task.
static SWITCHES: AtomicU32 = AtomicU32::new(0);

pub(crate) static SENT: Notifications<NOTIFICATIONS> = Notifications::new();
// SAFETY: the blocks of FreeRTOS's tasks are used with this key space only.
pub(crate) static SPACE: KeySpace<FreeRtosPort> = unsafe { KeySpace::new(FreeRtosPort) };

/// FreeRTOS's tasks.
#[derive(Debug)]
pub(crate) struct FreeRtosPort;

// SAFETY: a block lies in its task's control block, which goes after the task's exit or reap; only the running task and
// handlers that interrupt it get it, but for a dead task's, which never runs again.
unsafe impl Port for FreeRtosPort {
    type Slots = Slots<KEYS>;

    unsafe fn current(&self) -> Option<&Slots<KEYS>> {
        seen().map(|block| &block.slots)
    }

    unsafe fn exit_functions(&self) -> Option<ExitFunctionList<'_>> {
        seen().map(|block| block.functions.as_list())
    }

    unsafe fn arena(&self) -> Option<ArenaMemory<'_>> {
        seen().map(|block| block.arena.as_memory())
    }

    fn notifications(&self) -> Option<NotificationList<'_>> {
        Some(SENT.as_list())
    }

    /// Looks again at the next tick, so that a task of a lower priority gets on with its initialiser.
    fn wait(&self, word: &tsd::AtomicU32, expected: u32) {
        if word.load(SeqCst) == expected && !freertos::is_idle_task() {
            thread::shielded(|| freertos::sleep(1));
        }
    }

    fn wake(&self, _: &tsd::AtomicU32) {}
}

fn seen() -> Option<&'static Block> {
    // SAFETY: null, or a block of a task that is not deleted meanwhile, since it runs or is being reaped.
    unsafe { SEEN.load(SeqCst).as_ref() }
}

/// The running task's own block.
pub(crate) fn own() -> Option<&'static Block> {
    // SAFETY: null, or the block of the task that runs.
    unsafe { OWN.load(SeqCst).as_ref() }
}

/// The record of the running task, or of the interrupted one.
pub(crate) fn record() -> Option<&'static Record> {
    // SAFETY: a task takes its record out of its block before somebody frees it.
    unsafe { own()?.record.load(SeqCst).as_ref() }
}

/// Says what is known of the running task from here on.
pub(crate) fn set_record(record: *const Record) {
    own().expect("a task runs").record.store(record.cast_mut(), SeqCst);
}

/// Finishes the exit of the task with this block.
///
/// # Safety
/// It never runs again, and its control block is still there.
pub(crate) unsafe fn reap(dead: *mut Block) -> ExitReport {
    let own = own().expect("a task runs");
    // A switch in between sets the second from the first.
    own.seen.store(dead, SeqCst);
    SEEN.store(dead, SeqCst);
    // SAFETY: the caller's word; the port gives the dead task's block meanwhile.
    let report = unsafe { SPACE.reap() };
    own.seen.store(ptr::from_ref(own).cast_mut(), SeqCst);
    SEEN.store(ptr::from_ref(own).cast_mut(), SeqCst);
    report
}

/// Calls `work` while no thread is current.
pub(crate) fn without_thread(work: impl FnOnce()) {
    let before = SEEN.swap(ptr::null_mut(), SeqCst);
    work();
    SEEN.store(before, SeqCst);
}

/// How many blocks have gone with something in them.
pub(crate) fn not_as_new() -> usize {
    NOT_AS_NEW.load(SeqCst)
}

/// How often FreeRTOS has switched to another task.
pub(crate) fn switches() -> u32 {
    SWITCHES.load(SeqCst)
}

/// FreeRTOS makes a task, in memory that may hold anything.
#[unsafe(no_mangle)]
extern "C" fn suite_block_init(reserved: *mut Reserved) {
    let block = in_reserved(reserved);
    let new = Block {
        slots: Slots::new(),
        functions: ExitFunctions::new(),
        arena: Arena::new(),
        seen: AtomicPtr::new(block),
        record: AtomicPtr::new(ptr::null_mut()),
    };
    // SAFETY: FreeRTOS gives the memory of a control block that no task has yet.
    unsafe { block.write(new) };
}

/// FreeRTOS gives a task the CPU.
#[unsafe(no_mangle)]
extern "C" fn suite_block_set(reserved: *mut Reserved) {
    let block = in_reserved(reserved);
    let before = OWN.swap(block, SeqCst);
    if before != block {
        SWITCHES.fetch_add(1, SeqCst);
        // SAFETY: null, or the block of the task that has run up to now.
        if let Some(record) = unsafe { before.as_ref().and_then(|before| before.record.load(SeqCst).as_ref()) } {
            record.lost_the_cpu();
        }
    }
    // SAFETY: the task's block lives as long as the task.
    SEEN.store(unsafe { &*block }.seen.load(SeqCst), SeqCst);
}

/// A task's control block is about to go.
#[unsafe(no_mangle)]
extern "C" fn suite_block_deinit(reserved: *mut Reserved) {
    // SAFETY: it is still there, and its task is not.
    let block = unsafe { &*in_reserved(reserved) };
    let is_as_new =
        block.slots.is_idle() && block.functions.as_list().is_empty() && block.arena.as_memory().used() == 0;
    if !is_as_new {
        NOT_AS_NEW.fetch_add(1, SeqCst);
    }
}
