//! `tsd install`: the archive, the headers, and what build systems want to know of them, for one target.
//!
//! - [`target`]   the names that users type, and the compiler's
//! - [`archive`]  `libtsd.a`: made from each feature of the crate in `src/c`, only our symbols visible
//! - [`layout`]   the other files
//! - `registers`  those that the archive must not use

use std::{env, path::PathBuf};

use crate::{
    command,
    error::{Error, Result},
    image, setup,
    setup::Wants,
    toolchain::Toolchain,
    tools,
};

pub mod archive;
pub mod layout;
mod registers;
pub mod target;

pub use target::Target;

/// Tells the tests of the C side that their archives are to have counters, and which library that takes.
pub const COUNTERS_VARIABLE: &str = "TSD_COUNTERS";

/// What to install, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// What the archive runs on.
    pub target: Target,
    /// The directory that gets `lib` and `include`.
    pub prefix: PathBuf,
    /// Capacities.
    pub numbers: Numbers,
    /// The families' symbols have no prefix.
    pub plain_names: bool,
    /// How C code finds its thread without a call.
    pub thread_pointer: Option<ThreadPointer>,
    /// What the compiler is told besides: [`users_flags`].
    pub rustflags: Vec<String>,
    /// The archive counts what it runs, for [coverage](crate::evidence); programs are to be linked with LLVM's run-time
    /// library then.
    pub has_counters: bool,
    /// Whether missing packages may be installed.
    pub may_install: bool,
}

/// The capacities of an archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Numbers {
    /// Keys at once.
    pub keys: u32,
    /// Rounds of destructors.
    pub rounds: u32,
    /// Thread-exit functions of each thread.
    pub exit_functions: u32,
    /// Notifications registered at run time.
    pub notifications: u32,
}

impl Default for Numbers {
    fn default() -> Self {
        Self { keys: image::DEFAULT_KEYS, rounds: 4, exit_functions: 16, notifications: 8 }
    }
}

impl Numbers {
    /// The names under which the build and the headers know them.
    pub(crate) fn named(&self) -> [(&'static str, u32); 4] {
        [
            ("TSD_KEYS", self.keys),
            ("TSD_ROUNDS", self.rounds),
            ("TSD_EXIT_FUNCTIONS", self.exit_functions),
            ("TSD_NOTIFICATIONS", self.notifications),
        ]
    }
}

/// The register from which a thread's structure is found: `REGISTER:OFFSET`, or `REGISTER:AT:OFFSET` where a pointer
/// is to be followed first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ThreadPointer {
    register: String,
    at: Option<u32>,
    offset: u32,
}

impl ThreadPointer {
    /// Reads what the user typed.
    pub fn parse(word: &str) -> Option<Self> {
        let mut parts = word.split(':');
        let register = parts.next().filter(|name| target::REGISTERS.contains(name))?.to_owned();
        let mut numbers = Vec::new();
        for part in parts {
            numbers.push(part.parse().ok()?);
        }
        match numbers[..] {
            [offset] => Some(Self { register, at: None, offset }),
            [at, offset] => Some(Self { register, at: Some(at), offset }),
            _ => None,
        }
    }

    /// Whether it takes no hook to find the thread's address. On x86_64 a segment's base can't be read everywhere, so that
    /// takes a pointer at a place in the segment.
    pub(crate) fn gives_an_address(&self) -> bool {
        self.at.is_some() || !["fs", "gs"].contains(&self.register.as_str())
    }

    /// The macros for it, in the header and in the environment of the archive's build.
    pub(crate) fn named(&self) -> Vec<(&'static str, String)> {
        let mut macros = vec![("TSD_THREAD_POINTER", self.register.clone())];
        macros.extend(self.at.map(|at| ("TSD_THREAD_POINTER_AT", at.to_string())));
        macros.push(("TSD_THREAD_POINTER_OFFSET", self.offset.to_string()));
        macros
    }
}

/// The compiler's option for an archive that finds the thread by a thread pointer.
pub(crate) const THREAD_POINTER_CFG: &str = "--cfg=thread_pointer";

/// Builds and lays out everything.
///
/// # Errors
/// Something is missing, does not compile, or can't be written.
pub fn run(options: &Options) -> Result<()> {
    run_with(options, &toolchain(&options.target, options.may_install)?)
}

/// The same with a toolchain that is known to have what it takes.
///
/// # Errors
/// Something does not compile, or can't be written.
pub fn run_with(options: &Options, toolchain: &Toolchain) -> Result<()> {
    require_compare_and_swap(options, toolchain)?;
    let archive = archive::build(options, toolchain)?;
    registers::check(&archive.file, &options.target)?;
    layout::write(options, &archive)
}

/// Returns the options for the compiler that the user has put where cargo looks for them: `RUSTFLAGS`, or cargo's other
/// form of it, which comes first.
pub fn users_flags() -> Vec<String> {
    let words = |name: &str, separator: fn(char) -> bool| {
        let value = env::var(name).ok()?;
        Some(value.split(separator).filter(|word| !word.is_empty()).map(str::to_owned).collect())
    };
    let encoded = words("CARGO_ENCODED_RUSTFLAGS", |c| c == '\x1f');
    encoded.or_else(|| words("RUSTFLAGS", char::is_whitespace)).unwrap_or_default()
}

/// What the library does to a key table can't be done without; the compiler would say so at each place.
fn require_compare_and_swap(options: &Options, toolchain: &Toolchain) -> Result<()> {
    let target = &options.target.triple;
    let mut rustc = toolchain.rustc();
    rustc.args(["--print=cfg", "--target", target]).args(&options.rustflags);
    let settings = command::answer(&mut rustc)
        .ok_or_else(|| Error::usage(format!("no compiler here can build for {target} with these RUSTFLAGS")))?;
    if settings.lines().any(|line| line == "target_has_atomic=\"ptr\"") {
        Ok(())
    } else {
        Err(Error::usage(format!("{target} has no compare-and-swap instruction, and the library needs one")))
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
    Toolchain::current().ok_or_else(|| Error::usage("cargo is not on the search path"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn target_without_compare_and_swap_is_refused_in_a_sentence() {
        let toolchain = Toolchain::current().unwrap();
        let refused = |target: &str| {
            let options = Options {
                target: Target::named(target).unwrap(),
                prefix: PathBuf::new(),
                numbers: Numbers::default(),
                plain_names: true,
                thread_pointer: None,
                rustflags: Vec::new(),
                has_counters: false,
                may_install: false,
            };
            require_compare_and_swap(&options, &toolchain).err().map(|error| error.to_string())
        };
        let sentence = "thumbv6m-none-eabi has no compare-and-swap instruction, and the library needs one";
        assert_eq!(refused("thumbv6m-none-eabi").as_deref(), Some(sentence));
        assert_eq!(refused("thumbv7m"), None);
        assert!(refused("arm-no-such").is_some_and(|line| line.contains("arm-no-such")));
    }

    #[test]
    fn thread_pointers() {
        let plain = ThreadPointer::parse("fs:64").unwrap();
        assert_eq!(plain.named(), [("TSD_THREAD_POINTER", "fs".into()), ("TSD_THREAD_POINTER_OFFSET", "64".into())]);
        assert_eq!(ThreadPointer::parse("gs:0:64").unwrap().named()[1], ("TSD_THREAD_POINTER_AT", "0".into()));
        assert!(!plain.gives_an_address());
        assert!(ThreadPointer::parse("gs:0:64").unwrap().gives_an_address());
        assert!(ThreadPointer::parse("sp_el0:64").unwrap().gives_an_address());
        for wrong in ["", "fs", "rax:0", "fs:x", "fs:1:2:3", "fs:-1"] {
            assert_eq!(ThreadPointer::parse(wrong), None, "{wrong}");
        }
    }
}
