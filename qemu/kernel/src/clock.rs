//! Time: the clock that all CPUs share, and the tick that preempts.

use crate::{cpu, machine};

/// The time between two timer interrupts of a CPU that works: the slice of a thread among equals, and how late a
/// sleeper may wake.
pub(crate) const TICK_NS: u64 = 1_000_000;

/// Returns the nanoseconds since the machine started.
pub(crate) fn now_ns() -> u64 {
    machine::timer::now_ns()
}

/// How many ticks an idle CPU sleeps through at a time; the first one does not, and wakes the sleepers.
const IDLE_TICKS: u64 = 20;

/// Starts the tick of this CPU, and again at each tick. A CPU that gets work while idle starts it anew.
pub(crate) fn arm_tick(is_idle: bool) {
    let ticks = if is_idle && cpu::id() != 0 { IDLE_TICKS } else { 1 };
    machine::timer::arm_ns(ticks * TICK_NS);
}
