//! Thread exit: phases, bounded rounds, a report.
//!
//! The order is: what [`KeySpace::exit`](crate::KeySpace::exit) does first, which is to give back the controls of
//! initialisers and to send detach notifications, with all values readable; thread-exit functions until none is left,
//! again before each round; ordinary keys, at most R rounds; last-phase keys, at most R rounds; then all slots are
//! unbound. A value is NULL before its destructor runs, and is taken in its turn, not from a snapshot.
//!
//! A living thread's values are taken in two ways: [`Slots::unbind`], and [`Slots::take_static`] for keys whose users
//! do not look at a tag. Interrupt handlers may come at each instruction of either; ARCHITECTURE.md has the table of
//! what becomes of their values.

use core::ffi::c_void;

use crate::callback;
use crate::capacity::{Capacity, Supported};
use crate::drain::Drain;
use crate::event::{Event, silent};
use crate::exit_duties::ExitDuties;
use crate::exit_functions::ExitFunctionList;
use crate::exit_report::{ExitFlags, ExitReport};
use crate::key::Destructor;
use crate::parts;
use crate::pass::{AnyPass, Pass};
use crate::pending::{Flags, Pending};
use crate::slots::Slots;
use crate::sync::local::compiler_fence;
use crate::sync::{Ordering, Relaxed};
use crate::table::KeyTable;
use crate::tag::{Phase, Tag};

impl<const N: usize> KeyTable<N>
where
    Capacity<N>: Supported,
{
    /// Runs the destructors of the slots' thread and makes the slots as new.
    ///
    /// For a key space that is more than a table, [`KeySpace::exit`](crate::KeySpace::exit) does this and the rest.
    ///
    /// Callable from threads. No lock is held while a destructor runs. The cost is proportional to the number of
    /// values set. POSIX `pthread_exit`, `pthread_key_create`; C11 `thrd_exit`, `tss_create`.
    ///
    /// # Safety
    ///
    /// 1. `slots` must be the calling thread's, and be used with this table only.
    /// 2. Nothing that still runs on the thread afterwards may use a value that it has now.
    ///
    /// # Examples
    ///
    /// ```
    /// use core::{ffi::c_void, ptr};
    /// use tsd::{KeyTable, Slots};
    ///
    /// static TABLE: KeyTable<8> = KeyTable::new();
    /// let slots = Slots::<8>::new(); // in the thread control block
    ///
    /// unsafe extern "C-unwind" fn close(_file: *mut c_void) {}
    ///
    /// let key = TABLE.create(Some(close))?;
    /// // SAFETY: `close` takes anything.
    /// unsafe { TABLE.set(&slots, key, ptr::dangling_mut())? };
    /// // SAFETY: the last that the thread does.
    /// assert_eq!(unsafe { TABLE.exit(&slots) }.calls, 1);
    /// assert!(TABLE.get(&slots, key).is_null());
    /// # Ok::<(), tsd::Error>(())
    /// ```
    pub unsafe fn exit(&self, slots: &Slots<N>) -> ExitReport {
        let mut report = ExitReport::default();
        if !slots.is_idle() {
            run(self, slots, &(), &mut report, silent);
        }
        report
    }
}

/// Runs the whole exit of the calling thread, whose slots have work, and does the `duties` when it is clear that this is
/// not a call from inside the exit; `trace` is called whenever there is something to tell.
#[cfg_attr(not(minimal), cold)]
#[cfg_attr(minimal, inline(always))]
pub(crate) fn run<const N: usize>(
    table: &KeyTable<N>,
    slots: &Slots<N>,
    duties: &impl ExitDuties<N>,
    report: &mut ExitReport,
    trace: impl Fn(Event) + Copy,
) where
    Capacity<N>: Supported,
{
    if slots.pending.test_and_set(Flags::EXITING) {
        report.flags |= ExitFlags::ALREADY_EXITING;
        return;
    }
    let exiting = Exiting(slots);
    trace(Event::ExitBegan);
    duties.begin(slots);
    let mut exit = ThreadExit { table, slots, duties, report, trace };
    if parts::IS_SHORT {
        exit.run_passes();
    } else {
        exit.run_phases();
    }
    let flags = Flags::of_slots();
    if !flags.is_empty() && slots.pending.has_any(flags) {
        slots.pending.clear_flags(flags);
    }
    duties.end();
    drop(exiting);
    trace(Event::ExitEnded);
}

/// Makes ready for another exit the slots of a thread that died inside its own, and that may have thread-exit
/// functions.
#[cold]
pub(crate) fn resume<const N: usize>(
    table: &KeyTable<N>,
    slots: &Slots<N>,
    has_functions: bool,
    report: &mut ExitReport,
) where
    Capacity<N>: Supported,
{
    if let Some(key) = slots.reopen(table.indexes.statics()) {
        report.flags |= ExitFlags::INTERRUPTED;
        report.interrupted = key;
    }
    if has_functions {
        // The exit clears the flag before its list is empty for good.
        slots.pending.set_flags(Flags::FUNCTIONS);
    }
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
        self.0.progress.end();
        self.0.pending.clear_flags(Flags::EXITING);
    }
}

/// The exit of one thread, as far as it has come.
struct ThreadExit<'a, D, T, const N: usize>
where
    Capacity<N>: Supported,
{
    table: &'a KeyTable<N>,
    slots: &'a Slots<N>,
    duties: &'a D,
    report: &'a mut ExitReport,
    /// Is told of each step.
    trace: T,
}

impl<D: ExitDuties<N>, T: Fn(Event) + Copy, const N: usize> ThreadExit<'_, D, T, N>
where
    Capacity<N>: Supported,
{
    /// Runs the destructors of each phase, and unbinds what is left.
    fn run_phases(&mut self) {
        loop {
            self.run_phase(Phase::Ordinary);
            if self.slots.pending.has_any(Flags::LAST_PHASE) {
                self.run_phase(Phase::Last);
            }
            if self.slots.pending.is_settled() {
                break;
            }
            // A handler, or a destructor, may set something meanwhile.
            self.unbind_all();
        }
    }

    /// The same where there is one phase and nothing but keys, in one loop: a pass over the slots that is no round, or
    /// comes after the last one, unbinds what is left.
    fn run_passes(&mut self) {
        let (table, slots, trace) = (self.table, self.slots, self.trace);
        let mut was_round = true;
        while !slots.pending.is_settled() {
            let destroys = self.has_round(Phase::Ordinary);
            let pass = AnyPass { destroys, takes_all: !was_round || !destroys };
            self.begin_round(Phase::Ordinary);
            let (mut calls, mut word) = (0, 0);
            // In this form compilers for size, too, make no loop for one word.
            loop {
                calls += run_word(table, slots, word, pass, trace);
                word += 1;
                if word >= Pending::<N>::WORDS {
                    break;
                }
            }
            trace(Event::RoundEnded { calls });
            was_round = self.count(Phase::Ordinary, calls);
        }
    }

    /// Runs the destructors of one phase until a round finds no value or the rounds are used up.
    fn run_phase(&mut self, phase: Phase) {
        loop {
            // After the last round, too: what they set may be of the other phase.
            self.run_functions();
            if !self.has_round(phase) || self.slots.pending.is_settled() || !self.run_round(phase) {
                return;
            }
        }
    }

    /// Runs the destructor of each value of a phase, in ascending order of the keys' indexes; whether there were any.
    fn run_round(&mut self, phase: Phase) -> bool {
        let (table, slots, trace) = (self.table, self.slots, self.trace);
        let mut calls = 0;
        self.begin_round(phase);
        slots.pending.for_each_word(|word| {
            calls += run_word(table, slots, word, phase, trace);
        });
        trace(Event::RoundEnded { calls });
        self.count(phase, calls)
    }

    /// Unbinds every slot: they are as new. A value that was set since the last round gets its destructor if its phase
    /// has a round left; the others are reported.
    fn unbind_all(&mut self) {
        let (table, slots, trace) = (self.table, self.slots, self.trace);
        let mut calls = [0; 2];
        slots.pending.for_each_word(|word| {
            let mut drain = Drain::new(&slots.pending, word);
            while let Some(index) = drain.current() {
                let (entry, is_static) = (table.entry(index), table.is_static(index));
                let tag = if is_static { entry.tag(Relaxed) } else { slots.slot(index).tag() };
                compiler_fence(Ordering::SeqCst);
                let (phase, destructor) = (tag.phase(), entry.destructor());
                let value = if is_static { slots.take_static(tag) } else { slots.unbind_any(index, tag, entry) };
                match destructor.filter(|_| !value.is_null()) {
                    Some(destructor) if self.has_round(phase) => {
                        self.begin_round(phase);
                        destroy(slots, destructor, value, &mut calls[usize::from(phase == Phase::Last)], tag, trace);
                        trace(Event::RoundEnded { calls: 1 });
                    }
                    Some(_) => self.note_left_over(tag),
                    None => {}
                }
                if is_static {
                    slots.unbind_static(tag);
                }
                slots.progress.end();
                drain.advance();
            }
        });
        slots.pending.tidy();
        for (phase, calls) in [Phase::Ordinary, Phase::Last].into_iter().zip(calls) {
            self.count(phase, calls);
        }
    }

    /// Counts a round of so many calls; whether it was one.
    fn count(&mut self, phase: Phase, calls: u32) -> bool {
        self.report.calls += calls;
        *self.rounds(phase) += u32::from(calls != 0);
        calls != 0
    }

    /// The number of a phase's rounds.
    fn rounds(&mut self, phase: Phase) -> &mut u32 {
        match phase {
            Phase::Ordinary => &mut self.report.rounds,
            Phase::Last => &mut self.report.last_phase_rounds,
        }
    }

    /// Whether a phase may have another round. Ordinary keys have none any more when the last phase has begun.
    fn has_round(&mut self, phase: Phase) -> bool {
        *self.rounds(phase) < self.duties.rounds(self.table)
            && (phase == Phase::Last || self.report.last_phase_rounds == 0)
    }

    /// Notes the round of a phase that comes next.
    fn begin_round(&mut self, phase: Phase) {
        if !parts::LISTINGS {
            return;
        }
        let round = *self.rounds(phase) + 1;
        self.slots.progress.begin_round(round);
        (self.trace)(Event::RoundBegan { round, last_phase: phase == Phase::Last });
    }

    fn note_left_over(&mut self, tag: Tag) {
        (self.trace)(Event::LeftOver(tag.key()));
        if !parts::LISTINGS {
            return;
        }
        self.report.flags |= ExitFlags::LEFT_OVER;
        self.report.left_over_keys.note(self.report.left_over, tag.key());
        self.report.left_over += 1;
    }

    fn run_functions(&mut self) {
        if self.slots.pending.has_any(Flags::FUNCTIONS) {
            self.duties.run_functions(self.slots, self.report);
        }
    }
}

/// Runs the destructors of the values of one word and one phase; how many calls that was.
///
/// A function of its own: so nearly all that the loop needs is in registers.
#[cfg_attr(not(minimal), inline(never))]
#[cfg_attr(minimal, inline(always))]
fn run_word<const N: usize>(
    table: &KeyTable<N>,
    slots: &Slots<N>,
    word: usize,
    pass: impl Pass,
    trace: impl Fn(Event) + Copy,
) -> u32
where
    Capacity<N>: Supported,
{
    let phase = pass.phase();
    let mut calls = 0;
    let statics = table.indexes.static_bits(word);
    let mut drain = Drain::new(&slots.pending, word);
    if parts::STATIC_KEYS {
        let bound = drain.pass(statics);
        if bound != 0 {
            calls += run_statics(table, slots, word, bound, phase, trace);
            drain.collect(statics);
        }
    }
    while let Some(index) = drain.current() {
        let entry = table.entry(index);
        let tag = slots.slot(index).tag();
        compiler_fence(Ordering::SeqCst);
        match entry.destructor() {
            Some(destructor) if pass.destroys() && tag.is_live_in(phase) => {
                let value = slots.unbind(index, tag, entry);
                destroy(slots, destructor, value, &mut calls, tag, trace);
                drain.advance();
            }
            _ if pass.takes_all() => {
                slots.unbind_any(index, tag, entry);
                slots.progress.end();
                drain.advance();
            }
            _ => drain.retain(),
        }
    }
    calls
}

/// Runs the destructors of those static keys of a word whose slots are bound, if they are of this phase and have a
/// value; how many calls that was.
#[cold]
#[inline(never)]
fn run_statics<const N: usize>(
    table: &KeyTable<N>,
    slots: &Slots<N>,
    word: usize,
    mut bits: usize,
    phase: Phase,
    trace: impl Fn(Event) + Copy,
) -> u32
where
    Capacity<N>: Supported,
{
    let mut calls = 0;
    while bits != 0 {
        let (tag, destructor) = table.static_binding(Pending::<N>::index(word, bits.trailing_zeros()));
        if let Some(destructor) = destructor.filter(|_| tag.is_of(phase)) {
            destroy(slots, destructor, slots.take_static(tag), &mut calls, tag, trace);
        }
        bits &= bits - 1;
    }
    calls
}

/// Calls `destructor` with `value`, of the key of `tag`, unless that is NULL, and counts the call.
#[inline(always)]
fn destroy<const N: usize>(
    slots: &Slots<N>,
    destructor: Destructor,
    value: *mut c_void,
    calls: &mut u32,
    tag: Tag,
    trace: impl Fn(Event),
) where
    Capacity<N>: Supported,
{
    if !value.is_null() {
        trace(Event::DestructorBegan(tag.key()));
        // SAFETY: `set`'s caller vouched for the value and this destructor, of the same tag.
        unsafe { callback::call(destructor, value) };
        trace(Event::DestructorEnded(tag.key()));
        *calls += 1;
    }
    slots.progress.end();
}

/// Runs the thread-exit functions, the last registered first, until none is left; how many there were.
pub(crate) fn run_functions<const N: usize>(slots: &Slots<N>, list: &ExitFunctionList<'_>, trace: impl Fn(Event)) -> u32
where
    Capacity<N>: Supported,
{
    let mut count = 0;
    while slots.pending.has_any(Flags::FUNCTIONS) {
        let in_function = slots.progress.enter_function();
        while let Some((function, argument)) = list.pop() {
            count += 1;
            trace(Event::FunctionBegan);
            // SAFETY: `push`'s caller vouched for this call.
            unsafe { callback::call(function, argument) };
            trace(Event::FunctionEnded);
        }
        drop(in_function);
        // Only now, so that the rest is not forgotten when a function unwinds.
        slots.pending.clear_flags(Flags::FUNCTIONS);
        if !list.is_empty() {
            // An interrupt handler has registered one since the list was empty.
            slots.pending.set_flags(Flags::FUNCTIONS);
        }
    }
    count
}
