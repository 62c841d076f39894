//! `cargo bench`: what the calls cost beside the C libraries', measured in one run and interleaved.
//!
//! criterion chooses how often each row is measured and says how sure it is of the ratio; each of its samples asks
//! every machine (`machine.rs`) once, and each machine calls all its contenders in turn. `report.rs` writes
//! docs/performance.md from the samples, and has docs/performance.svg drawn from the page.

mod machine;
mod ratio;
mod report;
mod samples;

use std::time::{Duration, Instant};

use criterion::{Criterion, SamplingMode};

use tsd_bench::build;
use tsd_runner::{interrupt, progress, setup, tools};

use machine::Machine;
use ratio::Ratio;
use samples::Samples;

/// Calls a contender and request for each of criterion's iterations.
const CALLS: u64 = 500;
/// The same where threads are started for each request.
const CALLS_BY_THREADS: u64 = 10_000;
const SAMPLES: usize = 40;
/// Nanoseconds below which a call is none that the clock can tell; criterion wants a ratio still.
const SHORTEST: f64 = 0.1;

fn main() {
    interrupt::listen();
    progress::go_live();
    if let Err(error) = setup::install_tools(&[&tools::GCC, &tools::MUSL_GCC], true) {
        error.end_process();
    }
    let mut machines = machine::all();
    let mut samples = Samples::new(&machines);
    let mut criterion = Criterion::default()
        .with_measurement(Ratio)
        .sample_size(SAMPLES)
        .warm_up_time(Duration::from_millis(200))
        .measurement_time(Duration::from_secs(2))
        .configure_from_args();
    let mut group = criterion.benchmark_group("tsd to glibc");
    group.sampling_mode(SamplingMode::Flat);
    let (start, rows) = (Instant::now(), samples.rows.len());
    for row in 0..rows {
        let name = samples.rows[row].clone();
        let starts_threads = name.contains("thread") || name.contains("busy");
        let calls = if starts_threads { CALLS_BY_THREADS } else { CALLS };
        let mut is_chosen = false;
        group.bench_function(name, |bencher| {
            is_chosen = true;
            bencher.iter_custom(|iterations| measure(&mut machines, &mut samples, row, calls, iterations));
        });
        // A live line would be in the way of criterion's.
        if is_chosen && progress::is_live() {
            eprintln!("rows: {}", progress::how_far(row as u32 + 1, rows as u32, start));
        }
    }
    group.finish();
    criterion.final_summary();
    if samples.is_complete(SAMPLES) {
        report::write(&samples, build::root());
    }
}

/// Asks every machine once; the ratio to the first machine that has the row, times the iterations, as criterion wants
/// it.
fn measure(machines: &mut [Machine], samples: &mut Samples, row: usize, calls: u64, iterations: u64) -> f64 {
    let mut ratio = None;
    for (which, machine) in machines.iter_mut().enumerate() {
        if let Some(costs) = machine.measure(row, calls * iterations.min(1000)) {
            ratio.get_or_insert(costs[0].max(SHORTEST) / costs[1].max(SHORTEST));
            samples.add(which, row, costs);
        }
    }
    ratio.unwrap_or(f64::NAN) * iterations as f64
}
