//! Lints on bare metal: what `cargo clippy` can't do on a host that lacks the targets.

use crate::{
    command,
    error::{Error, Result},
    freertos, image,
    install::{THREAD_POINTER_CFG, ThreadPointer, archive::PARTS},
    microbit, setup,
    setup::Wants,
    toolchain::Toolchain,
    workspace,
};

/// Targets with 32-bit pointers that the library is kept working on.
const LIBRARY_TARGETS: [&str; 4] = [freertos::TARGET, "riscv32imac-unknown-none-elf", ARMV7A, I686];
const ARMV7A: &str = "armv7a-none-eabi";
const I686: &str = "i586-unknown-linux-gnu";

/// Targets without compare-and-swap, on which the library needs its feature `critical-section`.
const SINGLE_CORE_TARGETS: [&str; 2] = ["riscv32imc-unknown-none-elf", microbit::TARGET];

/// The combinations of the library's features.
const FEATURES: [&str; 4] = ["", "alloc", "pool", "alloc,pool"];

/// A thread pointer for each target that has registers for one.
const THREAD_POINTERS: [(&str, &str); 5] = [
    (image::X86_64.target, "gs:0:64"),
    (image::AARCH64.target, "sp_el0:64"),
    (image::RISCV64.target, "tp:64"),
    (ARMV7A, "tpidrprw:64"),
    (I686, "gs:0:64"),
];

/// Runs clippy with warnings as errors: on the kernel and all that it is made of for each architecture that has an
/// image, on the suite on FreeRTOS and the microbit's program, on the library with each of its features, and on the C archive;
/// these for targets with 32-bit pointers, too.
///
/// # Errors
/// Something is missing, or there is a warning.
pub fn run(may_install: bool) -> Result<()> {
    let targets = [&image::TARGETS[..], &LIBRARY_TARGETS].concat();
    let all_targets = [&targets[..], &SINGLE_CORE_TARGETS].concat();
    let wants = Wants { machines: &[], targets: &all_targets, clippy: true, tools: &[] };
    let toolchain = setup::prepare(wants, may_install)?;
    for image in [&image::X86_64, &image::AARCH64, &image::RISCV64] {
        command::step(format_args!("linting the {} kernel", image.name));
        let mut cargo = image.cargo(&toolchain, "clippy")?;
        cargo.args(["--package", "tsd", "--package", "tsd-suite", "--", "-Dwarnings"]);
        command::run_below("clippy", &mut cargo).map_err(|error| with_target(image.target, &error))?;
        // By itself: it has no allocator, which the other's features of the library want.
        let mut cargo = image.cargo_of(&toolchain, "clippy", "tsd-hobby-kernel")?;
        command::run_below("clippy", cargo.args(["--", "-Dwarnings"]))
            .map_err(|error| with_target(image.target, &error))?;
    }
    check_program(&toolchain, "the suite on FreeRTOS", freertos::TARGET, &["tsd-freertos", "--lib"])?;
    check_program(&toolchain, "the suite on FreeRTOS", microbit::TARGET, &["tsd-freertos", "--lib"])?;
    check_program(&toolchain, "the microbit's program", microbit::TARGET, &["tsd-microbit"])?;
    targets.iter().try_for_each(|target| check_library(&toolchain, target, &FEATURES))?;
    let features = ["critical-section", "alloc,critical-section,pool"];
    SINGLE_CORE_TARGETS.iter().try_for_each(|target| check_library(&toolchain, target, &features))?;
    all_targets.iter().try_for_each(|target| check_archive(&toolchain, target))
}

/// A package that is empty on other targets.
fn check_program(toolchain: &Toolchain, what: &str, target: &str, package: &[&str]) -> Result<()> {
    command::step(format_args!("linting {what}"));
    let mut cargo = toolchain.cargo("clippy", target);
    Toolchain::hush(&mut cargo);
    cargo.args(["--package"]).args(package).arg("--target-dir");
    cargo.arg(workspace::images_dir()?.join("lint")).args(["--", "-Dwarnings"]);
    command::run_below("clippy", &mut cargo).map_err(|error| with_target(target, &error))
}

/// Every part of the C archive, and each alone, as it is built.
fn check_archive(toolchain: &Toolchain, target: &str) -> Result<()> {
    command::step(format_args!("linting libtsd.a for {target}"));
    let alone = PARTS.iter().map(|part| format!("--features={}", part.name));
    for features in alone.chain(["--all-features".into()]) {
        let mut cargo = toolchain.cargo("clippy", target);
        Toolchain::hush(&mut cargo);
        cargo.args(["--package", "tsd-c", "--profile", "archive", "--target-dir"]);
        cargo.arg(workspace::images_dir()?.join("lint")).args([&features, "--", "-Dwarnings"]);
        command::run_below("clippy", &mut cargo).map_err(|error| with_target(target, &error))?;
    }
    // As it is where it finds the thread by itself. What else the flags of an archive say does not matter here.
    let pointers = THREAD_POINTERS.iter().filter(|(its, _)| *its == target);
    for pointer in pointers.filter_map(|(_, pointer)| ThreadPointer::parse(pointer)) {
        let mut cargo = toolchain.cargo("clippy", target);
        Toolchain::hush(&mut cargo);
        cargo.args(["--package", "tsd-c", "--profile", "archive", "--all-features", "--target-dir"]);
        cargo.arg(workspace::images_dir()?.join("lint-pointer"));
        cargo.arg(format!("--config=target.{target}.rustflags={:?}", [THREAD_POINTER_CFG])).envs(pointer.named());
        command::run_below("clippy", cargo.args(["--", "-Dwarnings"])).map_err(|error| with_target(target, &error))?;
    }
    Ok(())
}

fn check_library(toolchain: &Toolchain, target: &str, features: &[&str]) -> Result<()> {
    command::step(format_args!("linting the library for {target}"));
    for features in features {
        let mut cargo = toolchain.cargo("clippy", target);
        Toolchain::hush(&mut cargo);
        cargo.args(["--package", "tsd", "--lib", "--features", features, "--target-dir"]);
        cargo.arg(workspace::images_dir()?.join("lint")).args(["--", "-Dwarnings"]);
        command::run_below("clippy", &mut cargo).map_err(|error| with_target(target, &error))?;
    }
    Ok(())
}

fn with_target(target: &str, error: &Error) -> Error {
    Error::failure(format!("{target}: {error}"))
}
