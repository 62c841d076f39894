//! The debugger's script, under gdb: on stopped CPUs of the Rust kernel, of the C kernel and of FreeRTOS, on a core file of the host,
//! and where it must refuse. And docs/debugging.md, whose transcripts are what gdb prints.

// The C kernel is built as the driver of that name builds it.
#[path = "../c_kernel/bits32.rs"]
#[expect(dead_code, reason = "not each machine is debugged, and none runs to its end")]
mod bits32;
#[path = "../c_kernel/build.rs"]
mod build;
mod c_kernel_cases;
mod core_file;
mod freertos_tasks;
mod layouts;
mod page;
mod refusals;
mod rust_kernel;
mod subject;

use std::sync::OnceLock;

use libtest_mimic::{Arguments, Failed, Trial};
use tsd_runner::{
    error::Result,
    gdb::{self, Transcript},
    machine::{self, Arch},
    qemu,
    setup::{self, Wants},
    toolchain::Toolchain,
    tools,
};

static TOOLCHAIN: OnceLock<Toolchain> = OnceLock::new();

fn main() {
    if std::env::var_os(subject::VARIABLE).is_some() {
        subject::run();
    }
    let arguments = Arguments::from_args();
    let mut trials = Vec::new();
    for machine in Arch::ALL.map(machine::of) {
        let name = machine.arch.name();
        trials.push(Trial::test(format!("gdb::rust_kernel::{name}"), move || rust_kernel::check(machine)));
        trials.push(Trial::test(format!("gdb::c_kernel::{name}"), move || c_kernel_cases::check(machine)));
    }
    trials.push(Trial::test("gdb::c_kernel::armv7a", c_kernel_cases::check_32_bits));
    trials.push(Trial::test("gdb::c_kernel::without_debug_information", c_kernel_cases::check_stripped));
    trials.push(Trial::test("gdb::c_kernel::damaged", c_kernel_cases::check_damaged));
    trials.push(Trial::test("gdb::freertos", freertos_tasks::check));
    trials.push(Trial::test("gdb::core_file", core_file::check));
    trials.push(Trial::test("gdb::refusals::another_abi", refusals::another_abi));
    trials.push(Trial::test("gdb::refusals::another_layout", refusals::another_layout));
    trials.push(Trial::test("gdb::refusals::minimal", refusals::minimal));
    trials.push(Trial::test("gdb::refusals::words", refusals::words));
    trials.push(Trial::test("gdb::layouts", layouts::check));
    trials.push(Trial::test("gdb::page", page::check));
    if !arguments.list
        && trials.iter().any(|trial| !arguments.is_filtered_out(trial))
        && let Err(error) = prepare()
    {
        error.end_process();
    }
    libtest_mimic::run(&arguments, trials).exit();
}

fn prepare() -> Result<()> {
    let machines = Arch::ALL.map(machine::of);
    let compilers = [&tools::GCC, &tools::AARCH64_GCC, &tools::RISCV64_GCC, &tools::CLANG];
    let tools = [&compilers[..], &[&tools::GDB, &tools::LLD, &tools::OBJCOPY]].concat();
    let toolchain = setup::prepare(Wants { tools: &tools, ..Wants::to_boot(&machines) }, true)?;
    Arch::ALL.into_iter().try_for_each(qemu::check_version)?;
    TOOLCHAIN.set(toolchain).map_err(|_| ()).expect("it is set here only");
    Ok(())
}

/// The commands that follow the one that reads the script.
fn with_script(commands: &[&str]) -> Vec<String> {
    let script = format!("source {}", gdb::script().display());
    [script].into_iter().chain(commands.iter().map(|&command| command.to_owned())).collect()
}

/// Fails unless each command has printed the lines that stand for it, each with addresses in place of `ADDRESS`.
fn compare(transcript: &Transcript, wanted: &[(&str, &[&str])]) -> std::result::Result<(), Failed> {
    let printed = |command: &str| transcript.iter().find(|(its, _)| its == command).map(|(_, lines)| lines);
    for (command, lines) in wanted {
        let Some(printed) = printed(command) else {
            return Err(format!("gdb has not run {command}: {transcript:#?}").into());
        };
        let printed: Vec<_> = printed.iter().map(|line| without_addresses(line)).collect();
        if printed != *lines {
            return Err(format!("{command} printed\n{}\nand not\n{}", printed.join("\n"), lines.join("\n")).into());
        }
    }
    Ok(())
}

/// A transcript from its text.
fn transcript_of(text: &str) -> Transcript {
    let mut transcript = Transcript::new();
    for line in text.lines() {
        match (line.strip_prefix("(gdb) "), transcript.last_mut()) {
            (Some(command), _) => transcript.push((command.to_owned(), Vec::new())),
            (None, Some((_, lines))) => lines.push(line.to_owned()),
            (None, None) => panic!("a transcript begins with a command: {line}"),
        }
    }
    transcript
}

/// Fails unless both have the same lines after the same commands, addresses aside.
fn same(wanted: &[(String, Vec<String>)], printed: &[(String, Vec<String>)]) -> std::result::Result<(), Failed> {
    for ((command, wanted), (_, printed)) in wanted.iter().zip(printed) {
        let [wanted, printed] = [wanted, printed].map(|lines| {
            let lines: Vec<_> = lines.iter().map(|line| without_addresses(line)).collect();
            lines.join("\n")
        });
        if wanted != printed {
            return Err(format!("{command} printed\n{printed}\nand not\n{wanted}").into());
        }
    }
    if wanted.len() == printed.len() { Ok(()) } else { Err(format!("these are not all commands: {printed:#?}").into()) }
}

/// The line with `ADDRESS` for each number that is one: of five digits and more, in hexadecimal, or
/// with a symbol.
fn without_addresses(line: &str) -> String {
    let mut parts = line.split("0x");
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let digits = part.find(|c: char| !c.is_ascii_hexdigit()).unwrap_or(part.len());
        if digits < 5 && !part[digits..].starts_with(" <") {
            text += &format!("0x{part}");
        } else {
            text += &format!("ADDRESS{}", &part[digits..]);
        }
    }
    text
}
