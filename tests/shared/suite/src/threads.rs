//! Threads for cases: many at once, joined before the case goes on, without a heap.

use crate::atomic::{AtomicUsize, Ordering::SeqCst};

use tsd::ExitReport;

use crate::{Platform, Start};

/// The most threads that [`in_threads`] starts at once.
const MOST: usize = 128;

/// A counter that cases share with destructors and threads.
#[derive(Debug, Default)]
pub struct Counter(AtomicUsize);

impl Counter {
    /// A counter at 0.
    #[must_use]
    pub const fn new() -> Self {
        Self(AtomicUsize::new(0))
    }

    /// Adds one; the number before.
    pub fn add(&self) -> usize {
        self.0.fetch_add(1, SeqCst)
    }

    /// Takes one off.
    pub fn subtract(&self) {
        self.0.fetch_sub(1, SeqCst);
    }

    /// The number now.
    pub fn get(&self) -> usize {
        self.0.load(SeqCst)
    }

    /// Sets the number.
    pub fn set(&self, number: usize) {
        self.0.store(number, SeqCst);
    }
}

/// A line at which threads wait for each other, again and again.
#[derive(Debug, Default)]
pub struct Line(Counter);

impl Line {
    /// A line at which nobody waits.
    #[must_use]
    pub const fn new() -> Self {
        Self(Counter::new())
    }

    /// Returns when `count` threads have come, the same number each time.
    pub fn meet<P: Platform>(&self, count: usize) {
        let all = (self.0.add() / count + 1) * count;
        // Watched closely for a while, so that the threads leave as nearly at once as they can. Then asleep: on a
        // machine with fewer CPUs than it shows, a thread that watches keeps the last one from coming.
        for _ in 0..2000 {
            if self.0.get() >= all {
                return;
            }
            core::hint::spin_loop();
        }
        wait_until::<P>(|| self.0.get() >= all);
    }
}

/// Runs `body` on a thread of its own, and that thread's exit; what the exit reports.
pub fn exit_of<P: Platform>(body: impl Fn() + Sync) -> ExitReport {
    let report = spin::Mutex::new(ExitReport::default());
    in_threads::<P, _>(1, Start::default(), |_| {
        body();
        *report.lock() = P::exit();
    });
    report.into_inner()
}

/// Calls `body` with 0, 1, … in `count` threads at once and returns when all have ended, exit hooks included.
pub fn in_threads<P: Platform, F: Fn(usize) + Sync>(count: usize, start: Start, body: F) {
    struct Shared<F> {
        body: F,
        next: Counter,
    }
    fn run<F: Fn(usize)>(shared: usize) {
        // SAFETY: `in_threads` keeps it until every thread was joined; `F` is `Sync`.
        let shared = unsafe { &*core::ptr::with_exposed_provenance::<Shared<F>>(shared) };
        (shared.body)(shared.next.add());
    }

    assert!(count <= MOST, "more threads than a case may start");
    let shared = Shared { body, next: Counter::new() };
    let argument = (&raw const shared).expose_provenance();
    let mut threads: [Option<P::Thread>; MOST] = [const { None }; MOST];
    for thread in &mut threads[..count] {
        *thread = Some(P::start(start, run::<F>, argument));
    }
    for thread in threads.into_iter().flatten() {
        P::join(thread);
    }
}

/// Returns when `condition` holds, and lets others run until then.
///
/// The case hangs if it never holds; the driver of the suite ends it then.
pub fn wait_until<P: Platform>(condition: impl Fn() -> bool) {
    while !condition() {
        P::sleep_ms(1);
    }
}
