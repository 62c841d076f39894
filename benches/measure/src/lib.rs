//! The calls that `measure.c` measures: out of line for three capacities, and loops with inlined calls.
//!
//! One thread's slots lie in a block to which a word of the thread's own points, as `gs:0` or `tpidr_el1` leads to the
//! thread control block in a kernel. No C library is used, so that the archive links with any; but for the feature
//! `peers`.
#![cfg_attr(not(feature = "peers"), no_std)]

#[cfg(feature = "peers")]
mod peers;

use core::arch::asm;
use core::ffi::c_void;

use tsd::{Destructor, Key, KeyOptions, KeySpace, KeyTable, Port, Slots, StaticKey};

/// The slots of one thread, for each capacity.
struct Block {
    slots_8: Slots<8>,
    slots_128: Slots<128>,
    slots_1024: Slots<1024>,
}

/// How much memory, all zero, `measure.c` must give to each thread.
#[unsafe(no_mangle)]
static MEASURE_BLOCK_BYTES: usize = size_of::<Block>();

/// The calling thread's block: the word `measure_block` of `measure.c`.
#[inline(always)]
fn block() -> *const Block {
    let block;
    // SAFETY: reads one word of this thread's own. `pure` and `readonly`: the word changes once, before the first
    // call. `nostack`, `preserves_flags`: moves only.
    #[cfg(target_arch = "x86_64")]
    unsafe {
        asm!("mov {}, fs:[measure_block@tpoff]", out(reg) block, options(pure, readonly, nostack, preserves_flags));
    }
    // SAFETY: as above.
    #[cfg(target_arch = "aarch64")]
    unsafe {
        asm!(
            "mrs {0}, tpidr_el0",
            "add {0}, {0}, #:tprel_hi12:measure_block, lsl #12",
            "ldr {0}, [{0}, #:tprel_lo12_nc:measure_block]",
            out(reg) block,
            options(pure, readonly, nostack, preserves_flags),
        );
    }
    block
}

/// Keeps the compiler from knowing the value, and from moving memory accesses past this point.
#[inline(always)]
fn hidden<T>(mut value: *mut T) -> *mut T {
    // SAFETY: no instruction. No `nomem`: that is what it is for.
    unsafe { asm!("/* {0} */", inout(reg) value, options(nostack, preserves_flags)) };
    value
}

/// [`hidden`] for a key.
#[inline(always)]
fn hidden_key(key: Key) -> Key {
    let mut raw = key.raw() as usize;
    // SAFETY: as in `hidden`.
    unsafe { asm!("/* {0} */", inout(reg) raw, options(nostack, preserves_flags)) };
    Key::from_raw(raw as u32)
}

fn number(result: Result<(), tsd::Error>) -> i32 {
    match result {
        Ok(()) => 0,
        Err(error) => error.errno(),
    }
}

/// A key space of `$n` keys and its calls through the C ABI.
macro_rules! key_space {
    ($n:literal, $module:ident, $slots:ident, $statics:expr) => {
        mod $module {
            use super::*;

            pub(crate) struct Current;

            // SAFETY: the block is the calling thread's own, and lives as long as the thread.
            unsafe impl Port for Current {
                type Slots = Slots<$n>;

                #[inline(always)]
                unsafe fn current(&self) -> Option<&Slots<$n>> {
                    // SAFETY: `measure.c` gives each thread a block before its first call.
                    Some(unsafe { &(*block()).$slots })
                }
            }

            // SAFETY: the slots are used with this key space only.
            pub(crate) static SPACE: KeySpace<Current> =
                unsafe { KeySpace::with_table(Current, KeyTable::new().with_static_keys($statics)) };

            #[unsafe(export_name = concat!("tsd", $n, "_get"))]
            extern "C" fn get(key: Key) -> *mut c_void {
                SPACE.get(key)
            }

            #[unsafe(export_name = concat!("tsd", $n, "_set"))]
            unsafe extern "C" fn set(key: Key, value: *const c_void) -> i32 {
                // SAFETY: `measure.c` stores what its destructor takes.
                number(unsafe { SPACE.set(key, value.cast_mut()) })
            }

            #[unsafe(export_name = concat!("tsd", $n, "_create"))]
            unsafe extern "C" fn create(key: *mut Key, destructor: Option<Destructor>) -> i32 {
                match SPACE.create(destructor) {
                    Ok(new) => {
                        // SAFETY: `measure.c` passes a pointer to a variable.
                        unsafe { key.write(new) };
                        0
                    }
                    Err(error) => error.errno(),
                }
            }

            #[unsafe(export_name = concat!("tsd", $n, "_delete"))]
            extern "C" fn delete(key: Key) -> i32 {
                number(SPACE.delete(key))
            }

            #[unsafe(export_name = concat!("tsd", $n, "_exit"))]
            extern "C" fn exit() {
                // SAFETY: `measure.c` uses no value afterwards.
                let _ = unsafe { SPACE.exit() };
            }
        }
    };
}

/// A key known at compile time.
const STATIC_KEY: StaticKey = StaticKey::new(0, KeyOptions::new());

key_space!(8, space_8, slots_8, &[]);
key_space!(128, space_128, slots_128, &[STATIC_KEY]);
key_space!(1024, space_1024, slots_1024, &[]);

#[unsafe(no_mangle)]
extern "C" fn inlined_get(key: Key, count: usize) {
    for _ in 0..count {
        hidden(space_128::SPACE.get(hidden_key(key)));
    }
}

#[unsafe(no_mangle)]
extern "C" fn inlined_set(key: Key, count: usize) {
    let value = hidden(core::ptr::without_provenance_mut(16));
    for _ in 0..count {
        // SAFETY: the key has no destructor.
        hidden(core::ptr::without_provenance_mut::<c_void>(usize::from(
            unsafe { space_128::SPACE.set(hidden_key(key), value) }.is_ok(),
        )));
    }
}

#[unsafe(no_mangle)]
extern "C" fn static_get(_: Key, count: usize) {
    for _ in 0..count {
        // SAFETY: the thread has its block.
        hidden(STATIC_KEY.get(unsafe { &(*block()).slots_128 }));
    }
}

#[unsafe(no_mangle)]
extern "C" fn static_set(_: Key, count: usize) {
    let value = hidden(core::ptr::without_provenance_mut(16));
    for _ in 0..count {
        // SAFETY: the thread has its block, and the key no destructor.
        unsafe { STATIC_KEY.set(&(*block()).slots_128, value) };
        hidden(value);
    }
}

/// One inlined `get`, to be counted: all of the function but its return.
#[unsafe(no_mangle)]
extern "C" fn inlined_get_once(key: Key) -> *mut c_void {
    space_128::SPACE.get(key)
}

/// One `get` of a static key.
#[unsafe(no_mangle)]
extern "C" fn static_get_once() -> *mut c_void {
    // SAFETY: the thread has its block.
    STATIC_KEY.get(unsafe { &(*block()).slots_128 })
}

/// One exit with its report.
#[unsafe(no_mangle)]
#[allow(improper_ctypes_definitions)] // returned through a pointer, whatever its layout
extern "C" fn exit_report() -> tsd::ExitReport {
    // SAFETY: `measure.c` uses no value afterwards.
    unsafe { space_128::SPACE.exit() }
}

#[cfg(not(feature = "peers"))]
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    loop {
        core::hint::spin_loop();
    }
}
