//! What other crates offer for values of threads, in loops of their own, inlined as their users have them.
//!
//! - The standard library's `thread_local!`: a variable that is known at compile time.
//! - `thread_local`: an object has a value for each thread; objects can be made at any time.
//! - `os-thread-local`: the same, by keys of the C library.

use std::cell::Cell;
use std::sync::OnceLock;

use os_thread_local::ThreadLocal as OsThreadLocal;
use thread_local::ThreadLocal;

use crate::hidden;

std::thread_local! {
    static VARIABLE: Cell<usize> = const { Cell::new(0) };
}

static OBJECT: ThreadLocal<Cell<usize>> = ThreadLocal::new();

fn os_object() -> &'static OsThreadLocal<Cell<usize>> {
    static OBJECT: OnceLock<OsThreadLocal<Cell<usize>>> = OnceLock::new();
    OBJECT.get_or_init(|| OsThreadLocal::new(|| Cell::new(0)))
}

/// A value that the compiler does not know.
#[inline(always)]
fn number(value: usize) -> usize {
    hidden(core::ptr::without_provenance_mut::<u8>(value)).addr()
}

#[unsafe(no_mangle)]
extern "C" fn variable_get(_: u32, count: usize) {
    VARIABLE.set(16);
    for _ in 0..count {
        number(VARIABLE.get());
    }
}

#[unsafe(no_mangle)]
extern "C" fn variable_set(_: u32, count: usize) {
    for _ in 0..count {
        VARIABLE.set(number(16));
    }
}

#[unsafe(no_mangle)]
extern "C" fn object_get(_: u32, count: usize) {
    OBJECT.get_or_default().set(16);
    for _ in 0..count {
        // SAFETY: the object is a static.
        let object = unsafe { &*hidden((&raw const OBJECT).cast_mut()) };
        number(object.get().map_or(0, Cell::get));
    }
}

#[unsafe(no_mangle)]
extern "C" fn object_set(_: u32, count: usize) {
    for _ in 0..count {
        // SAFETY: as above.
        let object = unsafe { &*hidden((&raw const OBJECT).cast_mut()) };
        object.get_or_default().set(number(16));
    }
}

#[unsafe(no_mangle)]
extern "C" fn object_create(_: u32, count: usize) {
    for _ in 0..count {
        let mut object = ThreadLocal::<Cell<usize>>::new();
        hidden(&raw mut object);
    }
}

#[unsafe(no_mangle)]
extern "C" fn os_object_get(_: u32, count: usize) {
    let object = os_object();
    object.with(|value| value.set(16));
    for _ in 0..count {
        // SAFETY: the object is a static.
        let object = unsafe { &*hidden(core::ptr::from_ref(object).cast_mut()) };
        number(object.with(Cell::get));
    }
}

#[unsafe(no_mangle)]
extern "C" fn os_object_set(_: u32, count: usize) {
    let object = os_object();
    for _ in 0..count {
        // SAFETY: as above.
        let object = unsafe { &*hidden(core::ptr::from_ref(object).cast_mut()) };
        object.with(|value| value.set(number(16)));
    }
}

#[unsafe(no_mangle)]
extern "C" fn os_object_create(_: u32, count: usize) {
    for _ in 0..count {
        let mut object = OsThreadLocal::<Cell<usize>>::new(|| Cell::new(0));
        hidden(&raw mut object);
    }
}
