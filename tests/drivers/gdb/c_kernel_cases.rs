//! The C kernel, stopped in a destructor: with debug information of the kernel's own, and without any.

use std::path::Path;

use libtest_mimic::Failed;
use tsd_runner::{
    command,
    gdb::{self, Transcript},
    machine::{self, Arch, Machine},
    tools,
};

use crate::{c_kernel::built, compare, with_script};

/// A destructor of its first case: the thread that runs it is in its exit, another one has values.
const STOP: &str = "count";

const KEYS: [&str; 6] = [
    "5 of 128 keys in use, at most 5 at once, 0 indexes retired",
    "key 0x3 \"runtime\": index 0, generation 0, last phase, static, destructor ADDRESS <count>",
    "key 0x11 \"scratch\": index 1, generation 0, ordinary, static, no destructor",
    "key 0x21 \"counted\": index 2, generation 0, ordinary, static, destructor ADDRESS <count>",
    "key 0x31 \"\": index 3, generation 0, ordinary, run-time, destructor ADDRESS <count>",
    "key 0x41 \"\": index 4, generation 0, ordinary, run-time, no destructor",
];
const EXITING: [&str; 2] =
    ["exiting, in the destructor of key 0x31 \"\", round 1, 0 exit functions", "  key 0x41 \"\" value 0x10"];

/// What gdb prints after `commands`.
pub(crate) fn session(machine: &Machine, kernel: &Path, commands: &[String]) -> Result<Transcript, Failed> {
    Ok(gdb::at_function(machine, kernel, "", STOP, commands)?.0)
}

pub(crate) fn check(machine: &Machine) -> Result<(), Failed> {
    let all = "tsd  threads";
    let commands = [
        "tsd keys",
        "tsd threads",
        "tsd set threads threads",
        all,
        "tsd key 3",
        "tsd threads current &threads[2]",
        "tsd threads threads[7]",
        "tsd explain key other scratch",
        "print key",
        "print current->tsd",
        "print tsd_table_v1_k128_f16_r4.rounds",
        "print/x tsd_table_v1_k128_f16_r4",
    ];
    let transcript = session(machine, &built(machine.arch)?, &with_script(&commands))?;
    let [exiting, value] = EXITING;
    let is_live = format!("0x31 is live: {}", KEYS[4]);
    let key_3 = format!("{}, set in 1 thread", KEYS[4]);
    let waiting = ["  key 0x31 \"\" value 0x20", "  key 0x41 \"\" value 0x20"];
    let table: Vec<_> = (0..).zip(&KEYS[1..]).map(|(index, key)| format!("[{index}] = {key}")).collect();
    compare(
        &transcript,
        &[
            ("tsd keys", &KEYS),
            (
                "tsd threads",
                &[
                    "no threads are known: name their blocks, as in tsd threads EXPR..., or once with tsd set threads EXPR",
                ],
            ),
            ("tsd set threads threads", &[]),
            (
                all,
                &[
                    "thread threads[0]: not exiting, 0 exit functions",
                    &format!("thread threads[1]: {exiting}"),
                    value,
                    "thread threads[2]: not exiting, 0 exit functions",
                    waiting[0],
                    waiting[1],
                    "5 more have nothing",
                ],
            ),
            ("tsd key 3", &[&key_3, "  thread threads[2] value 0x20"]),
            (
                "tsd threads current &threads[2]",
                &[
                    &format!("thread current: {exiting}"),
                    value,
                    "thread &threads[2]: not exiting, 0 exit functions",
                    waiting[0],
                    waiting[1],
                ],
            ),
            ("tsd threads threads[7]", &["thread threads[7]: not exiting, 0 exit functions"]),
            (
                "tsd explain key other scratch",
                &[&is_live, &format!("0x41 is live: {}", KEYS[5]), &format!("0x11 is live: {}", KEYS[2])],
            ),
            ("print key", &[&format!("$1 = {is_live}")]),
            ("print current->tsd", &[&format!("$2 = {exiting} = {{[key 0x41 \"\"] = 0x10}}")]),
            ("print tsd_table_v1_k128_f16_r4.rounds", &["$3 = 4"]),
            ("print/x tsd_table_v1_k128_f16_r4", &[&format!("$4 = {} = {{{}}}", KEYS[0], table.join(", "))]),
        ],
    )
}

/// What can't be right is said where it stands, and does not hide the rest.
pub(crate) fn check_damaged() -> Result<(), Failed> {
    let machine = machine::of(Arch::X86_64);
    let set = |what: &str| format!("set variable {what}");
    let names = "tsd_table_v1_k128_f16_r4.names";
    let damages = [
        set(&format!("{names}[1].start = (char*)0x7f0000000000")),
        set(&format!("{names}[2].length = 99999")),
        set("threads[1].tsd.function_count = 1 << 20"),
        set("threads[2].tsd.taking = 0x55"),
    ];
    let mut commands = with_script(&[]);
    commands.extend(damages);
    commands.extend(["tsd key 1", "tsd key 2", "tsd threads threads[1] threads[2]"].map(str::to_owned));
    let transcript = session(machine, &built(machine.arch)?, &commands)?;
    compare(
        &transcript,
        &[
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
    compare(
        &transcript,
        &[
            (&script, &[]),
            ("tsd keys", &KEYS),
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
