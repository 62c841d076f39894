//! What the kernel checks of itself, so that a failing case of the library is not the kernel's fault.
//!
//! Each check is a function that panics with what is wrong, run in a thread of its own with a time
//! limit. Checks that need several CPUs say so and are skipped on one.

mod end;
mod fault;
mod run;
mod state;
mod threads;

use crate::core::{
    console::{print, println},
    cpu,
    scheduler::thread,
    watchdog,
};

/// A check: its name, the number of CPUs that it needs, and the function.
struct Check {
    name: &'static str,
    cpus: usize,
    function: fn(),
}

const CHECKS: &[Check] = &[
    Check { name: "run::every_thread_returns_its_value", cpus: 1, function: run::every_thread_returns_its_value },
    Check { name: "run::many_threads_are_alive_at_once", cpus: 1, function: run::many_threads_are_alive_at_once },
    Check { name: "run::the_timer_preempts", cpus: 1, function: run::the_timer_preempts },
    Check { name: "run::priorities_are_strict", cpus: 1, function: run::priorities_are_strict },
    Check { name: "run::a_woken_thread_preempts_at_once", cpus: 1, function: run::a_woken_thread_preempts_at_once },
    Check { name: "run::all_cpus_run_threads", cpus: 2, function: run::all_cpus_run_threads },
    Check { name: "run::threads_migrate", cpus: 2, function: run::threads_migrate },
    Check { name: "run::affinity_is_kept", cpus: 2, function: run::affinity_is_kept },
    Check { name: "run::wakes_are_not_lost", cpus: 1, function: run::wakes_are_not_lost },
    Check { name: "run::sleep_lasts_as_long_as_it_should", cpus: 1, function: run::sleep_lasts_as_long_as_it_should },
    Check { name: "run::the_clock_is_the_same_on_all_cpus", cpus: 2, function: run::the_clock_is_the_same_on_all_cpus },
    Check { name: "state::vector_registers_are_kept", cpus: 1, function: state::vector_registers_are_kept },
    Check { name: "state::the_thread_pointer_is_kept", cpus: 1, function: state::the_thread_pointer_is_kept },
    Check {
        name: "state::an_interrupt_has_its_thread_or_none",
        cpus: 1,
        function: state::an_interrupt_has_its_thread_or_none,
    },
    Check { name: "end::destructors_run_before_the_joiner", cpus: 1, function: end::destructors_run_before_the_joiner },
    Check { name: "end::control_blocks_are_used_again", cpus: 1, function: end::control_blocks_are_used_again },
    Check { name: "end::a_detached_thread_leaves_nothing", cpus: 1, function: end::a_detached_thread_leaves_nothing },
    Check { name: "end::a_thread_is_joined_once", cpus: 1, function: end::a_thread_is_joined_once },
    Check { name: "end::kill_wakes_a_sleeper", cpus: 1, function: end::kill_wakes_a_sleeper },
    Check { name: "end::kill_waits_for_a_safe_point", cpus: 1, function: end::kill_waits_for_a_safe_point },
    Check { name: "end::kill_ends_a_loop", cpus: 1, function: end::kill_ends_a_loop },
    Check { name: "end::kill_gives_once_back", cpus: 1, function: end::kill_gives_once_back },
    Check {
        name: "fault::a_full_stack_meets_the_guard_page",
        cpus: 1,
        function: fault::a_full_stack_meets_the_guard_page,
    },
    Check { name: "fault::a_null_pointer_faults", cpus: 1, function: fault::a_null_pointer_faults },
    Check {
        name: "fault::a_fault_leaves_other_threads_alone",
        cpus: 1,
        function: fault::a_fault_leaves_other_threads_alone,
    },
];

const LIMIT_NS: u64 = 30_000_000_000;

/// Runs the checks whose names contain one of `filters`, all if there is none. A check that fails ends
/// the run with its panic; the return is whether at least one ran.
pub(crate) fn run(filters: impl Iterator<Item = &'static str> + Clone) -> bool {
    let is_wanted = |name: &str| filters.clone().next().is_none() || filters.clone().any(|word| name.contains(word));
    let (mut passed, mut skipped) = (0, 0);
    for (index, check) in CHECKS.iter().enumerate().filter(|(_, check)| is_wanted(check.name)) {
        print!("selftest {} ... ", check.name);
        if cpu::online() < check.cpus {
            println!("skipped: needs {} CPUs", check.cpus);
            skipped += 1;
            continue;
        }
        watchdog::start(check.name, LIMIT_NS);
        let id = thread::spawn(thread::Options::new(check.name), run_check, index).expect("room for a check");
        let ended = thread::join(id).expect("only this thread joins the check");
        assert_eq!(ended.outcome, thread::Outcome::Returned(0));
        println!("ok");
        passed += 1;
    }
    watchdog::stop();
    println!("selftest: {passed} passed, 0 failed, {skipped} skipped");
    passed > 0
}

fn run_check(index: usize) -> usize {
    (CHECKS[index].function)();
    0
}
