//! What thread exit does with the slots that it passes over.

use crate::tag::Phase;

/// What is done with the values of a word.
pub(crate) trait Pass: Copy {
    /// The phase of which keys have their turn.
    fn phase(self) -> Phase;

    /// Whether their destructors are called.
    fn destroys(self) -> bool;

    /// Whether slots are unbound that have nothing to destroy, too.
    fn takes_all(self) -> bool;
}

/// A round of a phase.
impl Pass for Phase {
    #[inline(always)]
    fn phase(self) -> Phase {
        self
    }

    #[inline(always)]
    fn destroys(self) -> bool {
        true
    }

    /// Other keys' destructors may still want to read what has none.
    #[inline(always)]
    fn takes_all(self) -> bool {
        false
    }
}

/// A pass that may be a round, or unbinds what is left, or both.
#[derive(Clone, Copy)]
pub(crate) struct AnyPass {
    pub(crate) destroys: bool,
    pub(crate) takes_all: bool,
}

impl Pass for AnyPass {
    #[inline(always)]
    fn phase(self) -> Phase {
        Phase::Ordinary
    }

    #[inline(always)]
    fn destroys(self) -> bool {
        self.destroys
    }

    #[inline(always)]
    fn takes_all(self) -> bool {
        self.takes_all
    }
}
