//! Cases that run in one boot, one after the other: the first that fails ends it.

use std::sync::OnceLock;

use crate::{
    error::{Error, Result},
    protocol::{self, Cases, Verdict},
    qemu::Outcome,
};

/// The boot, which comes when its first case is asked for.
#[derive(Debug, Default)]
pub struct OneBoot(OnceLock<Result<Ran>>);

/// A boot that is over.
#[derive(Clone, Debug)]
pub struct Ran {
    /// How it went.
    pub outcome: Outcome,
    verdicts: Vec<(String, Verdict)>,
}

impl OneBoot {
    /// Returns what has come of it, after `boot`, which gives each line to its argument, has run for the first caller.
    ///
    /// # Errors
    /// Those of `boot`.
    pub fn run(&self, boot: impl FnOnce(&mut dyn FnMut(&str)) -> Result<Outcome>) -> Result<&Ran> {
        let run = || {
            let (mut cases, mut verdicts) = (Cases::default(), Vec::new());
            let outcome = boot(&mut |line| cases.take(line, &mut |name, verdict| verdicts.push((name, verdict))))?;
            cases.finish(&mut |name, verdict| verdicts.push((name, verdict)));
            Ok(Ran { outcome, verdicts })
        };
        self.0.get_or_init(run).as_ref().map_err(Clone::clone)
    }
}

impl Ran {
    /// Returns whether this case has passed.
    ///
    /// # Errors
    /// It has not, or one before it has ended the boot, which is told then.
    pub fn verdict_on(&self, case: &str) -> Result<()> {
        match self.verdicts.iter().find(|(name, _)| name == case) {
            Some((_, Verdict::Passed)) => Ok(()),
            _ => self.outcome.verdict().and(Err(Error::failure("there is no such case"))),
        }
    }

    /// Returns the names of the cases that have run, in their order.
    pub fn names(&self) -> Vec<&str> {
        self.verdicts.iter().map(|(name, _)| name.as_str()).collect()
    }

    /// Returns what the image has counted under this name.
    ///
    /// # Errors
    /// It has no such number.
    pub fn figure(&self, name: &str) -> Result<u32> {
        let mut figures = protocol::figures(&self.outcome.lines);
        let number = figures.find_map(|(its, value)| (its == name).then(|| value.parse().ok())?);
        number.ok_or_else(|| Error::failure(format!("the image has no figure {name}")))
    }
}
