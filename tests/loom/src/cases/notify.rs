//! Notifications that are registered and taken back while threads start.

use core::ffi::c_void;
use core::ptr;
use core::sync::atomic::{AtomicU32, Ordering::Relaxed};

use loom::cell::UnsafeCell;
use tsd::{Error, Notification, Reason};

use crate::check::Outcomes;
use crate::threads::{notifications, space, start};

/// What a notification's context points to: data that the registering thread writes before, with no ordering.
struct Context {
    ready: UnsafeCell<bool>,
    calls: AtomicU32,
}

extern "C-unwind" fn hear(_reason: Reason, context: *mut c_void) {
    // SAFETY: the contexts here are leaked `Context`s.
    let context = unsafe { &*context.cast::<Context>() };
    // SAFETY: it is written before the registration only; loom fails the execution in which that is not so.
    assert!(context.ready.with(|ready| unsafe { *ready }));
    context.calls.fetch_add(1, Relaxed);
}

/// A notification that is not ready, leaked as a kernel's statics are.
fn notification() -> &'static Notification {
    let context = Box::leak(Box::new(Context { ready: UnsafeCell::new(false), calls: AtomicU32::new(0) }));
    Box::leak(Box::new(Notification { function: hear, context: ptr::from_mut(context).cast() }))
}

fn context(notification: &Notification) -> &Context {
    // SAFETY: as in `hear`.
    unsafe { &*notification.context.cast::<Context>() }
}

fn make_ready(notification: &Notification) {
    // SAFETY: it is not registered yet.
    context(notification).ready.with_mut(|ready| unsafe { *ready = true });
}

fn calls(notification: &Notification) -> u32 {
    context(notification).calls.load(Relaxed)
}

/// A thread that starts finds a registration whole or not at all.
pub(crate) fn registration_against_attach(outcomes: &Outcomes) {
    let space = space();
    let heard = notification();
    let other = start(&space, move |space| {
        make_ready(heard);
        notifications(space).register(heard).unwrap();
    });
    space.attach().unwrap();
    outcomes.note(if calls(heard) == 1 { "heard" } else { "not registered yet" });
    other.join().unwrap();
    // SAFETY: there are no values.
    let _ = unsafe { space.exit() };
    assert!((1..=2).contains(&calls(heard)));
}

/// With room for one more, exactly one registration wins.
pub(crate) fn two_registrations_and_room_for_one(outcomes: &Outcomes) {
    let space = space();
    let (mine, theirs) = (notification(), notification());
    let other = start(&space, move |space| notifications(space).register(theirs));
    let my_result = notifications(&space).register(mine);
    match (my_result, other.join().unwrap()) {
        (Ok(()), Err(Error::ListFull)) => outcomes.note("first wins"),
        (Err(Error::ListFull), Ok(())) => outcomes.note("second wins"),
        both => panic!("{both:?}"),
    }
    assert!(notifications(&space).unregister(mine) != notifications(&space).unregister(theirs));
}

/// Room that one CPU gives back and another takes: a thread that starts meanwhile hears each at most once, whole.
pub(crate) fn room_is_used_again(outcomes: &Outcomes) {
    let space = space();
    let (old, new) = (notification(), notification());
    make_ready(old);
    notifications(&space).register(old).unwrap();
    let other = start(&space, move |space| {
        assert!(notifications(space).unregister(old));
        make_ready(new);
        notifications(space).register(new).unwrap();
    });
    space.attach().unwrap();
    match (calls(old), calls(new)) {
        (1, 0) => outcomes.note("heard old"),
        (0, 1) => outcomes.note("heard new"),
        (0, 0) => outcomes.note("heard none"),
        both => panic!("{both:?}"),
    }
    other.join().unwrap();
}

/// A thread that takes a registration back sees what was written before it.
pub(crate) fn registration_taken_back(outcomes: &Outcomes) {
    let space = space();
    let registered = notification();
    let other = start(&space, move |space| {
        make_ready(registered);
        notifications(space).register(registered).unwrap();
    });
    if notifications(&space).unregister(registered) {
        hear(Reason::ThreadDetach, registered.context);
        outcomes.note("taken back");
    } else {
        outcomes.note("not registered yet");
    }
    other.join().unwrap();
}
