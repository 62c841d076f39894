//! The demonstration: the kernel's request server on each machine, and what they say side by side.

use std::time::{Duration, Instant};

use crate::{
    error::{Error, Result},
    image::Image,
    machine::{self, BootOptions},
    output::say,
    progress::{self, Progress},
    protocol,
    qemu::{self, Limits},
    setup::{self, Wants},
    text_table::TextTable,
    timeline::{self, Timeline},
};

const LIMITS: Limits = Limits { total: Duration::from_secs(900), silence: Duration::from_secs(90) };

/// Builds and boots the images and shows how far they are, then the table of their figures. Writes the `files` that are
/// wanted.
///
/// # Errors
/// Something is missing, does not build, or a kernel does not end well, or a file can't be written.
pub fn run(options: &BootOptions, requests: u32, files: &timeline::Options) -> Result<()> {
    let machines: Vec<_> = options.archs.iter().map(|&arch| machine::of(arch)).collect();
    let toolchain = setup::prepare(Wants::to_boot(&machines), options.may_install)?;
    let mut kernels = Vec::new();
    for machine in &machines {
        qemu::check_version(machine.arch)?;
        let build = if files.is_any() { Image::build_tracing } else { Image::build };
        kernels.push((machine, build(machine.image, &toolchain, options.keys)?));
    }

    let (mut table, mut timeline) = (TextTable::default(), Timeline::default());
    for (machine, kernel) in kernels {
        let name = machine.arch.name();
        if !progress::is_live() {
            say!("\n== {name}: {requests} requests on {} CPUs, {} keys", options.cpus, options.keys);
        }
        let progress = Progress::of(name, requests as usize);
        let word = if files.is_any() { timeline::WORD } else { "" };
        let line = format!("demo requests={requests} {word}");
        let started = Instant::now();
        let mut show = |line: &str| {
            if !timeline::has(line) {
                protocol::show(name, line, &progress);
            }
        };
        let outcome = qemu::boot(machine, &kernel, &line, options.cpus, LIMITS, &mut show)?;
        if progress::is_live() {
            outcome.verdict().map_err(|error| Error::failure(format!("{name}: {error}")))?;
        } else if !outcome.is_success() {
            // The reader has seen the last lines.
            return Err(Error::failure(format!("{name}: {}", outcome.end)));
        }
        progress.done();

        if files.is_any() {
            timeline.add(name, &outcome.lines)?;
        }
        let wall = format!("{:.1} s", started.elapsed().as_secs_f32());
        table.add_column(name, protocol::figures(&outcome.lines).chain([("wall_time", wall.as_str())]));
    }
    say!("\n{table}");
    timeline.write(files)
}
