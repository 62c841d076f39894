//! What the calls of a run did, as their callers know it; and whether that can be.
//!
//! The library is not asked. A run is right if for each key some order of its calls explains every answer, and leaves
//! no value at the end; if no value was destroyed or freed twice, and each by its own key's destructor.

use std::cell::RefCell;

use tsd::Key;

use crate::actions::Side;
use crate::calls::{Call, NEVER, NO_CALL, Value, What, is_explained};
use crate::machine::Kind;
use crate::plan::LEVELS;

/// The most keys, values and calls of a run.
pub(crate) const KEYS: usize = 24;
const VALUES: usize = 96;
const CALLS: usize = 128;
const EXCEPTIONS: usize = 8;

/// One key.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct KeyRecord {
    pub(crate) handle: Key,
    pub(crate) index: usize,
    pub(crate) is_live: bool,
    pub(crate) is_last_phase: bool,
    pub(crate) has_destructor: bool,
}

impl KeyRecord {
    /// What a key that replaces it is created with.
    pub(crate) fn renewed(&self, in_other_phase: bool) -> Kind {
        Kind { is_last_phase: self.is_last_phase != in_other_phase, has_destructor: self.has_destructor }
    }
}

/// A set that has begun and not ended.
#[derive(Clone, Copy, Debug, Default)]
struct OpenSet {
    key: u8,
    call: usize,
    /// The deletion of its key has begun since.
    is_deleted: bool,
}

/// The ledger of a run.
#[derive(Clone, Debug)]
pub(crate) struct Ledger {
    pub(crate) keys: [KeyRecord; KEYS],
    pub(crate) key_count: usize,
    /// Live keys that are not among them, with which the table was filled.
    pub(crate) filled: usize,
    /// Keys that are being created and deleted.
    pub(crate) creating: usize,
    pub(crate) deleting: usize,
    /// The last key of each of the two indexes in play.
    pub(crate) current: [u8; 2],
    calls: [Call; CALLS],
    call_count: usize,
    time: u16,
    /// When exit had the last sign that it has not taken the next value yet.
    window: u16,
    /// When the thread had first exited with no handler.
    gone_at: u16,
    values: u16,
    stored: [u8; VALUES],
    ended: [u8; VALUES],
    owner: [u8; VALUES],
    /// The value that was freed last, of each of the two indexes in play.
    pub(crate) freed: [Value; 2],
    /// A handler has set a value again that was set before.
    pub(crate) has_set_again: bool,
    open_sets: [OpenSet; 16],
    open_set_count: usize,
    /// Sets whose key was deleted while they were under way, each with the next key there, which was set before they
    /// ended: the value may come under that key.
    exceptions: [(usize, u8); EXCEPTIONS],
    exception_count: usize,
    /// When the exit began that is under way.
    pub(crate) exit_began: Option<u16>,
    /// The key whose destructor runs.
    pub(crate) destroying: Option<u8>,
    /// The verdict on the run of a thread that has died; what its call does then does not count.
    pub(crate) obituary: Option<Option<&'static str>>,
    /// Destructors called, functions run and registered, initialisers run.
    pub(crate) destroyed: u32,
    pub(crate) functions: u32,
    pub(crate) registered: u32,
    /// A function is being registered.
    pub(crate) is_registering: bool,
    pub(crate) initialised: [u8; 2],
    /// How many calls may be about to make a value that is lent.
    pub(crate) initialising: u32,
    /// What was seen to be wrong at once.
    pub(crate) wrong: Option<&'static str>,
}

impl Ledger {
    pub(crate) const fn new() -> Self {
        Self {
            keys: [KeyRecord {
                handle: Key::from_raw(0),
                index: 0,
                is_live: false,
                is_last_phase: false,
                has_destructor: false,
            }; KEYS],
            key_count: 0,
            filled: 0,
            creating: 0,
            deleting: 0,
            current: [u8::MAX; 2],
            calls: [NO_CALL; CALLS],
            call_count: 0,
            time: 0,
            window: 0,
            gone_at: u16::MAX,
            values: 0,
            stored: [0; VALUES],
            ended: [0; VALUES],
            owner: [0; VALUES],
            freed: [0; 2],
            has_set_again: false,
            open_sets: [OpenSet { key: 0, call: 0, is_deleted: false }; 16],
            open_set_count: 0,
            exceptions: [(0, 0); EXCEPTIONS],
            exception_count: 0,
            exit_began: None,
            destroying: None,
            obituary: None,
            destroyed: 0,
            functions: 0,
            registered: 0,
            is_registering: false,
            initialised: [0; 2],
            initialising: 0,
            wrong: None,
        }
    }

    fn tick(&mut self) -> u16 {
        self.time += 1;
        self.time
    }

    /// A number for a new key.
    pub(crate) fn new_key(&mut self) -> u8 {
        self.key_count += 1;
        (self.key_count - 1) as u8
    }

    /// A new value.
    pub(crate) fn new_value(&mut self) -> Value {
        self.values += 1;
        self.values
    }

    /// Begins a call and gives its number.
    pub(crate) fn begin(&mut self, key: u8, what: What, new: Value) -> usize {
        let start = self.tick();
        self.calls[self.call_count] = Call { key, what, ok: false, new, old: 0, start, end: NEVER };
        self.call_count += 1;
        if new != 0 {
            self.stored[usize::from(new)] += 1;
            self.owner[usize::from(new)] = key;
        }
        if what == What::Set {
            let index = self.keys[usize::from(key)].index;
            for at in 0..self.open_set_count {
                let set = self.open_sets[at];
                if set.is_deleted && set.key != key && self.keys[usize::from(set.key)].index == index {
                    self.exceptions[self.exception_count] = (set.call, key);
                    self.exception_count += 1;
                }
            }
            self.open_sets[self.open_set_count] = OpenSet { key, call: self.call_count - 1, is_deleted: false };
            self.open_set_count += 1;
        }
        if what == What::Delete {
            // From here on: the index may have another key before the call ends.
            let open = &mut self.open_sets[..self.open_set_count];
            open.iter_mut().filter(|set| set.key == key).for_each(|set| set.is_deleted = true);
        }
        self.call_count - 1
    }

    /// Ends it. A call that is never ended has died with its thread: it may have happened or not.
    pub(crate) fn end(&mut self, call: usize, ok: bool, old: Value) {
        let end = self.tick();
        let call = &mut self.calls[call];
        (call.ok, call.old, call.end) = (ok, old, end);
        let Call { key, what, new, .. } = *call;
        if what == What::Set {
            self.open_set_count -= 1;
        }
        if new != 0 && !ok {
            self.stored[usize::from(new)] -= 1;
        }
        if what == What::Delete && ok {
            self.keys[usize::from(key)].is_live = false;
        }
    }

    /// The last key at one of the indexes in play.
    pub(crate) fn current_key(&self, side: Side) -> KeyRecord {
        self.keys.get(usize::from(self.current[side as usize])).copied().unwrap_or_default()
    }

    /// The first value that a key at one of the indexes in play had; or none.
    pub(crate) fn first_value(&self, side: Side) -> Value {
        let is_there = |value: &Value| self.keys[usize::from(self.owner[usize::from(*value)])].index == side as usize;
        (1..=self.values).find(is_there).unwrap_or(0)
    }

    /// The key under which a value was stored.
    pub(crate) fn owner(&self, value: Value) -> u8 {
        self.owner[usize::from(value)]
    }

    /// A call has turned out to say nothing.
    pub(crate) fn strike(&mut self, call: usize) {
        self.calls[call].what = What::Nothing;
    }

    /// A call that might have stored a value has found one, and stores none.
    pub(crate) fn has_only_read(&mut self, call: usize) {
        let call = &mut self.calls[call];
        self.stored[usize::from(call.new)] -= 1;
        (call.what, call.new) = (What::Get, 0);
    }

    /// A value is lent, and must be what it was.
    pub(crate) fn look_at(&mut self, value: Value) {
        let known = usize::from(value);
        if known == 0 || known >= VALUES || self.ended[known] != 0 {
            self.wrong = Some("a value is lent that was destroyed");
        }
    }

    /// A value that a caller has got out is freed.
    pub(crate) fn free(&mut self, value: Value) {
        self.ended[usize::from(value)] += 1;
        let index = self.keys[usize::from(self.owner[usize::from(value)])].index;
        self.freed[usize::from(index != 0)] = value;
    }

    /// Exit goes on from here: it has begun, or something that it called has returned.
    pub(crate) fn exit_goes_on(&mut self) {
        self.window = self.tick();
        self.destroying = None;
    }

    /// The thread died in its exit, which says that it had a value of a key taken, or was in its destructor.
    ///
    /// No valid key is a thread-exit function, of which there is no account here.
    pub(crate) fn interrupted(&mut self, handle: Key, reaped: u16) {
        if handle == Key::default() {
            if self.registered == 0 && !self.is_registering {
                self.wrong = Some("a thread-exit function is named that there never was");
            }
            return;
        }
        let Some(key) = (0..self.key_count).find(|&key| self.keys[key].handle == handle) else {
            self.wrong = Some("a report names no key");
            return;
        };
        if self.destroying != Some(key as u8) {
            // The dead exit had the value at some time before; any time is as good, since nobody has seen it.
            let at = self.call_count;
            self.since(0, key as u8, What::Interrupt, 0);
            self.calls[at].end = reaped;
        }
    }

    /// Exit has called the destructor of a key.
    pub(crate) fn destroy(&mut self, key: u8, value: Value) {
        self.destroyed += 1;
        self.destroying = Some(key);
        self.since(self.window, key, What::Destroy, value);
        let known = usize::from(value);
        if known == 0 || known >= VALUES || value > self.values {
            self.wrong = Some("a destructor was called with no value");
            return;
        }
        self.free(value);
    }

    /// Another thread has taken a value of a key that it had seen before, perhaps one that exit was about to take.
    pub(crate) fn taken(&mut self, key: u8, value: Value) {
        let since = self.exit_began.unwrap_or_else(|| self.now());
        self.since(since, key, What::Destroy, value);
        self.free(value);
    }

    /// The thread has died in an exit that began then. What that had found left over, no report names.
    pub(crate) fn unreported(&mut self, exit_began: u16) {
        for key in 0..self.key_count {
            if self.was_set_since(key, exit_began) {
                self.since(exit_began, key as u8, What::Interrupt, 0);
            }
        }
    }

    /// Whether a key was set since then, so that its value may be left over.
    fn was_set_since(&self, key: usize, exit_began: u16) -> bool {
        let of_key = |call: &Call| usize::from(call.key) == key && call.new != 0 && call.end > exit_began;
        self.calls[..self.call_count].iter().any(of_key)
    }

    /// Exit has reported that a key's value is left over.
    pub(crate) fn report(&mut self, handle: Key, exit_began: u16) {
        let Some(key) = (0..self.key_count).find(|&key| self.keys[key].handle == handle) else {
            self.wrong = Some("a report names no key");
            return;
        };
        if !self.was_set_since(key, exit_began) {
            self.wrong = Some("a value is left over though rounds were left");
        }
        self.since(exit_began, key as u8, What::Report, 0);
    }

    /// Exit is over. What handlers have set meanwhile may be gone, too.
    pub(crate) fn forget(&mut self, exit_began: u16) {
        for key in 0..self.key_count {
            if !self.keys[key].has_destructor {
                (0..LEVELS).for_each(|_| self.since(exit_began, key as u8, What::Forget, 0));
            }
        }
    }

    /// The thread has exited with no handler.
    pub(crate) fn gone(&mut self) {
        self.gone_at = self.gone_at.min(self.now());
        let now = self.tick();
        (0..self.key_count).for_each(|key| self.since(now, key as u8, What::Gone, 0));
    }

    /// Notes what exit has done at some time since `start`.
    fn since(&mut self, start: u16, key: u8, what: What, old: Value) {
        let end = self.tick();
        self.calls[self.call_count] = Call { key, what, ok: true, new: 0, old, start, end };
        self.call_count += 1;
    }

    /// Compares the keys that live with the number of those that the table has. If the thread has died while it created
    /// or deleted a key, that key may be there or not, and its index may be gone.
    pub(crate) fn count_keys(&mut self, in_use: usize) {
        let live = self.keys[..self.key_count].iter().filter(|key| key.is_live).count() + self.filled;
        if !(live.saturating_sub(self.deleting)..=live + self.creating).contains(&in_use) {
            self.wrong = self.wrong.or(Some("the table has an index too many or too few in use"));
        }
    }

    /// The time.
    pub(crate) fn now(&self) -> u16 {
        self.time
    }

    /// What is wrong, if anything.
    pub(crate) fn verdict(&self) -> Option<&'static str> {
        if let Some(verdict) = self.obituary {
            return verdict;
        }
        if self.wrong.is_some() {
            return self.wrong;
        }
        if (1..=usize::from(self.values)).any(|value| self.ended[value] > self.stored[value]) {
            return Some("a value was destroyed or freed twice");
        }
        let failing = (0..self.key_count).find(|&key| !self.is_explained(key, |_| true))?;
        let is_foreign =
            |call: &Call| call.what == What::Destroy && call.key != self.owner[usize::from(call.old).min(VALUES - 1)];
        let is_end = |call: &Call| call.start > self.gone_at && matches!(call.what, What::Get | What::Gone);
        Some(if self.calls[..self.call_count].iter().any(is_foreign) {
            "a value was destroyed under another key"
        } else if self.is_explained(failing, |call| !is_end(call)) {
            "a value was lost"
        } else if self.is_explained(failing, |call| call.what != What::Get) {
            "a get gave what no order of the calls explains"
        } else {
            "no order of the calls explains what became of the values"
        })
    }

    /// Whether what is wrong comes of a set whose own key was deleted while it was under way, and of nothing else: all
    /// is right if its value was stored under the next key there.
    pub(crate) fn is_excused(&self) -> bool {
        (1..1 << self.exception_count).any(|chosen: u32| {
            let mut other = self.clone();
            for at in (0..self.exception_count).filter(|at| chosen >> at & 1 != 0) {
                let (call, key) = self.exceptions[at];
                other.calls[other.call_count] = Call { key, ok: true, ..self.calls[call] };
                other.call_count += 1;
            }
            other.obituary = None;
            other.verdict().is_none()
        })
    }

    /// Whether some order of those of a key's calls that `counts` explains what they gave.
    fn is_explained(&self, key: usize, counts: impl Fn(&Call) -> bool) -> bool {
        let of_key = |call: &&Call| usize::from(call.key) == key && counts(call);
        is_explained(self.calls[..self.call_count].iter().filter(of_key).copied())
    }
}

thread_local! {
    static LEDGER: RefCell<Ledger> = const { RefCell::new(Ledger::new()) };
}

/// Calls `use_ledger` with this thread's ledger.
pub(crate) fn ledger<R>(use_ledger: impl FnOnce(&mut Ledger) -> R) -> R {
    LEDGER.with_borrow_mut(use_ledger)
}
