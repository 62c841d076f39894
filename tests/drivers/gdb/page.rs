//! docs/debugging.md shows what gdb prints.

use libtest_mimic::Failed;

pub(crate) fn check() -> Result<(), Failed> {
    Ok(())
}
