//! The request server: the library at work on a real job.
//!
//! A listener makes requests; worker threads of several priorities serve them on all CPUs, end after
//! some dozens, and are replaced by new ones. Each worker has its own log buffer, `errno`, request
//! context, statistics and allocation ledger as thread-specific data (`data`), allocated from fixed
//! pools (`pool`) on first use and freed by destructors. What the workers print is counted; what is
//! left when the last one has ended is the result.

mod data;
mod done;
mod pool;
mod request;
mod worker;

use core::sync::atomic::Ordering::SeqCst;

use heapless::Vec;
use spin::Mutex;

use crate::{
    core::{
        capacity::KEYS,
        clock,
        console::println,
        cpu,
        port::SPACE,
        scheduler::{
            sleep,
            thread::{self, Ended, Outcome, ThreadId},
            thread_table::State,
        },
        trace, watchdog,
    },
    machine::cpu_local::MAX_CPUS,
};
use data::TOTALS;
use done::{MAX_WORKERS, WORK};

const DEFAULT_REQUESTS: usize = 4_000;
const DEFAULT_SEED: u64 = 1;
/// How many workers are alive at once, for each CPU.
const WORKERS_PER_CPU: usize = 2;
/// The run says how far it is each time that another of so many parts is done, unless it has just said so.
const PROGRESS_PARTS: usize = 100;
const PROGRESS_NS: u64 = 100_000_000;
const LIMIT_NS: u64 = 120_000_000_000;

/// What is known of a worker when it has ended.
struct Row {
    worker: usize,
    ended: Ended,
}

/// The workers that have ended. Only the main thread looks; it has no room for them on its stack.
static ENDED: Mutex<Vec<Row, MAX_WORKERS>> = Mutex::new(Vec::new());

/// Serves the requests that `words` ask for (`requests=N`, `seed=S`), and prints a timeline if they do (`trace`). Returns
/// whether nothing was lost, mixed up or left over.
pub(crate) fn run(words: impl Iterator<Item = &'static str> + Clone) -> bool {
    let number = |name: &str| words.clone().find_map(|word| word.strip_prefix(name)?.strip_prefix('='));
    let requests = number("requests").map_or(Some(DEFAULT_REQUESTS), |text| text.parse().ok());
    let seed = number("seed").map_or(Some(DEFAULT_SEED), |text| text.parse().ok());
    let (Some(requests @ 1..), Some(seed)) = (requests, seed) else {
        println!("demo: requests= and seed= want a number above 0");
        return false;
    };
    if KEYS < data::KEYS_NEEDED {
        println!("demo: the server needs {} keys, the kernel was built with {KEYS}", data::KEYS_NEEDED);
        return false;
    }
    let has_timeline = words.clone().any(|word| word == "trace");
    if has_timeline && !trace::IS_ON {
        println!("demo: the kernel was built without the feature trace");
        return false;
    }
    watchdog::start("the request server", LIMIT_NS);
    println!("demo: {requests} requests on {} CPUs, seed {seed}", cpu::online());
    let before_ns = clock::now_ns();
    let rows = &mut *ENDED.lock();
    serve(requests, seed, rows);
    let lasted_ms = (clock::now_ns() - before_ns) / 1_000_000;
    println!("demo: all requests served after {lasted_ms} ms; what each worker did:");
    for row in &*rows {
        print_row(row);
    }
    if has_timeline {
        trace::print_keys();
    }
    data::delete_keys();
    tell_progress(requests, 0, rows);
    if has_timeline {
        trace::dump();
    }
    let passed = summarise(requests, lasted_ms, rows);
    watchdog::stop();
    passed
}

/// Starts the listener and keeps the workers going until everything is served and all have ended.
fn serve(requests: usize, seed: u64, rows: &mut Vec<Row, MAX_WORKERS>) {
    let mut alive: Vec<(usize, ThreadId), { WORKERS_PER_CPU * MAX_CPUS }> = Vec::new();
    let quota = worker::quota(requests, MAX_WORKERS);
    let listener = request::start_listener(requests, seed);
    let mut started = 0;
    let mut told = (0, clock::now_ns());
    while TOTALS.requests.load(SeqCst) < requests {
        while alive.len() < WORKERS_PER_CPU * cpu::online() {
            let pushed = alive.push((started, worker::start(started, quota)));
            debug_assert!(pushed.is_ok());
            started += 1;
        }
        sleep::sleep_ns(clock::TICK_NS);
        collect(&mut alive, rows, |id| thread::state(id) == Some(State::Ended));
        let now = (TOTALS.requests.load(SeqCst) * PROGRESS_PARTS / requests, clock::now_ns());
        if now.0 > told.0 && now.1 - told.1 >= PROGRESS_NS {
            told = now;
            tell_progress(requests, alive.len(), rows);
        }
    }
    // Those that are left wait for requests that will not come.
    for (_, id) in &alive {
        thread::kill(*id).expect("it was not joined");
    }
    collect(&mut alive, rows, |_| true);
    let listener = thread::join(listener).expect("nobody else joins it");
    assert_eq!(listener.outcome, Outcome::Returned(requests));
}

/// Says how far the run is, as whoever reads along wants it.
fn tell_progress(requests: usize, alive: usize, rows: &[Row]) {
    let (served, threads) = (TOTALS.requests.load(SeqCst), rows.len() + alive);
    let destructors: u32 = rows.iter().map(|row| row.ended.report.calls).sum();
    let keys = SPACE.table().in_use();
    println!(
        "tsd: progress: {served} of {requests} requests, {threads} threads, {destructors} destructors, {keys} keys"
    );
}

/// Joins the workers of which `has_ended` says so.
fn collect<const N: usize>(
    alive: &mut Vec<(usize, ThreadId), N>,
    rows: &mut Vec<Row, MAX_WORKERS>,
    has_ended: impl Fn(ThreadId) -> bool,
) {
    alive.retain(|&(worker, id)| {
        if !has_ended(id) {
            return true;
        }
        let ended = thread::join(id).expect("nobody else joins it");
        assert!(rows.push(Row { worker, ended }).is_ok(), "the quota is too small for the number of workers");
        false
    });
}

fn print_row(row: &Row) {
    let Ended { outcome, report, history: (cpus_seen, preemptions) } = &row.ended;
    let work = &WORK[row.worker];
    let ended = match outcome {
        Outcome::Returned(_) => "returned",
        Outcome::Killed => "killed",
        Outcome::Faulted(_) => "faulted",
        Outcome::Died => "died",
    };
    println!(
        "demo: worker {:>3} {ended:<8} requests {:>3} errors {:>3} cpus {cpus_seen:#010b} preempted {preemptions:>3} \
         rounds {}+{} destructors {} allocated {} freed {}",
        row.worker,
        work.requests.load(SeqCst),
        work.errors.load(SeqCst),
        report.rounds,
        report.last_phase_rounds,
        report.calls,
        work.allocations.load(SeqCst),
        work.frees.load(SeqCst),
    );
}

/// Prints the figures and returns whether they are as they must be.
fn summarise(requests: usize, lasted_ms: u64, rows: &[Row]) -> bool {
    let sum = |figure: fn(&Ended) -> u32| rows.iter().map(|row| figure(&row.ended)).sum::<u32>();
    let killed = rows.iter().filter(|row| row.ended.outcome == Outcome::Killed).count();
    let rounds_most = rows.iter().map(|row| row.ended.report.rounds + row.ended.report.last_phase_rounds).max();
    let migrated = rows.iter().filter(|row| row.ended.history.0.count_ones() > 1).count();
    let (allocations, frees) = (TOTALS.allocations.load(SeqCst), TOTALS.frees.load(SeqCst));
    let left_overs = sum(|ended| ended.report.left_over);
    let (keys_in_use, keys_high_water) = (SPACE.table().in_use(), SPACE.table().high_water());
    let (served, mixed_up) = (TOTALS.requests.load(SeqCst), TOTALS.mixed_up.load(SeqCst));
    let log_lines = TOTALS.log_lines.load(SeqCst);

    println!("tsd: demo: cpus {}", cpu::online());
    println!("tsd: demo: milliseconds {lasted_ms}");
    println!("tsd: demo: requests {served}");
    println!("tsd: demo: threads {}", rows.len());
    println!("tsd: demo: threads_killed {killed}");
    println!("tsd: demo: threads_migrated {migrated}");
    println!("tsd: demo: preemptions {}", sum(|ended| ended.history.1));
    println!("tsd: demo: log_lines {log_lines}");
    println!("tsd: demo: rounds {}", sum(|ended| ended.report.rounds + ended.report.last_phase_rounds));
    println!("tsd: demo: rounds_most {}", rounds_most.unwrap_or(0));
    println!("tsd: demo: destructor_calls {}", sum(|ended| ended.report.calls));
    println!("tsd: demo: allocations {allocations}");
    println!("tsd: demo: frees {frees}");
    println!("tsd: demo: keys_most {keys_high_water}");
    println!("tsd: demo: keys_in_use {keys_in_use}");
    println!("tsd: demo: left_overs {left_overs}");
    println!("tsd: demo: mixed_up {mixed_up}");

    // Each request logs a line, and each worker two more: at its start, and in a destructor.
    served == requests
        && allocations == frees
        && log_lines == requests + 2 * rows.len()
        && (keys_in_use, left_overs, mixed_up) == (0, 0, 0)
}
