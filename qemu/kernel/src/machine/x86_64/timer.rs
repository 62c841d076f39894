//! A clock that all CPUs share and a one-shot interrupt for each.
//!
//! The clock is the time-stamp counter, which runs at one rate and is the same on all CPUs of the
//! machine; the interrupt is the local APIC's timer. Neither says how fast it counts, so both are
//! measured once against the HPET, which does. References: Intel SDM volume 3B, 18.17 "Time-Stamp
//! Counter"; volume 3A, 11.5.4 "APIC Timer"; IA-PC HPET Specification 1.0a, 2.3.

use core::arch::asm;

use spin::Once;

use super::{acpi, apic};

const FS_PER_NS: u64 = 1_000_000;
/// How long the counters are compared.
const MEASURE_NS: u64 = 5_000_000;

/// The ratios are numbers with 32 fractional bits.
const FRACTION_BITS: u32 = 32;

/// How fast the counters run.
#[derive(Debug)]
struct Rates {
    /// The time-stamp at time 0.
    start: u64,
    ns_per_stamp: u64,
    timer_ticks_per_ns: u64,
}

static RATES: Once<Rates> = Once::new();

/// Enables the timer of this CPU, with nothing armed. On the first CPU, starts the clock.
pub(crate) fn init_cpu() {
    RATES.call_once(measure);
    apic::start_timer(0);
}

/// Returns the nanoseconds since the first CPU's [`init_cpu`], 0 before. Monotonic, and the same on
/// all CPUs.
pub(crate) fn now_ns() -> u64 {
    RATES.get().map_or(0, |rates| scale(time_stamp().saturating_sub(rates.start), rates.ns_per_stamp))
}

/// Raises the timer interrupt on this CPU once, `delay_ns` from now (at most a minute).
pub(crate) fn arm_ns(delay_ns: u64) {
    let rates = RATES.get().expect("the timer is measured before its use");
    let ticks = scale(delay_ns, rates.timer_ticks_per_ns);
    // 0 would stop the timer. What does not fit comes early, which every user of a timer bears.
    apic::start_timer(ticks.clamp(1, u64::from(u32::MAX)) as u32);
}

/// Returns `count` times a ratio.
fn scale(count: u64, ratio: u64) -> u64 {
    ((u128::from(count) * u128::from(ratio)) >> FRACTION_BITS) as u64
}

fn time_stamp() -> u64 {
    let (low, high): (u32, u32);
    // SAFETY: Reading the counter has no side effect. The fence keeps the read from being made ahead of
    // what the program does before. No `nomem` for the same reason.
    unsafe {
        asm!("lfence", "rdtsc", out("eax") low, out("edx") high, options(nostack, preserves_flags));
    }
    u64::from(high) << 32 | u64::from(low)
}

/// The three counters at one moment.
struct Sample {
    stamp: u64,
    reference: u32,
    timer: u32,
}

impl Sample {
    /// Reads the counters often and returns the reading that took least time: another one may have
    /// been interrupted by the host in the middle.
    fn take(hpet: &Hpet) -> Self {
        const READINGS: usize = 32;

        let reading = |_| {
            let stamp = time_stamp();
            let sample = Self { stamp, reference: hpet.count(), timer: apic::timer_count() };
            (time_stamp() - stamp, sample)
        };
        let (_, best) = (0..READINGS).map(reading).min_by_key(|(took, _)| *took).expect("READINGS is not 0");
        best
    }
}

fn measure() -> Rates {
    let hpet = Hpet::start();
    apic::start_timer(u32::MAX);
    let begin = Sample::take(&hpet);
    let mut end = Sample::take(&hpet);
    // The three counts are of the same time, however long that was. 32 bits hold some seconds of each.
    while hpet.ns_between(&begin, &end) < MEASURE_NS {
        end = Sample::take(&hpet);
    }
    let ns = hpet.ns_between(&begin, &end);
    let ticks = begin.timer - end.timer;
    Rates {
        start: begin.stamp,
        ns_per_stamp: (ns << FRACTION_BITS) / (end.stamp - begin.stamp),
        timer_ticks_per_ns: (u64::from(ticks) << FRACTION_BITS) / ns,
    }
}

/// The high precision event timer, as a counter of known speed.
struct Hpet {
    registers: usize,
    /// The time that one count takes.
    period_fs: u64,
}

impl Hpet {
    const CAPABILITIES_HIGH: usize = 0x4;
    const CONFIGURATION: usize = 0x10;
    const COUNT: usize = 0xf0;
    const ENABLE: u32 = 1;

    fn start() -> Self {
        let registers = acpi::machine().hpet;
        // SAFETY: The firmware's address of the device, which is mapped and which nobody else uses.
        let period_fs = unsafe {
            ((registers + Self::CONFIGURATION) as *mut u32).write_volatile(Self::ENABLE);
            ((registers + Self::CAPABILITIES_HIGH) as *const u32).read_volatile()
        };
        Self { registers, period_fs: u64::from(period_fs) }
    }

    fn count(&self) -> u32 {
        // SAFETY: As in `start`; reading the counter changes nothing.
        unsafe { ((self.registers + Self::COUNT) as *const u32).read_volatile() }
    }

    fn ns_between(&self, begin: &Sample, end: &Sample) -> u64 {
        u64::from(end.reference.wrapping_sub(begin.reference)) * self.period_fs / FS_PER_NS
    }
}
