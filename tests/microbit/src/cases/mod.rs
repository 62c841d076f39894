//! The cases, and their names.

mod actor;
mod exit;
mod interrupts;
mod keys;
mod sections;
mod typed;
mod values;

use cortex_m::peripheral::SYST;

use crate::{board, kernel};

pub(crate) use interrupts::interrupted;

macro_rules! cases {
    ($($module:ident: $($case:ident),+;)*) => {
        [$($((concat!(stringify!($module), "::", stringify!($case)), $module::$case as fn(&mut SYST))),+),*]
    };
}

/// Runs them all.
pub(crate) fn run(timer: &mut SYST) {
    let cases = cases! {
        keys: until_the_table_is_full, deleted_key_reads_null, index_that_is_worn_out;
        values: per_thread, null_clears, no_thread;
        exit: rounds, phases, functions, functions_without_room, nothing_to_do;
        typed: owned_word, shared_inline, static_keys, once;
        sections: get_and_set_of_a_bound_slot_enter_none, typed_keys_enter_none_to_read, changes_enter_some,
            masked_interrupts_stay_masked;
        interrupts: at_random;
    };
    for (name, case) in cases {
        kernel::switch_to(0);
        board::case(name, || case(timer));
    }
    interrupts::figures();
}
