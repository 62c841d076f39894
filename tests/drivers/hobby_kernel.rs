//! The least kernel in Rust, which docs/porting/rust-kernel.md goes through: built and booted on each architecture.

use std::time::Duration;

use libtest_mimic::{Arguments, Failed, Trial};
use tsd_runner::{
    machine::{self, Arch},
    qemu::{self, Limits},
    setup::{self, Wants},
};

const LIMITS: Limits = Limits { total: Duration::from_secs(60), silence: Duration::from_secs(30) };

fn main() {
    let arguments = Arguments::from_args();
    let trial = |arch: Arch| Trial::test(format!("hobby_kernel::{}", arch.name()), move || boot(arch));
    libtest_mimic::run(&arguments, Arch::ALL.map(trial).into()).exit();
}

fn boot(arch: Arch) -> Result<(), Failed> {
    let machine = machine::of(arch);
    let toolchain = setup::prepare(Wants::to_boot(&[machine]), true).map_err(|error| error.to_string())?;
    let kernel = machine.image.build_package(&toolchain, "tsd-hobby-kernel").map_err(|error| error.to_string())?;
    let outcome = qemu::boot(machine, &kernel, "", 1, LIMITS, &mut |_| ()).map_err(|error| error.to_string())?;
    Ok(outcome.verdict().map_err(|error| error.to_string())?)
}
