//! The key space of the runs: two static keys, any others, and what one thread has of them.
//!
//! It is found through the kernel's current thread, as the kernel's own is. Whichever thread asks has the one block:
//! the sweep reaches a state, the thread that is stepped through may die in the call, and the sweep reaps what is left
//! of it.

use core::sync::atomic::AtomicU32;

use tsd::{
    ExitFunctionList, ExitFunctions, ExitReport, KeyOptions, KeySpace, KeyTable, NotificationList, Notifications, Port,
    Slots, StaticKey,
};

use super::{
    keys,
    name::{STATIC_INDEX, STATIC_LAST_INDEX},
};
use crate::core::{
    capacity::{EXIT_FUNCTIONS, KEYS, NOTIFICATIONS},
    port::KernelPort,
    scheduler::thread::Thread,
};

/// A static key, and one of the last phase.
pub(super) const STATIC: StaticKey =
    StaticKey::new(STATIC_INDEX, KeyOptions::new().name("static").destructor(keys::destroy_static));
pub(super) const STATIC_LAST: StaticKey = StaticKey::new(
    STATIC_LAST_INDEX,
    KeyOptions::new().name("static last").destructor(keys::destroy_static_last).last_phase(),
);
/// How many they are.
pub(super) const STATICS: usize = 2;

/// The keys of the runs.
// SAFETY: the block's slots are used with this key space only.
pub(super) static SPACE: KeySpace<SteppedPort> =
    unsafe { KeySpace::with_table(SteppedPort, KeyTable::new().with_static_keys(&[STATIC, STATIC_LAST])) };

/// Who is told of the thread's start and end.
pub(super) static SENT: Notifications<NOTIFICATIONS> = Notifications::new();

/// What the thread has that is stepped through.
struct Block {
    slots: Slots<KEYS>,
    exit_functions: ExitFunctions<EXIT_FUNCTIONS>,
}

// SAFETY: the thread that is stepped through uses it, and the sweep only while that one waits or is dead; both run on
// the one CPU.
unsafe impl Sync for Block {}

static BLOCK: Block = Block { slots: Slots::new(), exit_functions: ExitFunctions::new() };

/// Finds the block.
#[derive(Debug)]
pub(super) struct SteppedPort;

// SAFETY: 1. and 2. as for the block. 3. A thread that is killed in a run exits where it stands, or is reaped.
unsafe impl Port for SteppedPort {
    type Slots = Slots<KEYS>;

    #[inline]
    unsafe fn current(&self) -> Option<&Slots<KEYS>> {
        Thread::current().map(|_| &BLOCK.slots)
    }

    unsafe fn exit_functions(&self) -> Option<ExitFunctionList<'_>> {
        Thread::current().map(|_| BLOCK.exit_functions.as_list())
    }

    fn notifications(&self) -> Option<NotificationList<'_>> {
        Some(SENT.as_list())
    }

    fn wait(&self, word: &AtomicU32, expected: u32) {
        KernelPort.wait(word, expected);
    }

    fn wake(&self, word: &AtomicU32) {
        KernelPort.wake(word);
    }
}

/// The slots of the thread that is stepped through.
pub(super) fn slots() -> &'static Slots<KEYS> {
    &BLOCK.slots
}

/// Its exit.
pub(super) fn exit() -> ExitReport {
    // SAFETY: the values are numbers.
    unsafe { SPACE.exit() }
}

/// Its exit when it is dead.
pub(super) fn reap() -> ExitReport {
    // SAFETY: as above; the caller has seen the thread end.
    unsafe { SPACE.reap() }
}

/// Makes the block as new, whatever it holds. The thread is in no call that uses it, or in one that does not go on.
pub(super) fn forget() {
    // SAFETY: Both consist of atomics, for which all zero bytes mean empty, and nothing else uses them now.
    unsafe {
        Slots::init((&raw const BLOCK.slots).cast_mut());
        (&raw const BLOCK.exit_functions).cast_mut().write_bytes(0, 1);
    }
}
