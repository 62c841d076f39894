//! The serial port: a 16550, written by polling.
//!
//! No lock in here; `crate::console` has it.

use x86_64::instructions::port::Port;

/// The first serial port of a PC.
pub(super) const UART: u16 = 0x3f8;
const DATA: u16 = UART;
const INTERRUPT_ENABLE: u16 = UART + 1;
const FIFO_CONTROL: u16 = UART + 2;
const LINE_CONTROL: u16 = UART + 3;
const LINE_STATUS: u16 = UART + 5;

const FIFO_ENABLE_AND_CLEAR: u8 = 0b111;
const LINE_8_BITS: u8 = 0b11;
const LINE_DIVISOR_ACCESS: u8 = 1 << 7;
const STATUS_TRANSMIT_EMPTY: u8 = 1 << 5;

/// Sets the port to 115200 baud, 8 bits, no parity, and no interrupts.
pub(super) fn init() {
    let settings = [
        (INTERRUPT_ENABLE, 0),
        (LINE_CONTROL, LINE_DIVISOR_ACCESS),
        // While the divisor is accessed, the two registers are its low and high byte.
        (DATA, 1),
        (INTERRUPT_ENABLE, 0),
        (LINE_CONTROL, LINE_8_BITS),
        (FIFO_CONTROL, FIFO_ENABLE_AND_CLEAR),
    ];
    for (register, value) in settings {
        // SAFETY: The port belongs to the console, and its registers change no memory.
        unsafe { Port::<u8>::new(register).write(value) }
    }
}

/// Writes all of `bytes`, waiting while the transmitter is full.
pub(crate) fn write_bytes(bytes: &[u8]) {
    for &byte in bytes {
        // SAFETY: The port belongs to the console, and its registers change no memory.
        unsafe {
            while Port::<u8>::new(LINE_STATUS).read() & STATUS_TRANSMIT_EMPTY == 0 {
                core::hint::spin_loop();
            }
            Port::new(DATA).write(byte);
        }
    }
}
