//! What each worker did, as its destructors hand it over.

use core::sync::atomic::AtomicU32;

/// The largest number of workers that one run may use up.
pub(super) const MAX_WORKERS: usize = 512;
/// What a worker did, in numbers.
pub(super) struct Done {
    pub(super) requests: AtomicU32,
    pub(super) errors: AtomicU32,
    pub(super) allocations: AtomicU32,
    pub(super) frees: AtomicU32,
}

/// An element for each worker of the run.
pub(super) static WORK: [Done; MAX_WORKERS] = [const {
    Done {
        requests: AtomicU32::new(0),
        errors: AtomicU32::new(0),
        allocations: AtomicU32::new(0),
        frees: AtomicU32::new(0),
    }
}; MAX_WORKERS];
