//! QEMU's microbit: from reset to the cases, the console, the timer and the end.

use core::{
    panic::PanicInfo,
    ptr,
    sync::atomic::{AtomicBool, Ordering::SeqCst},
};

use cortex_m::{Peripherals, peripheral::SYST, peripheral::syst::SystClkSource, register::msp};
use cortex_m_rt::{ExceptionFrame, entry, exception};
use semihosting::{print, println, process};

use crate::cases;

/// What memory that was never used holds.
const UNUSED: u32 = 0xa5a5_5a5a;

#[entry]
fn start() -> ! {
    paint_stack();
    let mut timer = Peripherals::take().expect("it is taken once").SYST;
    timer.set_clock_source(SystClkSource::Core);
    cases::run(&mut timer);
    figure("stack_free_bytes", unused_stack_bytes());
    end(0)
}

/// Prints the case's name, runs it, and prints that it has passed.
pub(crate) fn case(name: &str, run: impl FnOnce()) {
    print!("test {name} ... ");
    run();
    println!("ok");
}

/// Prints a number that the driver looks at.
pub(crate) fn figure(name: &str, number: u32) {
    println!("tsd: microbit: {name} {number}");
}

fn end(status: u8) -> ! {
    println!("tsd: end: status {status}");
    process::exit(i32::from(status))
}

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    static HAS_PANICKED: AtomicBool = AtomicBool::new(false);
    cortex_m::interrupt::disable();
    if HAS_PANICKED.load(SeqCst) {
        process::exit(2);
    }
    HAS_PANICKED.store(true, SeqCst);
    println!("\n{info}\nFAILED");
    end(1)
}

#[exception]
unsafe fn HardFault(frame: &ExceptionFrame) -> ! {
    panic!("fault at {:#x}, called from {:#x}", frame.pc(), frame.lr());
}

// ---- timer ----

/// Has the timer come so many cycles from now.
pub(crate) fn come_in(timer: &mut SYST, cycles: u32) {
    timer.set_reload(cycles);
    timer.clear_current();
    timer.enable_counter();
    timer.enable_interrupt();
}

/// Stops it: no interrupt comes any more.
pub(crate) fn stop(timer: &mut SYST) {
    timer.disable_interrupt();
    timer.disable_counter();
    cortex_m::peripheral::SCB::clear_pendst();
    cortex_m::asm::isb();
}

#[exception]
fn SysTick() {
    let cycles = cases::interrupted();
    // SAFETY: the thread writes these registers only while the timer is stopped.
    let mut timer = unsafe { Peripherals::steal() }.SYST;
    timer.set_reload(cycles);
    timer.clear_current();
}

// ---- stack ----

/// The words between the static memory and the stack, as it is now.
fn free_memory() -> impl Iterator<Item = *mut u32> {
    let top = msp::read() as usize & !3;
    let start: *mut u32 = cortex_m_rt::heap_start();
    (start.addr()..top - 256).step_by(4).map(move |address| start.with_addr(address))
}

fn paint_stack() {
    for word in free_memory() {
        // SAFETY: nothing else uses this memory yet.
        unsafe { ptr::write_volatile(word, UNUSED) };
    }
}

fn unused_stack_bytes() -> u32 {
    // SAFETY: it is memory.
    free_memory().take_while(|word| unsafe { ptr::read_volatile(*word) } == UNUSED).count() as u32 * 4
}
