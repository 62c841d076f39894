//! Which calls enter the critical section.

use core::{cell::Cell, ffi::c_void};

use cortex_m::{interrupt, peripheral::SYST, register::primask};
use tsd::{Inline, SharedKey};

use crate::{
    critical::entries_of,
    kernel::{DEPTH, LAST_ERROR, Microbit, SPACE, as_value, exit, get, set},
};

pub(super) fn get_and_set_of_a_bound_slot_enter_none(_: &mut SYST) {
    let key = SPACE.create(None).unwrap();
    let unbound = SPACE.create(None).unwrap();
    // It binds the slot.
    assert!(entries_of(|| set(key, 1).unwrap()).0 > 0);
    let (entries, ()) = entries_of(|| {
        for number in 2..100 {
            set(key, number).unwrap();
            assert_eq!(get(key), number);
        }
        set(key, 0).unwrap();
        assert_eq!((get(key), get(unbound)), (0, 0));
        // There is nothing to bind.
        set(unbound, 0).unwrap();
    });
    assert_eq!(entries, 0);
    SPACE.delete(key).unwrap();
    let (entries, read) = entries_of(|| (get(key), set(key, 1).is_err()));
    assert_eq!((entries, read), (0, (0, true)));
    SPACE.delete(unbound).unwrap();
    let _ = exit();
}

pub(super) fn typed_keys_enter_none_to_read(_: &mut SYST) {
    let shared: SharedKey<Inline<u32>, Microbit> = SharedKey::new(&SPACE);
    LAST_ERROR.replace(7).unwrap();
    assert_eq!(DEPTH.with_or_init(|| Inline(Cell::new(1)), Cell::get), Ok(1));
    assert_eq!(shared.with_or_init(|| Inline(9), |value| *value), Ok(9));
    let (entries, ()) = entries_of(|| {
        assert_eq!(LAST_ERROR.get(), Some(7));
        DEPTH.with(|depth| depth.set(depth.get() + 1)).unwrap();
        assert_eq!(DEPTH.with_or_init(|| unreachable!(), Cell::get), Ok(2));
        assert_eq!(shared.with(|value| *value), Some(9));
    });
    assert_eq!(entries, 0);
    let _ = exit();
}

unsafe extern "C-unwind" fn nothing(_: *mut c_void) {}

/// What has no instruction of its own here does, so that the count above says something.
pub(super) fn changes_enter_some(_: &mut SYST) {
    let (create, key) = entries_of(|| SPACE.create(Some(nothing)).unwrap());
    let (bind, ()) = entries_of(|| set(key, 1).unwrap());
    // SAFETY: it takes anything.
    let (register, ()) = entries_of(|| unsafe { SPACE.at_thread_exit(nothing, as_value(1)).unwrap() });
    let (replace, _) = entries_of(|| LAST_ERROR.replace(1).unwrap());
    let (end, report) = entries_of(exit);
    assert_eq!((report.calls, report.functions), (1, 1));
    let (delete, ()) = entries_of(|| SPACE.delete(key).unwrap());
    for (call, entries) in ["create", "bind", "register", "replace", "exit", "delete"]
        .into_iter()
        .zip([create, bind, register, replace, end, delete])
    {
        assert!(entries > 0, "{call} enters none");
    }
    let (idle, _) = entries_of(exit);
    assert_eq!(idle, 0, "an exit with nothing to do");
}

pub(super) fn masked_interrupts_stay_masked(_: &mut SYST) {
    let use_key = || {
        let key = SPACE.create(None).unwrap();
        set(key, 1).unwrap();
        SPACE.delete(key).unwrap();
        let _ = exit();
    };
    use_key();
    assert!(primask::read().is_active());
    interrupt::disable();
    use_key();
    let are_masked = primask::read().is_inactive();
    // SAFETY: they were not masked before.
    unsafe { interrupt::enable() };
    assert!(are_masked);
}
