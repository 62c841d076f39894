//! Where the entry code arrives with each CPU, and what it is given there.

use core::sync::atomic::{AtomicBool, AtomicPtr, AtomicUsize, Ordering};

use crate::machine::entries::KERNEL;

/// Where the CPU that starts just now has its stack.
pub(super) static SECONDARY_STACK_TOP: AtomicUsize = AtomicUsize::new(0);
/// The number of the CPU that starts just now.
pub(super) static SECONDARY: AtomicUsize = AtomicUsize::new(0);
/// Set by that CPU once it has read the two words above.
pub(super) static SECONDARY_RUNS: AtomicBool = AtomicBool::new(false);

/// What QEMU hands over. Reference: Xen, `struct hvm_start_info` in "x86/HVM direct boot ABI".
#[derive(Debug)]
#[repr(C)]
pub(super) struct StartInfo {
    pub(super) magic: u32,
    version: u32,
    flags: u32,
    module_count: u32,
    module_list: u64,
    pub(super) command_line: u64,
    pub(super) acpi_root_pointer: u64,
}

impl StartInfo {
    pub(super) const MAGIC: u32 = 0x336e_c578;
}

/// What QEMU has handed over, with the first CPU.
pub(super) static START_INFO: AtomicPtr<StartInfo> = AtomicPtr::new(core::ptr::null_mut());

/// Where the entry code arrives with the first CPU.
pub(super) extern "C" fn first_cpu(start_info: *mut StartInfo) -> ! {
    // Relaxed: read by the same CPU.
    START_INFO.store(start_info, Ordering::Relaxed);
    (KERNEL.start)()
}

/// Where the entry code arrives with each further CPU.
pub(super) extern "C" fn secondary_cpu() -> ! {
    let cpu = SECONDARY.load(Ordering::SeqCst);
    SECONDARY_RUNS.store(true, Ordering::SeqCst);
    (KERNEL.start_secondary)(cpu)
}
