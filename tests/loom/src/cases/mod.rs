//! What is checked.

mod exit;
mod keys;
mod listing;
mod litmus;
mod notify;
mod once;
mod values;

use core::ffi::c_void;
use core::ptr;

use crate::check::Case;

/// Names a module's cases.
macro_rules! cases {
    ($($module:ident::$case:ident($bound:expr): $($outcome:literal),+;)*) => {
        /// Every case.
        pub(crate) const CASES: &[Case] = &[$(Case {
            name: concat!(stringify!($module), "::", stringify!($case)),
            outcomes: &[$($outcome),+],
            preemptions: $bound,
            model: $module::$case,
        }),*];
    };
}

cases! {
    litmus::load_hides_no_load(None): "new", "old";
    litmus::redundant_load_hides_nothing(None): "0 0", "0 1", "1 0", "1 1";
    litmus::relaxed_message(None): "nothing", "stale", "whole";
    litmus::released_message(None): "nothing", "whole";
    litmus::fenced_message(None): "nothing", "whole";
    litmus::message_with_one_fence(None): "nothing", "stale", "whole";
    litmus::buffered_stores(None): "both late", "first late", "none late", "second late";
    keys::two_creates(None): "0 and 1", "1 and 0";
    keys::two_creates_and_one_place(None): "first wins", "second wins";
    keys::create_against_delete(None): "created", "full";
    keys::no_create_is_refused_while_a_place_is_free(None): "created";
    keys::three_creators_and_deleters(None): "created";
    keys::two_deletes(None): "first wins", "second wins";
    keys::each_creation_has_its_own_handle(None): "other index", "same index";
    keys::last_generations(None): "worn out";
    values::stale_value_is_never_read(None): "before", "deleted", "replaced";
    values::key_by_relaxed_hand_over(None): "none yet", "set";
    values::set_against_delete(None): "deleted key", "read back", "set and gone";
    values::set_against_delete_and_create(None): "deleted key", "read back", "set and gone";
    exit::against_delete(None): "called", "not called";
    exit::against_delete_and_create(None): "called", "not called";
    exit::against_a_successor_without_destructor(None): "called", "not called";
    exit::against_a_successor_of_another_phase(None): "called", "not called";
    exit::against_delete_and_create_apart(None): "called", "not called";
    exit::runs_the_destructor_of_a_key_by_relaxed_hand_over(None): "called", "none yet";
    listing::shows_a_key_whole(None): "first", "none", "second";
    listing::shows_a_key_whole_of_two_creators(None): "first", "none", "second";
    once::two_callers(None): "first ran it", "second ran it";
    once::three_callers(None): "first ran it", "second ran it", "third ran it";
    once::initialiser_that_unwinds(None): "ran once", "ran twice";
    once::thread_killed_in_the_initialiser(None): "ran once", "ran twice";
    once::is_complete_shows_what_was_written(None): "complete", "not yet";
    notify::registration_against_attach(None): "heard", "not registered yet";
    notify::two_registrations_and_one_place(None): "first wins", "second wins";
    notify::place_is_used_again(None): "heard new", "heard none", "heard old";
}

/// A value that is not NULL. It is never followed.
fn value(number: usize) -> *mut c_void {
    ptr::without_provenance_mut(number)
}
