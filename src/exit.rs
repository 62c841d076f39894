//! Thread exit: phases, bounded rounds, a report.
//!
//! The order is: detach notifications with all values readable; thread-exit functions until none is left, again before
//! each round; ordinary keys, at most R rounds; last-phase keys, at most R rounds; then what is left is reported and
//! cleared. A value is NULL before its destructor runs, and is taken in its turn, not from a snapshot.

use core::ops::Deref;

use bitflags::bitflags;

use crate::capacity::{Capacity, Supported};
use crate::foreign;
use crate::functions::ExitFunctionList;
use crate::key::{Key, tag};
use crate::slots::{ATTACHED, EXITING, FUNCTIONS, LAST, Slots};
use crate::table::KeyTable;
use crate::visit::{Due, Visit};

/// How many of the keys that are left over a report names.
pub const LEFT_OVER_KEYS: usize = 8;

bitflags! {
    /// What was special about a thread exit.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct ExitFlags: u32 {
        /// No thread was current; nothing was done.
        const NO_THREAD = 1 << 0;
        /// The call came from inside the thread's own exit; nothing was done.
        const ALREADY_EXITING = 1 << 1;
        /// Values were left when the rounds were used up; they were cleared and got no destructor.
        const LEFT_OVER = 1 << 2;
    }
}

/// What a thread exit did.
#[derive(Clone, Debug, Default)]
#[repr(C)]
#[must_use = "a report may tell of values that were left over"]
pub struct ExitReport {
    /// What was special.
    pub flags: ExitFlags,
    /// Rounds in which an ordinary key's destructor ran.
    pub rounds: u32,
    /// Rounds in which a last-phase key's destructor ran.
    pub last_phase_rounds: u32,
    /// Destructor calls in all.
    pub calls: u32,
    /// Thread-exit functions that ran.
    pub functions: u32,
    /// Values that were left when the rounds were used up.
    pub left_over: u32,
    /// The keys of the first [`LEFT_OVER_KEYS`] of them.
    pub left_over_keys: LeftOverKeys,
}

/// The keys that a report names.
#[derive(Clone, Copy, Debug, Default)]
#[repr(C)]
pub struct LeftOverKeys {
    /// As many as there are, then keys that are not valid: C code reads them as they are.
    keys: [Key; LEFT_OVER_KEYS],
}

impl LeftOverKeys {
    fn note(&mut self, index: u32, key: Key) {
        // One more than there is room for is no error: the report's number of values is exact.
        if let Some(place) = self.keys.get_mut(index as usize) {
            *place = key;
        }
    }
}

impl Deref for LeftOverKeys {
    type Target = [Key];

    fn deref(&self) -> &[Key] {
        let end = self.keys.iter().position(|key| *key == Key::default());
        self.keys.get(..end.unwrap_or(LEFT_OVER_KEYS)).unwrap_or_default()
    }
}

impl<const M: usize> PartialEq<[Key; M]> for LeftOverKeys {
    fn eq(&self, keys: &[Key; M]) -> bool {
        **self == keys[..]
    }
}

impl<const N: usize> KeyTable<N>
where
    Capacity<N>: Supported,
{
    /// Runs the destructors of the slots' thread, which must be the caller, and makes the slots as new.
    ///
    /// For a key space that is more than a table, [`KeySpace::exit`](crate::KeySpace::exit) does this and the rest.
    ///
    /// Callable from threads. No lock is held while a destructor runs. The cost is proportional to the number of
    /// values set. POSIX `pthread_exit`, `pthread_key_create`; C11 `thrd_exit`, `tss_create`.
    pub fn exit(&self, slots: &Slots<N>) -> ExitReport {
        let mut report = ExitReport::default();
        if !slots.is_idle() {
            run(self, slots, None, |_| (), &mut report);
        }
        report
    }
}

/// Runs the whole exit of the calling thread, whose slots have work. `begin` is called when it is clear that this is not
/// a call from inside the exit, and told whether detach notifications are due.
#[cold]
pub(crate) fn run<const N: usize>(
    table: &KeyTable<N>,
    slots: &Slots<N>,
    functions: Option<ExitFunctionList<'_>>,
    begin: impl FnOnce(bool),
    report: &mut ExitReport,
) where
    Capacity<N>: Supported,
{
    if !slots.raise(EXITING) {
        report.flags = ExitFlags::ALREADY_EXITING;
        return;
    }
    let exiting = Exiting(slots);
    begin(slots.lower(ATTACHED));
    let mut walk = Walk { table, slots, functions, report };
    walk.report.rounds = walk.phase(false);
    if slots.has(LAST) {
        walk.report.last_phase_rounds = walk.phase(true);
    }
    walk.run_functions();
    walk.clear();
    slots.unshare();
    drop(exiting);
}

/// Thread exit is under way. If a destructor unwinds, the thread is as before it, and may exit again.
struct Exiting<'a, const N: usize>(&'a Slots<N>)
where
    Capacity<N>: Supported;

impl<const N: usize> Drop for Exiting<'_, N>
where
    Capacity<N>: Supported,
{
    fn drop(&mut self) {
        self.0.note_running(0);
        self.0.clear(EXITING);
    }
}

/// The exit of one thread, as far as it has come.
struct Walk<'a, const N: usize>
where
    Capacity<N>: Supported,
{
    table: &'a KeyTable<N>,
    slots: &'a Slots<N>,
    functions: Option<ExitFunctionList<'a>>,
    report: &'a mut ExitReport,
}

impl<const N: usize> Walk<'_, N>
where
    Capacity<N>: Supported,
{
    /// Runs the destructors of one phase until a round finds no value or the rounds are used up; the number of rounds
    /// that found one.
    fn phase(&mut self, last_phase: bool) -> u32 {
        let mut round = 0;
        loop {
            // Also behind the last round: what they set may be of the other phase.
            self.run_functions();
            if round == self.table.rounds || self.slots.is_settled() || self.round(round + 1, last_phase) == 0 {
                return round;
            }
            round += 1;
        }
    }

    /// Runs the destructor of each value of a phase, in ascending order of the keys' indexes; how many there were.
    fn round(&mut self, round: u32, last_phase: bool) -> u32 {
        let (slots, table) = (self.slots, self.table);
        let phase = if last_phase { tag::LAST_PHASE } else { 0 };
        let mut calls = 0;
        slots.note_round(round);
        slots.for_each_word(|word| {
            let mut visit = Visit::begin(table, slots, word, phase);
            while let Some(Due { destructor, value }) = visit.next() {
                calls += 1;
                // SAFETY: `set`'s caller vouched for the value and this destructor, of the same tag.
                unsafe { foreign::call(destructor, value) };
            }
        });
        self.report.calls += calls;
        slots.note_running(0);
        calls
    }

    fn run_functions(&mut self) {
        self.report.functions += run_functions(self.slots, self.functions);
    }

    /// Notes the values whose destructors have not run, and makes the slots as new.
    fn clear(&mut self) {
        let (slots, table) = (self.slots, self.table);
        slots.forget(|index, tag, value| {
            let entry = &table.entries[index];
            if !value.is_null() && entry.destructor().is_some() && entry.tag_behind_destructor() == tag {
                self.report.flags |= ExitFlags::LEFT_OVER;
                self.report.left_over_keys.note(self.report.left_over, Key::from_raw(tag::handle(tag)));
                self.report.left_over += 1;
            }
        });
    }
}

/// Runs the thread-exit functions, the last registered first, until none is left; how many there were.
pub(crate) fn run_functions<const N: usize>(slots: &Slots<N>, functions: Option<ExitFunctionList<'_>>) -> u32
where
    Capacity<N>: Supported,
{
    let Some(list) = functions else { return 0 };
    let mut count = 0;
    while slots.has(FUNCTIONS) {
        while let Some((function, argument)) = list.pop() {
            count += 1;
            // SAFETY: `push`'s caller vouched for this call.
            unsafe { foreign::call(function, argument) };
        }
        // Only now, so that the rest is not forgotten when a function unwinds.
        slots.clear(FUNCTIONS);
        if !list.is_empty() {
            // An interrupt handler has registered one since the list was empty.
            slots.set(FUNCTIONS);
        }
    }
    count
}
