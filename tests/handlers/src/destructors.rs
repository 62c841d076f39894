//! The functions that exit calls. Each key has a destructor of its own, so that a call under another key shows.

use std::cell::Cell;
use std::ffi::c_void;
use std::mem;

use tsd::{ArenaMemory, Destructor, Error, Owner, SharedOwner};

use crate::calls::{Value, number, pointer};
use crate::ledger::{KEYS, ledger};
use crate::plan::{LEVELS, plan};
use crate::trace::told;

/// The number of the typed key, where there is one.
pub(crate) const TYPED: u8 = 0;

thread_local! {
    /// What a destructor does besides.
    static BESIDES: Cell<Option<&'static dyn Fn(u8)>> = const { Cell::new(None) };
    /// What was dropped in a call of a typed key's, on each level, or none where a drop is a destructor's.
    static DROPPED: [Cell<Option<Value>>; LEVELS] = const { [const { Cell::new(None) }; LEVELS] };
}

/// Lets destructors do something besides.
pub(crate) fn besides(besides: Option<&'static dyn Fn(u8)>) {
    BESIDES.set(besides);
}

unsafe extern "C-unwind" fn destructor<const KEY: u8>(value: *mut c_void) {
    destroyed(KEY, number(value));
}

fn destroyed(key: u8, value: Value) {
    told!("destructor of key {key} called with {value}");
    plan(|plan| plan.observe());
    ledger(|ledger| ledger.destroy(key, value));
    if let Some(besides) = BESIDES.get() {
        besides(key);
    }
    ledger(|ledger| ledger.exit_goes_on());
    plan(|plan| plan.observe());
    told!("destructor returns");
}

macro_rules! destructors {
    ($($key:literal)*) => { [$(destructor::<$key>),*] };
}

const DESTRUCTORS: [Destructor; KEYS] = destructors!(0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23);

/// The destructor of a key.
pub(crate) const fn of_key(key: u8) -> Destructor {
    DESTRUCTORS[key as usize]
}

/// Runs at thread exit.
pub(crate) unsafe extern "C-unwind" fn exit_function(_argument: *mut c_void) {
    told!("function runs");
    plan(|plan| plan.observe());
    ledger(|ledger| {
        ledger.functions += 1;
        ledger.exit_goes_on();
    });
}

/// The owner of a value under the typed key. Dropped by the library only.
pub(crate) struct Held(Value);

impl Held {
    pub(crate) fn new(value: Value) -> Self {
        Self(value)
    }

    pub(crate) fn value(&self) -> Value {
        self.0
    }

    /// The value, which is the caller's from now on.
    pub(crate) fn into_value(self) -> Value {
        let value = self.0;
        mem::forget(self);
        value
    }
}

// SAFETY: a value is not 0, so its pointer is not NULL, and it is found again by that.
unsafe impl Owner for Held {
    fn into_raw(self) -> *mut c_void {
        pointer(self.into_value())
    }

    unsafe fn from_raw(pointer: *mut c_void) -> Self {
        Self(number(pointer))
    }
}

// SAFETY: what values point to is a static, and has a size.
unsafe impl SharedOwner for Held {
    type Target = Value;

    unsafe fn store(self, _: Option<ArenaMemory<'_>>) -> Result<*mut c_void, Error> {
        Ok(self.into_raw())
    }

    unsafe fn lend<'a>(pointer: *mut c_void) -> &'a Value {
        // SAFETY: the caller vouches for the pointer.
        unsafe { &*pointer.cast() }
    }

    unsafe fn discard(pointer: *mut c_void) {
        // SAFETY: as above.
        drop(unsafe { Self::from_raw(pointer) });
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let level = plan(|plan| plan.level());
        let is_collected = DROPPED.with(|dropped| {
            let collecting = dropped[level].get().is_some();
            if collecting {
                dropped[level].set(Some(self.0));
            }
            collecting
        });
        if is_collected {
            ledger(|ledger| ledger.free(self.0));
        } else {
            destroyed(TYPED, self.0);
        }
    }
}

/// From here on what is dropped on this level is noted. Gives what has to be given to [`collected`].
pub(crate) fn collect(none: Value) -> Option<Value> {
    let level = plan(|plan| plan.level());
    DROPPED.with(|dropped| dropped[level].replace(Some(none)))
}

/// What was dropped since; 0 for nothing.
pub(crate) fn collected(outer: Option<Value>) -> Value {
    let level = plan(|plan| plan.level());
    DROPPED.with(|dropped| dropped[level].replace(outer)).unwrap_or(0)
}
