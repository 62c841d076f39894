//! The run: the cases or the storm that the command line asks for, and what is said of them.
//!
//! Each case has a task of its own, and must leave no keys and no memory behind. A case that panics ends the run, since
//! what it held can't be got back; the host boots again for the cases after it.

use core::{ffi::c_void, panic::PanicInfo, ptr};

use tsd_suite::atomic::{AtomicUsize, Ordering::SeqCst};
use tsd_suite::{CASES, Needs, Platform, Suite};

use crate::{
    block::{self, SPACE},
    freertos,
    platform::FreeRtos,
    print::{print, println},
    storm, thread,
};

const NONE: usize = usize::MAX;
/// So long may the idle task take to free what tasks have left, in milliseconds.
const CLEAN_UP_MS: u32 = 10_000;

/// The case that runs, and how many passed.
static RUNNING: AtomicUsize = AtomicUsize::new(NONE);
static PASSED: AtomicUsize = AtomicUsize::new(0);

/// Where the board's start ends.
#[unsafe(no_mangle)]
extern "C" fn main() -> i32 {
    let main = freertos::create(supervise, ptr::null_mut(), thread::LARGEST_STACK_BYTES, thread::NORMAL);
    main.expect("the heap has room for a task");
    freertos::start_scheduler();
    unreachable!("the scheduler has no memory for its own task");
}

extern "C" fn supervise(_: *mut c_void) {
    let before = freertos::free_heap_bytes();
    let mut words = freertos::command_line().split_ascii_whitespace();
    let passed = match words.next() {
        Some("suite") => run_cases(words),
        Some("storm") => storm::run(words),
        word => panic!("the command line begins with {word:?}"),
    };
    await_clean_up(before);
    figure("heap_free_bytes_before", before);
    figure("heap_free_bytes_after", freertos::free_heap_bytes());
    figure("switches", block::switches() as usize);
    freertos::end(u32::from(!passed))
}

/// A line for the table of figures.
pub(crate) fn figure(name: &str, number: usize) {
    println!("tsd: freertos: {name} {number}");
}

/// Runs the cases that `words` choose, in the words of the test kernel. Returns whether at least one ran.
fn run_cases(words: impl Iterator<Item = &'static str> + Clone) -> bool {
    let mut names = words.clone().filter_map(|word| word.strip_prefix("case="));
    let after = words.clone().find_map(|word| word.strip_prefix("after="));
    let known = |name: &str| CASES.iter().position(|case| case.name == name).expect("such a case");
    let first = after.map_or(0, |name| known(name) + 1);
    names.clone().for_each(|name| assert!(known(name) < CASES.len()));
    let runs_all = names.next().is_none();
    for (index, case) in CASES.iter().enumerate().skip(first) {
        let is_chosen = runs_all || words.clone().any(|word| word.strip_prefix("case=") == Some(case.name));
        if is_chosen && Needs::IMAGES.contains(case.needs) {
            run_case(index);
        }
    }
    print_summary(0);
    figure("cases", PASSED.load(SeqCst));
    PASSED.load(SeqCst) > 0
}

fn run_case(index: usize) {
    let case = &CASES[index];
    print!("test {} ... ", case.name);
    RUNNING.store(index, SeqCst);
    let before = freertos::free_heap_bytes();
    if case.needs.contains(Needs::BOOT_THREAD) {
        // The idle task is the one that nobody but FreeRTOS has started.
        FreeRtos::on_idle_thread(run_function, index);
    } else {
        let at_end: thread::AtEnd = |_, ended| {
            assert_eq!(ended.report.left_over, 0, "the case left values behind: {:?}", ended.report);
        };
        let case = thread::start_with_stack(thread::LARGEST_STACK_BYTES, thread::NORMAL, run_function, index, at_end);
        FreeRtos::join(case);
    }
    assert_eq!(SPACE.table().in_use(), 0, "the case left keys behind");
    await_clean_up(before);
    assert_eq!(block::not_as_new(), 0, "a task of the case has left something in its block");
    RUNNING.store(NONE, SeqCst);
    PASSED.fetch_add(1, SeqCst);
    println!("ok");
}

/// Waits until the heap is as it was: the idle task frees what is left of tasks that have deleted themselves.
fn await_clean_up(free_bytes_before: usize) {
    for _ in 0..CLEAN_UP_MS {
        if freertos::free_heap_bytes() == free_bytes_before {
            return;
        }
        freertos::sleep(1);
    }
    panic!("the heap had {free_bytes_before} bytes free, and has {}", freertos::free_heap_bytes());
}

fn run_function(index: usize) {
    Suite::<FreeRtos>::RUN[index]();
}

fn print_summary(failed: usize) {
    println!("suite: {} passed, {failed} failed", PASSED.load(SeqCst));
}

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    let case = CASES.get(RUNNING.load(SeqCst));
    if let Some(case) = case {
        println!("FAILED\n---- {} ----", case.name);
    }
    println!("{info}");
    if case.is_some() {
        print_summary(1);
    }
    freertos::end(1)
}
