//! The states in which calls begin, as data, and how they are reached.

use core::{
    cell::UnsafeCell,
    ffi::c_void,
    ptr,
    sync::atomic::{AtomicPtr, AtomicUsize, Ordering::SeqCst},
};

use tsd::{ExitReport, Notification, Once, Reason, raw::OnceFrame};

use super::{
    action, functions,
    keys::{self, Script},
    ledger,
    name::{self, Name},
    space::{self, SENT, SPACE},
};
use crate::{core::capacity::KEYS, machine::counted::Call};

/// A step on the way to a state.
#[derive(Clone, Copy, Debug)]
pub(super) enum Step {
    /// Creates a key.
    Create(Name),
    /// Sets it.
    Set(Name),
    /// Sets it to NULL.
    Clear(Name),
    /// Deletes it.
    Delete(Name),
    /// Deletes it and creates it again at the same index.
    Recreate(Name),
    /// Creates further keys, this many.
    Fill(usize),
    /// Creates further keys until this many indexes are left.
    Leave(usize),
    /// Registers thread-exit functions, this many.
    Register(usize),
    /// Sends the attach notifications.
    Attach,
    /// Lets other threads take values.
    Share,
    /// Completes the control of `once`.
    Complete,
    /// Begins the initialiser of `once`, which the exit finds under way.
    Begin,
}

impl State {
    /// Whether an action about `name` can do anything: the key is there, or, if it is static, has a part in the state.
    pub(super) fn has(&self, name: Name) -> bool {
        let is_about = |step: &Step| match *step {
            Step::Create(it) | Step::Set(it) => it == name,
            _ => false,
        };
        matches!(name, Name::Key) || self.steps.iter().any(is_about)
    }

    /// Whether other threads may take values.
    pub(super) fn is_shared(&self) -> bool {
        self.steps.iter().any(|step| matches!(step, Step::Share))
    }
}

/// A state, and what is called in it.
pub(super) struct State {
    pub(super) name: &'static str,
    pub(super) steps: &'static [Step],
    pub(super) call: Call,
    pub(super) script: Script,
    /// What exit does when nobody comes between: calls of destructors and functions, values left over.
    pub(super) exit: (u32, u32, u32),
}

impl State {
    /// A state that is left by an exit in which destructors do nothing else.
    pub(super) const fn new(name: &'static str, call: Call, steps: &'static [Step]) -> Self {
        Self { name, steps, call, script: Script::Nothing, exit: (0, 0, 0) }
    }

    /// The same with the name and the steps of a slot.
    pub(super) const fn of(call: Call, (name, steps): slot::Slot) -> Self {
        Self::new(name, call, steps)
    }
}

/// States of `Key`'s slot, in which more than one call is looked at: name and steps.
pub(super) mod slot {
    use super::{
        super::name::Name::{Key, Other},
        Step::{self, Clear, Create, Delete, Recreate, Set},
    };

    pub(in super::super) type Slot = (&'static str, &'static [Step]);

    pub(in super::super) const FRESH: Slot = ("fresh slot", &[Create(Key), Create(Other)]);
    pub(in super::super) const SET: Slot = ("value set", &[Create(Key), Create(Other), Set(Key)]);
    pub(in super::super) const BOTH_SET: Slot = ("value set", &[Create(Key), Create(Other), Set(Key), Set(Other)]);
    pub(in super::super) const SET_TO_NULL: Slot =
        ("value set to NULL", &[Create(Key), Create(Other), Set(Key), Clear(Key)]);
    pub(in super::super) const STALE: Slot = ("stale slot", &[Create(Key), Create(Other), Set(Key), Recreate(Key)]);
    pub(in super::super) const REUSED: Slot =
        ("re-used index, value set", &[Create(Key), Create(Other), Set(Key), Recreate(Key), Set(Key)]);
    pub(in super::super) const DELETED: Slot = ("deleted key", &[Create(Key), Create(Other), Set(Key), Delete(Key)]);
    pub(in super::super) const KEY_0: Slot = ("key 0", &[Create(Other), Set(Other)]);
}

/// What a run has on its stack.
pub(super) struct Controls {
    pub(super) once: Once,
    pub(super) nested: Once,
    frame: OnceFrame,
    /// What an exit that is stepped through did.
    pub(super) report: UnsafeCell<ExitReport>,
}

static CONTROLS: AtomicPtr<Controls> = AtomicPtr::new(ptr::null_mut());
/// How often the detach notification came.
static DETACHED: AtomicUsize = AtomicUsize::new(0);
static NOTIFICATION: Notification = Notification { function: notify, context: ptr::null_mut() };

extern "C-unwind" fn notify(reason: Reason, _: *mut c_void) {
    if reason == Reason::ThreadDetach {
        DETACHED.store(DETACHED.load(SeqCst) + 1, SeqCst);
    }
}

/// How often the detach notification came since the state was reached.
pub(super) fn detached() -> usize {
    DETACHED.load(SeqCst)
}

/// Has the notification sent at the attach and the exit of the thread that is stepped through.
pub(super) fn listen() {
    SENT.register(&NOTIFICATION).expect("room in the list");
}

impl Controls {
    pub(super) fn new() -> Self {
        Self { once: Once::new(), nested: Once::new(), frame: OnceFrame::new(), report: UnsafeCell::default() }
    }

    /// Those of the run.
    pub(super) fn current() -> &'static Self {
        // SAFETY: `reach` has stored what lives for the whole run, and nothing asks outside of one.
        unsafe { &*CONTROLS.load(SeqCst) }
    }
}

/// Reaches a state, from nothing.
pub(super) fn reach(state: &State, controls: *mut Controls) {
    ledger::reset();
    action::reset();
    functions::reset(state.script == Script::Register);
    CONTROLS.store(controls, SeqCst);
    DETACHED.store(0, SeqCst);
    state.steps.iter().for_each(|&step| take(step, controls));
    state.script.start();
}

fn take(step: Step, controls: *mut Controls) {
    match step {
        Step::Create(name) => keys::create(name).expect("a free index"),
        Step::Set(name) => keys::set(name, ledger::fresh()),
        Step::Clear(name) => keys::set(name, 0),
        Step::Delete(name) => keys::delete(name),
        Step::Recreate(name) => {
            let old = name::handle(name);
            keys::delete(name);
            keys::create(name).expect("the index that was given back");
            let index = tsd::raw::index::<KEYS>;
            assert_eq!(index(old), index(name::handle(name)), "the index was not used again");
        }
        Step::Fill(count) => keys::fill(count),
        Step::Leave(free) => keys::fill(KEYS - SPACE.table().in_use() - free),
        Step::Register(count) => functions::fill(count),
        Step::Attach => SPACE.attach().expect("the thread is not attached"),
        // SAFETY: the calling thread's own.
        Step::Share => unsafe { tsd::raw::share(space::slots()) },
        // SAFETY: The run's controls outlive it, and the run's thread is alone with them.
        Step::Complete => SPACE.once(unsafe { &(*controls).once }, || ()).expect("nobody else is in it"),
        Step::Begin => {
            // SAFETY: As above; the exit gives the control back before they end.
            let begun = unsafe { tsd::raw::begin_once(&SPACE, &(*controls).once, &mut (*controls).frame) };
            assert_eq!(begun, Ok(true));
        }
    }
}
