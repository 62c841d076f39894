//! A timer that comes at random instructions of the thread, whose handler does all that the thread does.

use core::{
    cell::RefCell,
    sync::atomic::{AtomicBool, AtomicU32, Ordering::SeqCst},
};

use cortex_m::peripheral::SYST;
use critical_section::Mutex;

use crate::{
    board::{come_in, figure, stop},
    cases::actor::Actor,
    critical,
    kernel::{SPACE, exit, switch_to},
    ledger,
};

/// How many threads live, one after the other.
const LIVES: u32 = 1500;
/// The timer comes after so many cycles at most.
const LONGEST_WAIT: u32 = 900;
/// How many values a handler stores while the thread exits: each may take a round, and there are four.
const STORES_IN_AN_EXIT: u32 = 3;

/// A call that is interrupted.
#[derive(Clone, Copy)]
pub(super) enum Call {
    Create,
    Set,
    Get,
    Delete,
    Register,
    Exit,
}

const CALLS: [(&str, Call); 6] = [
    ("interrupts_in_create", Call::Create),
    ("interrupts_in_set", Call::Set),
    ("interrupts_in_get", Call::Get),
    ("interrupts_in_delete", Call::Delete),
    ("interrupts_in_at_thread_exit", Call::Register),
    ("interrupts_in_exit", Call::Exit),
];

/// In [`CALL`]: none.
const NONE: u32 = u32::MAX;

/// The call that runs.
static CALL: AtomicU32 = AtomicU32::new(NONE);
static INTERRUPTS: AtomicU32 = AtomicU32::new(0);
static INTERRUPTS_IN: [AtomicU32; CALLS.len()] = [const { AtomicU32::new(0) }; CALLS.len()];
/// The thread's exit has begun, and values that it stores afterwards are not destroyed yet.
static IS_IN_EXIT: AtomicBool = AtomicBool::new(false);
static STORES_LEFT: AtomicU32 = AtomicU32::new(0);
static HANDLER: Mutex<RefCell<Actor>> = Mutex::new(RefCell::new(Actor::new(0x2545_f491)));

/// Only the thread writes it, and handlers that end before it goes on.
fn add_one(count: &AtomicU32) {
    count.store(count.load(SeqCst) + 1, SeqCst);
}

/// Makes this call.
pub(super) fn during<R>(call: Call, work: impl FnOnce() -> R) -> R {
    let outer = CALL.load(SeqCst);
    CALL.store(call as u32, SeqCst);
    let result = work();
    CALL.store(outer, SeqCst);
    result
}

/// Whether the thread's exit may have taken values.
pub(super) fn is_in_exit() -> bool {
    IS_IN_EXIT.load(SeqCst)
}

/// Whether another value may be stored: an exit must come to an end.
pub(super) fn may_store() -> bool {
    if !is_in_exit() {
        return true;
    }
    let left = STORES_LEFT.load(SeqCst);
    STORES_LEFT.store(left.saturating_sub(1), SeqCst);
    left > 0
}

/// The timer's handler; how long until it comes again.
pub(crate) fn interrupted() -> u32 {
    add_one(&INTERRUPTS);
    if let Some(count) = INTERRUPTS_IN.get(CALL.load(SeqCst) as usize) {
        add_one(count);
    }
    critical_section::with(|section| {
        let mut handler = HANDLER.borrow_ref_mut(section);
        handler.step();
        1 + handler.random(LONGEST_WAIT)
    })
}

/// A thread lives and exits, with the timer all the while.
fn live(thread: &mut Actor, timer: &mut SYST) {
    come_in(timer, LONGEST_WAIT);
    for _ in 0..10 + thread.random(30) {
        thread.step();
    }
    STORES_LEFT.store(STORES_IN_AN_EXIT, SeqCst);
    IS_IN_EXIT.store(true, SeqCst);
    let report = during(Call::Exit, exit);
    stop(timer);
    assert_eq!(report.left_over, 0, "{report:?}");
    // What the handler has stored since.
    assert_eq!(exit().left_over, 0);
    thread.forget_values();
    critical_section::with(|section| HANDLER.borrow_ref_mut(section).forget_values());
    ledger::settle();
    IS_IN_EXIT.store(false, SeqCst);
}

pub(super) fn at_random(timer: &mut SYST) {
    let keys = SPACE.table().in_use();
    let mut thread = Actor::new(0x9e37_79b9);
    for life in 0..LIVES {
        switch_to(life as usize % 2);
        live(&mut thread, timer);
    }
    thread.end();
    critical_section::with(|section| HANDLER.borrow_ref_mut(section).end());
    // The two typed keys stay.
    assert_eq!(SPACE.table().in_use(), keys + 2);

    let ledger::Counts { made, destroyed, taken } = ledger::counts();
    assert_eq!(made, destroyed + taken);
}

/// Prints what was counted.
pub(super) fn figures() {
    let counts = ledger::counts();
    figure("threads", LIVES);
    figure("interrupts", INTERRUPTS.load(SeqCst));
    CALLS.iter().for_each(|&(name, call)| figure(name, INTERRUPTS_IN[call as usize].load(SeqCst)));
    figure("critical_sections", critical::entries());
    figure("values", counts.made);
    figure("values_destroyed", counts.destroyed);
    figure("values_taken", counts.taken);
}
