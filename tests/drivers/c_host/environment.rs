//! Where programs run: a compiler with its C library, and an archive of certain capacities.

use std::path::PathBuf;
use std::{env, fs};

use tsd_runner::{
    error::{Error, Result},
    install::{self, Numbers, Target},
    workspace,
};

/// Where programs run.
#[derive(Debug)]
pub(crate) struct Environment {
    /// In test names.
    pub(crate) name: &'static str,
    pub(crate) c: &'static str,
    /// None without a C++ library.
    pub(crate) cxx: Option<&'static str>,
    archive: Archive,
}

/// LLVM's run-time library for coverage, if programs are to count what they run of the archive.
fn counters() -> Option<PathBuf> {
    env::var_os(install::COUNTERS_VARIABLE).map(PathBuf::from)
}

#[derive(Clone, Copy, Debug)]
enum Archive {
    /// What users get that name no numbers.
    Usual,
    /// So small that every limit is met soon, and no capacity is a power of two.
    Small,
    /// That of `install --minimal`, for a small chip.
    Minimal,
}

/// The programs that call nothing but keys, values and exit.
const MINIMAL_PROGRAMS: [(&str, &str); 8] = [
    ("c11", "create_in_a_destructor"),
    ("c11", "storage"),
    ("core", "exit_without_report"),
    ("core", "stale_handle"),
    ("core", "values"),
    ("core", "zero_key"),
    ("posix", "keys"),
    ("posix", "no_thread"),
];

impl Environment {
    /// All of them that have the whole library.
    pub(crate) const ALL: [Self; 3] = [
        Self { name: "gcc", c: "gcc", cxx: Some("g++"), archive: Archive::Usual },
        Self { name: "gcc_small", c: "gcc", cxx: Some("g++"), archive: Archive::Small },
        Self { name: "musl", c: "musl-gcc", cxx: None, archive: Archive::Usual },
    ];

    /// Of the programs below, those that take no more than `install --minimal` gives.
    pub(crate) const MINIMAL: Self = Self { name: "gcc_minimal", c: "gcc", cxx: None, archive: Archive::Minimal };

    /// Whether a program of a folder runs there.
    pub(crate) fn has(&self, folder: &str, program: &str) -> bool {
        !matches!(self.archive, Archive::Minimal) || MINIMAL_PROGRAMS.contains(&(folder, program))
    }

    pub(crate) fn numbers(&self) -> Numbers {
        match self.archive {
            Archive::Usual => Numbers::default(),
            Archive::Small => Numbers { keys: 5, rounds: 3, exit_functions: 3, notifications: 3 },
            Archive::Minimal => Numbers { keys: 8, rounds: 4, exit_functions: 0, notifications: 0 },
        }
    }

    /// Where its archive is installed.
    pub(crate) fn prefix(&self) -> PathBuf {
        // Without a target directory there is nothing to run either.
        workspace::images_dir().unwrap_or_default().join("c-tests").join(format!("{:?}", self.archive).to_lowercase())
    }

    pub(crate) fn options(&self) -> install::Options {
        install::Options {
            numbers: self.numbers(),
            is_minimal: matches!(self.archive, Archive::Minimal),
            has_counters: counters().is_some(),
            may_install: true,
            ..install::Options::new(Target::host(), self.prefix())
        }
    }

    /// What a program is to be linked with beside its archive.
    pub(crate) fn libraries(&self) -> Vec<PathBuf> {
        counters().map_or(Vec::new(), |library| vec!["-Wl,--undefined=__llvm_profile_runtime".into(), library])
    }

    /// Installs its archive, once a run.
    pub(crate) fn install(&self) -> Result<()> {
        let prefix = self.prefix();
        fs::create_dir_all(&prefix).map_err(|error| Error::failure(format!("{}: {error}", prefix.display())))?;
        let _lock = workspace::lock(&format!("c-tests-{:?}", self.archive).to_lowercase())?;
        // nextest starts a process for each test of one run; the first one has installed it. Here, this process has.
        let run = env::var("NEXTEST_RUN_ID").unwrap_or_else(|_| std::process::id().to_string());
        let note = prefix.join("installed-by");
        if fs::read_to_string(&note).is_ok_and(|text| text == run) {
            return Ok(());
        }
        install::run(&self.options())?;
        // Without the note the next one only installs it again.
        let _ = fs::write(note, run);
        Ok(())
    }
}
