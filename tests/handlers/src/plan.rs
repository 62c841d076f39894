//! Which handler begins at which access: every plan in turn, depth first.
//!
//! A run is the same as long as its choices are, so a plan is the list of its choices, and the next plan differs in the
//! last choice that has an alternative left.
//!
//! A handler that comes after an access which it does not conflict with would have done the same before it: it neither
//! writes the word that was read nor touches the word that was written. That run is among those with the handler one
//! access earlier, so what follows is cut off. What a call's owner sees (a beginning, an end, a destructor) is no such
//! access: it is never passed over.

use std::cell::Cell;
use std::panic::Location;

use crate::trace;

/// The most choices of a run.
const CHOICES: usize = 4096;
/// The most accesses of a run; one that has more does not end.
const ACCESSES: u32 = 20_000;
/// The thread and the handlers that interrupt one another.
pub(crate) const LEVELS: usize = 4;

/// How a CPU reads and writes a word in one step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cpu {
    /// By one instruction.
    OneInstruction,
    /// By a load and a store, which fails if a handler has come in between.
    LoadLinked,
    /// By one instruction, but where it compares: then by a load and a store that fails only if a handler has done such
    /// a store in between. The least that RISC-V promises.
    Reservation,
}

/// What handlers can do in a case.
pub(crate) trait Handlers {
    /// The actions that may begin now, a bit each.
    fn enabled(&self) -> u32;
    /// Runs an action; what it must not be interrupted by is told by [`Plan::exclude`].
    fn act(&self, action: u32);
}

/// A word that was accessed, and whether it was written.
type Access = Option<(usize, bool)>;

/// The thread's code or a handler.
struct Level {
    /// What it accessed last, if it has done nothing else since.
    last: Cell<Access>,
    /// What the code that it interrupts accessed last.
    watched: Cell<Access>,
    /// Whether it has accessed that word in a way that matters.
    conflicts: Cell<bool>,
    /// Actions that may not interrupt it, a bit each.
    excluded: Cell<u32>,
}

/// The choices of a run, and how far it has come.
pub(crate) struct Plan {
    chosen: [Cell<u8>; CHOICES],
    untried: [Cell<u32>; CHOICES],
    choices: Cell<usize>,
    given: Cell<usize>,
    levels: [Level; LEVELS],
    level: Cell<usize>,
    left: Cell<u32>,
    is_open: Cell<bool>,
    is_redundant: Cell<bool>,
    reduces: Cell<bool>,
    accesses: Cell<u32>,
    begun: Cell<u32>,
    conditional_stores: Cell<u32>,
    cpu: Cell<Cpu>,
    handlers: Cell<Option<&'static dyn Handlers>>,
}

thread_local! {
    static PLAN: Plan = const { Plan::new() };
}

/// Calls `use_plan` with this thread's plan.
#[inline(always)]
pub(crate) fn plan<R>(use_plan: impl FnOnce(&Plan) -> R) -> R {
    PLAN.with(use_plan)
}

impl Plan {
    const fn new() -> Self {
        Self {
            chosen: [const { Cell::new(0) }; CHOICES],
            untried: [const { Cell::new(0) }; CHOICES],
            choices: Cell::new(0),
            given: Cell::new(0),
            levels: [const {
                Level {
                    last: Cell::new(None),
                    watched: Cell::new(None),
                    conflicts: Cell::new(false),
                    excluded: Cell::new(0),
                }
            }; LEVELS],
            level: Cell::new(0),
            left: Cell::new(0),
            is_open: Cell::new(false),
            is_redundant: Cell::new(false),
            reduces: Cell::new(true),
            accesses: Cell::new(0),
            begun: Cell::new(0),
            conditional_stores: Cell::new(0),
            cpu: Cell::new(Cpu::OneInstruction),
            handlers: Cell::new(None),
        }
    }

    /// Forgets all choices: the next run has no handler.
    pub(crate) fn begin_all(&self, handlers: &'static dyn Handlers, cpu: Cpu, reduces: bool) {
        self.given.set(0);
        self.handlers.set(Some(handlers));
        self.cpu.set(cpu);
        self.reduces.set(reduces);
    }

    /// Begins a run with at most `most` handlers, of which none comes before [`open`](Self::open).
    pub(crate) fn begin_run(&self, most: u32) {
        self.choices.set(0);
        self.left.set(most);
        self.accesses.set(0);
        self.begun.set(0);
        self.is_redundant.set(false);
        self.is_open.set(false);
        self.level.set(0);
        self.observe();
    }

    /// Changes the last choice that has an alternative left. False if none has.
    pub(crate) fn advance(&self) -> bool {
        for at in (0..self.choices.get()).rev() {
            let untried = self.untried[at].get();
            if untried != 0 {
                self.chosen[at].set(untried.trailing_zeros() as u8 + 1);
                self.untried[at].set(untried & (untried - 1));
                self.given.set(at + 1);
                return true;
            }
        }
        false
    }

    /// Makes the next run the same as the last.
    pub(crate) fn repeat(&self) {
        self.given.set(self.choices.get());
    }

    /// From here on handlers may come.
    pub(crate) fn open(&self) {
        self.observe();
        self.is_open.set(true);
    }

    /// From here on no handler comes.
    pub(crate) fn close(&self) {
        self.is_open.set(false);
    }

    /// The code that runs has seen something: what follows is not exchanged with what was before.
    pub(crate) fn observe(&self) {
        self.levels[self.level.get()].last.set(None);
    }

    /// Keeps actions from interrupting the present one.
    pub(crate) fn exclude(&self, actions: u32) {
        let excluded = &self.levels[self.level.get()].excluded;
        excluded.set(excluded.get() | actions);
    }

    /// How many handlers are running.
    pub(crate) fn level(&self) -> usize {
        self.level.get()
    }

    /// How many handlers the run has had.
    pub(crate) fn begun(&self) -> u32 {
        self.begun.get()
    }

    /// Whether the run was found to be the same as another.
    pub(crate) fn is_redundant(&self) -> bool {
        self.is_redundant.get()
    }

    #[inline]
    fn before(&self, writes: bool, word: usize, location: &'static Location<'static>) {
        let number = self.accesses.get() + 1;
        self.accesses.set(number);
        let level = self.level.get();
        if level > 0 {
            for handler in &self.levels[1..=level] {
                let is_conflict =
                    handler.watched.get().is_none_or(|(watched, wrote)| watched == word && (writes || wrote));
                handler.conflicts.set(handler.conflicts.get() | is_conflict);
            }
        }
        self.point();
        self.levels[level].last.set(Some((word, writes)));
        // What follows the interrupted call is told by its calls alone.
        if self.is_open.get() && trace::is_on() {
            trace::access(level, number, writes, word, location);
        }
        if self.accesses.get() > ACCESSES {
            self.close();
            self.accesses.set(0);
            panic!("does not end");
        }
    }

    #[inline]
    fn stores(&self, compares: bool, word: usize) -> bool {
        let (begun, conditional) = (self.begun.get(), self.conditional_stores.get());
        let succeeds = match self.cpu.get() {
            Cpu::OneInstruction => true,
            Cpu::Reservation if !compares => true,
            Cpu::LoadLinked => {
                self.observe();
                self.point();
                self.begun.get() == begun
            }
            Cpu::Reservation => {
                self.observe();
                self.point();
                self.conditional_stores.get() == conditional
            }
        };
        self.conditional_stores.set(self.conditional_stores.get().wrapping_add(u32::from(compares)));
        self.levels[self.level.get()].last.set(Some((word, true)));
        succeeds
    }

    /// Runs the handlers that come here.
    #[inline]
    fn point(&self) {
        while self.is_open.get() && self.left.get() > 0 {
            let action = self.choose();
            if action == 0 {
                return;
            }
            self.interrupt(u32::from(action) - 1);
        }
    }

    fn choose(&self) -> u8 {
        let at = self.choices.get();
        self.choices.set(at + 1);
        if at >= self.given.get() {
            let enabled = self.handlers.get().map_or(0, Handlers::enabled);
            self.untried[at].set(enabled & !self.levels[self.level.get()].excluded.get());
            self.chosen[at].set(0);
        }
        self.chosen[at].get()
    }

    fn interrupt(&self, action: u32) {
        let outer = self.level.get();
        let level = &self.levels[outer + 1];
        let watched = self.levels[outer].last.get();
        level.watched.set(watched);
        level.conflicts.set(watched.is_none() || !self.reduces.get());
        level.excluded.set(self.levels[outer].excluded.get());
        level.last.set(None);
        self.left.set(self.left.get() - 1);
        self.begun.set(self.begun.get() + 1);
        self.level.set(outer + 1);
        if let Some(handlers) = self.handlers.get() {
            handlers.act(action);
        }
        self.level.set(outer);
        self.observe();
        if !level.conflicts.get() {
            self.is_redundant.set(true);
            self.close();
        }
    }
}

/// What the library's atomics call.
#[unsafe(no_mangle)]
fn tsd_handlers_before(writes: bool, word: usize, location: &'static Location<'static>) {
    plan(|plan| plan.before(writes, word, location));
}

/// What the library's atomics call.
#[unsafe(no_mangle)]
fn tsd_handlers_stores(compares: bool, word: usize, _location: &'static Location<'static>) -> bool {
    plan(|plan| plan.stores(compares, word))
}
