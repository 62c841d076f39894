//! Values of one thread and of another.

use cortex_m::peripheral::SYST;
use tsd::Error;

use crate::kernel::{SPACE, exit, get, set, switch_to, without_thread};

pub(super) fn per_thread(_: &mut SYST) {
    let key = SPACE.create(None).unwrap();
    set(key, 1).unwrap();
    switch_to(1);
    assert_eq!(get(key), 0);
    set(key, 2).unwrap();
    switch_to(0);
    assert_eq!(get(key), 1);
    let _ = exit();
    assert_eq!(get(key), 0);
    switch_to(1);
    assert_eq!(get(key), 2);
    let _ = exit();
    SPACE.delete(key).unwrap();
}

pub(super) fn null_clears(_: &mut SYST) {
    let key = SPACE.create(Some(never)).unwrap();
    set(key, 1).unwrap();
    set(key, 0).unwrap();
    assert_eq!(get(key), 0);
    assert_eq!(exit().calls, 0);
    SPACE.delete(key).unwrap();
}

unsafe extern "C-unwind" fn never(_: *mut core::ffi::c_void) {
    panic!("a destructor is called for no value");
}

pub(super) fn no_thread(_: &mut SYST) {
    let key = SPACE.create(None).unwrap();
    set(key, 1).unwrap();
    without_thread(|| assert_eq!((get(key), set(key, 2)), (0, Err(Error::NoThread))));
    assert_eq!(get(key), 1);
    let _ = exit();
    SPACE.delete(key).unwrap();
}
