//! A routine that is stepped through, and a run of it.

use core::ffi::c_void;

use super::{
    action::{self, Action},
    name::Name,
    state::State,
};

/// Something that is stepped through.
pub(super) struct Routine {
    pub(super) name: &'static str,
    pub(super) states: &'static [State],
    /// What is done at its boundaries, in groups.
    actions: &'static [&'static [Action]],
    /// Makes what the call is given, when the state is reached.
    pub(super) begin: fn() -> (usize, *mut c_void),
    /// Holds what the call gave to what it may give, and returns it as a number that is the same in each run.
    pub(super) check: fn(&Run<'_>) -> usize,
    /// It is an exit itself.
    pub(super) is_exit: bool,
    /// Its check holds after two actions, too.
    pub(super) has_pairs: bool,
}

impl Routine {
    /// A routine that is no exit, and whose check holds after one action.
    pub(super) const fn new(
        name: &'static str,
        states: &'static [State],
        actions: &'static [&'static [Action]],
        begin: fn() -> (usize, *mut c_void),
        check: fn(&Run<'_>) -> usize,
    ) -> Self {
        Self { name, states, actions, begin, check, is_exit: false, has_pairs: false }
    }

    /// The same, whose check holds after two actions, too.
    pub(super) const fn with_pairs(self) -> Self {
        Self { has_pairs: true, ..self }
    }

    /// The same, which is an exit itself.
    pub(super) const fn exiting(self) -> Self {
        Self { is_exit: true, ..self }
    }

    /// What is done at its boundaries.
    pub(super) fn actions(&self) -> impl Iterator<Item = Action> + Clone {
        self.actions.iter().copied().flatten().copied()
    }
}

/// A run, when the call has returned.
pub(super) struct Run<'a> {
    pub(super) state: &'a State,
    /// What was done at the boundaries.
    pub(super) actions: &'a [Action],
    /// What the call returned.
    pub(super) result: usize,
    /// What `Key` was read as, and how many indexes were free, before the call.
    pub(super) initial: usize,
    pub(super) free: usize,
}

impl Run<'_> {
    /// Whether the other CPU has deleted `name`.
    pub(super) fn was_deleted(&self, name: Name) -> bool {
        self.actions.iter().enumerate().any(|(number, action)| action.deletes(name) && action::result(number) == 0)
    }
}
