//! The kernel in plain C on QEMU's microbit, a Cortex-M0 with 16 KiB of memory and without compare-and-swap.

use std::time::Duration;

use libtest_mimic::Failed;
use tsd_runner::qemu::Limits;

use crate::bits32::{Bits32, THUMBV7M};
use crate::critical::{self, NUMBERS};
use crate::{LIMITS, run_32_bits};

const MICROBIT: Bits32 = Bits32 {
    name: "thumbv6m",
    folder: "thumbv6m",
    numbers: Some(NUMBERS),
    clang: &["--target=thumbv6m-none-eabi", "-mcpu=cortex-m0", "-ffixed-r9", "-DSMALL_MACHINE"],
    files: &["critical.c", "thumb/critical.c"],
    machine: &["-M", "microbit", "-nic", "none"],
    ..THUMBV7M
};

pub(crate) fn boot() -> Result<(), Failed> {
    critical::judge(&run_32_bits(&MICROBIT, &critical::STEPPED_TIME, LIMITS)?, 0)
}

/// The same with hooks that leave interrupts as they are: a handler comes between, and values are lost or found twice, or
/// a call never ends.
pub(crate) fn boot_without_masking() -> Result<(), Failed> {
    let limits = Limits { total: Duration::from_secs(60), silence: Duration::from_secs(15) };
    let hooks = &["-Dinterrupts_mask=interrupts_are_masked"];
    let kernel = Bits32 { folder: "without-masking", hooks, ..MICROBIT };
    let outcome = run_32_bits(&kernel, &critical::STEPPED_TIME, limits)?;
    let said = outcome.lines.join("\n");
    assert!(!outcome.is_success() && !said.contains("interrupts_at_random ... ok"), "{said}");
    assert!(said.contains("interrupts_at_random"), "{said}");
    Ok(())
}
