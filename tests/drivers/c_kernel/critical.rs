//! What a boot of the kernel in plain C must have counted on a CPU without compare-and-swap.

use std::fs;

use libtest_mimic::Failed;
use tsd_runner::{install::Numbers, protocol, qemu::Outcome, workspace};

use crate::CASES;

/// As many as tests/c/kernel/critical.c has.
pub(crate) const CRITICAL_CASES: usize = 3;

/// So few that the kernel fits into 16 KiB.
pub(crate) const NUMBERS: Numbers = Numbers { keys: 8, rounds: 4, exit_functions: 4, notifications: 2 };

/// An instruction takes a fixed time then, in which the timer counts further, so that it can come before each.
pub(crate) const STEPPED_TIME: [&str; 2] = ["-icount", "shift=6,sleep=off"];

/// How often a call enters the critical section, as docs/targets.md has it.
const CALLS: [(&str, &str); 6] = [
    ("`tsd_get()`", "sections_of_get"),
    ("`tsd_set()`, where the thread has set the key before", "sections_of_set"),
    ("`tsd_set()`, the first of a thread", "sections_of_set_first"),
    ("`tsd_key_create()`", "sections_of_create"),
    ("`tsd_key_delete()`", "sections_of_delete"),
    ("`tsd_thread_exit()` of an attached thread, with one destructor", "sections_of_exit"),
];

/// What has to be more than 0: the timer has come in each call, and values have ended in each way.
const EVENTS: [&str; 7] = [
    "interrupts_in_create",
    "interrupts_in_set",
    "interrupts_in_get",
    "interrupts_in_delete",
    "interrupts_in_exit",
    "values_destroyed",
    "values_taken",
];

/// A boot is a success if each of the kernel's cases was one, and all of that has happened.
/// `left_out` of the usual cases can't be had.
pub(crate) fn judge(outcome: &Outcome, left_out: usize) -> std::result::Result<(), Failed> {
    crate::judge(outcome, CASES + CRITICAL_CASES - left_out)?;
    let figures: Vec<_> = protocol::figures(&outcome.lines).collect();
    figures.iter().for_each(|(name, value)| println!("c_kernel: {name} {value}"));
    let figure = |name: &str| figures.iter().find(|(its, _)| *its == name).map(|(_, value)| *value);
    for name in EVENTS {
        assert!(figure(name).is_some_and(|value| value != "0"), "{name} is {:?}", figure(name));
    }
    let mut table = String::from("| Call | Critical sections |\n|---|---|\n");
    for (call, name) in CALLS {
        table.push_str(&format!("| {call} | {} |\n", figure(name).ok_or("no figure")?));
    }
    let page = workspace::root().join("docs/targets.md");
    let text = fs::read_to_string(&page).map_err(|error| format!("{}: {error}", page.display()))?;
    assert!(text.contains(&table), "docs/targets.md should have this table:\n{table}");
    Ok(())
}
