//! The serial port: a PL011, written by polling.
//!
//! No lock in here; `core::console` has it.

/// The PL011 of the `virt` machine.
const UART: usize = 0x0900_0000;
const DATA: usize = UART;
const FLAGS: usize = UART + 0x18;
const LINE_CONTROL: usize = UART + 0x2c;
const CONTROL: usize = UART + 0x30;

const FLAGS_TRANSMIT_FULL: u32 = 1 << 5;
const LINE_8_BITS_FIFO: u32 = 0x70;
const CONTROL_ENABLE_TRANSMIT: u32 = 1 | 1 << 8;

/// Enables the transmitter.
pub(super) fn init() {
    // SAFETY: The registers are mapped as device memory in all page tables of the kernel.
    unsafe {
        (LINE_CONTROL as *mut u32).write_volatile(LINE_8_BITS_FIFO);
        (CONTROL as *mut u32).write_volatile(CONTROL_ENABLE_TRANSMIT);
    }
}

/// Writes all of `bytes`, waiting while the transmitter is full.
pub(crate) fn write_bytes(bytes: &[u8]) {
    for &byte in bytes {
        // SAFETY: The registers are mapped as device memory in all page tables of the kernel.
        unsafe {
            while (FLAGS as *const u32).read_volatile() & FLAGS_TRANSMIT_FULL != 0 {
                core::hint::spin_loop();
            }
            (DATA as *mut u32).write_volatile(u32::from(byte));
        }
    }
}
