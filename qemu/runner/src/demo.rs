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

/// The fewest keys that the kernel's server can do with.
pub const MIN_KEYS: u32 = 5;

/// What the demonstration on a machine has shown.
#[derive(Debug, Default)]
pub(crate) struct Served {
    /// The machine's name.
    pub(crate) name: &'static str,
    /// All that its kernel printed.
    pub(crate) lines: Vec<String>,
    pub(crate) wall: Duration,
}

/// Builds and boots the images and shows how far they are, then the table of their figures. Writes the `files` that are
/// wanted.
///
/// # Errors
/// Something is missing, does not build, or a kernel does not end well, or a file can't be written.
pub fn run(options: &BootOptions, requests: u32, files: &timeline::Options) -> Result<()> {
    let machines = serve(options, requests, files.is_any())?;
    let (mut table, mut timeline) = (TextTable::default(), Timeline::default());
    for Served { name, lines, wall } in &machines {
        if files.is_any() {
            timeline.add(name, lines)?;
        }
        let wall = format!("{:.1} s", wall.as_secs_f32());
        table.add_column(name, protocol::figures(lines).chain([("wall_time", wall.as_str())]));
    }
    say!("\n{table}");
    timeline.write(files)
}

/// Builds and boots the images, which write down what happens when if that `is_traced`.
///
/// # Errors
/// As [`run`].
pub(crate) fn serve(options: &BootOptions, requests: u32, is_traced: bool) -> Result<Vec<Served>> {
    let machines: Vec<_> = options.archs.iter().map(|&arch| machine::of(arch)).collect();
    let toolchain = setup::prepare(Wants::to_boot(&machines), options.may_install)?;
    let mut kernels = Vec::new();
    for machine in &machines {
        qemu::check_version(machine.arch)?;
        let build = if is_traced { Image::build_tracing } else { Image::build };
        kernels.push((machine, build(machine.image, &toolchain, options.keys)?));
    }

    let mut served = Vec::new();
    for (machine, kernel) in kernels {
        let name = machine.arch.name();
        if !progress::is_live() {
            say!("\n== {name}: {requests} requests on {} CPUs, {} keys", options.cpus, options.keys);
        }
        let progress = Progress::of(name, requests as usize);
        let word = if is_traced { timeline::WORD } else { "" };
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

        served.push(Served { name, lines: outcome.lines, wall: started.elapsed() });
    }
    Ok(served)
}
