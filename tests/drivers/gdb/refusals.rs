//! What the script does not do, it says in one line.

use libtest_mimic::Failed;
use tsd_runner::{command, gdb, machine::Arch, tools, workspace};

use crate::{
    build::built,
    c_kernel_cases::{stripped, symbols_end},
    compare, with_script,
};

/// The archive is of another ABI: its symbols say so.
pub(crate) fn another_abi() -> Result<(), Failed> {
    let functions = ["tsd_thread_exit", "tsd_thread_init", "tsd_key_create", "tsd_set", "tsd_thread_attach"];
    let suffix = |abi: u32| symbols_end(Arch::X86_64).replace("_v1_", &format!("_v{abi}_"));
    // Every symbol of the archive; a linker takes no others together.
    let mut nm = command::of(tools::NM.command);
    let symbols = command::answer(nm.args(["--format=just-symbols"]).arg(built(Arch::X86_64)?)).unwrap_or_default();
    let ours: Vec<_> = symbols.lines().filter_map(|symbol| symbol.strip_suffix(&suffix(1))).collect();
    assert!(functions.iter().all(|function| ours.contains(function)), "the archive's symbols are not found: {ours:?}");
    let renamed: Vec<_> =
        ours.iter().map(|name| format!("--redefine-sym={name}{}={name}{}", suffix(1), suffix(2))).collect();
    let kernel = stripped(Arch::X86_64, &renamed)?;
    let transcript = gdb::run(Some(&kernel), &[], &with_script(&["tsd keys", "tsd threads 4096"]))?;
    let refused: &[&str] = &["the kernel's libtsd.a has ABI 2 and this script reads ABI 1: take that archive's script"];
    compare(&transcript, &[("tsd keys", refused), ("tsd threads 4096", refused)])
}

/// The debug information has other offsets than the script knows.
pub(crate) fn another_layout() -> Result<(), Failed> {
    let source = "struct tsd_table { struct { unsigned long tag; void (*destructor)(void *); } entries[8];\n\
                  unsigned long used[1]; struct { const char *start; unsigned long length; } names[8];\n\
                  unsigned long reserved, retired, high_water, statics; unsigned rounds; };\n\
                  struct tsd_table tsd_table_v1_k8_f0_r4;\n\
                  int tsd_get_v1_k8_f0_r4(void) { return 0; }\n\
                  int main(void) { return tsd_get_v1_k8_f0_r4(); }\n";
    let folder = workspace::images_dir()?;
    let (file, program) = (folder.join("another-layout.c"), folder.join("another-layout"));
    std::fs::write(&file, source)?;
    command::run_quietly(command::of(tools::GCC.command).arg("-g").arg(&file).arg("-o").arg(&program))?;
    let commands = ["tsd keys", "tsd set table tsd_table_v1_k8_f0_r4"];
    let transcript = gdb::run(Some(&program), &[], &with_script(&commands))?;
    let refused: &[&str] =
        &["tsd_table is not laid out as this script reads it: take the script of the library's version"];
    compare(&transcript, &[("tsd keys", refused), (commands[1], refused)])
}

/// The archive is one of which nothing can be listed.
pub(crate) fn minimal() -> Result<(), Failed> {
    let source = "int tsd_get_v1_k8_f0_r4_tpidr_el1_0_32_minimal(void) { return 0; }\n\
                  int main(void) { return tsd_get_v1_k8_f0_r4_tpidr_el1_0_32_minimal(); }\n";
    let folder = workspace::images_dir()?;
    let (file, program) = (folder.join("minimal.c"), folder.join("minimal-symbols"));
    std::fs::write(&file, source)?;
    command::run_quietly(command::of(tools::GCC.command).arg(&file).arg("-o").arg(&program))?;
    let transcript = gdb::run(Some(&program), &[], &with_script(&["tsd keys"]))?;
    let refused = "the kernel's libtsd.a is one of install --minimal, which leaves nothing to show but values";
    compare(&transcript, &[("tsd keys", &[refused])])
}

/// What the user types is wrong, or what it names is not there.
pub(crate) fn words() -> Result<(), Failed> {
    let wanted: [(&str, &str); 17] = [
        ("tsd", "tsd wants keys, key, threads, explain or set: see help tsd"),
        ("tsd nonsense", "tsd wants keys, key, threads, explain or set: see help tsd"),
        ("tsd keys 1", "tsd keys takes no arguments"),
        ("tsd key", "tsd key wants the index of a key"),
        ("tsd key 128", "there is no index 128: the table has 128 (tsd explain takes handles)"),
        ("tsd key -1", "there is no index -1: the table has 128 (tsd explain takes handles)"),
        ("tsd key nowhere", "nowhere: No symbol \"nowhere\" in current context."),
        ("tsd explain", "tsd explain wants a key"),
        ("tsd explain threads", "threads is no number"),
        ("tsd set", "tsd set wants table or threads, and one expression (in quotes if it has spaces)"),
        ("tsd set table nowhere", "nowhere: No symbol \"nowhere\" in current context."),
        ("tsd set table 5", "5 is no table and no key space: its type is int"),
        ("tsd threads nowhere", "nowhere: No symbol \"nowhere\" in current context."),
        (
            "tsd threads test_cases",
            "test_cases[0] has no tsd_thread_t and no tsd::Slots in it: its type is struct test_case",
        ),
        (
            "tsd threads *(struct thread*)0",
            "*(struct: A syntax error in expression, near `'. (one with spaces in it wants quotes)",
        ),
        ("tsd threads (void*)16", "there is no memory of 56 bytes at 0x810"),
        ("tsd threads '(struct thread*)0'", "(struct thread*)0 is NULL"),
    ];
    let commands = wanted.map(|(command, _)| command);
    let kernel = built(Arch::X86_64)?;
    let transcript = gdb::run(Some(&kernel), &[], &with_script(&commands))?;
    for (command, line) in wanted {
        compare(&transcript, &[(command, &[line])])?;
    }
    // A kernel's own script fails.
    let commands = ["python import tsd_gdb.threads", "python tsd_gdb.threads.hook = lambda: 1 // 0", "tsd threads"];
    let transcript = gdb::run(Some(&kernel), &[], &with_script(&commands))?;
    let failed = "tsd threads has failed: ZeroDivisionError: integer division or modulo by zero";
    compare(&transcript, &[(commands[0], &[]), (commands[1], &[]), ("tsd threads", &[failed])])?;
    // Without a kernel there is nothing to read.
    let transcript = gdb::run(None, &[], &with_script(&["tsd keys"]))?;
    let nothing = "no table is found: there is no libtsd.a with symbols, and no key space with debug information \
                   (debug = 2 in Rust); tsd set table EXPR names one";
    compare(&transcript, &[("tsd keys", &[nothing])])
}
