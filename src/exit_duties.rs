//! What thread exit does beside the keys.

use crate::capacity::{Capacity, Supported};
use crate::exit;
use crate::exit_report::{ExitFlags, ExitReport};
use crate::once;
use crate::pending::Flags;
use crate::port::{self, Port};
use crate::slots::Slots;
use crate::table::KeyTable;

/// What thread exit does beside the keys: [`raw::exit_with`](crate::raw::exit_with) is given it where a port does not
/// tell all, as in the C archive, which leaves out what a kernel does not call.
pub trait ExitDuties<const N: usize>
where
    Capacity<N>: Supported,
{
    /// Gives back the controls of the initialisers that the thread is in, and sends the detach notifications if they
    /// are due: [`raw::takes_detach`](crate::raw::takes_detach). Called first, and once an exit.
    fn begin(&self, slots: &Slots<N>);

    /// Runs the thread-exit functions until none is left, and adds to the report. Called whenever some were registered
    /// since.
    fn run_functions(&self, slots: &Slots<N>, report: &mut ExitReport);

    /// Called when all is done, and nothing can be initialised on the thread as yet.
    fn end(&self);

    /// The rounds that a phase may have: those of the table.
    #[inline(always)]
    fn rounds(&self, table: &KeyTable<N>) -> u32 {
        table.rounds
    }
}

/// Of a table with no port: nothing.
impl<const N: usize> ExitDuties<N> for ()
where
    Capacity<N>: Supported,
{
    fn begin(&self, _slots: &Slots<N>) {}

    fn run_functions(&self, slots: &Slots<N>, _report: &mut ExitReport) {
        // There is no list.
        slots.pending.clear_flags(Flags::FUNCTIONS);
    }

    fn end(&self) {}
}

/// All that a port tells of.
pub(crate) struct PortDuties<'a, P>(pub(crate) &'a P);

impl<P: Port<Slots = Slots<N>>, const N: usize> ExitDuties<N> for PortDuties<'_, P>
where
    Capacity<N>: Supported,
{
    fn begin(&self, slots: &Slots<N>) {
        once::abandon(self.0, slots);
        if slots.pending.test_and_clear(Flags::ATTACHED) {
            self.0.detach();
        }
    }

    fn run_functions(&self, slots: &Slots<N>, report: &mut ExitReport) {
        let Some(list) = port::exit_functions(self.0) else { return ().run_functions(slots, report) };
        report.functions += exit::run_functions(slots, &list, port::trace::<P>);
        let refused = list.take_refused();
        if refused != 0 {
            report.functions_refused += refused;
            report.flags |= ExitFlags::FUNCTIONS_REFUSED;
        }
    }

    fn end(&self) {
        if let Some(arena) = port::arena(self.0) {
            // SAFETY: every slot is unbound, and whoever called this vouches that the thread uses no value that it
            // had. Until the thread's exit is over none is initialised, in a handler either.
            unsafe { arena.clear() };
        }
    }
}
