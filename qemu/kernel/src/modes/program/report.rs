//! What a fault's report says of the program: the signal that Linux ends such a program with, and the program's keys.
//!
//! The program's keys are in a table of its own, whose layout its own archive knows. So the program gives the kernel a
//! function that goes through them (`qemu/posix/keys.c`).

use core::{
    ffi::{CStr, c_char, c_int, c_void},
    mem,
    sync::atomic::{AtomicUsize, Ordering},
};

use super::{errno::Result, user};
use crate::core::console::println;

/// A live key of the program with the running thread's value. The same in C.
#[repr(C)]
struct Entry {
    cursor: u32,
    key: u32,
    name: *const c_char,
    value: *mut c_void,
}

/// The address of the program's function, or 0 where no program runs.
static KEYS: AtomicUsize = AtomicUsize::new(0);

/// Takes the program's function.
pub(super) fn set_keys(function: usize) -> Result {
    user::pointer::<u8>(function)?;
    KEYS.store(function, Ordering::SeqCst);
    Ok(0)
}

/// Says what a fault called `name` is to the program, if one runs. The last part of a report: a program that has lost
/// its thread pointer faults again in here.
pub(super) fn report_fault(name: &str) {
    let function = KEYS.load(Ordering::SeqCst);
    if function == 0 {
        return;
    }
    println!("tsd: program: signal {}", signal(name));
    // SAFETY: The program gave the address of such a function, which reads its own memory only.
    let next = unsafe { mem::transmute::<usize, extern "C" fn(&mut Entry) -> c_int>(function) };
    let mut entry = Entry { cursor: 0, key: 0, name: c"".as_ptr(), value: core::ptr::null_mut() };
    while next(&mut entry) != 0 {
        let Entry { key, name, value, .. } = entry;
        // SAFETY: The library's names end with a zero byte and are never changed.
        let name = unsafe { CStr::from_ptr(name) }.to_str().unwrap_or("not UTF-8");
        println!("tsd: program: key {key:#x} \"{name}\" value {value:p}");
    }
}

/// Linux's number of the signal for a fault, by the fault's name on each machine.
fn signal(name: &str) -> u8 {
    match name {
        "invalid opcode" | "unknown or undefined instruction" | "illegal instruction" => 4,
        "breakpoint" | "breakpoint instruction" => 5,
        "misaligned program counter" | "misaligned stack pointer" | "alignment check" => 7,
        "instruction address misaligned" | "load address misaligned" | "store address misaligned" => 7,
        "divide error" | "x87 floating-point error" | "SIMD floating-point exception" => 8,
        _ => 11,
    }
}
