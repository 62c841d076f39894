//! The end of a thread in the minimal archive: keys alone, and no report.

use core::ffi::c_void;

use tsd::{ExitReport, KeyTable, Slots, raw};

use crate::config::{KEYS, ROUNDS};
use crate::key_space::key_space;

/// Runs the calling thread's exit. The header lets nobody have a report.
#[unsafe(no_mangle)]
pub extern "C" fn tsd_thread_exit(_report: *mut c_void) {
    // SAFETY: the header asks of the caller what the call does.
    unsafe { raw::exit_with(key_space(), &KeysAlone, &mut ExitReport::default()) };
}

/// Runs the exit of a thread that never runs again, whose structure the kernel's hook gives meanwhile; finishes one
/// that was cut short.
#[unsafe(no_mangle)]
pub extern "C" fn tsd_thread_reap(report: *mut c_void) {
    // SAFETY: the header asks of the caller what the call does.
    unsafe { raw::resume_exit(key_space(), false, &mut ExitReport::default()) };
    tsd_thread_exit(report);
}

/// There is nothing else, and the table, which is all zero bytes, does not say how many rounds there are.
struct KeysAlone;

impl raw::ExitDuties<KEYS> for KeysAlone {
    fn begin(&self, _slots: &Slots<KEYS>) {}

    fn run_functions(&self, _slots: &Slots<KEYS>, _report: &mut ExitReport) {}

    fn end(&self) {}

    fn rounds(&self, _table: &KeyTable<KEYS>) -> u32 {
        ROUNDS
    }
}
