//! From the entry point to the kernel's `start` and `start_secondary`, for the first CPU and the further ones.
//!
//! What QEMU gives at the start (the command line, the address of the ACPI tables) is read in
//! [`early_init`], because the memory that it lies in is not mapped later. Further CPUs are started one
//! at a time by INIT and start-up interrupts. Reference: Intel SDM volume 3A, 9.4 "Multiple-Processor
//! (MP) Initialization".

use core::{ffi::CStr, sync::atomic::Ordering};

use heapless::Vec;
use spin::Once;

use super::{
    acpi, apic,
    boot_stack::SECONDARY_STACKS,
    console, entry,
    start::{SECONDARY, SECONDARY_RUNS, SECONDARY_STACK_TOP, START_INFO, StartInfo},
    timer,
};

const COMMAND_LINE_BYTES: usize = 1024;

static COMMAND_LINE: Once<Vec<u8, COMMAND_LINE_BYTES>> = Once::new();

/// Makes the console usable and reads what lies in memory that is not mapped later. Called on the
/// first CPU before anything else.
pub(crate) fn early_init() {
    console::init();
    apic::mask_legacy_controllers();
    // SAFETY: QEMU gave the address. The map is the initial one, so all of the information is mapped.
    let start_info = unsafe { START_INFO.load(Ordering::Relaxed).as_ref() };
    let Some(start_info @ StartInfo { magic: StartInfo::MAGIC, .. }) = start_info else {
        panic!("not started through the PVH entry point");
    };
    if start_info.command_line != 0 {
        // SAFETY: The address of a string that ends with a zero byte.
        let line = unsafe { CStr::from_ptr(start_info.command_line as *const _) };
        COMMAND_LINE.call_once(|| {
            Vec::from_slice(line.to_bytes()).unwrap_or_else(|_| panic!("the command line is longer than 1 KiB"))
        });
    }
    // SAFETY: The address is the firmware's, and the map is the initial one.
    unsafe { acpi::init(start_info.acpi_root_pointer as usize, apic::id()) };
    copy_trampoline();
}

/// Returns the words that QEMU was given with `-append`.
pub(crate) fn command_line() -> &'static str {
    let bytes = COMMAND_LINE.get().map_or(&[][..], Vec::as_slice);
    str::from_utf8(bytes).unwrap_or_else(|_| panic!("the command line is not UTF-8"))
}

/// Returns how many CPUs the machine has, at most [`MAX_CPUS`].
pub(crate) fn cpu_count() -> usize {
    acpi::machine().apic_ids.len()
}

/// The page of low memory in which further CPUs begin.
const TRAMPOLINE_PAGE: u8 = 8;

fn copy_trampoline() {
    let code = entry::trampoline();
    let page = (usize::from(TRAMPOLINE_PAGE) << 12) as *mut u8;
    // SAFETY: Low memory is RAM that only the firmware used. The page is neither the image's nor does it
    // hold the start-up information, which was read before.
    unsafe { page.copy_from_nonoverlapping(code.as_ptr(), code.len()) }
}

/// Starts `cpu`, which runs `Entries::start_secondary`, and returns when it has begun.
pub(crate) fn start_cpu(cpu: usize) {
    /// The time after which a start-up interrupt is repeated, because a CPU may need that long for its
    /// reset, and how often.
    const REPEAT_NS: u64 = 10_000_000;
    const REPEATS: usize = 500;

    SECONDARY_STACK_TOP.store(SECONDARY_STACKS[cpu].top(), Ordering::SeqCst);
    SECONDARY.store(cpu, Ordering::SeqCst);
    SECONDARY_RUNS.store(false, Ordering::SeqCst);

    let apic_id = acpi::machine().apic_ids[cpu];
    apic::send_init(apic_id);
    for _ in 0..REPEATS {
        // SAFETY: The page holds the trampoline. A CPU that has begun ignores another start-up interrupt.
        unsafe { apic::send_startup(apic_id, TRAMPOLINE_PAGE) };
        let until_ns = timer::now_ns() + REPEAT_NS;
        while timer::now_ns() < until_ns {
            if SECONDARY_RUNS.load(Ordering::SeqCst) {
                return;
            }
            core::hint::spin_loop();
        }
    }
    panic!("CPU {cpu} does not start");
}
