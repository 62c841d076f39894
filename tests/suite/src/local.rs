//! A key space for one thread, for cases that look at a port's parts without the platform's threads.

use tsd::{Capacity, ExitFunctionList, ExitFunctions, NotificationList, Notifications, Port, Slots, Supported};

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
}

// SAFETY: a case uses it from one thread only, and keeps it until the thread's exit has returned.
unsafe impl<const N: usize> Port<N> for Local<N>
where
    Capacity<N>: Supported,
{
    fn current(&self) -> Option<&Slots<N>> {
        Some(&self.slots)
    }

    fn exit_functions(&self) -> Option<ExitFunctionList<'_>> {
        Some(self.functions.as_list())
    }

    fn notifications(&self) -> Option<NotificationList<'_>> {
        Some(self.notifications.as_list())
    }
}
