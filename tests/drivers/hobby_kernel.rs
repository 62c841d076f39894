//! The least kernel in Rust, which docs/porting/rust-kernel.md goes through: built and booted on each architecture, and
//! with a step left out each time, which shows as the page says.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::time::Duration;

use libtest_mimic::{Arguments, Failed, Trial};
use tsd_runner::{
    command,
    machine::{self, Arch, Machine},
    qemu::{self, Limits, Outcome},
    setup::{self, Wants},
    toolchain::Toolchain,
    workspace,
};

#[path = "c_host/rows.rs"]
mod rows;

const LIMITS: Limits = Limits { total: Duration::from_secs(60), silence: Duration::from_secs(30) };

const FOLDER: &str = "tests/porting/hobby_kernel";

/// What is taken out of the kernel's source, and what is there in its place.
const WITHOUT: [(&str, &[[&str; 2]]); 4] = [
    (
        "current",
        &[["    unsafe fn current(&self)", "}\n\nimpl Kernel {\n    unsafe fn current(&self)"], [WAIT, WAIT_AS_OTHER]],
    ),
    ("exit", &[["unsafe { SPACE.exit() }", "ExitReport::default()"], CHECKS[0], CHECKS[1], CHECKS[2]]),
    ("reap", &[["unsafe { SPACE.reap() }", "ExitReport::default()"], CHECKS[0], CHECKS[1], CHECKS[2]]),
    ("dead_current", &[["CURRENT.swap(index, ", "CURRENT.fetch_or(0, "], CHECKS[0], CHECKS[1], CHECKS[2]]),
];

const WAIT: &str = "    fn wait(&self";
const WAIT_AS_OTHER: &str = "    fn unused(&self";

/// The kernel's own checks find it out before a thread has its block again.
const CHECKS: [[&str; 2]; 3] = [
    ["        assert_eq!(kill(2).calls, 1);\n", "        kill(2);\n"],
    ["        assert_eq!(join(ends), 1);\n", "        join(ends);\n"],
    ["        assert_eq!(DESTROYED.load(Ordering::Relaxed), round * (1 + 2));\n", ""],
];

fn main() {
    let arguments = Arguments::from_args();
    let whole = |arch: Arch| Trial::test(format!("hobby_kernel::{}", arch.name()), move || whole(arch));
    let without = |(step, changes)| {
        let name = format!("hobby_kernel::without_{step}");
        Trial::test(name.clone(), move || without(step, changes, &name))
    };
    libtest_mimic::run(&arguments, Arch::ALL.map(whole).into_iter().chain(WITHOUT.map(without)).collect()).exit();
}

fn toolchain(machine: &Machine) -> Result<Toolchain, String> {
    setup::prepare(Wants::to_boot(&[machine]), true).map_err(|error| error.to_string())
}

fn boot(machine: &Machine, kernel: &Path) -> Result<Outcome, String> {
    qemu::boot(machine, kernel, "", 1, LIMITS, &mut |_| ()).map_err(|error| error.to_string())
}

fn whole(arch: Arch) -> Result<(), Failed> {
    let machine = machine::of(arch);
    let built = machine.image.build_package(&toolchain(machine)?, "tsd-hobby-kernel");
    let kernel = built.map_err(|error| error.to_string())?;
    Ok(boot(machine, &kernel)?.verdict().map_err(|error| error.to_string())?)
}

/// The compiler or the booted kernel says what the page says.
fn without(step: &str, changes: &[[&str; 2]], name: &str) -> Result<(), Failed> {
    let words = rows::words_of(name)?;
    let said = match changed(step, changes)? {
        Ok(kernel) => {
            let outcome = boot(&machine::X86_64, &kernel)?;
            assert!(!outcome.is_success(), "it does without");
            outcome.lines.join("\n")
        }
        Err(errors) => errors,
    };
    let missing: Vec<_> = words.iter().filter(|words| !said.contains(words.as_str())).collect();
    assert!(missing.is_empty(), "the page says {missing:?}, which is not in:\n{said}");
    Ok(())
}

/// Builds the kernel with its source changed, as a workspace of its own; or gives the compiler's errors.
fn changed(step: &str, changes: &[[&str; 2]]) -> Result<Result<PathBuf, String>, Failed> {
    let machine = &machine::X86_64;
    let toolchain = toolchain(machine)?;
    let root = workspace::root();
    let all = workspace::images_dir().map_err(|error| error.to_string())?.join("hobby-kernels");
    let (top, folder) = (all.join(step), all.join(step).join(FOLDER));
    fs::create_dir_all(folder.join("src"))?;
    for (link, to) in [("linker", "linker"), ("tests/c", "tests/c")] {
        // It may be there.
        let _ = symlink(root.join(to), top.join(link));
    }
    let mut text = fs::read_to_string(root.join(FOLDER).join("src/main.rs"))?;
    for [old, new] in changes {
        assert_eq!(text.matches(old).count(), 1, "{old}");
        text = text.replace(old, new);
    }
    fs::write(folder.join("src/main.rs"), text)?;
    for file in ["src/machine.rs", "build.rs"] {
        fs::copy(root.join(FOLDER).join(file), folder.join(file))?;
    }
    fs::copy(root.join("Cargo.lock"), folder.join("Cargo.lock"))?;
    let manifest = format!(
        "[workspace]\n[package]\nname = \"hobby-kernel\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\
         [dependencies]\ntsd = {{ path = {root:?} }}\n[profile.release]\ndebug-assertions = true\n"
    );
    fs::write(folder.join("Cargo.toml"), manifest)?;
    let mut cargo = toolchain.cargo("build", machine.image.target);
    cargo.args(["--quiet", "--offline", "--release", "--target-dir"]).arg(all.join("target")).arg("--manifest-path");
    cargo.arg(folder.join("Cargo.toml"));
    cargo.arg(format!("--config=target.{}.rustflags={:?}", machine.image.target, machine.image.flags));
    // They share what they depend on, and the kernel's name.
    let _lock = workspace::lock("hobby-kernels").map_err(|error| error.to_string())?;
    let typed = command::as_typed(&cargo);
    let output = cargo.output().map_err(|error| format!("{typed}: {error}"))?;
    if !output.status.success() {
        return Ok(Err(String::from_utf8_lossy(&output.stderr).into_owned()));
    }
    let kernel = folder.join("kernel.elf");
    fs::copy(all.join("target").join(machine.image.target).join("release/hobby-kernel"), &kernel)?;
    Ok(Ok(kernel))
}
