//! What a run can do.

pub(crate) mod counts;
pub(crate) mod coverage;
pub(crate) mod crash;
pub(crate) mod demo;
pub(crate) mod program;
pub(crate) mod selftest;
pub(crate) mod stepping;
pub(crate) mod storm;
pub(crate) mod suite;
