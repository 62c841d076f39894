//! The C kernel, stopped in a destructor: with debug information of the kernel's own, and without any.

use std::path::Path;

use libtest_mimic::Failed;
use tsd_runner::{
    command,
    gdb::{self, Transcript},
    install::archive,
    machine::{self, Arch, Machine},
    tools,
};

use crate::{
    bits32::ARMV7A,
    build::{built, options_with_pointer},
    compare, same, transcript_of, with_script,
};

/// A destructor of its first case: the thread that runs it is in its exit, another one has values.
const STOP: &str = "count";

const EXITING: [&str; 2] =
    ["exiting, in the destructor of key 0x31 \"\", round 1, 0 exit functions", "  key 0x41 \"\" value 0x10"];

/// On 32 bits, where keys are other numbers.
pub(crate) fn check_32_bits() -> Result<(), Failed> {
    let kernel = ARMV7A.build()?;
    let name = archive::suffix(&ARMV7A.options(Path::new("")));
    let wanted = transcript_of(&keys_of_32_bits(TRANSCRIPT).replace("_v1_k128_f16_r4_POINTER", &name));
    let commands: Vec<_> = wanted.iter().map(|(command, _)| command.as_str()).collect();
    let mut qemu = ARMV7A.command(&kernel, &[]);
    let (printed, _) = gdb::at_function_of(&mut qemu, ARMV7A.name, &kernel, STOP, &with_script(&commands))?;
    same(&wanted, &printed[1..])
}

/// A transcript with each key as it is where pointers have 32 bits: the index of a slot of half the size, and the same kind.
fn keys_of_32_bits(transcript: &str) -> String {
    let keys = [("0x11", "0x9"), ("0x21", "0x11"), ("0x31", "0x19"), ("0x41", "0x21"), ("0x51", "0x29")];
    keys.iter().fold(transcript.to_owned(), |text, (wide, narrow)| text.replace(wide, narrow))
}

/// What gdb prints after `commands`. The CPU that runs the kernel is 1: on riscv64 any of the four may win the boot.
pub(crate) fn session(machine: &Machine, kernel: &Path, commands: &[String]) -> Result<Transcript, Failed> {
    let mut transcript = gdb::at_function(machine, kernel, "", STOP, commands)?.0;
    for line in transcript.iter_mut().flat_map(|(_, lines)| lines) {
        if let Some((_, rest)) = line.strip_prefix("thread of CPU ").and_then(|rest| rest.split_once(':')) {
            *line = format!("thread of CPU 1:{rest}");
        }
    }
    Ok(transcript)
}

/// What gdb prints there, on each machine.
const TRANSCRIPT: &str = include_str!("c_kernel.txt");

/// What the names of the archive's symbols end in.
pub(crate) fn symbols_end(arch: Arch) -> String {
    archive::suffix(&options_with_pointer(arch, Path::new("")))
}

pub(crate) fn check(machine: &Machine) -> Result<(), Failed> {
    let wanted = transcript_of(&TRANSCRIPT.replace("_v1_k128_f16_r4_POINTER", &symbols_end(machine.arch)));
    let commands: Vec<_> = wanted.iter().map(|(command, _)| command.as_str()).collect();
    // The first command has read the script.
    same(&wanted, &session(machine, &built(machine.arch)?, &with_script(&commands))?[1..])
}

/// What can't be right is said where it stands, and does not hide the rest.
pub(crate) fn check_damaged() -> Result<(), Failed> {
    let machine = machine::of(Arch::X86_64);
    let set = |what: &str| format!("set variable {what}");
    let names = format!("tsd_table{}.names", symbols_end(Arch::X86_64));
    let damages = [
        set(&format!("*(char*){names}[0].start = 10")),
        set(&format!("{names}[1].start = (char*)0x7f0000000000")),
        set(&format!("{names}[2].length = 99999")),
        set("threads[1].tsd.function_count = 1 << 20"),
        set("threads[2].tsd.taking = 0x55"),
    ];
    let mut commands = with_script(&[]);
    commands.extend(damages);
    commands.extend(["tsd key 0", "tsd key 1", "tsd key 2", "tsd threads threads[1] threads[2]"].map(str::to_owned));
    let transcript = session(machine, &built(machine.arch)?, &commands)?;
    compare(
        &transcript,
        &[
            (
                "tsd key 0",
                &["key 0x3 \"\\x0auntime\": index 0, generation 0, last phase, static, destructor ADDRESS <count>"],
            ),
            (
                "tsd key 1",
                &["key 0x11 \"unreadable at ADDRESS\": index 1, generation 0, ordinary, static, no destructor"],
            ),
            (
                "tsd key 2",
                &[
                    "key 0x21 \"99999 bytes at ADDRESS\": index 2, generation 0, ordinary, static, destructor ADDRESS <count>",
                ],
            ),
            (
                "tsd threads threads[1] threads[2]",
                &[
                    "thread threads[1]: exiting, in the destructor of key 0x31 \"\", round 1, 1048576 exit functions",
                    EXITING[1],
                    "  these are not exit functions: the block is no thread's, or damaged",
                    "thread threads[2]: not exiting, in the destructor of key 0x55, which was deleted, round 0, 0 exit functions",
                    "  key 0x31 \"\" value 0x20",
                    "  key 0x41 \"\" value 0x20",
                ],
            ),
        ],
    )
}

/// The kernel's symbols say what its table is like, and addresses where the threads are. The script is the one that was
/// installed with the archive.
pub(crate) fn check_stripped() -> Result<(), Failed> {
    let machine = machine::of(Arch::X86_64);
    let kernel = stripped(machine.arch, &[])?;
    // The thread pointer leads to the control block, which has 32 bytes before its tsd_thread_t.
    let thread = "*(long*)&current+32";
    let by_address = format!("tsd threads {thread}");
    let script = format!("source {}", kernel.with_file_name("share/tsd/gdb/tsd.py").display());
    let transcript = session(machine, &kernel, &[script.clone(), "tsd keys".into(), by_address.clone()])?;
    let with_information = transcript_of(TRANSCRIPT);
    let keys: Vec<_> = with_information[0].1.iter().map(String::as_str).collect();
    compare(
        &transcript,
        &[
            (&script, &[]),
            ("tsd keys", &keys),
            (&by_address, &[&format!("thread {thread}: {}", EXITING[0]), EXITING[1]]),
        ],
    )
}

/// A copy of the kernel without debug information, after more of objcopy's `options`.
pub(crate) fn stripped(arch: Arch, options: &[String]) -> Result<std::path::PathBuf, Failed> {
    let kernel = built(arch)?;
    let copy = kernel.with_file_name(format!("stripped-{}.elf", options.len()));
    let mut objcopy = command::of(tools::OBJCOPY.command);
    command::run_quietly(objcopy.arg("--strip-debug").args(options).arg(kernel).arg(&copy))?;
    Ok(copy)
}
