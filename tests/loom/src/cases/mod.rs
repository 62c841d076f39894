//! What is checked.

#[cfg(loom)]
mod exit;
#[cfg(loom)]
mod keys;
#[cfg(loom)]
mod listing;
#[cfg(loom)]
mod litmus;
#[cfg(loom)]
mod notify;
#[cfg(loom)]
mod once;
#[cfg(loom)]
mod values;

#[cfg(loom)]
use crate::check::Case;

/// Declares the cases: name, the most preemptions that an execution may have in the quick form and in the long one
/// (`None`: any number), and the outcomes that the executions must have.
macro_rules! cases {
    ($($module:ident::$case:ident($quick:literal, $long:expr): $($outcome:literal),+;)*) => {
        /// The name of every case.
        pub const NAMES: &[&str] = &[$(concat!(stringify!($module), "::", stringify!($case))),*];

        #[cfg(loom)]
        pub(crate) const CASES: &[Case] = &[$(Case {
            name: concat!(stringify!($module), "::", stringify!($case)),
            outcomes: &[$($outcome),+],
            preemptions: [Some($quick), $long],
            model: $module::$case,
        }),*];
    };
}

cases! {
    litmus::load_hides_no_load(3, None): "new", "old";
    litmus::redundant_load_hides_nothing(3, None): "0 0", "0 1", "1 0", "1 1";
    litmus::relaxed_message(3, None): "nothing", "stale", "whole";
    litmus::released_message(3, None): "nothing", "whole";
    litmus::fenced_message(3, None): "nothing", "whole";
    litmus::message_with_one_fence(3, None): "nothing", "stale", "whole";
    litmus::buffered_stores(3, None): "both late", "first late", "none late", "second late";
    keys::two_creates(3, Some(6)): "0 and 1", "1 and 0";
    keys::two_creates_and_one_index(3, None): "first wins", "second wins";
    keys::create_against_delete(3, None): "created", "full";
    keys::no_create_is_refused_while_an_index_is_free(3, Some(4)): "created";
    keys::three_creators_and_deleters(1, Some(2)): "created";
    keys::two_deletes(3, None): "first wins", "second wins";
    keys::each_creation_has_its_own_handle(3, None): "other index", "same index";
    keys::last_generations(2, Some(3)): "worn out";
    values::stale_value_is_never_read(3, None): "before", "deleted", "replaced";
    values::key_by_relaxed_hand_over(3, None): "none yet", "set";
    values::set_against_delete(3, None): "deleted key", "read back", "set and gone";
    values::set_against_delete_and_create(3, None): "deleted key", "read back", "set and gone";
    exit::against_delete(3, None): "called", "not called";
    exit::against_delete_and_create(3, None): "called", "not called";
    exit::against_a_successor_without_destructor(3, None): "called", "not called";
    exit::against_a_successor_of_another_phase(3, None): "called", "not called";
    exit::against_delete_and_create_apart(3, Some(4)): "called", "not called";
    exit::runs_the_destructor_of_a_key_by_relaxed_hand_over(3, None): "called", "none yet";
    exit::runs_the_later_of_two_destructors(3, None): "called", "none yet";
    listing::shows_a_key_whole(3, Some(6)): "first", "none", "second";
    listing::shows_a_key_whole_of_two_creators(2, Some(4)): "first", "none", "second";
    once::two_callers(3, None): "first ran it", "second ran it";
    once::three_callers(2, Some(4)): "first ran it", "second ran it", "third ran it";
    once::initialiser_that_unwinds(3, None): "ran once", "ran twice";
    once::thread_killed_in_the_initialiser(3, None): "ran once", "ran twice";
    once::is_complete_shows_what_was_written(3, None): "complete", "not yet";
    notify::registration_against_attach(3, None): "heard", "not registered yet";
    notify::two_registrations_and_room_for_one(3, None): "first wins", "second wins";
    notify::registration_taken_back(3, None): "not registered yet", "taken back";
    notify::room_is_used_again(3, None): "heard new", "heard none", "heard old";
}

/// A value that is not NULL. It is never followed.
#[cfg(loom)]
fn value(number: usize) -> *mut core::ffi::c_void {
    core::ptr::without_provenance_mut(number)
}
