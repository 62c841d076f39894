//! From source files to an executable file at the addresses where the kernel expects a program.
//!
//! The compiler is the distribution's for Linux, with another C library: its own directories are left out, and the
//! start-up code and the archives are named one by one. `libtsd.a` comes before the C library, so that keys, once,
//! C11's storage and the C++ destructors are the library's; `qemu/posix` holds what connects the two.

use std::{
    borrow::Cow,
    collections::BTreeSet,
    env::{self, consts},
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use super::libc::Libc;
use crate::{
    command,
    error::{Error, Result},
    install::{self, Numbers, Target, archive},
    machine::Arch,
    stamp::{self, Made},
    toolchain::Toolchain,
    tools::{self, Tool},
    workspace,
};

/// What connects the C library with this one.
const CONNECTION: [&str; 11] =
    ["cancel", "compiler", "create", "current", "errno", "exit", "keys", "limits", "once", "thread_local", "wait"];

/// Symbols by which the linker takes our members before it sees the C library's. Without them, a member of another
/// archive that names one late would get the C library's.
const OURS: [&str; 15] = [
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
    "__tsd_next_key",
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

/// The option that only the other compiler has: thread-local storage through a key.
const EMULATED_TLS: &str = "-femulated-tls";

/// An executable file.
#[derive(Debug)]
pub struct Executable {
    /// Where it is.
    pub file: PathBuf,
}

impl Executable {
    /// Returns what the program is called.
    pub(super) fn name(&self) -> Cow<'_, str> {
        name_of(&self.file)
    }
}

fn name_of(executable: &Path) -> Cow<'_, str> {
    executable.file_name().unwrap_or_default().to_string_lossy()
}

/// Returns what the program of these files is called: as the first one, without its ending.
pub(super) fn name(sources: &[PathBuf]) -> Cow<'_, str> {
    sources.first().and_then(|source| source.file_stem()).unwrap_or_default().to_string_lossy()
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

/// Whether a file lies below a folder, which is the current one if it has no name.
fn is_in(file: &Path, folder: &Path) -> bool {
    if folder.as_os_str().is_empty() { file.is_relative() } else { file.starts_with(folder) }
}

/// Whether a source or header may look at files that no rule of the compiler's lists.
fn looks_at_more(file: &Path) -> bool {
    let text = fs::read(file).unwrap_or_default();
    [&b"__has_include"[..], b"incbin", b"#embed"].iter().any(|word| text.windows(word.len()).any(|it| it == *word))
}

/// The C and the C++ compiler.
pub(super) fn compilers(arch: Arch) -> (&'static Tool, &'static Tool) {
    match arch {
        arch if arch.name() == consts::ARCH => (&tools::GCC, &tools::GXX),
        Arch::X86_64 => (&tools::X86_64_GCC, &tools::X86_64_GXX),
        Arch::Aarch64 => (&tools::AARCH64_GCC, &tools::AARCH64_GXX),
        Arch::Riscv64 => (&tools::RISCV64_GCC, &tools::RISCV64_GXX),
    }
}

/// What an architecture's compiler is told besides.
#[derive(Debug, Default)]
pub(super) struct ArchOptions {
    pub(super) compiler: &'static [&'static str],
    linker: &'static [&'static str],
    /// Libraries that compiled code calls.
    libraries: &'static [&'static str],
}

pub(super) fn options(arch: Arch) -> ArchOptions {
    match arch {
        Arch::X86_64 | Arch::Aarch64 => ArchOptions::default(),
        Arch::Riscv64 => ArchOptions {
            // The kernel expects programs more than 2 GiB from 0.
            compiler: &["-mcmodel=medany"],
            // No register leads to data: the kernel gives a new thread none.
            linker: &["-Wl,--no-relax"],
            // It has atomic steps of bytes.
            libraries: &["-latomic"],
        },
    }
}

/// Returns the archive's target: with floating point in the way of calls, as the C library has it.
pub(super) fn target(arch: Arch) -> &'static str {
    match arch {
        Arch::X86_64 | Arch::Aarch64 => arch.name(),
        Arch::Riscv64 => "riscv64gc-unknown-none-elf",
    }
}

impl Compiler {
    /// Installs the archive with `numbers`, and compiles what connects it with the C library.
    pub(super) fn prepare(arch: Arch, numbers: Numbers, toolchain: &Toolchain, libc: Libc) -> Result<Self> {
        let name = format!("program-{}-{}-{}", arch.name(), numbers.keys, numbers.rounds);
        let prefix = workspace::images_dir()?.join(&name);
        let _lock = workspace::lock(&name)?;
        let target =
            Target::named(target(arch)).ok_or_else(|| Error::failure("an image's architecture is no target"))?;
        let options = install::Options { numbers, ..install::Options::new(target, prefix.clone()) };
        install::renew(&options, toolchain, &prefix.join("tsd.stamp"))?;
        let compiler = Self { arch, libc, prefix, suffix: archive::suffix(&options) };
        compiler.connect()?;
        Ok(compiler)
    }

    /// Makes `libposix.a`.
    fn connect(&self) -> Result<()> {
        let flags = ["-Wall", "-Wextra", "-Werror", "-fexceptions"].map(str::to_owned);
        let lib = self.prefix.join("lib");
        let mut objects = Vec::new();
        for name in CONNECTION {
            let object = lib.join(name).with_extension("o");
            self.compile(&posix().join(name).with_extension("c"), &object, &flags)?;
            objects.push(object);
        }
        let archive = self.posix_archive();
        // Another process may be linking with the one that is there.
        let new = archive.with_extension("new");
        let mut archiver = command::of(tools::AR.command);
        archiver.arg("crsD").arg(&new).args(&objects);
        stamp::make(&archive.with_extension("stamp"), &command::as_typed(&archiver), || {
            // The archiver adds to a file that is there.
            let _ = fs::remove_file(&new);
            command::run(&mut archiver)?;
            fs::rename(&new, &archive).map_err(|error| Error::of_file("written", &archive, &error))?;
            Ok(Made { files: vec![archive.clone()], inputs: objects.into_iter().chain(tools::AR.find()).collect() })
        })
    }

    /// Where the archives of what connects a program with the kernel are: the C library's side, and the keys.
    fn posix_archive(&self) -> PathBuf {
        self.prefix.join("lib/libposix.a")
    }

    /// Returns the symbol of a function that the prefixed core declares.
    pub fn symbol(&self, name: &str) -> String {
        format!("{name}{}", self.suffix)
    }

    /// Compiles `sources` with `flags` and links them, as far as it was not done or anything has changed since.
    ///
    /// # Errors
    /// They do not compile or link: the compiler has said why.
    pub fn executable(&self, sources: &[PathBuf], flags: &[String]) -> Result<Executable> {
        // The paths may be relative.
        let here =
            env::current_dir().map_err(|error| Error::failure(format!("there is no current folder: {error}")))?;
        let digest = stamp::digest(format!("{here:?} {sources:?} {flags:?}").as_bytes());
        let dir = self.prefix.join("programs").join(digest);
        fs::create_dir_all(&dir).map_err(|error| Error::of_file("made", &dir, &error))?;
        let _lock = workspace::lock_file(&dir.join("lock"))?;
        let mut objects = Vec::new();
        for (index, source) in sources.iter().enumerate() {
            let object = dir.join(format!("{index}.o"));
            self.compile(source, &object, flags)?;
            objects.push(object);
        }
        let executable = Executable { file: dir.join(&*name(sources)) };
        self.link(&objects, sources.iter().any(|source| is_cxx(source)), &executable.file)?;
        Ok(executable)
    }

    fn compile(&self, source: &Path, object: &Path, flags: &[String]) -> Result<()> {
        let (mut command, headers, compiler) = self.compiling(source, flags)?;
        let rule = object.with_extension("d");
        let mut looks_further = false;
        command.args(["-MD", "-MF"]).arg(&rule).args(flags).arg("-c").arg(source).arg("-o").arg(object);
        let stamp = object.with_extension("stamp");
        stamp::make(&stamp, &command::as_typed(&command), || {
            let shown = source.strip_prefix(workspace::root()).unwrap_or(source);
            let what = format_args!("compiling {} for {}", shown.display(), self.arch.name());
            command::run_step(what, &mut command)?;
            let mut inputs = stamp::inputs_of_rule(&rule)?;
            let folders = headers.iter().map(PathBuf::as_path).chain(folders_in(flags)).chain(source.parent());
            inputs.extend(hiding(&inputs, &folders.collect::<Vec<_>>()));
            inputs.extend(compiler.find());
            let own = folders_in(flags).chain(source.parent()).collect::<Vec<_>>();
            looks_further = inputs.iter().any(|input| own.iter().any(|dir| is_in(input, dir)) && looks_at_more(input));
            Ok(Made { files: vec![object.to_path_buf()], inputs })
        })?;
        if looks_further {
            // It is compiled each time.
            let _ = fs::remove_file(stamp);
        }
        Ok(())
    }

    /// Returns the beginning of the compiler's command line, the folders with headers in it, and which compiler it is.
    fn compiling(&self, source: &Path, flags: &[String]) -> Result<(Command, Vec<PathBuf>, &'static Tool)> {
        let (c, cxx) = compilers(self.arch);
        let mut compiler = if is_cxx(source) { cxx } else { c };
        let cxx_headers = if is_cxx(source) { cxx_headers(compiler)? } else { Vec::new() };
        let mut builtin = builtin_headers(compiler, &["-print-file-name=include"])?;
        let mut target = None;
        if is_for_clang(flags) {
            compiler = &tools::CLANG;
            target = Some(format!("--target={}-linux-gnu", self.arch.name()));
            builtin = builtin_headers(compiler, &["-print-resource-dir"])?.join("include");
        }
        let mut command = command::of(compiler.command);
        // Code and calls as in a program that is not moved when it is loaded.
        command.args(target).args(["-O2", "-g", "-fno-pie", "-nostdinc"]).args(options(self.arch).compiler);
        let mut headers = Vec::new();
        if is_cxx(source) {
            headers.push(posix().join("include/c++"));
            headers.extend(cxx_headers);
        }
        // The order matters: ours correct the C library's, and the compiler's own come where libstdc++ expects them.
        headers.extend([posix().join("include"), self.prefix.join("include"), self.libc.include.clone(), builtin]);
        for folder in &headers {
            command.arg("-isystem").arg(folder);
        }
        Ok((command, headers, compiler))
    }

    fn link(&self, objects: &[PathBuf], has_cxx: bool, executable: &Path) -> Result<()> {
        let (c, cxx) = compilers(self.arch);
        let linker = if has_cxx { cxx } else { c };
        let mut command = command::of(linker.command);
        command.args(["-static", "-no-pie", "-nostdlib", "-Wl,--eh-frame-hdr", "-Wl,-z,max-page-size=4096"]);
        command.args(options(self.arch).linker);
        command.arg(format!("-Wl,-Ttext-segment={:#x}", base(self.arch)));
        command.args(OURS.iter().chain(&NAMED_WEAKLY).map(|symbol| format!("-Wl,--undefined={symbol}")));
        command.args(HOOKS.map(|hook| format!("-Wl,--undefined={}", self.symbol(hook))));
        command.args(WRAPPED.map(|symbol| format!("-Wl,--wrap={symbol}")));
        // Another process may be booting the one that is there.
        let new = executable.with_extension("new");
        let [start, c_library] = ["crt1.o", "libc.a"].map(|name| self.libc.lib.join(name));
        let archives = [self.posix_archive(), self.prefix.join("lib/libtsd.a")];
        command.arg("-o").arg(&new).arg(&start).args(objects).arg("-Wl,--start-group").args(&archives);
        if has_cxx {
            command.arg("-lstdc++");
        }
        command.args(["-lgcc", "-lgcc_eh"]).args(options(self.arch).libraries).arg(&c_library).arg("-Wl,--end-group");
        stamp::make(&executable.with_extension("stamp"), &command::as_typed(&command), || {
            let what = format_args!("linking {} for {}", name_of(executable), self.arch.name());
            command::run_step(what, &mut command)?;
            fs::rename(&new, executable).map_err(|error| Error::of_file("written", executable, &error))?;
            let inputs = objects.iter().cloned().chain(archives).chain([start, c_library]).chain(linker.find());
            Ok(Made { files: vec![executable.to_path_buf()], inputs: inputs.collect() })
        })
    }
}

/// Where the kernel expects a program: `PROGRAM` in its `machine/<cpu>/addresses.rs`.
fn base(arch: Arch) -> u64 {
    match arch {
        Arch::X86_64 => 0x0800_0000,
        Arch::Aarch64 => 0x4800_0000,
        Arch::Riscv64 => 0x8800_0000,
    }
}

fn posix() -> PathBuf {
    workspace::root().join("qemu/posix")
}

/// The endings of C++ files, and of what else is preprocessed: C and assembly.
const CXX_ENDINGS: [&str; 4] = ["cc", "cpp", "cxx", "C"];
const OTHER_ENDINGS: [&str; 2] = ["c", "S"];

/// Returns whether the file's ending says that it can be a part of a program.
pub fn is_source(file: &Path) -> bool {
    is_cxx(file) || has_ending(file, &OTHER_ENDINGS)
}

fn is_cxx(source: &Path) -> bool {
    has_ending(source, &CXX_ENDINGS)
}

fn has_ending(file: &Path, endings: &[&str]) -> bool {
    file.extension().is_some_and(|ending| endings.iter().any(|one| ending == *one))
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

/// The folders with headers that the user has named.
fn folders_in(flags: &[String]) -> impl Iterator<Item = &Path> {
    let named = |(index, flag): (usize, &'_ String)| {
        let option = ["-I", "-isystem", "-iquote", "-idirafter"].into_iter().find(|option| flag.starts_with(option))?;
        let joined = flags[index].strip_prefix(option).filter(|folder| !folder.is_empty());
        joined.or_else(|| flags.get(index + 1).map(String::as_str)).map(Path::new)
    };
    flags.iter().enumerate().filter_map(named)
}

/// The files that would be taken instead of `headers` if they were there: by the same name, in another of `folders`.
fn hiding(headers: &BTreeSet<PathBuf>, folders: &[&Path]) -> Vec<PathBuf> {
    let names =
        folders.iter().flat_map(|folder| headers.iter().filter_map(move |header| header.strip_prefix(folder).ok()));
    let names: BTreeSet<_> = names.collect();
    let files = folders.iter().flat_map(|folder| names.iter().map(move |name| folder.join(name)));
    files.filter(|file| !file.exists()).collect()
}
