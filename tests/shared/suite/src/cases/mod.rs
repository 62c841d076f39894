//! The list of cases. A case is named by its file and its function.

// Every case has the same shape, also those that need nothing from the platform.
#![allow(clippy::extra_unused_type_parameters)]

use crate::{Needs, Platform};

mod attach;
mod exit;
mod functions;
mod in_destructors;
mod inline_values;
mod interrupts;
mod keys;
mod killed;
mod listing;
mod notify;
mod once;
mod owned_keys;
mod owner;
mod phases;
mod reap;
mod shared_keys;
mod stack;
mod stale;
mod static_keys;
mod storm;
mod tables;
mod typed;
mod unwind;
mod values;
mod words;
mod wrap;

/// A case's name and needs, the same on every platform.
#[derive(Clone, Copy, Debug)]
pub struct Case {
    /// File and function: `keys::zero_key`.
    pub name: &'static str,
    /// What the platform must have.
    pub needs: Needs,
}

/// The suite as compiled for one platform.
#[derive(Debug)]
pub struct Suite<P>(core::marker::PhantomData<P>);

macro_rules! cases {
    ($($file:ident { $($case:ident $(($($need:ident)|+))?),+ $(,)? })+) => {
        /// Every case.
        pub const CASES: &[Case] = &[$($(
            Case {
                name: concat!(stringify!($file), "::", stringify!($case)),
                needs: Needs::empty()$($(.union(Needs::$need))+)?,
            },
        )+)+];

        impl<P: Platform> Suite<P> {
            /// The function of each case, in the order of [`CASES`].
            pub const RUN: &'static [fn()] = &[$($($file::$case::<P>,)+)+];
        }
    };
}

cases! {
    keys {
        zero_key,
        wild_keys,
        n_creates_then_full,
        large_tables_hold_n_keys,
        platform_table_holds_its_capacity,
        error_numbers,
        delete_takes_the_named_key,
        delete_twice,
        blind_deletes,
        purge_deletes_by_address,
        create_delete_cycles,
        one_index_left_has_one_winner,
        create_is_never_refused_while_an_index_is_free,
        concurrent_creates_differ,
    }
    stale {
        handle_of_a_reused_index_is_rejected,
        all_earlier_handles_are_rejected,
        set_null_of_a_deleted_key_is_refused,
        recreated_key_hides_another_threads_value,
        delete_calls_no_destructor,
        errors_tell_deleted_from_never_created,
        near_numbers_were_no_keys,
    }
    wrap {
        handle_wrap_revives_no_value,
        every_generation_is_used_once,
        last_generation_retires_the_index,
        worn_out_indexes_leave_the_others,
        generations_carry_across_the_index,
        first_generation_tells_tables_apart,
    }
    values {
        new_key_reads_null_in_running_threads,
        new_thread_reads_null_everywhere,
        values_are_per_thread,
        memory_full_of_ones_is_initialised,
        zero_bytes_are_new_slots,
        set_null_clears,
        replaced_value_gets_no_destructor,
        any_pointer_can_be_a_value,
        thousand_keys_in_one_table,
        taken_value_is_gone,
        slots_are_idle_until_something_is_set,
    }
    exit {
        value_is_null_in_its_destructor,
        other_values_can_be_read,
        only_values_with_destructors_are_called,
        nothing_set_nothing_called,
        fifty_keys_run_in_one_round,
        second_round_runs_what_the_first_set,
        destructor_that_resets_runs_r_times,
        earlier_and_later_keys_set_in_a_destructor,
        two_keys_that_set_each_other_end,
        values_are_taken_one_by_one,
        left_over_values_are_reported_and_cleared,
        slots_serve_the_next_thread,
        every_index_of_a_large_table_is_visited,
        exit_in_a_destructor_does_nothing,
        full_tables_run_all_destructors,
    }
    in_destructors {
        creates_and_sets_a_key,
        sets_keys_in_turn,
        deletes_its_own_key,
        deletes_a_key_before_its_turn,
        deletes_a_key_after_its_turn,
        recreates_keys_at_the_same_index,
        sets_a_key_that_is_replaced,
        sets_a_key_without_destructor,
        calls_once,
        blocks_and_starts_threads,
        no_lock_is_held_in_a_destructor,
        interrupts_are_as_the_thread_had_them,
        exit_in_a_destructor_does_nothing,
        exit_in_a_destructors_initialiser_does_nothing,
        current_destructor_is_known,
    }
    owner {
        destructors_run_on_the_owning_thread,
        destructors_are_complete_before_join_returns,
        thread_that_ends_itself_runs_destructors,
        detached_thread_runs_destructors,
        exit_hook_twice,
        exit_hook_with_nothing_set,
        boot_thread_has_values_and_exits(BOOT_THREAD),
        idle_thread_has_values_and_exits(IDLE_THREAD),
        hundred_threads_alive_with_values,
        next_threads_find_nothing_of_earlier_ones,
        what_threads_take_is_given_back,
        smallest_stack_runs_the_whole_exit,
    }
    killed {
        killed_thread_runs_destructors(KILL),
        busy_thread_runs_destructors(KILL),
        killed_in_a_destructor_completes_its_exit(KILL),
        killed_between_get_and_set(KILL),
        killed_as_soon_as_started(KILL),
        killed_after_its_end(KILL),
    }
    reap {
        died_in_a_destructor,
        died_outside_its_exit,
        died_in_a_function,
        destructors_of_a_dead_thread_set_values,
        next_thread_after_a_dead_one,
        died_in_an_initialiser,
        died_in_a_static_keys_destructor,
        reaper_that_dies,
        died_in_a_destructor_that_ran_functions,
    }
    functions {
        last_registered_runs_first,
        registered_in_a_function_runs_next,
        functions_run_before_destructors,
        registered_in_a_destructor_runs_before_the_next_round,
        registered_in_the_last_phase_runs,
        registered_in_the_last_round_sets_a_last_phase_value,
        full_list_loses_nothing,
        functions_can_run_alone,
        refused_functions_are_reported,
        chain_of_functions_longer_than_the_list,
        each_thread_has_its_own_list,
        exit_in_a_function_does_nothing,
        list_counts_its_functions,
    }
    phases {
        last_phase_runs_after_all_ordinary_rounds,
        last_phase_value_set_late_is_destroyed,
        last_phase_has_rounds_of_its_own,
        ordinary_value_set_in_the_last_phase_is_left_over,
        phase_goes_with_the_key,
    }
    once {
        initialiser_runs_once,
        zero_bytes_are_a_new_control,
        nobody_returns_before_it_is_complete,
        recursion_is_detected,
        initialiser_waits_for_another_control,
        thread_that_ends_in_the_initialiser_gives_back,
        waiter_takes_over_from_a_thread_that_ends,
        waiter_takes_over_from_a_killed_thread(KILL),
        killed_in_nested_initialisers(KILL),
        waiting_is_no_cancellation_point(KILL),
        high_priority_waits_for_low(PRIORITIES),
        panic_in_the_initialiser_gives_back(UNWINDING),
        waiter_takes_over_from_a_panic(UNWINDING),
        begin_and_end,
        abandon_gives_back_the_innermost,
        cancel_gives_back_what_is_inside,
        exit_gives_back_every_control,
    }
    notify {
        attach_in_order_detach_in_reverse,
        order_is_that_of_registration,
        fixed_notifications_come_first,
        values_are_readable_at_detach,
        detach_comes_first,
        full_list_refuses,
        each_thread_is_told_of_once,
        notification_starts_and_joins_a_thread,
        registered_while_a_thread_attaches_is_for_later_ones,
        fixed_notifications_can_be_replaced,
    }
    attach {
        attach_twice_is_refused,
        reuse_without_exit_is_refused,
        refused_inside_an_exit,
        uninitialised_memory_is_refused,
        left_over_value_is_refused_in_debug_builds,
    }
    static_keys {
        handle_and_static_key_are_one,
        a_number_beyond_every_table_is_no_key,
        static_key_is_never_deleted,
        run_time_keys_have_the_other_indexes,
        static_keys_are_destroyed_at_exit,
        static_value_is_null_in_its_destructor,
        static_keys_are_listed,
        static_keys_do_not_depend_on_the_first_generation,
    }
    typed {
        replace_and_take,
        dropped_at_thread_exit,
        with_lends_the_value,
        dropped_key_is_deleted,
        is_not_deleted_by_its_number,
        last_phase_is_dropped_last,
        boxes_go_back_to_their_pool,
        exclusive_references_are_owners,
    }
    owned_keys {
        created_at_the_first_use,
        created_once_by_many,
        full_table_refuses_the_first_use,
        words_are_what_they_were,
        with_or_init_lends_the_value,
        nothing_is_made_in_an_exit,
    }
    shared_keys {
        made_once_a_thread,
        recursion_is_refused,
        failed_initialiser_leaves_nothing,
        panic_in_the_initialiser_leaves_nothing(UNWINDING),
        died_in_the_initialiser,
        nothing_is_made_in_an_exit,
        later_values_can_be_used_in_drops,
        handler_uses_the_interrupted_threads_value(INTERRUPTS),
        no_current_thread(INTERRUPTS),
    }
    inline_values {
        lie_in_the_threads_arena,
        are_aligned,
        without_room_are_refused,
        of_a_dead_thread_are_dropped,
        of_a_handler_lie_beside_the_threads(INTERRUPTS),
    }
    tables {
        keys_are_of_one_table,
        equal_numbers_are_two_keys,
        each_space_has_its_own_exit,
        destructor_exits_another_space,
    }
    listing {
        live_keys_are_listed,
        names_go_with_their_keys,
        values_of_a_thread_are_listed,
        counts_follow_creates_and_deletes,
        listing_while_keys_come_and_go,
        errors_have_texts,
        live_keys_are_known,
    }
    words {
        full_table_says_who_holds_it,
        thread_says_what_it_is_at,
        thread_says_whose_destructor_it_is_in,
    }
    interrupts {
        handler_uses_the_interrupted_threads_values(INTERRUPTS),
        handler_creates_and_deletes_keys(INTERRUPTS),
        handler_registers_an_exit_function(INTERRUPTS),
        handler_sets_values_in_a_destructor(INTERRUPTS),
        handler_calls_once(INTERRUPTS),
        no_current_thread(INTERRUPTS),
        once_without_a_current_thread(INTERRUPTS),
    }
    storm {
        published_key_is_valid_everywhere,
        delete_and_create_against_exit,
        create_against_exit,
        creates_and_deletes_against_get_and_set,
        one_delete_wins,
        take_against_exit,
        table_is_worn_out_by_all,
        threads_and_keys_come_and_go,
    }
    stack {
        exit_takes_a_bounded_stack,
    }
    unwind {
        destructor_that_panics(UNWINDING),
        exit_function_that_panics(UNWINDING),
    }
}
