//! Whoever uses keys at random: the thread, and the handler that interrupts it. Each has keys of its own, and both share
//! the typed ones.

use core::{ffi::c_void, num::NonZero, ptr};

use tsd::{Error, Inline, Key, OwnedKey, Owner, SharedKey};

use crate::{
    cases::interrupts::{Call, during, is_in_exit, may_store},
    kernel::{Microbit, SPACE, as_value, get, set},
    ledger::{self, End, NO_KEY, Token},
};

/// More than the table has room for, with the other actor's.
const OWN_KEYS: usize = 3;

/// Numbers that look random.
pub(crate) struct Random(pub(crate) u32);

impl Random {
    pub(crate) fn below(&mut self, bound: u32) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        (self.0 >> 8) % bound
    }
}

/// Under typed keys: it is in the ledger until it is dropped.
struct Value(Token);

impl Drop for Value {
    fn drop(&mut self) {
        ledger::end(self.0.get(), End::Destroyed);
    }
}

// SAFETY: the pointer is not NULL, and the same token is made of it.
unsafe impl Owner for Value {
    fn into_raw(self) -> *mut c_void {
        let token = self.0.get();
        core::mem::forget(self);
        as_value(token)
    }

    unsafe fn from_raw(pointer: *mut c_void) -> Self {
        Self(NonZero::new(pointer.addr()).expect("a value is not NULL"))
    }
}

static OWNED: OwnedKey<Value, Microbit> = OwnedKey::new(&SPACE);
static SHARED: SharedKey<Inline<Value>, Microbit> = SharedKey::new(&SPACE);

/// The destructor of raw keys, and what exit functions do.
unsafe extern "C-unwind" fn destroy(value: *mut c_void) {
    ledger::end(value.addr(), End::Destroyed);
}

/// A key of an actor's own, and the value that it has stored there last, unless it has taken it back.
#[derive(Clone, Copy)]
struct Held {
    key: Key,
    token: Option<Token>,
}

/// See above.
pub(crate) struct Actor {
    keys: [Option<Held>; OWN_KEYS],
    random: Random,
}

impl Actor {
    pub(crate) const fn new(seed: u32) -> Self {
        Self { keys: [None; OWN_KEYS], random: Random(seed) }
    }

    pub(crate) fn random(&mut self, bound: u32) -> u32 {
        self.random.below(bound)
    }

    /// Makes a call or two.
    pub(crate) fn step(&mut self) {
        let place = self.random(OWN_KEYS as u32) as usize;
        let choice = self.random(16);
        match (choice, self.keys[place]) {
            (0..10, None) => self.keys[place] = create(),
            (0..7, Some(held)) => self.keys[place] = Some(store_or_take(held)),
            (7..9, Some(held)) => look(held),
            (9, Some(held)) => {
                delete(held);
                self.keys[place] = None;
            }
            (10..12, _) if may_store() => drop(during(Call::Set, || OWNED.replace(Value(ledger::make(NO_KEY))))),
            (12, _) => drop(during(Call::Set, || OWNED.take())),
            (13, _) => share(),
            (14, _) => register(),
            _ => {}
        }
    }

    /// The thread's exit is over: it has no values.
    pub(crate) fn forget_values(&mut self) {
        for held in self.keys.iter_mut().flatten() {
            assert_eq!(get(held.key), 0);
            held.token = None;
        }
    }

    /// Deletes what keys there are.
    pub(crate) fn end(&mut self) {
        self.keys.iter_mut().filter_map(Option::take).for_each(delete);
    }
}

fn create() -> Option<Held> {
    match during(Call::Create, || SPACE.create(Some(destroy))) {
        Ok(key) => {
            assert_eq!(during(Call::Get, || get(key)), 0, "a new key has a value");
            Some(Held { key, token: None })
        }
        Err(error) => {
            assert_eq!(error, Error::TableFull);
            None
        }
    }
}

/// What the slot has, which is what was stored last; an exit may have taken it.
fn read(held: Held) -> Option<Token> {
    let found = NonZero::new(during(Call::Get, || get(held.key)));
    assert!(found == held.token || found.is_none() && is_in_exit(), "{found:?} was found for {:?}", held.token);
    found
}

fn look(held: Held) {
    if let Some(token) = read(held) {
        assert!(ledger::is_live(token));
    }
}

fn store_or_take(held: Held) -> Held {
    let found = read(held);
    if found.is_none() && !may_store() {
        return held;
    }
    let token = if found.is_some() { None } else { Some(ledger::make(held.key.raw())) };
    during(Call::Set, || set(held.key, token.map_or(0, NonZero::get))).expect("the key is the actor's own");
    if let Some(found) = found {
        ledger::end(found.get(), End::Taken);
    }
    Held { token, ..held }
}

fn delete(held: Held) {
    let found = read(held);
    during(Call::Delete, || SPACE.delete(held.key)).expect("the key is the actor's own");
    assert_eq!(during(Call::Get, || get(held.key)), 0, "a deleted key has a value");
    if let Some(found) = found {
        ledger::end(found.get(), End::Taken);
    }
}

/// Uses the value that is lent, and makes it if there is none.
fn share() {
    let is_live = |value: &Value| assert!(ledger::is_live(value.0));
    let lent = during(Call::Set, || SHARED.with_or_init(|| Inline(Value(ledger::make(NO_KEY))), is_live));
    // The handler has interrupted the initialiser, or the exit; or a key could not be had yet.
    assert!(matches!(lent, Ok(()) | Err(Error::Recursion | Error::Exiting | Error::TableFull)), "{lent:?}");
}

fn register() {
    let token = ledger::make(NO_KEY);
    // SAFETY: it takes any value, once.
    match during(Call::Register, || unsafe { SPACE.at_thread_exit(destroy, ptr::without_provenance_mut(token.get())) })
    {
        Ok(()) => {}
        Err(error) => {
            assert_eq!(error, Error::ListFull);
            ledger::end(token.get(), End::Taken);
        }
    }
}
