//! The demonstration: the kernel's request server on each machine, and what they say side by side.

use std::time::{Duration, Instant};

use crate::{
    error::{Error, Result},
    machine::{self, BootOptions},
    output::say,
    progress::{self, Progress},
    protocol,
    qemu::{self, Limits},
    setup::{self, Wants},
    text_table::TextTable,
};

const LIMITS: Limits = Limits { total: Duration::from_secs(900), silence: Duration::from_secs(90) };

/// Builds and boots the images and shows how far they are, then the table of their figures.
///
/// # Errors
/// Something is missing, does not build, or a kernel does not end well.
pub fn run(options: &BootOptions, requests: u32) -> Result<()> {
    let machines: Vec<_> = options.archs.iter().map(|&arch| machine::of(arch)).collect();
    let toolchain = setup::prepare(Wants::to_boot(&machines), options.may_install)?;
    let mut kernels = Vec::new();
    for machine in &machines {
        qemu::check_version(machine.arch)?;
        kernels.push((machine, machine.image.build(&toolchain, options.keys)?));
    }

    let mut table = TextTable::default();
    for (machine, kernel) in kernels {
        let name = machine.arch.name();
        if !progress::is_live() {
            say!("\n== {name}: {requests} requests on {} CPUs, {} keys", options.cpus, options.keys);
        }
        let progress = Progress::of(name, requests as usize);
        let line = format!("demo requests={requests}");
        let started = Instant::now();
        let mut show = |line: &str| protocol::show(name, line, &progress);
        let outcome = qemu::boot(machine, &kernel, &line, options.cpus, LIMITS, &mut show)?;
        if progress::is_live() {
            outcome.verdict().map_err(|error| Error::failure(format!("{name}: {error}")))?;
        } else if !outcome.is_success() {
            // The reader has seen the last lines.
            return Err(Error::failure(format!("{name}: {}", outcome.end)));
        }
        progress.done();

        let wall = format!("{:.1} s", started.elapsed().as_secs_f32());
        table.add_column(name, protocol::figures(&outcome.lines).chain([("wall_time", wall.as_str())]));
    }
    say!("\n{table}");
    Ok(())
}
