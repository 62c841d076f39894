//! Sequences of calls against the model of tests/model, led by coverage, for as long as one likes.

use super::{cargo_tools::CargoTool, record::Figures};
use crate::{
    command,
    error::{Error, Result},
    progress::Progress,
    toolchain::Toolchain,
    workspace,
};

const CARGO_FUZZ: CargoTool = CargoTool { name: "cargo-fuzz", version: "0.13.2" };

/// Two bytes and 150 calls: as long as the sequences of tests/drivers/model.rs.
const MAX_BYTES: u32 = 2 + 4 * 150;

/// How long it runs if nobody says.
const SECONDS: u32 = 600;

/// Fuzzes for `seconds`. What was found to be interesting is kept for the next time.
pub(super) fn run(seconds: Option<u32>, may_install: bool) -> Result<Figures> {
    let seconds = seconds.unwrap_or(SECONDS);
    let program = CARGO_FUZZ.program(may_install)?;
    let toolchain = Toolchain::current().ok_or_else(|| Error::unavailable("no cargo on the search path"))?;
    let runtimes = toolchain.rustlib().join(toolchain.host()).join("lib");
    if !["stable", "nightly", "beta"].iter().any(|name| runtimes.join(format!("librustc-{name}_rt.asan.a")).is_file()) {
        return Err(Error::unavailable("fuzzing takes a compiler that has its sanitizers with it, such as rustup's"));
    }
    let folder = workspace::evidence_dir("fuzz")?;
    let mut fuzz = toolchain.with_host_program(&program);
    // Coverage counters and sanitizers are what stable compilers have only when told so.
    fuzz.env("RUSTC_BOOTSTRAP", "1").args(["fuzz", "run", "--fuzz-dir", "tests/model/fuzz", "--target-dir"]);
    fuzz.arg(folder.join("target")).args(["model"]).arg(corpus(&folder)?);
    fuzz.args(["--", "-print_final_stats=1", "-use_value_profile=1"]).arg(format!("-max_len={MAX_BYTES}"));
    fuzz.arg(format!("-max_total_time={seconds}")).arg(format!("-artifact_prefix={}/", folder.display()));
    command::echo(&fuzz);
    let line = Progress::of_seconds("fuzzing", seconds);
    let output = command::output(&mut fuzz)?;
    drop(line);
    let figure = |name: &str| {
        let line = output.lines().find_map(|line| line.strip_prefix(&format!("stat::{name}:")));
        line.map(str::trim).ok_or_else(|| Error::failure(format!("the fuzzer has not said its {name}")))
    };
    let sequences = figure("number_of_executed_units")?;
    Ok(Figures {
        how_many: format!("{sequences} sequences of at most 150 calls in {seconds} s"),
        result: "all agree with the model".into(),
    })
}

fn corpus(folder: &std::path::Path) -> Result<std::path::PathBuf> {
    let corpus = folder.join("corpus");
    std::fs::create_dir_all(&corpus)
        .map_err(|error| Error::failure(format!("{} can't be made: {error}", corpus.display())))?;
    Ok(corpus)
}
