//! A core file of the host, in which nothing can be called.

use std::env;
use std::fs;

use libtest_mimic::Failed;
use tsd::KeyTable;
use tsd_runner::{gdb, workspace};

use crate::{compare, subject, with_script};

/// Makes the core file with gdb, since what the system makes of a crash, and where, is its own affair.
pub(crate) fn session(commands: &[&str]) -> Result<gdb::Transcript, Failed> {
    let program = env::current_exe()?;
    let core = workspace::images_dir()?.join("gdb-subject.core");
    let _lock = workspace::lock("gdb-subject")?;
    let _ = fs::remove_file(&core);
    let commands_that_make_it = [
        format!("set environment {} 1", subject::VARIABLE),
        "set startup-with-shell off".to_owned(),
        "break tsd_gdb_subject_is_ready".to_owned(),
        "run".to_owned(),
        format!("generate-core-file {}", core.display()),
        "kill".to_owned(),
    ];
    let made = gdb::run(Some(&program), &[], &commands_that_make_it)?;
    if !core.is_file() {
        return Err(format!("gdb has made no core file: {made:#?}").into());
    }
    let transcript = gdb::run(Some(&program), &[&core.display().to_string()], &with_script(commands));
    fs::remove_file(&core)?;
    Ok(transcript?)
}

/// The first generation of the subject's keys but one: a table of ten has so many.
const GENERATION: usize = KeyTable::<10>::LAST_GENERATION;

pub(crate) fn check() -> Result<(), Failed> {
    let blocks = "gdb::subject::BLOCKS";
    let set_threads = format!("tsd set threads {blocks}");
    let handles = ["RETIRED", "STALE", "ARENA"].map(|name| format!("gdb::subject::{name}.v.value"));
    let explain = format!("tsd explain {}", handles.join(" "));
    let print_slots = format!("print {blocks}[1].own.0");
    let (all_keys, all_threads) = ("tsd  keys", "tsd  threads");
    let (print_space, print_key) = ("print gdb::subject::SPACE", "print gdb::subject::ERRNO_KEY");
    let commands = [
        "tsd threads",
        &set_threads,
        all_keys,
        all_threads,
        "tsd key 0",
        "tsd key 1",
        &explain,
        print_space,
        &print_slots,
        print_key,
    ];
    let transcript = session(&commands)?;
    let (last, before) = (GENERATION, GENERATION - 1);
    let usage = "4 of 10 keys in use, at most 4 at once, 1 index retired";
    let errno = "key 0x1 \"errno\": index 0, generation 0, ordinary, static, no destructor";
    let log_buffer = format!(
        "key ADDRESS \"log buffer\": index 2, generation {last}, ordinary, run-time, destructor ADDRESS <gdb::subject::stays>"
    );
    let arena = format!(
        "key ADDRESS \"arena\": index 3, generation {before}, last phase, run-time, destructor ADDRESS <gdb::subject::returns>"
    );
    let calls = format!("key ADDRESS \"\": index 4, generation {before}, ordinary, typed, no destructor");
    let set_in = |key: &str, threads: &str| format!("{key}, set in {threads}");
    compare(
        &transcript,
        &[
            (
                "tsd threads",
                &[
                    "no threads are known: name their blocks, as in tsd threads EXPR..., or once with tsd set threads EXPR",
                ],
            ),
            (&set_threads, &[]),
            (
                all_keys,
                &[
                    usage,
                    &set_in(errno, "1 thread"),
                    &set_in(&log_buffer, "1 thread"),
                    &set_in(&arena, "2 threads"),
                    &set_in(&calls, "1 thread"),
                ],
            ),
            (
                all_threads,
                &[
                    &format!("thread {blocks}[0]: not exiting, 2 exit functions"),
                    "  key 0x1 \"errno\" value 0x5",
                    "  key ADDRESS \"log buffer\" value 0x10",
                    "  key ADDRESS \"arena\" value 0xa000",
                    "  key ADDRESS \"\" value ADDRESS",
                    "  exit function ADDRESS <gdb::subject::stays> argument 0x2",
                    "  exit function ADDRESS <gdb::subject::returns> argument 0x1",
                    &format!(
                        "thread {blocks}[1]: exiting, in the destructor of key ADDRESS \"log buffer\", round 1, 0 exit functions"
                    ),
                    "  key ADDRESS \"arena\" value 0xa001",
                    &format!("thread {blocks}[2]: exiting, in an exit function, 1 exit function"),
                    "  exit function ADDRESS <gdb::subject::returns> argument 0x3",
                    &format!("thread {blocks}[3]: not exiting, in an initialiser, 0 exit functions"),
                    "1 more has nothing",
                ],
            ),
            ("tsd key 0", &[&set_in(errno, "1 thread"), &format!("  thread {blocks}[0] value 0x5")]),
            ("tsd key 1", &["index 1 is retired"]),
            (
                &explain,
                &[
                    "ADDRESS is stale: index 1 has used up its generations and is retired",
                    "ADDRESS is stale by 1 generation, or by that and a multiple of 67108864: index 2 now has key ADDRESS \"log buffer\"",
                    &format!("ADDRESS is live: {arena}"),
                ],
            ),
            (
                print_space,
                &[&format!("$1 = {usage} = {{[0] = {errno}, [2] = {log_buffer}, [3] = {arena}, [4] = {calls}}}")],
            ),
            (
                &print_slots,
                &[
                    "$2 = exiting, in the destructor of key ADDRESS \"log buffer\", round 1 = {[key ADDRESS \"arena\"] = 0xa001}",
                ],
            ),
            (print_key, &[&format!("$3 = 0x1 is live: {errno}")]),
        ],
    )
}
