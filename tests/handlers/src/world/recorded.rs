//! The calls on a world, each noted in the ledger before and after, and told if the run is told.

use std::ptr;

use tsd::{Capacity, Error, ExitFlags, ExitReport, Key, KeyFlags, KeyOptions, Supported};

use super::{Memory, World};
use crate::calls::{Value, What, number, pointer};
use crate::destructors::{self, Held};
use crate::ledger::{Ledger, ledger};
use crate::machine::{Kind, Machine, ORDINARY, Typed};
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

/// Runs an exit, and compares its report with what it has called.
fn noted(exit: impl FnOnce() -> ExitReport, know_typed: impl FnOnce()) {
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
    know_typed();
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

/// Something is lent, or was just now: it must not have been destroyed.
fn look_at(value: Value) {
    plan(|plan| plan.observe());
    ledger(|ledger| ledger.look_at(value));
}

impl<const N: usize> World<N>
where
    Capacity<N>: Supported,
{
    /// The handle of a key. That of a typed key is the table's as soon as it is created.
    fn handle(&self, key: u8) -> Key {
        let known = || ledger(|ledger| ledger.keys[usize::from(key)].handle);
        if key == destructors::TYPED {
            self.know_typed();
        }
        known()
    }

    /// Notes the typed key if it was created since.
    fn know_typed(&self) {
        let is_waited_for = self.lending.get().is_some() || self.owning.get().is_some();
        if is_waited_for && ledger(|ledger| ledger.keys[usize::from(destructors::TYPED)].handle) == Key::default() {
            let typed = self.memory().space.table().keys().find(|info| info.flags.contains(KeyFlags::TYPED));
            if let Some(info) = typed {
                ledger(|ledger| ledger.keys[usize::from(destructors::TYPED)].handle = info.key);
            }
        }
    }

    /// Lets handlers come while a value is lent or made: they do before an access.
    fn linger(&self) {
        if plan(|plan| plan.level()) == 0 {
            let _ = self.memory().space.get(Key::default());
        }
    }
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

    fn create_at_second(&self, kind: Kind, left: Value) {
        let space = &self.memory().space;
        let first = space.create(None).expect("the table has room");
        if left != 0 {
            // SAFETY: the key has no destructor.
            unsafe { space.set(first, pointer(left)) }.expect("it is live");
        }
        self.create(kind);
        space.delete(first).expect("it is live");
    }

    fn delete(&self, key: u8) -> bool {
        told!("delete key {key}");
        let call = begin(key, What::Delete, 0);
        ledger(|ledger| ledger.deleting += 1);
        let done = is_done(self.memory().space.delete(self.handle(key)));
        ledger(|ledger| ledger.deleting -= 1);
        end(call, done, 0);
        told!("deleted key {key}: {done}");
        done
    }

    fn set(&self, key: u8, value: Value) -> bool {
        told!("set key {key} to {value}");
        let call = begin(key, What::Set, value);
        // SAFETY: the destructors of keys only note the value.
        let done = is_done(unsafe { self.memory().space.set(self.handle(key), pointer(value)) });
        end(call, done, 0);
        told!("set key {key} to {value}: {done}");
        done
    }

    fn get(&self, key: u8) -> Value {
        let call = begin(key, What::Get, 0);
        // While a value that is to be lent is made, the slot has a mark.
        let pointer = Some(self.memory().space.get(self.handle(key))).filter(|pointer| pointer.addr() != 1);
        let value = pointer.map_or(0, number);
        end(call, true, value);
        told!("get key {key}: {value}");
        value
    }

    fn take(&self, key: u8) -> Value {
        told!("another thread takes from key {key}");
        let memory = self.memory();
        let call = begin(key, What::Swap, 0);
        let value = number(tsd::raw::take(memory.space.table(), &memory.slots, self.handle(key)));
        end(call, true, value);
        if value == 0 {
            // Also where the slots are not shared any more.
            ledger(|ledger| ledger.strike(call));
        }
        told!("another thread takes from key {key}: {value}");
        value
    }

    fn claim(&self, value: Value) {
        told!("another thread takes {value}");
        let key = ledger(|ledger| ledger.owner(value));
        plan(|plan| plan.observe());
        if tsd::raw::claim(&self.memory().slots, self.handle(key), pointer(value)) {
            plan(|plan| plan.observe());
            ledger(|ledger| ledger.taken(key, value));
            told!("another thread has taken {value}");
        }
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

    fn typed_create(&self, kind: Typed) {
        if self.static_key.is_none() {
            let number = ledger(Ledger::new_key);
            assert_eq!(number, destructors::TYPED);
            Self::note_key(number, Key::default(), ORDINARY);
        }
        self.set_typed(kind);
        self.know_typed();
    }

    fn typed_take(&self) -> Value {
        told!("take typed");
        let call = begin(destructors::TYPED, What::Swap, 0);
        let value = self.owning().take().map_or(0, Held::into_value);
        end(call, true, value);
        told!("take typed: {value}");
        value
    }

    fn typed_replace(&self) {
        let value = ledger(Ledger::new_value);
        told!("replace typed by {value}");
        let call = begin(destructors::TYPED, What::Swap, value);
        let old = self.owning().replace(Held::new(value));
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
        self.owning().with(&mut |held| {
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

    fn lent_with(&self) {
        told!("with lent");
        let call = begin(destructors::TYPED, What::Get, 0);
        let mut seen = 0;
        self.lending().with(&mut |value| {
            look_at(value);
            self.linger();
            look_at(value);
            seen = value;
        });
        end(call, true, seen);
        told!("with lent: {seen}");
    }

    fn lent_init(&self) {
        let value = ledger(Ledger::new_value);
        told!("with lent, or {value}");
        let call = begin(destructors::TYPED, What::Swap, value);
        let (mut was_made, mut seen) = (false, 0);
        ledger(|ledger| ledger.initialising += 1);
        let mut make = || {
            was_made = true;
            self.linger();
            Held::new(value)
        };
        let result = self.lending().with_or_init(&mut make, &mut |lent| {
            look_at(lent);
            ledger(|ledger| ledger.initialising -= 1);
            self.linger();
            look_at(lent);
            seen = lent;
        });
        match result {
            Ok(()) if was_made => {
                end(call, true, 0);
                if seen != value {
                    ledger(|ledger| ledger.wrong = Some("another value is lent than was made"));
                }
            }
            Ok(()) => {
                ledger(|ledger| ledger.has_only_read(call));
                end(call, true, seen);
            }
            Err(error) => {
                ledger(|ledger| {
                    ledger.initialising -= 1;
                    ledger.strike(call);
                    let is_right = match error {
                        Error::Recursion => ledger.initialising > 0,
                        Error::Exiting => ledger.exit_began.is_some(),
                        _ => false,
                    };
                    if was_made || !is_right {
                        ledger.wrong = Some("an initialisation was refused with no reason");
                    }
                });
                end(call, false, 0);
            }
        }
        told!("with lent, or {value}: {seen}, {result:?}");
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
        noted(|| unsafe { self.memory().space.exit() }, || self.know_typed());
    }

    fn reap(&self) {
        told!("reap");
        // SAFETY: as in `exit`. The interrupted call does go on, but in a run that is over.
        noted(|| unsafe { self.memory().space.reap() }, || self.know_typed());
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
