//! What to install, and where: capacities, names, how the archive finds a thread.

use std::{env, path::PathBuf};

use super::target::Target;
use crate::image;

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
    /// The archive has what [`archive::MINIMAL`](super::archive::MINIMAL) says alone, in as little code as can be.
    pub is_minimal: bool,
    /// What may be called by pointer says so, for indirect branch tracking: [`landing`](super::landing).
    pub has_ibt: bool,
    /// What the compiler is told besides: [`users_flags`].
    pub rustflags: Vec<String>,
    /// The archive counts what it runs, for [coverage](crate::evidence); programs are to be linked with LLVM's run-time
    /// library then.
    pub has_counters: bool,
    /// Whether missing packages may be installed.
    pub may_install: bool,
}

impl Options {
    /// Those of an archive for `target` about which nobody has said more: with plain names where there is no C library,
    /// and nothing missing gets installed.
    pub fn new(target: Target, prefix: PathBuf) -> Self {
        Self {
            plain_names: !target.is_host,
            target,
            prefix,
            numbers: Numbers::default(),
            thread_pointer: None,
            is_minimal: false,
            has_ibt: false,
            rustflags: Vec::new(),
            has_counters: false,
            may_install: false,
        }
    }
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
    /// Reads what the user typed. Whether the target has the register is for who knows the target.
    pub fn parse(word: &str) -> Option<Self> {
        let mut parts = word.split(':');
        let is_name = |name: &&str| !name.is_empty() && name.chars().all(|it| it.is_ascii_alphanumeric() || it == '_');
        let register = parts.next().filter(is_name)?.to_owned();
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

    /// The register.
    pub(super) fn register(&self) -> &str {
        &self.register
    }

    /// What is added to addresses on the way.
    pub(super) fn offsets(&self) -> impl Iterator<Item = u32> {
        self.at.into_iter().chain([self.offset])
    }

    /// Whether it takes no hook to find the thread's address. On x86_64 a segment's base can't be read everywhere, so
    /// that takes a pointer in the segment.
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

/// The compiler's option for an archive that has the least.
pub(super) const MINIMAL_CFG: &str = "--cfg=minimal";

/// The compiler's option for an archive that finds the thread by a thread pointer.
pub(crate) const THREAD_POINTER_CFG: &str = "--cfg=thread_pointer";

/// Returns the options for the compiler that the user has put into the variables where cargo looks for them: the first
/// that is there of `CARGO_ENCODED_RUSTFLAGS`, `RUSTFLAGS` and `CARGO_BUILD_RUSTFLAGS`.
pub fn users_flags() -> Vec<String> {
    let words = |name: &str, separator: fn(char) -> bool| {
        let value = env::var(name).ok()?;
        Some(value.split(separator).filter(|word| !word.is_empty()).map(str::to_owned).collect())
    };
    let encoded = words("CARGO_ENCODED_RUSTFLAGS", |c| c == '\x1f');
    let spaced = ["RUSTFLAGS", "CARGO_BUILD_RUSTFLAGS"].iter().find_map(|name| words(name, char::is_whitespace));
    encoded.or(spaced).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thread_pointers() {
        let plain = ThreadPointer::parse("fs:64").unwrap();
        assert_eq!(plain.named(), [("TSD_THREAD_POINTER", "fs".into()), ("TSD_THREAD_POINTER_OFFSET", "64".into())]);
        assert_eq!(ThreadPointer::parse("gs:0:64").unwrap().named()[1], ("TSD_THREAD_POINTER_AT", "0".into()));
        assert!(!plain.gives_an_address());
        assert!(ThreadPointer::parse("gs:0:64").unwrap().gives_an_address());
        assert!(ThreadPointer::parse("sp_el0:64").unwrap().gives_an_address());
        for wrong in ["", "fs", ":0", "fs:0x40", "fs:x", "fs:1:2:3", "fs:-1"] {
            assert_eq!(ThreadPointer::parse(wrong), None, "{wrong}");
        }
    }
}
