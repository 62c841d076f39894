//! What linkers make of a kernel and the archive: in every order, with what is missing, with what the kernel brings
//! itself.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use libtest_mimic::{Failed, Trial};
use tsd_runner::install::archive::suffix;
use tsd_runner::{command, tools};

use super::archive::{self, FAMILIES, plain};
use super::commands::{run, scratch};
use super::environment::Environment;

/// What they are called as compilers' option. Those that this machine has are tried; the first one is GNU's.
const LINKERS: [&str; 3] = ["bfd", "gold", "lld"];

fn linkers() -> impl Iterator<Item = &'static str> {
    LINKERS.into_iter().filter(|linker| command::find(format!("ld.{linker}")).is_some())
}

/// All tests.
pub(crate) fn trials() -> Vec<Trial> {
    let mut trials = vec![
        Trial::test("c::links::mismatch_fails_at_link_time", mismatch_fails_at_link_time),
        Trial::test("c::links::static_key_by_its_handle", static_key_by_its_handle),
    ];
    for linker in linkers() {
        trials.extend([
            Trial::test(format!("c::links::{linker}::hooks_are_the_kernels"), move || hooks_are_the_kernels(linker)),
            Trial::test(format!("c::links::{linker}::hooks_are_missing"), move || hooks_are_missing(linker)),
            Trial::test(format!("c::links::{linker}::kernel_brings_all_but_one"), move || all_but_one(linker)),
            Trial::test(format!("c::links::{linker}::static_keys_want_their_table"), move || static_keys(linker)),
            Trial::test(format!("c::links::{linker}::table_in_an_archive"), move || table_in_an_archive(linker)),
            Trial::test(format!("c::links::{linker}::least_capacities"), move || least_capacities(linker)),
            Trial::test(format!("c::links::{linker}::exceptions_pass"), move || exceptions_pass(linker)),
        ]);
    }
    trials
}

/// A folder for a test's files, with what all of its commands have.
struct Bench {
    dir: PathBuf,
    prefix: PathBuf,
}

impl Bench {
    fn new(name: &str, prefix: PathBuf) -> Result<Self, Failed> {
        Ok(Self { dir: scratch(&format!("links/{name}"))?, prefix })
    }

    fn write(&self, name: &str, text: &str) -> Result<PathBuf, Failed> {
        let file = self.dir.join(name);
        fs::write(&file, text).map_err(|error| format!("{}: {error}", file.display()))?;
        Ok(file)
    }

    fn compiler(&self, compiler: &str) -> Command {
        let mut command = command::of(compiler);
        command.current_dir(&self.dir).arg("-I").arg(self.prefix.join("include"));
        command.arg("-L").arg(self.prefix.join("lib")).arg("-L").arg(&self.dir);
        command
    }

    fn compile(&self, name: &str, text: &str, options: &[&str]) -> Result<PathBuf, Failed> {
        let file = self.write(&format!("{name}.c"), text)?;
        let object = file.with_extension("o");
        run(self.compiler("gcc").args(options).arg("-c").arg(file).arg("-o").arg(&object))?;
        Ok(object)
    }
}

fn output(command: &mut Command) -> Result<Output, Failed> {
    command.output().map_err(|error| format!("{}: {error}", command::as_typed(command)).into())
}

/// That it fails, and names the symbol.
pub(crate) fn must_fail(command: &mut Command, symbol: &str) -> Result<(), Failed> {
    let output = output(command)?;
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success(), "it linked: {}", command::as_typed(command));
    assert!(message.contains(symbol), "{}\n{message}", command::as_typed(command));
    Ok(())
}

fn usual_suffix() -> String {
    suffix(&Environment::ALL[0].options())
}

const THREAD: &str = "#include <tsd.h>
static tsd_thread_t thread;
tsd_thread_t *tsd_current(void) { return &thread; }
";

/// A header of another capacity, with an archive of the usual one.
fn mismatch_fails_at_link_time() -> Result<(), Failed> {
    let [usual, small, _] = &Environment::ALL;
    let bench = Bench::new("mismatch", small.prefix())?;
    let text = format!("{THREAD} int main(void) {{ return tsd_get(0) != NULL; }}\n");
    let program = bench.compile("program", &text, &[])?;
    let mut gcc = command::of("gcc");
    gcc.arg(program).arg("-L").arg(usual.prefix().join("lib")).args(["-ltsd", "-o"]).arg(bench.dir.join("program"));
    must_fail(&mut gcc, &format!("tsd_get{}", suffix(&small.options())))?;
    // As the header of an archive that finds the thread otherwise says it.
    let bench = Bench::new("mismatch", usual.prefix())?;
    let pointer = ["-DTSD_THREAD_POINTER=fs", "-DTSD_THREAD_POINTER_AT=0", "-DTSD_THREAD_POINTER_OFFSET=64"];
    let program = bench.compile("pointer", &text, &[&pointer[..], &["-DTSD_NO_INLINE"]].concat())?;
    let mut gcc = bench.compiler("gcc");
    gcc.arg(program).args(["-ltsd", "-o"]).arg(bench.dir.join("program"));
    must_fail(&mut gcc, &format!("tsd_get{}_fs_0_64", suffix(&usual.options())))
}

/// A thread structure without room for a function, and no room for a notification: both are refused, the rest works.
/// There is no section of notifications either, so the linker's table has none.
fn least_capacities(linker: &str) -> Result<(), Failed> {
    let bench = Bench::new(&format!("least-{linker}"), plain()?.prefix)?;
    let text = format!(
        "{THREAD}
        static void never(void *argument) {{ (void)argument; __builtin_trap(); }}
        static void note(uint32_t reason, void *context) {{ (void)reason; (void)context; }}
        static const tsd_notification_t notification = {{note, NULL}};
        int main(void) {{
            tsd_key_t key;
            tsd_exit_report_t report;
            if (tsd_thread_init(&thread) != 0 || tsd_thread_attach() != 0 || tsd_key_create(&key, NULL) != 0)
                return 1;
            if (tsd_at_thread_exit(never, &key) != TSD_ENOMEM || tsd_run_exit_functions() != 0)
                return 2;
            if (tsd_notification_register(&notification) != TSD_ENOMEM)
                return 3;
            if (tsd_set(key, &key) != 0 || tsd_get(key) != &key)
                return 4;
            tsd_thread_exit(&report);
            return report.functions != 0 || report.calls != 0 || tsd_get(key) != NULL;
        }}\n"
    );
    for standard in ["-std=c99", "-std=c2x"] {
        let program = bench.compile("program", &text, &[standard, "-Wall", "-Wextra", "-Wpedantic", "-Werror"])?;
        for options in [&["-no-pie"][..], &["-pie"], &["-static"]] {
            let mut link = bench.compiler("gcc");
            link.arg(format!("-fuse-ld={linker}")).args(options).arg(&program);
            run(link.args(["-ltsd", "-o", "program"]))?;
            run(&mut Command::new(bench.dir.join("program")))?;
        }
    }
    Ok(())
}

/// An exception leaves a once routine, however the linker writes the unwind entry of `tsd_once`.
fn exceptions_pass(linker: &str) -> Result<(), Failed> {
    let bench = Bench::new(&format!("exceptions-{linker}"), Environment::ALL[0].prefix())?;
    let text = format!(
        "{THREAD}
        TSD_SPIN_WHILE_WAITING;
        static tsd_once_t control = TSD_ONCE_INIT;
        static int calls;
        static void routine() {{ if (++calls == 1) throw 7; }}
        int main() {{
            try {{
                tsd_once(&control, routine);
                return 1;
            }} catch (int number) {{
                if (number != 7) return 2;
            }}
            return tsd_once(&control, routine) != 0 || calls != 2;
        }}\n"
    );
    let program = bench.write("program.cc", &text)?;
    for options in [&[][..], &["-Wl,--gc-sections"], &["-static", "-Wl,--gc-sections"], &["-no-pie"]] {
        let mut link = bench.compiler("g++");
        link.arg(format!("-fuse-ld={linker}")).args(options).arg(&program);
        run(link.args(["-ltsd", "-o", "program"]))?;
        run(&mut Command::new(bench.dir.join("program")))?;
    }
    Ok(())
}

/// A program in which a second thread waits for the first one's routine, which waits for the kernel's hook to be
/// called.
const WAITS: &str = "#include <pthread.h>
#include <tsd.h>
#include <time.h>
extern int has_waited;
static _Thread_local tsd_thread_t thread;
tsd_thread_t *tsd_current(void) { return &thread; }
static tsd_once_t control = TSD_ONCE_INIT;
static pthread_t waiter;
static void never(void) { __builtin_trap(); }
static void *wait_for_it(void *argument) { return tsd_once(&control, never) ? argument : NULL; }
static void routine(void) {
    time_t begun = time(NULL);
    if (pthread_create(&waiter, NULL, wait_for_it, &control) != 0) __builtin_trap();
    while (!__atomic_load_n(&has_waited, __ATOMIC_SEQ_CST) && time(NULL) - begun < 20) {}
}
int main(void) {
    void *result;
    if (tsd_once(&control, routine) != 0 || pthread_join(waiter, &result) != 0 || result) return 1;
    return has_waited ? 0 : 2;
}
";

const HOOKS: &str = "#include <tsd.h>
int has_waited;
void tsd_wait(const uint32_t *word, uint32_t expected) {
    __atomic_store_n(&has_waited, 1, __ATOMIC_SEQ_CST);
    while (__atomic_load_n(word, __ATOMIC_SEQ_CST) == expected) {}
}
void tsd_wake(const uint32_t *word) { (void)word; }
";

/// Wherever the hooks lie, they are called; or the linker does not find them and says so, which an archive can have
/// come to that is asked before anybody wants it.
fn hooks_are_the_kernels(linker: &str) -> Result<(), Failed> {
    let bench = Bench::new(&format!("hooks-{linker}"), Environment::ALL[0].prefix())?;
    let (program, hooks) = (bench.compile("program", WAITS, &[])?, bench.compile("hooks", HOOKS, &[])?);
    // One has the hooks alone, so that nothing else asks for the member.
    let alone = bench.compile("alone", &HOOKS.replace("int has", "extern int has"), &[])?;
    let _ = fs::remove_file(bench.dir.join("libkernel.a"));
    run(command::of(tools::AR.command).current_dir(&bench.dir).args(["crs", "libkernel.a"]).arg(alone))?;
    let flag = bench.compile("flag", "int has_waited;\n", &[])?;
    let (hooks, flag) = (&*hooks.to_string_lossy(), &*flag.to_string_lossy());
    let orders: [(&[&str], bool); 6] = [
        (&[hooks, "-ltsd"], true),
        (&["-ltsd", hooks], true),
        (&[flag, "-ltsd", "-lkernel"], true),
        (&[flag, "-lkernel", "-ltsd"], false),
        (&[flag, "-Wl,--start-group", "-lkernel", "-ltsd", "-Wl,--end-group"], true),
        (&[flag, "-Wl,--start-group", "-ltsd", "-lkernel", "-Wl,--end-group"], true),
    ];
    let symbol = format!("tsd_wait{}", usual_suffix());
    for (order, must_link) in orders {
        let mut link = bench.compiler("gcc");
        link.arg(format!("-fuse-ld={linker}")).arg("-pthread").arg(&program).args(order).args(["-o", "program"]);
        if !must_link && !output(&mut link)?.status.success() {
            must_fail(&mut link, &symbol)?;
            continue;
        }
        run(&mut link)?;
        let symbols = run(command::of(tools::NM.command).arg(bench.dir.join("program")))?;
        let symbols = String::from_utf8_lossy(&symbols.stdout).into_owned();
        assert!(symbols.contains(&format!(" T {symbol}")), "{order:?}: {symbols}");
        run(&mut Command::new(bench.dir.join("program")))?;
    }
    Ok(())
}

/// A kernel that waits and has not said how does not link.
fn hooks_are_missing(linker: &str) -> Result<(), Failed> {
    let bench = Bench::new(&format!("no-hooks-{linker}"), Environment::ALL[0].prefix())?;
    let once = "static tsd_once_t control; static void f(void) {}";
    let program = bench.compile(
        "program",
        &format!("{THREAD}{once} int main(void) {{ return tsd_once(&control, f); }}\n"),
        &[],
    )?;
    let link = |more: &[&str]| {
        let mut link = bench.compiler("gcc");
        link.arg(format!("-fuse-ld={linker}")).arg(&program).args(more).args(["-ltsd", "-o", "program"]);
        link
    };
    for hook in ["tsd_wait", "tsd_wake"] {
        must_fail(&mut link(&[]), &format!("{hook}{}", usual_suffix()))?;
    }
    let spins = bench.compile("spins", "#include <tsd.h>\nTSD_SPIN_WHILE_WAITING;\n", &["-Wall", "-Wpedantic"])?;
    run(&mut link(&[&spins.to_string_lossy()]))?;
    run(&mut Command::new(bench.dir.join("program"))).map(|_| ())
}

/// What a kernel brings for emulated thread-local storage.
const MEMORY: &str = "#include <tsd/thread_local.h>
void *tsd_allocate(size_t size) { (void)size; return NULL; }
void tsd_free(void *memory) { (void)memory; }
void *tsd_thread_local_failed(int error, size_t size, size_t alignment) {
    return (void *)(error + size + alignment);
}
";

/// A kernel that brings every function of the families but one, which it takes from the archive.
fn all_but_one(linker: &str) -> Result<(), Failed> {
    let bench = Bench::new(&format!("but-one-{linker}"), plain()?.prefix)?;
    let mut text = format!("{THREAD}TSD_SPIN_WHILE_WAITING;\n{MEMORY}");
    for name in FAMILIES {
        text += &format!("#ifdef wanted_{name}\nint {name}();\nint (*wanted)() = {name};\n");
        text += &format!("#else\nint {name}() {{ return 0; }}\n#endif\n");
    }
    text += "void _start(void) {}\n";
    let program = bench.write("program.c", &text)?;
    for name in FAMILIES {
        let mut link = bench.compiler("gcc");
        link.args(["-w", "-fno-builtin", "-ffreestanding", "-nostdlib", "-static", &format!("-fuse-ld={linker}")]);
        run(link.arg(format!("-Dwanted_{name}")).arg(&program).args(["-ltsd", "-o", "program"]))?;
    }
    Ok(())
}

/// How a kernel may be built that has static keys: compiler, ending of its files, options. With a thread pointer a get
/// asks for nothing but the value.
const WAYS: [(&str, &str, &[&str]); 8] = [
    ("gcc", "c", &["-std=c99", "-O2"]),
    ("gcc", "c", &["-O0", "-fno-pie", "-no-pie"]),
    ("gcc", "c", &["-O2", "-ffunction-sections", "-fdata-sections", "-Wl,--gc-sections"]),
    ("gcc", "c", &["-O2", "-DTSD_THREAD_POINTER=gs", "-DTSD_THREAD_POINTER_OFFSET=64", "-Wl,--gc-sections"]),
    ("g++", "cc", &["-std=c++17", "-Os", "-Wl,--gc-sections"]),
    ("gcc", "c", &["-O2", "-flto", "-ffunction-sections", "-Wl,--gc-sections"]),
    ("clang", "c", &["-O2", "-ffunction-sections", "-Wl,--gc-sections"]),
    ("clang", "c", &["-O2", "-flto", "-ffunction-sections", "-Wl,--gc-sections"]),
];

/// Static keys that are declared but in no table: the linker says so, in whichever file one is used. With the table,
/// the archive's own is not linked.
fn static_keys(linker: &str) -> Result<(), Failed> {
    let bench = Bench::new(&format!("static-keys-{linker}"), Environment::ALL[0].prefix())?;
    let list = "#include <tsd.h>\n#define KEYS(KEY) KEY(other, NULL, 0) KEY(only, NULL, 0)\nTSD_STATIC_KEYS(KEYS);\n";
    for (compiler, ending, options) in WAYS {
        // GCC's own form of code is for linkers that have its plugin, LLVM's for LLVM's.
        let takes_lto = if compiler == "gcc" { linker != "lld" } else { linker == "lld" };
        let has_pointer = options[1].contains("POINTER");
        if options.contains(&"-flto") && !takes_lto || has_pointer && !cfg!(target_arch = "x86_64") {
            continue;
        }
        let pointer = if has_pointer { "_gs_64" } else { "" };
        let archive = archive::renamed(&Environment::ALL[0], pointer, &bench.dir.join("renamed.a"))?;
        let symbol = format!("tsd_static_set_first{}{pointer}", usual_suffix());
        let file = |name: &str, text: &str| bench.write(&format!("{name}.{ending}"), text);
        let main = file("main", "int use(void);\nint main(void) { return use(); }\n")?;
        let main = if ending == "cc" { file("main", "int use();\nint main() { return use(); }\n")? } else { main };
        let table = file("table", &format!("{list}TSD_STATIC_KEY_TABLE(KEYS);\n"))?;
        let uses = [
            ("get", "tsd_static_get(only) != NULL"),
            ("set", "tsd_static_set(only, &thread)"),
            ("both", "tsd_static_get(only) != NULL || tsd_static_set(only, &thread) || !tsd_static_get(only)"),
        ];
        for (name, expression) in uses {
            let thread = "static tsd_thread_t thread;\ntsd_thread_t *tsd_current(void) { return &thread; }\n";
            let using =
                file(name, &format!("{list}{thread}int use(void);\nint use(void) {{ return {expression}; }}\n"))?;
            let link = |more: &[&Path]| {
                let mut link = bench.compiler(compiler);
                link.args(options).arg(format!("-fuse-ld={linker}")).arg(&main).arg(&using).args(more);
                link.arg(&archive).args(["-Wl,-Map=map", "-o", "program"]);
                link
            };
            must_fail(&mut link(&[]), &symbol)?;
            run(&mut link(&[&table]))?;
            let map = fs::read_to_string(bench.dir.join("map")).map_err(|error| error.to_string())?;
            assert!(!map.contains("tsd-key_space.o"), "{compiler} {options:?}: {map}");
            if !has_pointer {
                run(&mut Command::new(bench.dir.join("program")))?;
            }
        }
    }
    Ok(())
}

/// The table lies in an archive, from which nothing else is wanted. A linker that has taken the archive's own by then
/// says that there are two.
fn table_in_an_archive(linker: &str) -> Result<(), Failed> {
    let bench = Bench::new(&format!("table-{linker}"), Environment::ALL[0].prefix())?;
    let list = format!("{THREAD}#define KEYS(KEY) KEY(other, NULL, 0) KEY(only, NULL, 0)\nTSD_STATIC_KEYS(KEYS);\n");
    let main =
        "int main(void) { return tsd_static_get(only) != NULL || tsd_set(only, &thread) || !tsd_static_get(only); }\n";
    let program = bench.compile("program", &format!("{list}{main}"), &["-O2"])?;
    let table =
        format!("{list}TSD_STATIC_KEY_TABLE(KEYS);\n").replace("tsd_thread_t *tsd_current", "tsd_thread_t *unused");
    let table = bench.compile("table", &table, &["-O2"])?;
    let _ = fs::remove_file(bench.dir.join("libkernel.a"));
    run(command::of(tools::AR.command).current_dir(&bench.dir).args(["crs", "libkernel.a"]).arg(table))?;
    for (order, must_link) in [(["-lkernel", "-ltsd"], true), (["-ltsd", "-lkernel"], false)] {
        let mut link = bench.compiler("gcc");
        link.arg(format!("-fuse-ld={linker}")).arg(&program).args(order).args(["-o", "program"]);
        if !must_link && !output(&mut link)?.status.success() {
            must_fail(&mut link, &format!("tsd_table{}", usual_suffix()))?;
            continue;
        }
        run(&mut link)?;
        run(&mut Command::new(bench.dir.join("program")))?;
    }
    Ok(())
}

/// Without the table, a static key's handle is no key, and no run-time key is taken for it.
fn static_key_by_its_handle() -> Result<(), Failed> {
    let bench = Bench::new("by-handle", Environment::ALL[0].prefix())?;
    let text = format!(
        "{THREAD}#define KEYS(KEY) KEY(only, NULL, 0)\nTSD_STATIC_KEYS(KEYS);
        int main(void) {{
            tsd_key_t key;
            return tsd_key_create(&key, NULL) != 0 || tsd_set(key, &key) != 0 || tsd_get(only) != NULL ||
                   tsd_set(only, &key) != TSD_EINVAL;
        }}\n"
    );
    let program = bench.compile("program", &text, &[])?;
    run(bench.compiler("gcc").arg(program).args(["-ltsd", "-o", "program"]))?;
    run(&mut Command::new(bench.dir.join("program"))).map(|_| ())
}
