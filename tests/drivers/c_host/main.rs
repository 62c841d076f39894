//! The C side on the host: the programs of `tests/c` against the system's threads, the headers under several compilers,
//! what no program calls of them, the archive's symbols and links, the build systems' files, and README's example.
//!
//! Each program is a test of its own in each environment, such as `c::gcc::core::full_table`.

mod archive;
mod commands;
mod counts;
mod critical;
mod declared;
mod environment;
mod guards;
mod headers;
mod inline;
mod kernels;
mod libraries;
mod links;
mod minimal;
mod porting;
mod programs;
mod readme;
mod rows;
mod stepped;
mod targets;

use environment::Environment;
use libtest_mimic::{Arguments, Trial};
use tsd_runner::{error::Result, setup, tools};

fn main() {
    let arguments = Arguments::from_args();
    let trials: Vec<Trial> = [
        readme::trials(),
        inline::trials(),
        counts::trials(),
        programs::trials(),
        stepped::trials(),
        declared::trials(),
        headers::trials(),
        libraries::trials(),
        archive::trials(),
        critical::trials(),
        links::trials(),
        minimal::trials(),
        kernels::trials(),
        targets::trials(),
        guards::trials(),
        porting::trials(),
    ]
    .into_iter()
    .flatten()
    .collect();
    let selected: Vec<&Trial> = trials.iter().filter(|trial| !arguments.is_filtered_out(trial)).collect();
    if !arguments.list && !selected.is_empty() {
        // It is no program's fault if a compiler is missing, so that comes before all of them.
        if let Err(error) = prepare() {
            error.end_process();
        }
    }
    libtest_mimic::run(&arguments, trials).exit();
}

fn prepare() -> Result<()> {
    let compilers = [&tools::GCC, &tools::GXX, &tools::CLANG, &tools::MUSL_GCC];
    let cross_compilers = [&tools::AARCH64_GCC, &tools::ARM_GCC, &tools::RISCV64_GCC];
    let others = [&tools::CMAKE, &tools::PKG_CONFIG, &tools::OBJDUMP, &tools::RISCV_LD, &tools::ARM_LD];
    setup::install_tools(&[&compilers[..], &cross_compilers, &others].concat(), true)?;
    Environment::ALL.iter().chain([&Environment::MINIMAL]).try_for_each(|environment| environment.install())
}
