//! A key space for one thread, for cases that look at a port's parts without the platform's threads.

use tsd::{
    Capacity, ExitFunctionList, ExitFunctions, ExitReport, KeySpace, KeyTable, NotificationList, Notifications, Port,
    Slots, Supported,
};

use crate::{EXIT_FUNCTIONS, NOTIFICATIONS};

/// The port of a key space that only one thread uses. Its thread control block is in it.
#[derive(Debug)]
pub(crate) struct Local<const N: usize>
where
    Capacity<N>: Supported,
{
    pub(crate) slots: Slots<N>,
    pub(crate) functions: ExitFunctions<EXIT_FUNCTIONS>,
    pub(crate) notifications: Notifications<NOTIFICATIONS>,
}

impl<const N: usize> Local<N>
where
    Capacity<N>: Supported,
{
    /// A thread that has not begun.
    pub(crate) const fn new(notifications: Notifications<NOTIFICATIONS>) -> Self {
        Self { slots: Slots::new(), functions: ExitFunctions::new(), notifications }
    }

    /// The thread's key space.
    pub(crate) const fn into_space(self) -> KeySpace<Self> {
        // SAFETY: the slots are in the port, which is in the key space, and are used with no other.
        unsafe { KeySpace::new(self) }
    }
}

// SAFETY: a case uses it from one thread only, and keeps it until the thread's exit has returned.
unsafe impl<const N: usize> Port for Local<N>
where
    Capacity<N>: Supported,
{
    type Slots = Slots<N>;

    unsafe fn current(&self) -> Option<&Slots<N>> {
        Some(&self.slots)
    }

    unsafe fn exit_functions(&self) -> Option<ExitFunctionList<'_>> {
        Some(self.functions.as_list())
    }

    fn notifications(&self) -> Option<NotificationList<'_>> {
        Some(self.notifications.as_list())
    }
}

/// The exit of a thread of one table, as a case has it.
pub(crate) fn exit_table<const N: usize>(table: &KeyTable<N>, slots: &Slots<N>) -> ExitReport
where
    Capacity<N>: Supported,
{
    // SAFETY: the values of a case are numbers and its own records, and the slots its thread's for this table.
    unsafe { table.exit(slots) }
}

/// The exit of the calling thread from a key space of its own.
pub(crate) fn exit_space<const N: usize>(space: &KeySpace<Local<N>>) -> ExitReport
where
    Capacity<N>: Supported,
{
    // SAFETY: the values of a case are numbers and its own records; initialisers that it has begun do not go on.
    unsafe { space.exit() }
}
