//! From source files to an executable file at the addresses where the kernel expects a program.
//!
//! The compiler is the distribution's for Linux, with another C library: its own directories are left out, and the
//! start-up code and the archives are named one by one. `libtsd.a` comes before the C library, so that keys, once, C11's storage
//! and the C++ destructors are the library's; `qemu/posix` holds what connects the two.

use std::{
    env::{self, consts},
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::atomic::{AtomicU32, Ordering},
};

use super::libc::Libc;
use crate::{
    command,
    error::{Error, Result},
    install::{self, Numbers, Target, archive},
    machine::Arch,
    toolchain::Toolchain,
    tools::{self, Tool},
    workspace,
};

/// What connects the C library with this one.
const CONNECTION: [&str; 9] = ["cancel", "compiler", "create", "current", "errno", "exit", "limits", "once", "wait"];

/// Symbols by which the linker takes our members before it sees the C library's. Without them, a member of another
/// archive that names one late would get the C library's.
const OURS: [&str; 14] = [
    "pthread_key_create",
    "__pthread_key_create",
    "pthread_key_delete",
    "pthread_getspecific",
    "pthread_setspecific",
    "__wrap_pthread_once",
    "tss_create",
    "tss_delete",
    "tss_get",
    "tss_set",
    "__wrap_call_once",
    "__cxa_thread_atexit",
    "__errno_location",
    "__pthread_tsd_run_dtors",
];

/// Hooks of the library, by the beginnings of their names: the linker takes those of `qemu/posix` for them before it
/// sees an archive with others.
const HOOKS: [&str; 2] = ["tsd_wait", "tsd_wake"];

/// Functions that the compiler's runtimes name weakly, which does not bring them in: they reckon with a program that
/// has all threads' functions or none.
const NAMED_WEAKLY: [&str; 24] = [
    "__wrap_pthread_create",
    "pthread_cancel",
    "pthread_cond_broadcast",
    "pthread_cond_destroy",
    "pthread_cond_init",
    "pthread_cond_signal",
    "pthread_cond_timedwait",
    "pthread_cond_wait",
    "pthread_detach",
    "pthread_equal",
    "pthread_join",
    "pthread_mutex_destroy",
    "pthread_mutex_init",
    "pthread_mutex_lock",
    "pthread_mutex_timedlock",
    "pthread_mutex_trylock",
    "pthread_mutex_unlock",
    "pthread_mutexattr_destroy",
    "pthread_mutexattr_init",
    "pthread_mutexattr_settype",
    "pthread_self",
    "sched_yield",
    "nanosleep",
    "usleep",
];

/// Calls that are led to `__wrap_NAME`.
const WRAPPED: [&str; 6] = ["call_once", "exit", "pthread_create", "pthread_once", "pthread_setcanceltype", "sysconf"];

/// Compiles and links for one architecture.
#[derive(Debug)]
pub struct Compiler {
    arch: Arch,
    libc: Libc,
    /// Where `libtsd.a` and its headers are installed.
    prefix: PathBuf,
    /// The end of the library's own symbols.
    suffix: String,
}

/// The option that only the other compiler has: thread-local storage through keys, by the compiler's own runtime.
const EMULATED_TLS: &str = "-femulated-tls";

/// An executable file. Its directory goes with it.
#[derive(Debug)]
pub struct Executable {
    /// Where it is.
    pub file: PathBuf,
}

impl Drop for Executable {
    fn drop(&mut self) {
        // What can't be removed stays.
        let _ = self.file.parent().map(fs::remove_dir_all);
    }
}

/// Returns what compiling for `arch` with `flags` takes.
pub fn tools(arch: Arch, flags: &[String]) -> Vec<&'static Tool> {
    let (c, cxx) = compilers(arch);
    let clang = is_for_clang(flags).then_some(&tools::CLANG);
    tools::ARCHIVE.into_iter().chain([c, cxx]).chain(clang).collect()
}

fn is_for_clang(flags: &[String]) -> bool {
    flags.iter().any(|flag| flag == EMULATED_TLS)
}

/// The C and the C++ compiler.
fn compilers(arch: Arch) -> (&'static Tool, &'static Tool) {
    match arch {
        arch if arch.name() == consts::ARCH => (&tools::GCC, &tools::GXX),
        Arch::X86_64 => (&tools::X86_64_GCC, &tools::X86_64_GXX),
        Arch::Aarch64 => (&tools::AARCH64_GCC, &tools::AARCH64_GXX),
    }
}

impl Compiler {
    /// Installs the archive with `numbers`, and compiles what connects it with the C library.
    pub(super) fn prepare(arch: Arch, numbers: Numbers, toolchain: &Toolchain, libc: Libc) -> Result<Self> {
        let prefix = workspace::images_dir()?.join(format!("program-{}-{}", arch.name(), numbers.keys));
        let _lock = workspace::lock(&format!("program-{}-{}", arch.name(), numbers.keys))?;
        let target = Target::named(arch.name()).ok_or_else(|| Error::failure("an image's CPU is no target"))?;
        let options = install::Options {
            target,
            prefix: prefix.clone(),
            numbers,
            plain_names: true,
            thread_pointer: None,
            rustflags: Vec::new(),
            has_counters: false,
            may_install: false,
        };
        let compiler = Self { arch, libc, prefix, suffix: archive::suffix(&options) };
        // nextest starts a process for each test of one run; the first one has done this.
        let (run, note) = (env::var("NEXTEST_RUN_ID").ok(), compiler.prefix.join("nextest"));
        if run.is_none() || fs::read_to_string(&note).ok() != run {
            install::run_with(&options, toolchain)?;
            compiler.connect()?;
            // Without the note the next process only does it again.
            let _ = run.map(|run| fs::write(note, run));
        }
        Ok(compiler)
    }

    /// Makes `libposix.a`.
    fn connect(&self) -> Result<()> {
        let mut archiver = command::of(tools::AR.command);
        let archive = self.prefix.join("lib/libposix.a");
        // Another process may be linking with the one that is there.
        let new = archive.with_extension("new");
        // The archiver adds to a file that is there.
        let _ = fs::remove_file(&new);
        archiver.arg("crsD").arg(&new);
        for name in CONNECTION {
            let object = self.prefix.join("lib").join(name).with_extension("o");
            let source = posix().join(name).with_extension("c");
            self.compile(
                &source,
                &object,
                &["-Wall", "-Wextra", "-Werror", "-fexceptions"].map(str::to_owned),
                &mut command::run_quietly,
            )?;
            archiver.arg(object);
        }
        command::run_quietly(&mut archiver)?;
        fs::rename(&new, &archive).map_err(|error| Error::of_file("written", &archive, &error))
    }

    /// Returns the symbol of a function that the prefixed core declares.
    pub fn symbol(&self, name: &str) -> String {
        format!("{name}{}", self.suffix)
    }

    /// Compiles `sources` with `flags` and links them.
    ///
    /// # Errors
    /// They do not compile or link: the compiler has said why.
    pub fn executable(&self, sources: &[PathBuf], flags: &[String]) -> Result<Executable> {
        static COUNT: AtomicU32 = AtomicU32::new(0);

        let first = sources.first().and_then(|source| source.file_stem()).unwrap_or_default();
        // Relaxed: only that no two are the same.
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let dir = self.prefix.join(format!("programs/{}-{count}", std::process::id()));
        fs::create_dir_all(&dir).map_err(|error| Error::failure(format!("{}: {error}", dir.display())))?;
        let mut objects = Vec::new();
        for (index, source) in sources.iter().enumerate() {
            let object = dir.join(format!("{index}.o"));
            self.compile(source, &object, flags, &mut command::run)?;
            objects.push(object);
        }
        let executable = Executable { file: dir.join(first) };
        self.link(&objects, sources.iter().any(|source| is_cxx(source)), &executable.file)?;
        Ok(executable)
    }

    fn compile(
        &self,
        source: &Path,
        object: &Path,
        flags: &[String],
        run: &mut dyn FnMut(&mut Command) -> Result<()>,
    ) -> Result<()> {
        let (c, cxx) = compilers(self.arch);
        let compiler = if is_cxx(source) { cxx } else { c };
        let mut command = command::of(compiler.command);
        let mut builtin = builtin_headers(compiler, &["-print-file-name=include"])?;
        if is_for_clang(flags) {
            command = command::of(tools::CLANG.command);
            command.arg(format!("--target={}-linux-gnu", self.arch.name()));
            builtin = builtin_headers(&tools::CLANG, &["-print-resource-dir"])?.join("include");
        }
        // Code and calls as in a program that is not moved when it is loaded.
        command.args(["-O2", "-g", "-fno-pie", "-nostdinc"]);
        if is_cxx(source) {
            for dir in [posix().join("include/c++")].into_iter().chain(cxx_headers(compiler)?) {
                command.arg("-isystem").arg(dir);
            }
        }
        // The order matters: ours correct the C library's, and the compiler's own come where libstdc++ expects them.
        let own = [posix().join("include"), self.prefix.join("include"), self.libc.include.clone()];
        for dir in own.into_iter().chain([builtin]) {
            command.arg("-isystem").arg(dir);
        }
        run(command.args(flags).arg("-c").arg(source).arg("-o").arg(object))
    }

    fn link(&self, objects: &[PathBuf], has_cxx: bool, executable: &Path) -> Result<()> {
        let (c, cxx) = compilers(self.arch);
        let mut command = command::of(if has_cxx { cxx.command } else { c.command });
        command.args(["-static", "-no-pie", "-nostdlib", "-Wl,--eh-frame-hdr", "-Wl,-z,max-page-size=4096"]);
        command.arg(format!("-Wl,-Ttext-segment={:#x}", base(self.arch)));
        command.args(OURS.iter().chain(&NAMED_WEAKLY).map(|symbol| format!("-Wl,--undefined={symbol}")));
        command.args(HOOKS.map(|hook| format!("-Wl,--undefined={}", self.symbol(hook))));
        command.args(WRAPPED.map(|symbol| format!("-Wl,--wrap={symbol}")));
        command.arg("-o").arg(executable).arg(self.libc.lib.join("crt1.o")).args(objects).arg("-Wl,--start-group");
        command.args(["libposix.a", "libtsd.a"].map(|archive| self.prefix.join("lib").join(archive)));
        if has_cxx {
            command.arg("-lstdc++");
        }
        command.args(["-lgcc", "-lgcc_eh"]).arg(self.libc.lib.join("libc.a")).arg("-Wl,--end-group");
        command::run(&mut command)
    }
}

/// Where the kernel expects a program: `PROGRAM` in its `machine/<cpu>/program.rs`.
fn base(arch: Arch) -> u64 {
    match arch {
        Arch::X86_64 => 0x0800_0000,
        Arch::Aarch64 => 0x4800_0000,
    }
}

fn posix() -> PathBuf {
    workspace::root().join("qemu/posix")
}

fn is_cxx(source: &Path) -> bool {
    source.extension().is_some_and(|ending| ["cc", "cpp", "cxx", "C"].iter().any(|cxx| ending == *cxx))
}

/// The headers that come with the compiler itself.
fn builtin_headers(compiler: &Tool, question: &[&str]) -> Result<PathBuf> {
    let answer = command::answer(command::of(compiler.command).args(question));
    answer.map(PathBuf::from).ok_or_else(|| Error::failure(format!("{} does not run", compiler.command)))
}

/// The directories of the C++ library, as the compiler lists them.
fn cxx_headers(compiler: &Tool) -> Result<Vec<PathBuf>> {
    let mut command = command::of(compiler.command);
    let output = command.args(["-E", "-v", "-x", "c++", "/dev/null"]).output();
    let output = output.map_err(|error| Error::failure(format!("{} can't be started: {error}", compiler.command)))?;
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    Ok(text
        .lines()
        .map(str::trim)
        .filter(|line| line.starts_with('/') && line.contains("/c++"))
        .map(PathBuf::from)
        .collect())
}
