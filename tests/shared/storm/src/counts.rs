//! How often each event came.

use tsd_suite::atomic::{AtomicUsize, Ordering::Relaxed};

/// Where a storm in which an event did not come is a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needed {
    /// On every platform: the storm exists for it.
    Everywhere,
    /// Where the platform knows a thread's history.
    WithHistory,
    /// Where it does, and has several CPUs.
    WithCpus,
    /// Nowhere: it is as it comes.
    Nowhere,
}

macro_rules! events {
    ($($(#[doc = $doc:literal])+ $event:ident $name:literal $needed:ident,)+) => {
        /// What is counted.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Event {
            $($(#[doc = $doc])+ $event,)+
        }

        impl Event {
            /// Every event, in the order in which they are shown.
            pub const ALL: &'static [Self] = &[$(Self::$event),+];

            /// Its name in tables, with underscores for blanks.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$event => $name,)+
                }
            }

            /// Where it must come.
            #[must_use]
            pub fn needed(self) -> Needed {
                match self {
                    $(Self::$event => Needed::$needed,)+
                }
            }
        }

        const COUNT: usize = [$(Event::$event),+].len();
    };
}

events! {
    /// Threads that were started.
    Threads "threads" Everywhere,
    /// Threads that ended by returning.
    Returned "returned" Everywhere,
    /// Threads that ended themselves.
    Exited "ended_themselves" Everywhere,
    /// Threads that were killed.
    Killed "killed" Everywhere,
    /// Killed threads that never reached their own code.
    KilledAtOnce "killed_before_their_code" Nowhere,
    /// Threads that were killed in an initialiser of `once`.
    KilledInOnce "killed_in_once" Everywhere,
    /// Threads that were killed between a get and the set after it.
    KilledBetween "killed_between_get_and_set" Everywhere,
    /// Threads that were killed in a set, or so soon after it that they did not know of it.
    KilledInSet "killed_in_set" Nowhere,
    /// Kills that came while the thread was in a destructor, which has to complete.
    KillsInDestructor "kills_in_a_destructor" Everywhere,
    /// Threads that died, in a destructor, and were reaped.
    DiedInExit "died_in_their_exit" Everywhere,
    /// Threads that died outside their exit, and were reaped.
    DiedOutside "died_outside_their_exit" Everywhere,
    /// Threads that were detached.
    Detached "detached" Everywhere,
    /// Threads that were joined.
    Joined "joined" Everywhere,
    /// Attach notifications.
    Attached "attach_notifications" Everywhere,
    /// Detach notifications.
    DetachNotices "detach_notifications" Everywhere,
    /// Keys that were created.
    KeysCreated "keys_created" Everywhere,
    /// Keys that were deleted.
    KeysDeleted "keys_deleted" Everywhere,
    /// Creates that were refused because the table was full.
    KeysRefused "keys_refused" Everywhere,
    /// Deletes that came after that of another thread.
    DeleteRaces "delete_races_lost" Everywhere,
    /// Deletes of a key that was deleted before.
    DeletesRefused "deletes_refused" Everywhere,
    /// Gets.
    Gets "gets" Everywhere,
    /// Gets that gave NULL because the key was deleted under a value.
    StaleReads "stale_reads" Everywhere,
    /// Sets of a value.
    Sets "sets" Everywhere,
    /// Sets that were refused because the key was deleted.
    SetsRefused "sets_refused" Everywhere,
    /// Values that another one replaced.
    Replaced "values_replaced" Everywhere,
    /// Values that were cleared.
    Cleared "values_cleared" Everywhere,
    /// Values that were taken.
    Taken "values_taken" Everywhere,
    /// Values whose key was deleted before they were destroyed.
    Abandoned "values_of_deleted_keys" Everywhere,
    /// Values under keys that have no destructor.
    Undestroyed "values_without_destructor" Everywhere,
    /// Values of killed threads of which one does not know whether they were replaced.
    Uncertain "values_uncertain" Nowhere,
    /// Values that were allocated.
    Allocations "allocations" Everywhere,
    /// Values that were freed.
    Frees "frees" Everywhere,
    /// Destructor calls.
    Calls "destructor_calls" Everywhere,
    /// Modules that were unloaded.
    Unloads "modules_unloaded" Everywhere,
    /// Calls of destructors of modules.
    ModuleCalls "module_destructor_calls" Everywhere,
    /// Exits for which an unload had to wait.
    UnloadWaits "exits_that_an_unload_awaited" Everywhere,
    /// Destructors that set their value again.
    Resets "re-sets" Everywhere,
    /// Rounds of destructors.
    Rounds "rounds" Everywhere,
    /// The most rounds that a thread had.
    RoundsMost "rounds_most" Everywhere,
    /// Rounds of last-phase destructors.
    LastRounds "last_phase_rounds" Everywhere,
    /// Values that were reported as left over.
    LeftOver "left_overs_reported" Everywhere,
    /// Thread-exit functions that ran.
    Functions "exit_functions" Everywhere,
    /// Thread-exit functions that were refused because the list was full.
    FunctionsRefused "exit_functions_refused" Everywhere,
    /// Initialisers of `once` that completed.
    OnceRuns "once_runs" Everywhere,
    /// Calls of `once` that found an initialiser running and came back when one had completed.
    OnceWaits "once_waits" Everywhere,
    /// Calls of `once` from the control's own initialiser.
    Recursions "once_recursions" Everywhere,
    /// How often a thread lost its CPU against its will.
    Preemptions "preemptions" WithHistory,
    /// Threads that ran on more than one CPU.
    Migrated "threads_migrated" WithCpus,
    /// The most keys that were live at once; known at the end.
    KeysMost "keys_most" Nowhere,
}

/// The counters of a storm.
#[derive(Debug)]
pub(crate) struct Counts([AtomicUsize; COUNT]);

// Relaxed throughout: the counts are read when every thread has been joined or has said that it is done, and must not
// order what the storm looks for.
impl Counts {
    pub(crate) const fn new() -> Self {
        Self([const { AtomicUsize::new(0) }; COUNT])
    }

    pub(crate) fn get(&self, event: Event) -> usize {
        self.0[event as usize].load(Relaxed)
    }

    pub(crate) fn add(&self, event: Event, number: usize) {
        self.0[event as usize].fetch_add(number, Relaxed);
    }

    pub(crate) fn raise(&self, event: Event, number: usize) {
        self.0[event as usize].fetch_max(number, Relaxed);
    }
}
