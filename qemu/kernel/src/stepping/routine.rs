//! A routine, and the sweep over its boundaries.
//!
//! A run reaches a state, calls the routine, does an action at one boundary, and is held to the model: the ledger of the
//! values, the routine's own check, and a thread exit behind it that must settle every account.

use core::{ffi::c_void, sync::atomic::AtomicUsize, sync::atomic::Ordering::SeqCst};

use tsd::KeyTable;

use super::{
    account::{self, Interrupted},
    action::{self, Action},
    exit,
    keys::{self, Name, Script},
    ledger, position,
    state::{self, Controls, State},
    stepper,
};
use crate::{
    counts,
    port::{KEYS, SPACE},
    print, println,
    thread::Thread,
};

/// Something that is stepped through.
pub(super) struct Routine {
    pub(super) name: &'static str,
    pub(super) states: &'static [State],
    pub(super) actions: &'static [Action],
    /// Makes what the call is given, when the state is reached.
    pub(super) begin: fn() -> (usize, *mut c_void),
    /// Holds what the call came to, to what it may, and gives it as a number that is the same in each run.
    pub(super) check: fn(&Run<'_>) -> usize,
    /// It is an exit itself.
    pub(super) is_exit: bool,
}

/// A run, when the call has returned.
pub(super) struct Run<'a> {
    pub(super) state: &'a State,
    /// What was done at the boundary.
    pub(super) action: Option<Action>,
    /// What the call returned.
    pub(super) result: usize,
    /// What `Key` was read as, and how many places were free, before the call.
    pub(super) initial: usize,
    pub(super) free: usize,
}

impl Run<'_> {
    /// Whether the other CPU has deleted `name`.
    pub(super) fn was_deleted(&self, name: Name) -> bool {
        self.action.is_some_and(|action| action.deletes(name)) && action::result() == 0
    }
}

/// How much was covered.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Covered {
    pub(super) states: usize,
    pub(super) boundaries: usize,
    pub(super) runs: usize,
}

/// The action of the run, as the handler needs it: its place in the routine's list.
static ACTION: AtomicUsize = AtomicUsize::new(0);
static ACTIONS: spin::Mutex<&[Action]> = spin::Mutex::new(&[]);

fn act() {
    let action = ACTIONS.lock()[ACTION.load(SeqCst)];
    action.perform();
}

impl Routine {
    /// Sweeps over every state, acting at one boundary in `every`.
    pub(super) fn sweep(&self, every: usize) -> Covered {
        let mut covered = Covered::default();
        *ACTIONS.lock() = self.actions;
        print!("stepping {} does", self.name);
        for (index, action) in self.actions.iter().enumerate() {
            print!("{} {}", if index == 0 { ":" } else { "," }, action.name());
        }
        print!("\n");
        for state in self.states {
            let (boundaries, runs) = self.sweep_state(state, every);
            covered.states += 1;
            covered.boundaries += boundaries;
            covered.runs += runs;
        }
        covered
    }

    /// Sweeps over one state. Returns the number of its boundaries, and of the runs with an action.
    fn sweep_state(&self, state: &State, every: usize) -> (usize, usize) {
        position::enter(self.name, state.name, "none");
        let mut instructions = 0;
        self.run(state, None, |key, value| {
            let (count, result) = counts::instructions(state.call, key, value);
            instructions = count as usize;
            result
        });
        let mut boundaries = 0;
        self.run(state, None, |key, value| {
            let stepped = stepper::count(state.call, key, value);
            boundaries = stepped.boundaries;
            stepped.result
        });
        assert_eq!(
            boundaries, instructions,
            "boundaries that were stopped at, and instructions that the machine counted"
        );
        let mut runs = 0;
        for (index, &action) in self.actions.iter().enumerate() {
            position::enter(self.name, state.name, action.name());
            ACTION.store(index, SeqCst);
            runs += self.sweep_action(state, action, boundaries, every);
        }
        let (name, actions) = (self.name, self.actions.len());
        println!(
            "stepping {name}: {}: {instructions} instructions, {boundaries} boundaries, {actions} actions, {runs} runs",
            state.name
        );
        (boundaries, runs)
    }

    /// Does the action at one boundary in `every`, the first and the next after the last among them: where there is none
    /// left. Returns how often it was done.
    fn sweep_action(&self, state: &State, action: Action, boundaries: usize, every: usize) -> usize {
        let mut views = [None; 2];
        let mut changes = [0; 2];
        let mut runs = 0;
        for at in (1..=boundaries).step_by(every).chain([boundaries + 1]) {
            let mut acted = false;
            let result = self.run(state, Some(action), |key, value| {
                let stepped = stepper::run(state.call, key, value, at, act);
                acted = stepped.acted;
                assert_eq!(acted, at <= boundaries, "the number of boundaries has changed");
                stepped.result
            });
            runs += usize::from(acted);
            if !acted || self.is_exit {
                continue;
            }
            // As the boundary moves through the call, what the handler reads and what the call comes to change once.
            for ((view, changes), now) in views.iter_mut().zip(&mut changes).zip([action::read(), result]) {
                *changes += usize::from(view.replace(now).is_some_and(|before| before != now));
                assert!(*changes <= 1, "what is seen goes to and fro");
            }
        }
        runs
    }

    /// One run. Returns what the call came to.
    fn run(&self, state: &State, action: Option<Action>, call: impl FnOnce(usize, *mut c_void) -> usize) -> usize {
        let mut controls = Controls::new();
        state::reach(state, &raw mut controls);
        let (initial, free) = (keys::get(Name::Key), KEYS - SPACE.table().in_use());
        let (key, value) = (self.begin)();
        let result = call(key, value);
        Script::Nothing.start();
        // The run behind the last boundary is one with no action.
        let action = action.filter(|_| stepper::place().is_some());
        let came_to = if action.is_some() && action::was_killed() {
            // The account is settled. What the call did when it went on behind that, no thread does.
            Thread::current().expect("a thread runs").forget();
            keys::forget();
            0
        } else {
            let came_to = (self.check)(&Run { state, action, result, initial, free });
            for name in Name::ALL {
                ledger::check_now(name, keys::is_live(name), keys::get(name));
            }
            self.settle(action);
            came_to
        };
        keys::delete_all();
        assert_eq!(SPACE.table().in_use(), 0, "places were lost");
        came_to
    }

    /// Ends the run by an exit. Nothing may be left that was not accounted for.
    fn settle(&self, action: Option<Action>) {
        if action.is_some_and(|action| action.creates() && action.deletes(Name::Key)) && action::result() == 0 {
            let [old, new] = [Name::Key, Name::Successor].map(|name| KeyTable::<KEYS>::index(keys::handle(name)));
            assert_eq!(old, new, "the successor is elsewhere");
        }
        for name in [Name::Successor, Name::Created] {
            if keys::is_live(name) && !ledger::has_undestroyed(name) {
                keys::set(name, ledger::fresh());
            }
        }
        if self.is_exit {
            let by_handler = action.and_then(|_| action::report()).unwrap_or_default();
            account::settle(&[exit::report(), by_handler], Interrupted::Exit);
        } else {
            account::settle(&[], Interrupted::Nothing);
        }
    }
}
