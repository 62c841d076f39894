//! ThreadSanitizer and AddressSanitizer over the tests that run on the host, storm and model included.
//!
//! The standard library is built with the sanitizer too: without that, threads and locks would look like races. First
//! each sanitizer has to report a fault that is made on purpose, by tests/drivers/sanitizers.rs.

use std::{path::PathBuf, process::Command};

use super::record::Figures;
use crate::{
    command,
    error::{Error, Result},
    private::Folder,
    progress::Progress,
    setup,
    toolchain::Toolchain,
    tools, workspace,
};

/// A sanitizer.
struct Sanitizer {
    /// What the compiler calls it.
    name: &'static str,
    /// What its runtime's file is called after.
    runtime: &'static str,
    /// The fault that tests/drivers/sanitizers.rs makes for it, and words of the report.
    fault: (&'static str, &'static str),
    /// Its options.
    options: (&'static str, &'static str),
}

const SANITIZERS: [Sanitizer; 2] = [
    Sanitizer {
        name: "thread",
        runtime: "tsan",
        fault: ("race", "data race"),
        options: ("TSAN_OPTIONS", "halt_on_error=1"),
    },
    Sanitizer {
        name: "address",
        runtime: "asan",
        fault: ("overflow", "heap-buffer-overflow"),
        // Thread control blocks on the host are never freed, because a thread's last destructor may still use its own.
        // And a case measures how deep the stack is: local variables must be on it.
        options: ("ASAN_OPTIONS", "detect_leaks=0:detect_stack_use_after_return=0"),
    },
];

/// The tests of the library on the host. The others test programs, not the library in this process.
pub(super) const TESTS: [&str; 5] = ["host", "model", "port", "allocation", "storm"];

/// Runs the tests under each sanitizer.
pub(super) fn run_all(may_install: bool) -> Result<Figures> {
    let toolchain = setup::prepare_library_source(may_install)?;
    let mut passed = Vec::new();
    for sanitizer in &SANITIZERS {
        let runtime = sanitizer.runtime(&toolchain, may_install)?;
        let _line = Progress::open_ended(format_args!("the tests under {}Sanitizer", capitalised(sanitizer.name)));
        sanitizer.must_report_its_fault(&toolchain, runtime.as_ref())?;
        let mut cargo = sanitizer.cargo(&toolchain, runtime.as_ref())?;
        cargo.args(TESTS.map(|test| format!("--test={test}")));
        command::echo(&cargo);
        let output = command::output(&mut cargo)?;
        passed.push(format!("{} under {}Sanitizer", passed_tests(&output), capitalised(sanitizer.name)));
    }
    Ok(Figures { how_many: format!("tests: {}", passed.join(", ")), result: "no report".into() })
}

impl Sanitizer {
    /// The runtime to link: none where the compiler comes with its own.
    fn runtime(&self, toolchain: &Toolchain, may_install: bool) -> Result<Option<PathBuf>> {
        let own = format!("librustc-stable_rt.{}.a", self.runtime);
        if toolchain.rustlib().join(toolchain.host()).join("lib").join(own).is_file() {
            return Ok(None);
        }
        let llvm = toolchain.llvm().ok_or_else(|| Error::failure("the compiler does not say which LLVM it has"))?;
        let cpu = toolchain.host().split('-').next().unwrap_or_default();
        let inside = format!("usr/lib/llvm-{llvm}/lib/clang/{llvm}/lib/linux/libclang_rt.{}-{cpu}.a", self.runtime);
        let files = [PathBuf::from("/"), Folder::shared().root()].map(|root| root.join(&inside));
        let packaged = || files.iter().find(|file| file.is_file()).cloned();
        // GNU's linker can't resolve the versioned symbols that the runtime asks for.
        setup::install_tools(&[&tools::LLD], may_install)?;
        if packaged().is_none() {
            setup::install_packages(&[&format!("libclang-rt-{llvm}-dev")], may_install)?;
        }
        packaged().map(Some).ok_or_else(|| Error::failure(format!("the package brings no {inside}")))
    }

    fn cargo(&self, toolchain: &Toolchain, runtime: Option<&PathBuf>) -> Result<Command> {
        // heapless' pools swap two words at once, on x86_64 in inline assembly, which no sanitizer sees into. With this
        // flag portable-atomic, which they have it from, does it in Rust.
        let mut flags = vec![format!("-Zsanitizer={}", self.name), "--cfg=portable_atomic_no_outline_atomics".into()];
        if let Some(runtime) = runtime {
            flags.push("-Zexternal-clangrt".into());
            let file = runtime.display().to_string();
            let words =
                ["-fuse-ld=lld", "-Wl,--whole-archive", &file, "-Wl,--no-whole-archive", "-Wl,--export-dynamic"];
            let libraries = ["-lm", "-ldl", "-lrt", "-lpthread", "-lc"];
            flags.extend(words.iter().chain(&libraries).map(|word| format!("-Clink-arg={word}")));
        }
        let mut cargo = toolchain.host_cargo("test");
        // To build the standard library takes what stable compilers do only when told so.
        cargo.env("RUSTC_BOOTSTRAP", "1").env("RUSTFLAGS", flags.join(" ")).env(self.options.0, self.options.1);
        cargo.args(["--locked", "--package=tsd", "-Zbuild-std=std,panic_unwind,test", "--target", toolchain.host()]);
        // One directory each: the flags are not part of what cargo tells builds apart by.
        cargo.arg("--target-dir").arg(workspace::evidence_dir(&format!("{}-sanitizer", self.name))?);
        Ok(cargo)
    }

    fn must_report_its_fault(&self, toolchain: &Toolchain, runtime: Option<&PathBuf>) -> Result<()> {
        let (fault, words) = self.fault;
        let mut cargo = self.cargo(toolchain, runtime)?;
        cargo.args(["--test=sanitizers", "--", fault, "--ignored"]);
        command::echo(&cargo);
        let Err(error) = command::output(&mut cargo) else {
            return Err(Error::failure(format!("the {} sanitizer has not reported the {fault}", self.name)));
        };
        if error.to_string().contains(words) { Ok(()) } else { Err(error) }
    }
}

/// Adds up what the lines `test result: ok. N passed` say.
fn passed_tests(output: &str) -> u32 {
    let results = output.lines().filter_map(|line| line.strip_prefix("test result: ok. "));
    results.filter_map(|rest| rest.split(' ').next()?.parse::<u32>().ok()).sum()
}

fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passed_tests_are_added_up() {
        let output = "test result: ok. 12 passed; 0 failed\nrunning 1 test\ntest result: ok. 3 passed; 0 failed\n";
        assert_eq!(passed_tests(output), 15);
        assert_eq!(capitalised("thread"), "Thread");
    }
}
