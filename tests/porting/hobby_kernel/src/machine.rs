//! What differs between CPUs: the console, the end, a new thread's stack. The boot code and the switch of stacks are those of
//! the kernel in C.

use core::{arch::global_asm, fmt};

#[cfg(target_arch = "x86_64")]
global_asm!(include_str!("../../../c/kernel/x86_64/boot.S"), options(att_syntax, raw));
#[cfg(target_arch = "aarch64")]
global_asm!(include_str!("../../../c/kernel/aarch64/boot.S"), options(raw));
#[cfg(target_arch = "riscv64")]
global_asm!(include_str!("../../../c/kernel/riscv64/boot.S"), options(raw));

unsafe extern "C" {
    /// Stores the stack pointer at `save` and goes on where `load` was stored.
    pub(crate) fn switch_stack(save: *mut usize, load: usize);
}

/// The words that `switch_stack` loads, of which this one is the address to go on at.
#[cfg(target_arch = "x86_64")]
pub(crate) const FRAME: (usize, usize) = (8, 6);
#[cfg(target_arch = "aarch64")]
pub(crate) const FRAME: (usize, usize) = (12, 11);
#[cfg(target_arch = "riscv64")]
pub(crate) const FRAME: (usize, usize) = (14, 0);

#[cfg(target_arch = "riscv64")]
unsafe extern "C" {
    /// Asks QEMU. The argument depends on the operation.
    fn semihosting(operation: usize, argument: *const core::ffi::c_void) -> usize;
}

pub(crate) struct Console;

impl fmt::Write for Console {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        text.bytes().for_each(put);
        Ok(())
    }
}

#[cfg(target_arch = "x86_64")]
fn put(byte: u8) {
    // SAFETY: the serial port of QEMU's PC, which takes bytes at any time.
    unsafe { core::arch::asm!("out dx, al", in("dx") 0x3F8u16, in("al") byte, options(nomem, nostack)) };
}

#[cfg(target_arch = "aarch64")]
fn put(byte: u8) {
    // SAFETY: the data register of QEMU's UART, which takes bytes at any time.
    unsafe { core::ptr::with_exposed_provenance_mut::<u32>(0x0900_0000).write_volatile(byte.into()) };
}

#[cfg(target_arch = "riscv64")]
fn put(byte: u8) {
    // SAFETY: SYS_WRITEC, which reads the byte.
    unsafe { semihosting(0x03, core::ptr::from_ref(&byte).cast()) };
}

/// Ends the machine; the test takes 0 for success.
#[cfg(target_arch = "x86_64")]
pub(crate) fn power_off(status: u32) -> ! {
    let value = if status == 0 { 16 } else { status };
    loop {
        // SAFETY: QEMU's exit device, which exits with twice the value and 1.
        unsafe { core::arch::asm!("out dx, eax", "hlt", in("dx") 0xF4u16, in("eax") value, options(nomem, nostack)) };
    }
}

/// Ends the machine; the test takes 0 for success.
#[cfg(target_arch = "aarch64")]
pub(crate) fn power_off(status: u32) -> ! {
    // SYS_EXIT with ADP_Stopped_ApplicationExit and a status.
    let block = [0x20026, u64::from(status)];
    loop {
        // SAFETY: semihosting's call, which reads the block.
        unsafe { core::arch::asm!("hlt #0xF000", in("x0") 0x18, in("x1") block.as_ptr(), options(nostack)) };
    }
}

/// Ends the machine; the test takes 0 for success.
#[cfg(target_arch = "riscv64")]
pub(crate) fn power_off(status: u32) -> ! {
    // SYS_EXIT with ADP_Stopped_ApplicationExit and a status.
    let block = [0x20026, u64::from(status)];
    loop {
        // SAFETY: semihosting's call, which reads the block.
        unsafe { semihosting(0x18, block.as_ptr().cast()) };
    }
}
