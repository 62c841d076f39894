//! The sweep over the boundaries of one routine.
//!
//! A run reaches a state, calls the routine, does an action at one boundary, or two at two, and is held to the model:
//! the ledger of the values, the routine's own check, and a thread exit after it that must settle every account.

use core::{
    ffi::c_void,
    sync::atomic::{AtomicUsize, Ordering::SeqCst},
};

use spin::Mutex;
use tsd::ExitReport;

use super::{
    account,
    action::{self, Action},
    exit,
    keys::{self, Script},
    ledger::{self, Interrupted},
    name::{self, Name},
    position,
    random::Random,
    routine::{Routine, Run},
    space::{self, SPACE, STATICS},
    state::{self, Controls, State},
    stepper::{self, MOST, NEVER, Stepped},
};
use crate::{
    core::{
        capacity::KEYS,
        console::{print, println},
    },
    machine::counted,
};

/// How much is to be covered.
#[derive(Clone, Copy, Debug)]
pub(super) struct Extent {
    /// One boundary in this many is acted at.
    pub(super) every: usize,
    /// So many pairs of actions are drawn for each state.
    pub(super) pairs: usize,
    /// What decides which.
    pub(super) seed: u64,
}

/// How much was covered.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Covered {
    pub(super) states: usize,
    pub(super) boundaries: usize,
    pub(super) runs: usize,
    pub(super) pairs: usize,
}

/// States that were swept, and those that are to be.
static PROGRESS: Mutex<(usize, usize)> = Mutex::new((0, 0));

/// Notes how many states are to be swept.
pub(super) fn begin(states: usize) {
    *PROGRESS.lock() = (0, states);
}

/// Says that another state was swept.
fn tell_progress() {
    let mut progress = PROGRESS.lock();
    progress.0 += 1;
    let (done, states) = *progress;
    println!("tsd: progress: {done} of {states} states");
}

/// The actions of the run, as the handlers need them.
static ACTIONS: Mutex<[Action; MOST]> = Mutex::new([Action::Get; MOST]);
/// How often pairs were drawn.
static DRAWS: AtomicUsize = AtomicUsize::new(0);

fn act(number: usize) {
    let action = ACTIONS.lock()[number];
    action.perform(number);
}

impl Routine {
    /// Sweeps over every state.
    pub(super) fn sweep(&self, extent: Extent) -> Covered {
        let mut covered = Covered::default();
        print!("stepping {} does", self.name);
        for (index, action) in self.actions().enumerate() {
            print!("{} {}", if index == 0 { ":" } else { "," }, action.name());
        }
        print!("\n");
        for state in self.states {
            let in_state = self.sweep_state(state, extent);
            covered.states += 1;
            covered.boundaries += in_state.boundaries;
            covered.runs += in_state.runs;
            covered.pairs += in_state.pairs;
            tell_progress();
        }
        covered
    }

    /// The actions that can do anything in a state.
    fn actions_in(&self, state: &State) -> impl Iterator<Item = Action> + Clone {
        let (is_shared, owns_indexes) = (state.is_shared(), state.script.creates_or_deletes());
        self.actions().filter(move |action| match action {
            Action::TakeShared(_) => is_shared,
            // The index that the thread owns in the middle of a create or delete would be lost.
            Action::Die => !owns_indexes,
            action => action.key().is_none_or(|name| state.has(name)),
        })
    }

    /// Sweeps over one state.
    fn sweep_state(&self, state: &State, extent: Extent) -> Covered {
        position::enter(self.name, state.name);
        position::act(["no action", ""]);
        let mut instructions = 0;
        self.run(state, &[], |key, value| {
            let (count, result) = counted::instructions(state.call, key, value);
            instructions = count as usize;
            Stepped { result, acted: 0 }
        });
        let mut stops = 0;
        self.run(state, &[], |key, value| {
            let stepped = stepper::run((state.call, key, value, [instructions, instructions + 1]), |_| ());
            stops = stepped.acted;
            Stepped { acted: 0, ..stepped }
        });
        assert_eq!(stops, 1, "stops at the last instruction that the machine counted, and after it");
        let boundaries = instructions;
        let mut runs = 0;
        for action in self.actions_in(state) {
            position::act([action.name(), ""]);
            runs += self.sweep_action(state, action, boundaries, extent.every);
        }
        let pairs = if self.has_pairs && extent.pairs > 0 {
            self.sweep_neighbours(state, boundaries, extent.every) + self.sweep_pairs(state, boundaries, extent)
        } else {
            0
        };
        let (name, actions) = (self.name, self.actions_in(state).count());
        println!(
            "stepping {name}: {}: {instructions} instructions, {boundaries} boundaries, {actions} actions, {runs} runs, \
             {pairs} pairs",
            state.name
        );
        Covered { states: 1, boundaries, runs, pairs }
    }

    /// Does the action at one boundary in `every`, the first and the next after the last among them: where there is
    /// none left. Returns how often it was done.
    fn sweep_action(&self, state: &State, action: Action, boundaries: usize, every: usize) -> usize {
        let mut views = [None; 2];
        let mut changes = [0; 2];
        let mut runs = 0;
        for at in (1..=boundaries).step_by(every).chain([boundaries + 1]) {
            let (acted, result) = self.act_at(state, [action, Action::Get], [at, NEVER]);
            assert_eq!(acted, usize::from(at <= boundaries), "the number of boundaries has changed");
            runs += acted;
            if acted == 0 || self.is_exit || action == Action::Die {
                continue;
            }
            // As the boundary moves through the call, what the handler reads and what the call gives change once.
            for ((view, changes), now) in views.iter_mut().zip(&mut changes).zip([action::read(), result]) {
                *changes += usize::from(view.replace(now).is_some_and(|before| before != now));
                assert!(*changes <= 1, "what is seen goes to and fro");
            }
        }
        runs
    }

    /// Does the same action at one boundary in `every` and at the next: what a key goes through in exit are a few
    /// steps, which boundaries that are drawn seldom meet twice. Returns how often both were done.
    fn sweep_neighbours(&self, state: &State, boundaries: usize, every: usize) -> usize {
        let is_wanted = |action: &Action| matches!(action, Action::Set(_) | Action::Swap(_) | Action::Recreate(_, 1));
        let mut pairs = 0;
        for action in self.actions_in(state).filter(is_wanted) {
            position::act([action.name(); MOST]);
            for at in (1..boundaries).step_by(every) {
                pairs += self.act_at(state, [action; MOST], [at, at + 1]).0 / MOST;
            }
        }
        pairs
    }

    /// Does two actions, one after the other, at boundaries that are drawn. Returns how often both were done.
    fn sweep_pairs(&self, state: &State, boundaries: usize, extent: Extent) -> usize {
        /// So many boundaries the first action may add.
        const ADDED: usize = 64;

        let draw = DRAWS.fetch_add(1, SeqCst) as u64;
        let random = &mut Random::new(extent.seed, draw);
        let count = self.actions_in(state).count();
        let mut pairs = 0;
        for _ in 0..extent.pairs {
            let actions =
                [0; MOST].map(|_| self.actions_in(state).nth(random.below(count)).expect("it is one of them"));
            let first = 1 + random.below(boundaries);
            // Half of them close together: within the steps of one key.
            let farthest = if random.below(2) == 0 { boundaries.min(ADDED) } else { boundaries - first + ADDED };
            let distance = 1 + random.below(farthest);
            if !actions[0].is_an_end() {
                position::act(actions.map(Action::name));
                pairs += self.act_at(state, actions, [first, first + distance]).0 / MOST;
            }
        }
        pairs
    }

    /// One run with these actions at these boundaries. Returns how many were done, and what the call gave.
    fn act_at(&self, state: &State, actions: [Action; MOST], at: [usize; MOST]) -> (usize, usize) {
        *ACTIONS.lock() = actions;
        let mut acted = 0;
        let is_mortal = actions.contains(&Action::Die);
        let result = self.run(state, &actions, |key, value| {
            let plan = (state.call, key, value, at);
            let stepped = if is_mortal { stepper::run_mortally(plan, act) } else { stepper::run(plan, act) };
            acted = stepped.acted;
            stepped
        });
        (acted, result)
    }

    /// One run. Returns what the call gave.
    fn run(&self, state: &State, actions: &[Action], call: impl FnOnce(usize, *mut c_void) -> Stepped) -> usize {
        let mut controls = Controls::new();
        state::reach(state, &raw mut controls);
        let (initial, free) = (keys::get(Name::Key), KEYS - SPACE.table().in_use());
        let (key, value) = (self.begin)();
        let Stepped { result, acted, .. } = call(key, value);
        Script::Nothing.start();
        // After the last boundary there are none.
        let actions = &actions[..acted];
        let came_to = if action::was_killed() {
            // The account is settled. What the call did when it went on after that, no thread does.
            space::forget();
            keys::forget();
            account::warm_up();
            0
        } else if action::has_died() {
            let reports = self.reports();
            account::settle(&reports, if self.is_exit { Interrupted::DeadExit } else { Interrupted::DeadCall });
            exit::check_initialiser_of_dead(state);
            0
        } else {
            let came_to = (self.check)(&Run { state, actions, result, initial, free });
            for name in Name::ALL {
                ledger::check_now(name, name::is_live(name), keys::get(name));
            }
            self.settle(actions);
            came_to
        };
        keys::delete_all();
        assert_eq!(SPACE.table().in_use(), STATICS, "indexes were lost");
        came_to
    }

    /// What the exits of the run did.
    fn reports(&self) -> [ExitReport; 1 + MOST] {
        let [first, second] = action::reports();
        [if self.is_exit { exit::report() } else { ExitReport::default() }, first, second]
    }

    /// Ends the run by an exit. Nothing may be left that was not accounted for.
    fn settle(&self, actions: &[Action]) {
        if let [action] = actions
            && action.creates()
            && action.deletes(Name::Key)
            && action::result(0) == 0
        {
            let [old, new] = [Name::Key, Name::Successor].map(|name| tsd::raw::index::<KEYS>(name::handle(name)));
            assert_eq!(old, new, "the successor is elsewhere");
        }
        for name in [Name::Successor, Name::Heir, Name::Created] {
            if name::is_live(name) && !ledger::has_undestroyed(name) {
                keys::set(name, ledger::fresh());
            }
        }
        account::settle(&self.reports(), if self.is_exit { Interrupted::Exit } else { Interrupted::Nothing });
    }
}
