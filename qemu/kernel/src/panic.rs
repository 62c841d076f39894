//! The end of a run.

use core::panic::PanicInfo;

use crate::{console, interrupt::Fault, machine, println};

/// The status of a run that ended in a panic or a fault.
const STATUS_PANIC: u8 = 2;

/// Prints the final line and powers off. 0 is success.
pub(crate) fn end(status: u8) -> ! {
    println!("tsd: end: status {status}");
    machine::power::power_off(status)
}

/// Reports a fault and ends the run.
pub(crate) fn report_fault(fault: &Fault) -> ! {
    console::break_lock();
    println!("fault: {fault:x?}");
    end(STATUS_PANIC)
}

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    machine::interrupts::disable();
    console::break_lock();
    println!("{info}");
    end(STATUS_PANIC)
}
