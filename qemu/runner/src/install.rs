//! `tsd install`: the archive, the headers, and what build systems want to know of them, for one target.
//!
//! - `options`    what to install, and where
//! - [`target`]   the names that users type, and the compiler's
//! - [`archive`]  `libtsd.a`: made from each feature of the crate in `src/c`, only our symbols visible
//! - [`layout`]   the other files
//! - [`landing`]  what may be called by pointer, where that is tracked
//! - [`linked`]   what a kernel links of it
//! - `relocations`  how the archive's code reaches what lies elsewhere
//! - [`registers`]  those that the archive must not use

use std::{
    fs,
    path::{self, Path},
};

use crate::{
    command,
    error::{Error, Result},
    setup::{self, Wants},
    stamp::{self, Made},
    toolchain::Toolchain,
    tools,
};

pub mod archive;
pub mod landing;
pub mod layout;
pub mod linked;
mod options;
pub mod registers;
mod relocations;
pub mod target;

pub(crate) use options::THREAD_POINTER_CFG;
pub use options::{Numbers, Options, ThreadPointer, users_flags};
pub use target::Target;

/// Tells the tests of the C side that their archives are to have counters, and which library that takes.
pub const COUNTERS_VARIABLE: &str = "TSD_COUNTERS";

/// Builds and lays out everything.
///
/// # Errors
/// Something is missing, does not compile, or can't be written.
pub fn run(options: &Options) -> Result<()> {
    refuse_at_once(options)?;
    run_with(options, &toolchain(&options.target, options.may_install)?).map(drop)
}

/// Builds and lays out everything, unless it is there as `stamp` says.
///
/// # Errors
/// As [`run`].
pub fn run_if_changed(options: &Options, stamp: &Path) -> Result<()> {
    renew(options, &toolchain(&options.target, options.may_install)?, stamp)
}

/// Says what [`run`] has laid out, and how to link it.
///
/// # Errors
/// The archive is not there.
pub fn report(options: &Options) -> Result<String> {
    let prefix = path::absolute(&options.prefix).map_err(|error| Error::of_file("found", &options.prefix, &error))?;
    let archive = prefix.join(layout::ARCHIVE);
    let bytes = fs::metadata(&archive).map_err(|error| Error::of_file("read", &archive, &error))?.len();
    let shown = |path: &str| prefix.join(path).display().to_string();
    let hooks = hooks(options, layout::has_critical_sections(&prefix));
    // The toolchain file of a system without a name keeps CMake from looking below a prefix.
    let cmake_option = match options.target.is_freestanding {
        true => format!("-Dtsd_DIR={}", shown("lib/cmake/tsd")),
        false => format!("-DCMAKE_PREFIX_PATH={}", prefix.display()),
    };
    let what = if options.is_minimal { "minimal, " } else { "" };
    let mut text = format!(
        "archive     {} ({bytes} bytes, {what}{} keys, {})\n\
         headers     {}, others in {}\n\
         pkg-config  {}: PKG_CONFIG_PATH={} pkg-config --cflags --libs tsd\n\
         CMake       {}: find_package(tsd CONFIG), tsd::tsd; {}\n\
         by hand     -I{} -L{} -ltsd\n\
         hooks       {hooks}\n",
        archive.display(),
        options.numbers.keys,
        options.target.triple,
        shown("include/tsd.h"),
        shown("include/tsd"),
        shown(layout::PKG_CONFIG),
        shown("lib/pkgconfig"),
        shown("lib/cmake/tsd"),
        cmake_option,
        shown("include"),
        shown("lib"),
    );
    if !options.is_minimal {
        text += &format!(
            "ld script   {}: to be included where a kernel that has one uses TSD_NOTIFICATION\n\
             gdb         source {}\n",
            shown(layout::FRAGMENT),
            shown(layout::GDB_SCRIPT),
        );
    }
    Ok(text)
}

/// The hooks that a kernel defines, in words.
fn hooks(options: &Options, has_critical_sections: bool) -> String {
    // A thread pointer stands for the hook that finds the thread.
    let finds_thread = options.thread_pointer.as_ref().is_some_and(ThreadPointer::gives_an_address);
    let mut always = Vec::new();
    always.extend((!finds_thread).then_some("tsd_current"));
    always.extend(["tsd_critical_acquire", "tsd_critical_release"].into_iter().filter(|_| has_critical_sections));
    let waiting = (!options.is_minimal).then_some("tsd_wait and tsd_wake");
    match (always.join(", "), waiting) {
        (always, None) if always.is_empty() => "none".into(),
        (always, None) => format!("your kernel defines {always}"),
        (always, Some(waiting)) if always.is_empty() => format!("your kernel defines with once or Fls: {waiting}"),
        (always, Some(waiting)) => format!("your kernel defines {always}; with once or Fls also {waiting}"),
    }
}

/// How an archive is made and laid out, as far as no command line says it.
const RECIPE: [&str; 7] = [
    include_str!("install.rs"),
    include_str!("install/archive.rs"),
    include_str!("install/landing.rs"),
    include_str!("install/layout.rs"),
    include_str!("install/registers.rs"),
    include_str!("install/relocations.rs"),
    include_str!("install/target.rs"),
];

/// Builds and lays out everything with a toolchain that is known to have what it takes, unless it is there as `stamp`
/// says.
///
/// # Errors
/// As [`run`].
pub(crate) fn renew(options: &Options, toolchain: &Toolchain, stamp: &Path) -> Result<()> {
    let recipe =
        format!("{options:?}\n{}\n{RECIPE:?}", toolchain.recipe(&toolchain.cargo("rustc", &options.target.triple)));
    stamp::make(stamp, &recipe, || run_with(options, toolchain))
}

fn run_with(options: &Options, toolchain: &Toolchain) -> Result<Made> {
    require_atomics(options, toolchain)?;
    let archive = archive::build(options, toolchain)?;
    relocations::check(&archive.file, &options.target)?;
    registers::check(&archive.file, options)?;
    if options.has_ibt {
        landing::check(&archive.file)?;
    }
    let mut made = layout::write(options, &archive)?;
    made.inputs.extend(archive.inputs);
    Ok(made)
}

/// Refuses a target for which there can be no archive, before anything is got for it: the compiler at hand knows what
/// it would be, without its library.
fn refuse_at_once(options: &Options) -> Result<()> {
    if options.has_ibt {
        landing::require(&options.target)?;
    }
    require_register(options)?;
    let Some(toolchain) = Toolchain::current() else { return Ok(()) };
    require_target(&options.target, &toolchain)?;
    require_little_endian(&options.target, &toolchain)?;
    require_atomics(options, &toolchain)
}

fn require_register(options: &Options) -> Result<()> {
    let Some(pointer) = &options.thread_pointer else { return Ok(()) };
    let (register, triple) = (pointer.register(), &options.target.triple);
    let (registers, word) = options.target.registers();
    if registers.contains(&register) {
        return match pointer.offsets().find(|offset| offset % word != 0) {
            None => Ok(()),
            Some(offset) => {
                Err(Error::usage(format!("an offset of a thread pointer is a multiple of {word}: {offset}")))
            }
        };
    }
    let known = if registers.is_empty() {
        "it has none here; a macro TSD_CURRENT() makes tsd_get() inline in C".into()
    } else {
        registers.join(", ")
    };
    Err(Error::usage(format!("{register} is no thread pointer of {triple}: {known}")))
}

fn require_target(target: &Target, toolchain: &Toolchain) -> Result<()> {
    let target = &target.triple;
    let known = command::answer(toolchain.rustc().arg("--print=target-list"));
    if known.is_none_or(|known| known.lines().any(|known| known == target)) {
        Ok(())
    } else {
        Err(Error::usage(format!("rustc knows no target {target} (rustc --print target-list)")))
    }
}

/// The library is for either order of bytes; what is told to the linker is for one.
fn require_little_endian(target: &Target, toolchain: &Toolchain) -> Result<()> {
    let target = &target.triple;
    let settings = command::answer(toolchain.rustc().args(["--print=cfg", "--target", target]));
    if settings.is_some_and(|settings| settings.lines().any(|line| line == "target_endian=\"big\"")) {
        Err(Error::usage(format!("{target} is big-endian, and there are archives for little-endian CPUs only")))
    } else {
        Ok(())
    }
}

/// What the library does without compare-and-swap takes loads and stores of a word all the same; the compiler would say so
/// at each line.
fn require_atomics(options: &Options, toolchain: &Toolchain) -> Result<()> {
    let target = &options.target.triple;
    let mut rustc = toolchain.rustc();
    // A stable compiler does not say otherwise what it has no stable name for.
    rustc.env("RUSTC_BOOTSTRAP", "1").args(["--print=cfg", "--target", target]).args(&options.rustflags);
    let with = if options.rustflags.is_empty() { "" } else { " with these RUSTFLAGS" };
    let settings = command::answer(&mut rustc)
        .ok_or_else(|| Error::usage(format!("no compiler here can build for {target}{with}")))?;
    if settings.lines().any(|line| line == "target_has_atomic_load_store=\"ptr\"") {
        Ok(())
    } else {
        Err(Error::usage(format!("{target} has no atomic loads and stores, and the library needs them")))
    }
}

fn toolchain(target: &Target, may_install: bool) -> Result<Toolchain> {
    let tools = tools::ARCHIVE;
    if *target != Target::host() {
        let targets = [target.triple.as_str()];
        return setup::prepare(Wants { machines: &[], targets: &targets, clippy: false, tools: &tools }, may_install);
    }
    // Every compiler has the library of its own host, so the one that runs this program will do.
    setup::install_tools(&tools, may_install)?;
    Toolchain::current().ok_or_else(|| Error::unavailable("cargo is not on the search path"))
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    #[test]
    fn thread_pointers_that_the_target_has_not_are_refused() {
        let refusal = |target: &str, pointer: &str| {
            let usual = Options::new(Target::named(target).unwrap(), PathBuf::new());
            let options = Options { thread_pointer: ThreadPointer::parse(pointer), ..usual };
            require_register(&options).err().map(|error| error.to_string()).unwrap_or_default()
        };
        for (target, pointer) in [("aarch64", "tpidr_el1:0:8"), ("i686", "gs:4:36"), ("armv7a", "tpidrprw:12")] {
            assert_eq!(refusal(target, pointer), "");
        }
        for (target, pointer, word, offset) in
            [("aarch64", "tpidr_el1:4", 8, 4), ("riscv64", "tp:4:8", 8, 4), ("i686", "gs:0:6", 4, 6)]
        {
            let wanted = format!("an offset of a thread pointer is a multiple of {word}: {offset}");
            assert!(refusal(target, pointer).contains(&wanted), "{}", refusal(target, pointer));
        }
        assert!(refusal("riscv32", "tp:8").contains("it has none here; a macro TSD_CURRENT()"));
        assert!(refusal("aarch64", "gs:8").contains("tpidr_el0, tpidr_el1, sp_el0"));
    }

    #[test]
    fn report_is_a_line_a_way_to_link() {
        let prefix = crate::workspace::images_dir().unwrap().join("report-test");
        fs::create_dir_all(prefix.join("lib")).unwrap();
        fs::write(prefix.join(layout::ARCHIVE), "abc").unwrap();
        let text = report(&Options::new(Target::named("aarch64").unwrap(), prefix.clone())).unwrap();
        let lines: Vec<_> = text.lines().collect();
        let wanted = [
            "(3 bytes, 128 keys, aarch64-",
            "tsd.h",
            "pkg-config --cflags",
            "find_package(tsd",
            " -ltsd",
            "lib/tsd-notifications.ld",
            "share/tsd/gdb/tsd.py",
        ];
        let named: Vec<_> = lines.iter().filter(|line| line.contains(&prefix.display().to_string())).collect();
        assert_eq!(named.len(), wanted.len(), "{text}");
        for (line, wanted) in named.iter().zip(wanted) {
            assert!(line.contains(wanted), "{line}");
        }
    }

    #[test]
    fn report_names_the_hooks_that_are_wanted() {
        let prefix = crate::workspace::images_dir().unwrap().join("hooks-test");
        fs::create_dir_all(prefix.join("lib")).unwrap();
        fs::write(prefix.join(layout::ARCHIVE), "abc").unwrap();
        let report = |pointer: &str| {
            let options = Options::new(Target::named("x86_64").unwrap(), prefix.clone());
            report(&Options { thread_pointer: ThreadPointer::parse(pointer), ..options }).unwrap()
        };
        for (pointer, wants_current) in [("", true), ("gs:64", true), ("gs:0:64", false)] {
            let text = report(pointer);
            assert!(text.contains("tsd_wait and tsd_wake"), "{text}");
            assert_eq!(text.contains("tsd_current"), wants_current, "{text}");
            assert!(!text.contains("tsd_critical"), "{text}");
        }
        fs::create_dir_all(prefix.join("include/tsd")).unwrap();
        fs::write(prefix.join("include/tsd/config.h"), "#define TSD_CRITICAL_SECTIONS 1\n").unwrap();
        let text = report("");
        assert!(text.contains("tsd_current, tsd_critical_acquire, tsd_critical_release; with once"), "{text}");
        fs::remove_file(prefix.join("include/tsd/config.h")).unwrap();
    }

    #[test]
    fn target_that_is_none_is_refused_in_a_sentence() {
        let toolchain = Toolchain::current().unwrap();
        let refused = |target: &str| require_target(&Target::named(target).unwrap(), &toolchain).err();
        let line = "rustc knows no target x86_64-unknown-nonesuch (rustc --print target-list)";
        assert_eq!(refused("x86_64-unknown-nonesuch"), Some(Error::usage(line)));
        for target in
            ["host", "x86_64", "i686", "aarch64", "armv7a", "riscv64", "riscv32", "riscv32imc", "thumbv7m", "thumbv6m"]
        {
            assert_eq!(refused(target), None, "{target}");
        }
    }

    #[test]
    fn big_endian_target_is_refused_in_a_sentence() {
        let toolchain = Toolchain::current().unwrap();
        let refused = |target: &str| require_little_endian(&Target::named(target).unwrap(), &toolchain).err();
        for target in ["aarch64_be-unknown-none-softfloat", "armebv7r-none-eabi"] {
            let line = format!("{target} is big-endian, and there are archives for little-endian CPUs only");
            assert_eq!(refused(target), Some(Error::usage(line)));
        }
        assert_eq!(refused("armv7a"), None);
    }

    /// Flags are blamed where there are some.
    #[test]
    fn flags_that_the_compiler_does_not_take_are_named() {
        let toolchain = Toolchain::current().unwrap();
        let refused = |flags: &[&str]| {
            let rustflags = flags.iter().map(|&flag| flag.to_owned()).collect();
            let target = Target::named("arm-no-such").unwrap();
            let options = Options { rustflags, ..Options::new(target, PathBuf::new()) };
            require_atomics(&options, &toolchain).unwrap_err().to_string()
        };
        assert_eq!(refused(&[]), "no compiler here can build for arm-no-such");
        assert_eq!(refused(&["-g"]), "no compiler here can build for arm-no-such with these RUSTFLAGS");
    }

    #[test]
    fn target_without_atomics_is_refused_in_a_sentence() {
        let toolchain = Toolchain::current().unwrap();
        let refused = |target: &str| {
            let options = Options::new(Target::named(target).unwrap(), PathBuf::new());
            require_atomics(&options, &toolchain).err().map(|error| error.to_string())
        };
        let sentence = "armv5te-none-eabi has no atomic loads and stores, and the library needs them";
        assert_eq!(refused("armv5te-none-eabi").as_deref(), Some(sentence));
        for target in ["thumbv7m", "thumbv6m", "riscv32imc"] {
            assert_eq!(refused(target), None, "{target}");
        }
    }
}
