//! The calls on one key, and whether some order of them explains what they gave.
//!
//! A key is a register: a set stores, a destructor's call takes, and so on. Calls that overlap (one interrupts the
//! other) may have happened in either order, all others in theirs.

use std::ffi::c_void;
use std::ptr;

/// The end of a call that has not ended.
pub(crate) const NEVER: u16 = u16::MAX;

/// A value. 0 is NULL, and the others are the addresses of what is in [`VALUES`] at their number.
pub(crate) type Value = u16;

/// What values point to, so that a reference to one can be lent.
static VALUES: [Value; 256] = {
    let mut values = [0; 256];
    let mut at = 0;
    while at < values.len() {
        values[at] = at as Value;
        at += 1;
    }
    values
};

/// The value as the library has it.
pub(crate) fn pointer(value: Value) -> *mut c_void {
    let Some(element) = VALUES.get(usize::from(value)).filter(|_| value != 0) else { return ptr::null_mut() };
    ptr::from_ref(element).cast_mut().cast()
}

/// What [`pointer`] was given; none of the ledger's values for what came from nowhere.
pub(crate) fn number(pointer: *mut c_void) -> Value {
    if pointer.is_null() {
        return 0;
    }
    let offset = pointer.addr().wrapping_sub(VALUES.as_ptr().addr());
    if offset < size_of_val(&VALUES) { (offset / size_of::<Value>()) as Value } else { Value::MAX }
}

/// What was done with a key's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    /// A set of `new`; refused if not `ok`.
    Set,
    /// A get that gave `old`.
    Get,
    /// An exchange of `old` for `new`; refused if not `ok`.
    Swap,
    /// A destructor was called with `old`.
    Destroy,
    /// A report named the key.
    Report,
    /// A thread's exit was over: the value of a key without destructor is gone.
    Forget,
    /// The thread has died with a value taken, if there was one.
    Interrupt,
    /// The key was deleted; or had been, if not `ok`.
    Delete,
    /// The thread has exited with no handler: no value is left.
    Gone,
    /// Nothing that says anything of the key.
    Nothing,
}

/// One call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Call {
    pub(crate) key: u8,
    pub(crate) what: What,
    pub(crate) ok: bool,
    pub(crate) new: Value,
    pub(crate) old: Value,
    pub(crate) start: u16,
    pub(crate) end: u16,
}

/// No call.
pub(crate) const NO_CALL: Call = Call { key: 0, what: What::Get, ok: false, new: 0, old: 0, start: 0, end: 0 };

/// A key's register.
#[derive(Clone, Copy)]
struct State {
    value: Value,
    is_live: bool,
}

/// Whether some order of a key's calls explains what they gave, from its creation on.
pub(crate) fn is_explained(of_key: impl Iterator<Item = Call>) -> bool {
    let mut calls = [NO_CALL; 32];
    let mut count = 0;
    for call in of_key {
        calls[count] = call;
        count += 1;
    }
    explains(&calls[..count], 0, State { value: 0, is_live: true })
}

/// Whether the calls that are not `done` can have happened in some order from `state`.
fn explains(calls: &[Call], done: u32, state: State) -> bool {
    let open = || calls.iter().enumerate().filter(|(at, _)| done >> at & 1 == 0);
    let first_end = open().map(|(_, call)| call.end).min().unwrap_or(NEVER);
    if first_end == NEVER {
        // Those that are left have died with their thread, and need not have happened.
        return true;
    }
    open()
        .filter(|(_, call)| call.start <= first_end)
        .any(|(at, call)| call.after(state).is_some_and(|after| explains(calls, done | 1 << at, after)))
}

impl Call {
    /// The register after the call, if it can be made with what is there and gives what it gave.
    fn after(&self, State { value, is_live }: State) -> Option<State> {
        let now = |value, is_live| Some(State { value, is_live });
        match self.what {
            What::Get if self.end == NEVER => now(value, is_live),
            What::Set | What::Swap if self.end == NEVER => now(if is_live { self.new } else { 0 }, is_live),
            What::Delete if self.end == NEVER => now(0, false),
            What::Set | What::Swap | What::Delete if is_live != self.ok => None,
            What::Set | What::Swap | What::Delete if !self.ok => now(value, is_live),
            What::Swap if value != self.old => None,
            What::Set | What::Swap => now(self.new, true),
            What::Delete => now(0, false),
            What::Get => (self.old == if is_live { value } else { 0 }).then_some(State { value, is_live }),
            What::Destroy => (is_live && value == self.old).then_some(State { value: 0, is_live }),
            What::Report => (is_live && value != 0).then_some(State { value: 0, is_live }),
            What::Forget | What::Interrupt => now(0, is_live),
            What::Gone => (!is_live || value == 0).then_some(State { value: 0, is_live }),
            What::Nothing => now(value, is_live),
        }
    }
}
