//! Storms: the kernel's threads and keys come and go under preemption at random intervals, on each machine.
//!
//! The seed decides what each thread does and when each timer ticks. It does not decide how QEMU's threads are run by
//! the host, so a storm that is repeated is the same plan and not the same interleaving: a failure comes again, but
//! perhaps at another moment, or at another try.

use std::{
    collections::hash_map::RandomState,
    hash::{BuildHasher, Hasher},
    time::{Duration, Instant},
};

use crate::{
    error::{Error, Result},
    image,
    machine::{self, BootOptions, Machine},
    output::say,
    progress::{self, Progress},
    protocol,
    qemu::{self, Limits},
    setup::{self, Wants},
    suite::Session,
    text_table::TextTable,
};

/// The fewest keys with which every event comes that has to.
pub const MIN_KEYS: u32 = 64;

/// A storm lasts at most so many times as long as asked for, and its end this long.
const PATIENCE: u32 = 10;
const END: Duration = Duration::from_secs(120);
const SILENCE: Duration = Duration::from_secs(90);

/// What is asked of a storm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// How long it lasts, if all events have come by then.
    pub seconds: u32,
    /// What decides everything; drawn if not given.
    pub seed: Option<u32>,
}

impl Default for Options {
    fn default() -> Self {
        Self { seconds: 10, seed: None }
    }
}

/// Builds and boots the images, shows how far they are, then the table of their figures.
///
/// # Errors
/// Something is missing, does not build, or a check of a storm fails: the error says how to repeat that one.
pub fn run(run: &BootOptions, options: Options) -> Result<()> {
    let machines: Vec<_> = machine::ALL.into_iter().filter(|machine| run.archs.contains(&machine.arch)).collect();
    let seed = options.seed.unwrap_or_else(draw_seed);
    let toolchain = setup::prepare(Wants::to_boot(&machines), run.may_install)?;
    let mut kernels = Vec::new();
    for machine in machines {
        qemu::check_version(machine.arch)?;
        kernels.push((machine, machine.image.build(&toolchain, run.keys)?));
    }

    let mut table = TextTable::default();
    for (machine, kernel) in &kernels {
        let name = machine.name;
        if !progress::is_live() {
            say!("\n== {name}: {} s on {} CPUs, {} keys, seed {seed}", options.seconds, run.cpus, run.keys);
        }
        let progress = Progress::of(name, options.seconds as usize);
        let started = Instant::now();
        let session = Session { machine, kernel, cpus: run.cpus };
        let lines = boot(session, run.keys, options.seconds, seed, &mut |line| protocol::show(name, line, &progress))?;
        progress.done();
        let wall = format!("{:.1} s", started.elapsed().as_secs_f32());
        let own = [("seed", seed.to_string()), ("wall_time", wall)];
        let own = own.iter().map(|(name, value)| (*name, value.as_str()));
        table.add_column(name, protocol::figures(&lines).chain(own));
    }
    say!("\n{table}");
    Ok(())
}

/// Boots one machine, with an image for `keys` keys, for a storm; returns what it has printed, figures included.
///
/// # Errors
/// A check fails, an event is missing, or QEMU can't be started. The error says how to repeat the storm.
pub fn boot(
    session: Session<'_>,
    keys: u32,
    seconds: u32,
    seed: u32,
    sink: &mut dyn FnMut(&str),
) -> Result<Vec<String>> {
    let Session { machine, kernel, cpus } = session;
    let limits = Limits { total: Duration::from_secs(u64::from(seconds * PATIENCE)) + END, silence: SILENCE };
    let line = format!("storm seconds={seconds} seed={seed}");
    let outcome = qemu::boot(machine, kernel, &line, cpus, limits, sink)?;
    let has_counted = protocol::figures(&outcome.lines).next().is_some();
    let counted = if has_counted { Ok(()) } else { Err(Error::failure("the storm has counted nothing")) };
    outcome.verdict().and(counted).map_err(|error| {
        let again = repetition(machine, cpus, keys, seconds, seed);
        Error::failure(format!("{}: {error}\nagain: {again}", machine.name))
    })?;
    Ok(outcome.lines)
}

/// What to type to repeat a storm.
pub(crate) fn repetition(machine: &Machine, cpus: u32, keys: u32, seconds: u32, seed: u32) -> String {
    let keys = if keys == image::DEFAULT_KEYS { String::new() } else { format!(" --keys {keys}") };
    let arch = machine.arch.name();
    format!("cargo run -- storm --arch {arch} --cpus {cpus}{keys} --seconds {seconds} --seed {seed}")
}

/// A seed that nobody has chosen.
pub(crate) fn draw_seed() -> u32 {
    // The standard library's hash maps start from the system's random numbers.
    RandomState::new().build_hasher().finish() as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failure_says_how_to_repeat_it() {
        let machine = &machine::AARCH64_A72;
        let usual = repetition(machine, 4, image::DEFAULT_KEYS, 5, 17);
        assert_eq!(usual, "cargo run -- storm --arch aarch64 --cpus 4 --seconds 5 --seed 17");
        assert!(repetition(machine, 8, 64, 5, 17).contains(" --cpus 8 --keys 64 "));
    }

    #[test]
    fn seeds_differ() {
        let seeds: Vec<_> = (0..8).map(|_| draw_seed()).collect();
        assert!(seeds.iter().any(|seed| *seed != seeds[0]), "{seeds:?}");
    }
}
