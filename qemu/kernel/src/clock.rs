//! Time: the clock that all CPUs share, and the tick that preempts.

use crate::machine;

/// The time between two timer interrupts of a CPU: the slice of a thread among equals, and how late a
/// sleeper may wake.
pub(crate) const TICK_NS: u64 = 1_000_000;

/// Returns the nanoseconds since the machine started.
pub(crate) fn now_ns() -> u64 {
    machine::timer::now_ns()
}

/// Starts the tick of this CPU, and again at each tick.
pub(crate) fn arm_tick() {
    machine::timer::arm_ns(TICK_NS);
}
