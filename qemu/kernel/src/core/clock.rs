//! Time: the clock that all CPUs share, and the tick that preempts.

use core::sync::atomic::{AtomicU64, Ordering};

use crate::{
    core::cpu,
    machine::{self, cpu_local::MAX_CPUS},
};

/// The time between two timer interrupts of a CPU that works: the slice of a thread among equals, and how late a
/// sleeper may wake.
pub(crate) const TICK_NS: u64 = 1_000_000;

/// Returns the nanoseconds since the machine started.
pub(crate) fn now_ns() -> u64 {
    machine::timer::now_ns()
}

/// How many ticks an idle CPU sleeps through at a time; the first one does not, and wakes the sleepers.
const IDLE_TICKS: u64 = 20;

/// The shortest and the longest tick drawn at random.
const RANDOM_TICK_NS: core::ops::Range<u64> = 20_000..2_000_000;

/// From which each CPU draws its next tick; 0 where all are alike.
static RANDOM: [AtomicU64; MAX_CPUS] = [const { AtomicU64::new(0) }; MAX_CPUS];

/// How many were drawn.
static DRAWN: AtomicU64 = AtomicU64::new(0);

/// Returns how many ticks were drawn at random, on all CPUs.
pub(crate) fn ticks_drawn() -> u64 {
    DRAWN.load(Ordering::Relaxed)
}

/// From now on each CPU draws its ticks at random, and each from a row of its own that follows from `seed`.
pub(crate) fn draw_ticks(seed: u64) {
    for (cpu, state) in (1..).zip(&RANDOM) {
        // Odd, so that it is not 0.
        state.store(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(cpu << 1) | 1, Ordering::SeqCst);
    }
}

/// Starts the tick of this CPU, and again at each tick. A CPU that gets work while idle starts it anew.
pub(crate) fn arm_tick(is_idle: bool) {
    let ticks = if is_idle && cpu::id() != 0 { IDLE_TICKS } else { 1 };
    machine::timer::arm_ns(random_tick_ns().unwrap_or(TICK_NS * ticks));
}

/// Draws this CPU's next tick, if ticks are drawn: one between the shortest and its double is as likely as one between
/// that and its double, and so on.
fn random_tick_ns() -> Option<u64> {
    let state = &RANDOM[cpu::id()];
    // Relaxed: of this CPU only, with interrupts masked, but for the start.
    let mut number = state.load(Ordering::Relaxed);
    if number == 0 {
        return None;
    }
    // Marsaglia's xorshift, whose numbers are never 0.
    number ^= number << 13;
    number ^= number >> 7;
    number ^= number << 17;
    state.store(number, Ordering::Relaxed);
    // Relaxed: a count for display.
    DRAWN.fetch_add(1, Ordering::Relaxed);
    let doublings = (RANDOM_TICK_NS.end / RANDOM_TICK_NS.start).ilog2() + 1;
    let at_least = RANDOM_TICK_NS.start << ((number >> 32) % u64::from(doublings));
    Some((at_least + (number & 0xffff_ffff) % at_least).min(RANDOM_TICK_NS.end))
}
