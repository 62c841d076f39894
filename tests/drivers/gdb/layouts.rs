//! The layout for other sizes of a pointer and other numbers of keys, as C compilers have it: programs that are not run.

use std::fs;
use std::path::{Path, PathBuf};

use libtest_mimic::Failed;
use tsd_runner::{command, gdb, tools, workspace};

use crate::{compare, with_script};

/// Pointers of 32 and of 64 bits.
const TARGETS: [&str; 2] = ["thumbv7m-none-eabi", "x86_64-unknown-none-elf"];
/// One word of a bitmap and several, powers of two and others, the smallest and the largest number.
const KEYS: [u32; 5] = [2, 37, 64, 192, 4096];

/// A table of static keys, and two threads, as any kernel has them in its memory. Two functions stand for the archive's.
const SOURCE: &str = "#include <tsd.h>\n\
    void destroy(void *value);\n\
    void destroy(void *value) { (void)value; }\n\
    #define KERNEL_KEYS(KEY) KEY(first, NULL, 0) KEY(second, destroy, TSD_KEY_LAST_PHASE)\n\
    TSD_STATIC_KEYS(KERNEL_KEYS);\n\
    TSD_STATIC_KEY_TABLE(KERNEL_KEYS);\n\
    tsd_thread_t *tsd_current(void) { return NULL; }\n\
    int tsd_set(tsd_key_t key, const void *value) { return value != NULL && key != 0; }\n\
    tsd_thread_t threads[2] = {{.slots = {{first, &threads}, {second, threads + 1}},\n\
        .taking = ~(uintptr_t)second, .round = 3, .pending = 2, .function_count = 1,\n\
        .functions = {{destroy, &threads}}}};\n";

pub(crate) fn check() -> Result<(), Failed> {
    for target in TARGETS {
        for keys in KEYS {
            let program = build(target, keys)?;
            check_program(&program, target, keys).map_err(|failed| {
                format!("{target}, {keys} keys: {}", failed.message().unwrap_or("no reason is given"))
            })?;
        }
    }
    Ok(())
}

fn check_program(program: &Path, target: &str, keys: u32) -> Result<(), Failed> {
    let index_of_second = if target.starts_with("thumb") { 8 } else { 16 };
    let second = format!("key {:#x} \"second\"", index_of_second | 3);
    let usage = format!("2 of {keys} keys in use, at most 2 at once, 0 indexes retired");
    let commands = ["tsd keys", "tsd threads threads"];
    let mut transcript = gdb::run(Some(program), &[], &with_script(&commands))?;
    // Where the programs have been linked, addresses are short.
    for line in transcript.iter_mut().flat_map(|(_, lines)| lines) {
        for mark in ["destructor ", "value ", "exit function ", "argument "] {
            if let Some((before, after)) = line.split_once(&format!("{mark}0x")) {
                let rest = after.trim_start_matches(|c: char| c.is_ascii_hexdigit());
                *line = format!("{before}{mark}ADDRESS{rest}");
            }
        }
    }
    compare(
        &transcript,
        &[
            (
                "tsd keys",
                &[
                    &usage,
                    "key 0x1 \"first\": index 0, generation 0, ordinary, static, no destructor",
                    &format!("{second}: index 1, generation 0, last phase, static, destructor ADDRESS <destroy>"),
                ],
            ),
            (
                "tsd threads threads",
                &[
                    &format!("thread threads[0]: exiting, in the destructor of {second}, round 3, 1 exit function"),
                    "  key 0x1 \"first\" value ADDRESS",
                    &format!("  {second} value ADDRESS"),
                    "  exit function ADDRESS <destroy> argument ADDRESS",
                    "1 more has nothing",
                ],
            ),
        ],
    )
}

/// A program with the real headers, for a number of keys.
fn build(target: &str, keys: u32) -> Result<PathBuf, Failed> {
    let folder = workspace::images_dir()?.join("gdb-layouts");
    fs::create_dir_all(&folder)?;
    let (source, program) = (folder.join("program.c"), folder.join(format!("{target}-{keys}.elf")));
    fs::write(&source, SOURCE)?;
    let mut clang = command::of(tools::CLANG.command);
    clang.arg(format!("--target={target}")).args(["-std=c11", "-g", "-ffreestanding", "-nostdlib", "-fuse-ld=lld"]);
    // In place of the file that is installed with an archive.
    clang.args(["-DTSD_CONFIG_H", "-DTSD_ROUNDS=4", "-DTSD_EXIT_FUNCTIONS=4", "-DTSD_NOTIFICATIONS=4"]);
    clang.arg(format!("-DTSD_KEYS={keys}")).args(["-static", "-Wl,--entry=destroy", "-I"]);
    clang.arg(workspace::root().join("include")).arg(&source).arg("-o").arg(&program);
    command::run_quietly(&mut clang)?;
    Ok(program)
}
