//! One table and its threads' values as a naive model knows them: keys without bound, and a map of values.

use std::collections::{BTreeMap, BTreeSet};

use tsd::{DEFAULT_ROUNDS, Key};

use crate::Action;

/// A key as the model knows it; its identity is its number in `Model::keys`.
#[derive(Clone, Debug)]
pub(crate) struct ModelKey {
    pub(crate) handle: Key,
    pub(crate) action: Option<Action>,
    pub(crate) last_phase: bool,
    pub(crate) live: bool,
}

/// An exit under way, or the state before one.
#[derive(Debug, Default)]
pub(crate) struct ModelExit {
    pub(crate) thread: usize,
    pub(crate) last_phase: bool,
    pub(crate) round: u32,
    /// The keys whose destructors must yet run in this round.
    pub(crate) pending: BTreeSet<usize>,
    pub(crate) calls: u32,
    pub(crate) rounds: [u32; 2],
}

/// One table, naively.
#[derive(Debug, Default)]
pub(crate) struct Model {
    pub(crate) keys: Vec<ModelKey>,
    pub(crate) values: BTreeMap<(usize, usize), usize>,
    pub(crate) exit: Option<ModelExit>,
}

impl Model {
    pub(crate) fn live(&self) -> usize {
        self.keys.iter().filter(|key| key.live).count()
    }

    /// The number of the live key with this handle.
    pub(crate) fn find(&self, handle: Key) -> Option<usize> {
        self.keys.iter().position(|key| key.live && key.handle == handle)
    }

    pub(crate) fn was(&self, handle: Key) -> bool {
        self.keys.iter().any(|key| key.handle == handle)
    }

    pub(crate) fn set(&mut self, thread: usize, number: usize, value: usize) {
        if value == 0 {
            self.values.remove(&(thread, number));
            self.forget(thread, number);
        } else {
            self.values.insert((thread, number), value);
        }
    }

    pub(crate) fn delete(&mut self, number: usize) {
        self.keys[number].live = false;
        self.values.retain(|&(_, key), _| key != number);
        if let Some(exit) = &mut self.exit {
            exit.pending.remove(&number);
        }
    }

    /// A value is gone, so no destructor is due for it.
    fn forget(&mut self, thread: usize, number: usize) {
        if let Some(exit) = &mut self.exit
            && exit.thread == thread
        {
            exit.pending.remove(&number);
        }
    }

    /// The keys of a phase under which a thread has a value that is due for a destructor.
    pub(crate) fn due(&self, thread: usize, last_phase: bool) -> BTreeSet<usize> {
        self.values
            .keys()
            .filter(|&&(owner, number)| owner == thread && self.keys[number].last_phase == last_phase)
            .filter(|&&(_, number)| self.keys[number].action.is_some())
            .map(|&(_, number)| number)
            .collect()
    }

    /// A destructor was called in this round with this value; the number of its key.
    pub(crate) fn called(&mut self, handle: Key, round: u32, action: Action, value: usize) -> usize {
        let number = self.find(handle).expect("a destructor of a dead key");
        let last_phase = self.keys[number].last_phase;
        assert_eq!(self.keys[number].action, Some(action), "another key's destructor");
        let mut exit = self.exit.take().expect("a destructor outside of an exit");
        if (last_phase, round) != (exit.last_phase, exit.round) {
            assert!(exit.pending.is_empty(), "a round left out {:?}", exit.pending);
            assert!((last_phase, round) > (exit.last_phase, exit.round), "a round or phase came again");
            assert!(round == 1 || round == exit.round + 1, "a round was skipped");
            if last_phase && !exit.last_phase {
                let ordinary = self.due(exit.thread, false);
                assert!(ordinary.is_empty() || exit.round == DEFAULT_ROUNDS, "the last phase came too early");
            }
            (exit.last_phase, exit.round) = (last_phase, round);
            exit.pending = self.due(exit.thread, last_phase);
        }
        // It may have been set in this very round, after the present index; then it is not pending.
        exit.pending.remove(&number);
        exit.calls += 1;
        exit.rounds[usize::from(last_phase)] = round;
        assert_eq!(self.values.remove(&(exit.thread, number)), Some(value), "not the value that was set");
        self.exit = Some(exit);
        number
    }
}
