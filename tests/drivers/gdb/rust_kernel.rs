//! The Rust kernel, stopped where it powers the machine off after a panic: the script says what the kernel's report says.

use libtest_mimic::Failed;
use tsd_runner::{
    gdb::{self, Transcript},
    image,
    machine::Machine,
    workspace,
};

use crate::{TOOLCHAIN, compare, with_script};

/// The last function of a run.
const STOP: &str = "tsd_kernel::machine::this::power::power_off";
/// `modes/crash.rs`: keys and threads in many states.
const LINE: &str = "crash keys";

/// What gdb prints after `commands`, and the kernel's own lines.
pub(crate) fn session(machine: &Machine, commands: &[String]) -> Result<(Transcript, Vec<String>), Failed> {
    let kernel = machine.image.build(TOOLCHAIN.get().expect("it is set before"), image::DEFAULT_KEYS)?;
    Ok(gdb::at_function(machine, &kernel, LINE, STOP, commands)?)
}

pub(crate) fn check(machine: &Machine) -> Result<(), Failed> {
    let own_script = format!("source {}", workspace::root().join("qemu/kernel/gdb/threads.py").display());
    let array = "tsd_kernel::core::scheduler::control_block::THREADS";
    let one = format!("tsd threads {array}[10]");
    let exit_function = "  exit function ADDRESS <tsd_kernel::modes::crash::nothing> argument 0xf00d";
    let commands = [
        "tsd keys",
        "tsd threads",
        &own_script,
        "tsd  keys",
        "tsd  threads",
        "tsd key 1",
        "tsd key 2",
        "tsd explain 0x15 0x11 0x21",
        "tsd explain 0 2 0x31 0x25 0x1000000001",
        &one,
    ];
    let (transcript, serial) = session(machine, &with_script(&commands))?;
    let errno = "key 0x15 \"errno\": index 1, generation 1, ordinary, run-time, no destructor";
    let is_live = format!("0x15 is live: {errno}");
    let errno_set = format!("{errno}, set in 2 threads");
    compare(
        &transcript,
        &[
            (&own_script, &[]),
            ("tsd key 1", &[&errno_set, "  thread 9 \"crash\" value 0x26", "  thread 10 \"waits\" value 0x4"]),
            ("tsd key 2", &["index 2 has no key, and is at generation 1"]),
            (
                "tsd explain 0x15 0x11 0x21",
                &[
                    &is_live,
                    "0x11 is stale by 1 generation: index 1 now has key 0x15 \"errno\"",
                    "0x21 is stale by 1 generation: index 2 now has no key",
                ],
            ),
            (
                "tsd explain 0 2 0x31 0x25 0x1000000001",
                &[
                    "0x0 was never a key: a key is a number of 32 bits and not 0",
                    "0x2 was never a key: bit 0 is clear",
                    "0x31 was never a key: index 3 is at generation 0 and has had no such key",
                    "0x25 was never a key: index 2 is at generation 1 and has had no such key",
                    "ADDRESS was never a key: a key is a number of 32 bits and not 0",
                ],
            ),
            (
                &one,
                &[
                    &format!("thread {array}[10]: not exiting, 1 exit function"),
                    "  key 0x15 \"errno\" value 0x4",
                    exit_function,
                ],
            ),
        ],
    )?;
    asks_which(&transcript)?;
    same_as_report(&transcript, &serial)
}

/// There is a key space for each of the kernel's modes that has one. In one line the script names them all.
fn asks_which(transcript: &Transcript) -> Result<(), Failed> {
    let asked = transcript.iter().find(|(command, _)| command == "tsd keys").map(|(_, lines)| lines.as_slice());
    let is_named = |line: &String, name: &str| line.split([' ', ',']).any(|word| word == name);
    match asked {
        Some([line])
            if line.starts_with("there are ")
                && line.contains(" key spaces, choose one by tsd set table: ")
                && is_named(line, "tsd_kernel::core::port::SPACE")
                && is_named(line, "tsd_kernel::modes::counts::SPACE") =>
        {
            Ok(())
        }
        asked => Err(format!("tsd keys printed {asked:#?}").into()),
    }
}

/// The kernel's lines about keys, threads and values are those of the script, which has symbols and exit functions
/// besides.
fn same_as_report(transcript: &Transcript, serial: &[String]) -> Result<(), Failed> {
    let is_about_keys = |line: &&str| line.starts_with("key ") || line.contains(" keys in use,");
    let is_about_threads =
        |line: &&str| line.starts_with("  key ") || line.starts_with("thread ") && line.contains("exiting");
    let own: Vec<_> = serial.iter().filter_map(|line| line.strip_prefix("tsd: ")).collect();
    for (command, is_its) in
        [("tsd  keys", &is_about_keys as &dyn Fn(&&str) -> bool), ("tsd  threads", &is_about_threads)]
    {
        let printed = transcript.iter().find(|(its, _)| its == command).map(|(_, lines)| lines.as_slice());
        let printed: Vec<_> = printed.unwrap_or_default().iter().map(|line| without_symbol(line)).collect();
        let printed: Vec<_> = printed.iter().map(String::as_str).filter(is_its).collect();
        let reported: Vec<_> = own.iter().copied().filter(is_its).collect();
        if printed != reported || printed.len() < 6 {
            let (printed, reported) = (printed.join("\n"), reported.join("\n"));
            return Err(format!("{command} printed\n{printed}\nand the kernel\n{reported}").into());
        }
    }
    Ok(())
}

/// The line without a function's name after its address.
fn without_symbol(line: &str) -> String {
    match (line.find(" <"), line.rfind('>')) {
        (Some(start), Some(end)) if start < end => format!("{}{}", &line[..start], &line[end + 1..]),
        _ => line.to_owned(),
    }
}
