//! The shared suite on this kernel: the platform that its cases ask for, and the run. The examples come after it, each
//! as one more case.
//!
//! Each case has a thread of its own and a time limit, and must leave no keys behind. A case that
//! panics, faults or hangs ends the run, since what it held can't be got back: the report gives
//! its result, and the host boots again for the cases after it (`after=NAME`).

use core::sync::atomic::{AtomicUsize, Ordering};

use tsd::{ExitReport, KeySpace, Notifications};
use tsd_suite::{CASES, Case, Needs, Platform, Priority, Start, Suite};

use crate::{
    core::{
        capacity::NOTIFICATIONS,
        console::{print, println},
        cpu,
        hooks::{self, Hooks},
        interrupt,
        port::{KernelPort, SENT, SPACE},
        scheduler::{
            idle, reap, sleep, stack,
            thread::{self, Cancel, Options, Outcome, ThreadId},
        },
        watchdog,
    },
    machine,
    modes::examples,
};

/// The time that a case may take: thousands of meetings of threads on a machine with other things to do.
const LIMIT_NS: u64 = 120_000_000_000;
const NONE: usize = usize::MAX;

/// The case that runs, and how many passed.
static RUNNING: AtomicUsize = AtomicUsize::new(NONE);
static PASSED: AtomicUsize = AtomicUsize::new(0);

/// This kernel.
pub(crate) struct Kernel;

/// How a thread is to be that a case starts.
pub(crate) fn options(start: Start) -> Options {
    let usual = Options::new("suite");
    Options {
        priority: match start.priority {
            Priority::Low => usual.priority - 1,
            Priority::Normal => usual.priority,
            Priority::High => usual.priority + 1,
        },
        affinity: start.cpu.map_or(usual.affinity, |cpu| 1 << cpu),
        stack_bytes: if start.smallest_stack { stack::SMALLEST_BYTES } else { usual.stack_bytes },
        cancel: Cancel::Asynchronous,
        ..usual
    }
}

impl Platform for Kernel {
    type Port = KernelPort;
    type Thread = ThreadId;

    fn space() -> &'static KeySpace<KernelPort> {
        &SPACE
    }

    fn notifications() -> &'static Notifications<NOTIFICATIONS> {
        &SENT
    }

    fn start(start: Start, body: fn(usize), argument: usize) -> ThreadId {
        thread::spawn_no_value(options(start), body, argument).expect("the kernel has room for a case's threads")
    }

    fn join(thread: ThreadId) {
        let ended = thread::join(thread).expect("nobody else joins it");
        assert!(matches!(ended.outcome, Outcome::Returned(_) | Outcome::Killed), "a thread of the case faulted");
    }

    fn detach(thread: ThreadId) {
        thread::detach(thread).expect("nobody joins it");
    }

    fn kill(thread: &ThreadId) {
        thread::kill(*thread).expect("it was not joined");
    }

    fn exit_thread() -> ! {
        thread::exit(0)
    }

    fn die() -> ! {
        reap::die()
    }

    fn reap(thread: ThreadId) -> Option<ExitReport> {
        let ended = thread::join(thread).expect("nobody else joins it");
        (ended.outcome == Outcome::Died).then_some(ended.report)
    }

    fn yield_now() {
        thread::yield_now();
    }

    fn sleep_ms(milliseconds: u32) {
        sleep::sleep_ns(u64::from(milliseconds) * 1_000_000);
    }

    fn cpus() -> usize {
        cpu::online()
    }

    fn interrupt(handler: fn(usize), argument: usize) {
        interrupt::call(handler, argument);
    }

    fn interrupt_no_thread(handler: fn(usize), argument: usize) {
        interrupt::call_without_thread(handler, argument);
    }

    fn interrupts_enabled() -> bool {
        machine::interrupts::are_enabled()
    }

    fn on_idle_thread(body: fn(usize), argument: usize) {
        idle::call_on_idle_thread(cpu::online() - 1, body, argument);
    }

    fn panics(_body: fn(usize), _argument: usize) -> bool {
        unimplemented!("nothing unwinds in this kernel");
    }
}

/// Runs the cases that `words` choose: `case=NAME`, more than once, or all; of those the ones after
/// `after=NAME`. Returns whether they passed, and at least one ran.
pub(crate) fn run(words: impl Iterator<Item = &'static str> + Clone) -> bool {
    hooks::add(&Kernel);
    examples::init();
    let mut names = words.clone().filter_map(|word| word.strip_prefix("case="));
    let after = words.clone().find_map(|word| word.strip_prefix("after="));
    let first = after.map_or(0, |name| {
        let position = cases().position(|(case, _)| case.name == name);
        position.unwrap_or_else(|| panic!("after={name}: no such case")) + 1
    });
    if let Some(name) = names.clone().find(|name| !cases().any(|(case, _)| case.name == *name)) {
        panic!("case={name}: no such case");
    }
    let runs_all = names.next().is_none();
    for (index, (case, _)) in cases().enumerate().skip(first) {
        let is_chosen = runs_all || words.clone().any(|word| word.strip_prefix("case=") == Some(case.name));
        if is_chosen && Needs::IMAGES.contains(case.needs) {
            run_case(index, &case);
        }
    }
    watchdog::stop();
    print_summary(0);
    PASSED.load(Ordering::SeqCst) > 0
}

/// Every case with its function: those of the suite, then the examples.
fn cases() -> impl Iterator<Item = (Case, fn())> {
    let example = |&(name, run): &(&'static str, fn())| (Case { name, needs: Needs::empty() }, run);
    let suite = CASES.iter().copied().zip(Suite::<Kernel>::RUN.iter().copied());
    suite.chain(examples::CASES.iter().map(example))
}

fn run_case(index: usize, case: &Case) {
    print!("test {} ... ", case.name);
    RUNNING.store(index, Ordering::SeqCst);
    watchdog::start(case.name, LIMIT_NS);
    if case.needs.contains(Needs::BOOT_THREAD) {
        // The first CPU's idle thread is the one that booted.
        idle::call_on_idle_thread(0, run_function, index);
    } else {
        let options = Options { stack_bytes: stack::LARGEST_BYTES, ..Options::new(case.name) };
        let id = thread::spawn_no_value(options, run_function, index);
        let ended = thread::join(id.expect("room for a case")).expect("nobody else joins the case");
        assert!(matches!(ended.outcome, Outcome::Returned(_)), "the case ended: {:?}", ended.outcome);
        assert_eq!(ended.report.left_over, 0, "the case left values behind: {:?}", ended.report);
    }
    assert_eq!(SPACE.table().in_use(), 0, "the case left keys behind");
    RUNNING.store(NONE, Ordering::SeqCst);
    PASSED.fetch_add(1, Ordering::SeqCst);
    println!("ok");
}

fn run_function(index: usize) {
    let (_, run) = cases().nth(index).expect("`run_case` has it from there");
    run();
}

impl Hooks for Kernel {
    /// Ends the line of the case that runs, if one does, and begins its failure's message.
    fn begin_report(&self) {
        if let Some((case, _)) = cases().nth(RUNNING.load(Ordering::SeqCst)) {
            println!("FAILED");
            println!("---- {} ----", case.name);
        }
    }

    /// Gives the count, if a case has run.
    fn end_report(&self, _: Option<&crate::machine::entries::Fault>) {
        if RUNNING.load(Ordering::SeqCst) != NONE {
            print_summary(1);
        }
    }
}

fn print_summary(failed: usize) {
    println!("suite: {} passed, {failed} failed", PASSED.load(Ordering::SeqCst));
}
