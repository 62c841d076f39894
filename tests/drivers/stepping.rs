//! An interrupt at each instruction of each call in the images: each routine under its own name on each machine, such
//! as `aarch64_max::stepping::set`.
//!
//! All of it, but for exit: one boundary in [`EXIT_EVERY`] there, unless [`ALL`] is set; and [`PAIRS`] pairs of
//! interrupts in each state, drawn as [`SEED`] has it. `cargo run -- evidence stepping` does all boundaries, and more
//! pairs.

use std::{
    env,
    path::PathBuf,
    sync::{Arc, OnceLock},
};

use libtest_mimic::{Arguments, Trial};
use tsd_runner::{
    error::Result,
    image,
    machine::Machine,
    qemu,
    setup::{self, Wants},
    stepping::{self, Extent, MACHINES, ROUTINES},
    toolchain::Toolchain,
};

/// A prime: a loop's length shares no factor with it.
const EXIT_EVERY: u64 = 13;
/// The environment variable that asks for all.
const ALL: &str = "TSD_STEPPING_ALL";
/// How many pairs of interrupts are drawn for each state.
const PAIRS: u64 = 20;
/// The environment variable with another seed than 1.
const SEED: &str = "TSD_STEPPING_SEED";

type Kernel = OnceLock<Result<PathBuf>>;

fn main() {
    let arguments = Arguments::from_args();
    let toolchain: Arc<OnceLock<Toolchain>> = Arc::default();
    let trials: Vec<_> = MACHINES.iter().flat_map(|machine| trials_on(machine, &toolchain)).collect();
    if !arguments.list && trials.iter().any(|trial| !arguments.is_filtered_out(trial)) {
        match prepare() {
            Ok(found) => toolchain.set(found).expect("it is set here only"),
            Err(error) => error.end_process(),
        }
    }
    libtest_mimic::run(&arguments, trials).exit();
}

/// Gets what is missing. It is no routine's fault if that fails, so it comes before all of them.
fn prepare() -> Result<Toolchain> {
    let toolchain = setup::prepare(Wants::to_boot(&MACHINES), true)?;
    MACHINES.iter().try_for_each(|machine| qemu::check_version(machine.arch))?;
    Ok(toolchain)
}

fn trials_on(machine: &'static Machine, toolchain: &Arc<OnceLock<Toolchain>>) -> Vec<Trial> {
    let kernel: Arc<Kernel> = Arc::default();
    let trial = |routine: &'static str| {
        let (toolchain, kernel) = (toolchain.clone(), kernel.clone());
        Trial::test(format!("{}::stepping::{routine}", machine.name), move || {
            let toolchain = toolchain.get().expect("it is set before the first routine is run");
            let kernel = kernel.get_or_init(|| machine.image.build(toolchain, image::DEFAULT_KEYS));
            let every = if routine == "exit" && env::var_os(ALL).is_none() { EXIT_EVERY } else { 1 };
            let seed = env::var(SEED).map_or(1, |seed| seed.parse().expect("the seed is a number"));
            let extent = Extent { every, pairs: PAIRS, seed };
            stepping::sweep(machine, kernel.as_ref().map_err(Clone::clone)?, Some(routine), extent)?;
            Ok(())
        })
    };
    ROUTINES.map(trial).into()
}
