//! The calls on a world, each noted in the ledger before and after, and told if the run is told.

use std::ffi::c_void;
use std::ptr;

use tsd::{Capacity, Error, ExitFlags, ExitReport, Key, KeyOptions, Supported, TypedKey};

use super::{Memory, World};
use crate::calls::{Value, What};
use crate::destructors::{self, Held};
use crate::ledger::{Ledger, ledger};
use crate::machine::{Kind, Machine, ORDINARY};
use crate::plan::plan;
use crate::trace::told;

fn begin(key: u8, what: What, new: Value) -> usize {
    plan(|plan| plan.observe());
    ledger(|ledger| ledger.begin(key, what, new))
}

fn end(call: usize, ok: bool, old: Value) {
    plan(|plan| plan.observe());
    ledger(|ledger| ledger.end(call, ok, old));
}

fn handle(key: u8) -> Key {
    ledger(|ledger| ledger.keys[usize::from(key)].handle)
}

fn pointer(value: Value) -> *mut c_void {
    ptr::without_provenance_mut(usize::from(value))
}

fn number(value: *mut c_void) -> Value {
    Value::try_from(value.addr()).unwrap_or(Value::MAX)
}

/// Runs an exit, and compares its report with what it has called.
fn noted(exit: impl FnOnce() -> ExitReport) {
    plan(|plan| plan.observe());
    let destroying = ledger(|ledger| ledger.destroying);
    let (began, destroyed, functions) = ledger(|ledger| {
        if let Some(began) = ledger.exit_began {
            ledger.unreported(began);
        }
        ledger.exit_goes_on();
        ledger.exit_began = Some(ledger.now());
        (ledger.now(), ledger.destroyed, ledger.functions)
    });
    let report = exit();
    plan(|plan| plan.observe());
    told!("exit: {report:?}");
    ledger(|ledger| {
        if report.flags.contains(ExitFlags::INTERRUPTED) {
            ledger.destroying = destroying;
            ledger.interrupted(report.interrupted, began);
        } else if destroying.is_some() {
            ledger.wrong = Some("a destructor did not return, and no report names its key");
        }
        (ledger.destroying, ledger.exit_began) = (None, None);
        report.left_over_keys.iter().for_each(|key| ledger.report(*key, began));
        ledger.forget(began);
        let is_right = report.left_over as usize == report.left_over_keys.len()
            && report.calls == ledger.destroyed - destroyed
            && report.functions == ledger.functions - functions;
        if !is_right {
            ledger.wrong = Some("the report does not say what was done");
        }
    });
}

/// What a call can be refused with.
fn is_done(result: Result<(), Error>) -> bool {
    assert!(matches!(result, Ok(()) | Err(Error::DeletedKey)), "unexpected: {result:?}");
    result.is_ok()
}

impl<const N: usize> Machine for World<N>
where
    Capacity<N>: Supported,
{
    fn create(&self, kind: Kind) -> Option<u8> {
        let number = ledger(Ledger::new_key);
        let mut options = KeyOptions::new();
        if kind.has_destructor {
            options = options.destructor(destructors::of_key(number));
        }
        if kind.is_last_phase {
            options = options.last_phase();
        }
        told!("create key {number}");
        plan(|plan| plan.observe());
        ledger(|ledger| ledger.creating += 1);
        let handle = self.memory().space.create_with(options).ok();
        ledger(|ledger| ledger.creating -= 1);
        plan(|plan| plan.observe());
        told!("key {number} is created: {handle:?}");
        if let Some(handle) = handle {
            Self::note_key(number, handle, kind);
        }
        handle.map(|_| number)
    }

    fn delete(&self, key: u8) {
        told!("delete key {key}");
        let call = begin(key, What::Delete, 0);
        ledger(|ledger| ledger.deleting += 1);
        let done = is_done(self.memory().space.delete(handle(key)));
        ledger(|ledger| ledger.deleting -= 1);
        end(call, done, 0);
        told!("deleted key {key}: {done}");
    }

    fn set(&self, key: u8, value: Value) -> bool {
        told!("set key {key} to {value}");
        let call = begin(key, What::Set, value);
        // SAFETY: the destructors of keys only note the value.
        let done = is_done(unsafe { self.memory().space.set(handle(key), pointer(value)) });
        end(call, done, 0);
        told!("set key {key} to {value}: {done}");
        done
    }

    fn get(&self, key: u8) -> Value {
        let call = begin(key, What::Get, 0);
        let value = number(self.memory().space.get(handle(key)));
        end(call, true, value);
        told!("get key {key}: {value}");
        value
    }

    fn take(&self, key: u8) -> Value {
        told!("another thread takes from key {key}");
        let memory = self.memory();
        let call = begin(key, What::Swap, 0);
        let value = number(tsd::raw::take(memory.space.table(), &memory.slots, handle(key)));
        end(call, true, value);
        if value == 0 {
            // Also where the slots are not shared any more.
            ledger(|ledger| ledger.strike(call));
        }
        told!("another thread takes from key {key}: {value}");
        value
    }

    fn static_set(&self, value: Value) {
        told!("set static key to {value}");
        let call = begin(0, What::Set, value);
        if let Some(key) = self.static_key {
            // SAFETY: as in `set`; the slots are used with the table that names the key.
            unsafe { key.set(&self.memory().slots, pointer(value)) };
        }
        end(call, true, 0);
        told!("set static key to {value}: done");
    }

    fn static_get(&self) -> Value {
        let call = begin(0, What::Get, 0);
        let value = self.static_key.map_or(0, |key| number(key.get(&self.memory().slots)));
        end(call, true, value);
        told!("get static key: {value}");
        value
    }

    fn typed_create(&self) {
        let number = ledger(Ledger::new_key);
        let key = TypedKey::new(&self.memory().space, KeyOptions::new()).expect("the table has room");
        self.typed.set(Some(Box::leak(Box::new(key))));
        let info = self.memory().space.table().keys().last().expect("there is a key");
        assert_eq!(number, destructors::TYPED);
        Self::note_key(number, info.key, ORDINARY);
    }

    fn typed_take(&self) -> Value {
        told!("take typed");
        let call = begin(destructors::TYPED, What::Swap, 0);
        let value = self.typed().take().map_or(0, Held::into_value);
        end(call, true, value);
        told!("take typed: {value}");
        value
    }

    fn typed_replace(&self) {
        let value = ledger(Ledger::new_value);
        told!("replace typed by {value}");
        let call = begin(destructors::TYPED, What::Swap, value);
        let old = self.typed().replace(Held::new(value));
        let done = old.is_ok();
        let old = old.ok().flatten().map_or(0, Held::into_value);
        end(call, done, old);
        if old != 0 {
            ledger(|ledger| ledger.free(old));
        }
        told!("replace typed by {value}: {old}");
    }

    fn typed_with(&self) {
        told!("with typed");
        let mut call = begin(destructors::TYPED, What::Swap, 0);
        let mut was_called = false;
        let outer = destructors::collect(0);
        let _ = self.typed().with(|held| {
            let value = held.value();
            end(call, true, value);
            told!("with typed: {value}");
            was_called = true;
            call = begin(destructors::TYPED, What::Swap, value);
        });
        let dropped = destructors::collected(outer);
        end(call, true, if was_called { dropped } else { 0 });
        told!("with typed: over, dropped {dropped}");
    }

    fn once(&self, control: usize) {
        told!("once {control}");
        let memory = self.memory();
        plan(|plan| plan.observe());
        let result = memory.space.once(&memory.controls[control], || {
            plan(|plan| plan.observe());
            ledger(|ledger| ledger.initialised[control] += 1);
            told!("initialise {control}");
        });
        plan(|plan| plan.observe());
        let is_initialised = ledger(|ledger| ledger.initialised[control]) == 1;
        if result.is_err() || !is_initialised || !memory.controls[control].is_complete() {
            ledger(|ledger| ledger.wrong = Some("once has not initialised once"));
        }
    }

    fn at_thread_exit(&self) {
        told!("register a function");
        plan(|plan| plan.observe());
        ledger(|ledger| ledger.is_registering = true);
        // SAFETY: it only counts.
        let result = unsafe { self.memory().space.at_thread_exit(destructors::exit_function, ptr::null_mut()) };
        plan(|plan| plan.observe());
        ledger(|ledger| {
            ledger.registered += u32::from(result.is_ok());
            ledger.is_registering = false;
        });
    }

    fn share(&self) {
        // SAFETY: they are the calling thread's.
        unsafe { tsd::raw::share(&self.memory().slots) };
    }

    fn exit(&self) {
        told!("exit");
        // SAFETY: code that uses a value afterwards does so as the next thread.
        noted(|| unsafe { self.memory().space.exit() });
    }

    fn reap(&self) {
        told!("reap");
        // SAFETY: as in `exit`. The interrupted call does go on, but in a run that is over.
        noted(|| unsafe { self.memory().space.reap() });
    }

    fn fill_between(&self, count: usize) {
        for _ in 0..count {
            self.memory().space.create(None).expect("the table has room");
        }
        ledger(|ledger| ledger.filled += count);
    }

    fn in_use(&self) -> usize {
        self.memory().space.table().in_use()
    }

    fn fill(&self) {
        while self.memory().space.create(None).is_ok() {}
    }

    fn is_idle(&self) -> bool {
        self.memory().slots.is_idle()
    }

    fn save(&self) {
        let memory = self.memory.get().cast::<u8>();
        // SAFETY: the bytes are those of the structure, which has no padding that matters: they are only put back.
        let bytes = unsafe { std::slice::from_raw_parts(memory, size_of::<Memory<N>>()) };
        self.saved.set(Some((bytes.into(), Box::new(ledger(|ledger| ledger.clone())))));
    }

    fn restore(&self) {
        let saved = self.saved.take().expect("the case has saved its state");
        // SAFETY: these bytes were there, nobody has a reference to what is inside, and nothing in it owns anything.
        unsafe { ptr::copy_nonoverlapping(saved.0.as_ptr(), self.memory.get().cast(), saved.0.len()) };
        ledger(|ledger| ledger.clone_from(&saved.1));
        self.saved.set(Some(saved));
    }
}
