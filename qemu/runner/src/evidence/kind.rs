//! The kinds of evidence, and how one is asked for.

/// A kind of evidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Model checks.
    Interleavings,
    /// Model checks of weakened code.
    Orderings,
    /// Interrupt handlers at every access.
    Handlers,
    /// Single steps.
    Stepping,
    /// Random sequences.
    Fuzz,
    /// ThreadSanitizer and AddressSanitizer.
    Sanitizers,
    /// Mutation testing.
    Mutants,
    /// Line and branch coverage.
    Coverage,
    /// Storms in the images.
    Storm,
    /// A timeline, read by Perfetto.
    Trace,
}

impl Kind {
    /// Every kind, in the order of the table.
    pub const ALL: [Self; 10] = [
        Self::Interleavings,
        Self::Orderings,
        Self::Handlers,
        Self::Stepping,
        Self::Fuzz,
        Self::Sanitizers,
        Self::Mutants,
        Self::Coverage,
        Self::Storm,
        Self::Trace,
    ];

    /// What the command line and the table call it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Interleavings => "interleavings",
            Self::Orderings => "orderings",
            Self::Handlers => "handlers",
            Self::Stepping => "stepping",
            Self::Fuzz => "fuzz",
            Self::Sanitizers => "sanitizers",
            Self::Mutants => "mutants",
            Self::Coverage => "coverage",
            Self::Storm => "storm",
            Self::Trace => "trace",
        }
    }
}

/// How evidence is produced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// How long the fuzzer runs, or each storm; each kind knows how long it should.
    pub seconds: Option<u32>,
    /// Whether what is missing may be installed.
    pub may_install: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { seconds: None, may_install: true }
    }
}
