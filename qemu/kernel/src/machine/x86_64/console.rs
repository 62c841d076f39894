//! The serial port: a 16550, written by polling.
//!
//! No lock in here; `core::console` has it.

use uart_16550::{BaudRate, Config, Uart16550, backend::PioBackend};

/// The first serial port of a PC.
pub(super) const UART: u16 = 0x3f8;

/// Returns the port. It has a FIFO, which is the default.
fn port() -> Uart16550<PioBackend> {
    // SAFETY: The port belongs to the console, and its registers change no memory.
    unsafe { Uart16550::new_port(UART) }.expect("the port's registers have addresses")
}

/// Sets the port to 115200 baud, 8 bits, no parity, and no interrupts.
pub(super) fn init() {
    let config = Config { baud_rate: BaudRate::Baud115200, ..Config::DEFAULT };
    port().init(config).expect("a PC has a serial port");
}

/// Writes all of `bytes`, waiting while the transmitter is full.
pub(crate) fn write_bytes(bytes: &[u8]) {
    port().send_bytes_exact(bytes);
}
