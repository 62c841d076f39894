//! What each thread of the server has for itself, and what becomes of it when the thread ends.
//!
//! Each kind of data is a [`PerThread`]: its key is created through `once` by whichever thread needs it
//! first, and its value is allocated at a thread's first use. The destructors run in two rounds: the
//! statistics' one writes a last line to the log, whose buffer is gone already; it is allocated anew,
//! and its destructor runs again. All allocations are noted in the ledger, which belongs to the
//! last phase: the other destructors still need it.

use core::{
    ffi::c_void,
    fmt::{self, Write},
    ptr::NonNull,
    sync::atomic::{AtomicU32, AtomicUsize, Ordering::SeqCst},
};

use heapless::String;
use tsd::{Key, KeyOptions, Once};

use super::{done::WORK, pool::Pool};
use crate::core::port::SPACE;

/// How many keys the server creates.
pub(super) const KEYS_NEEDED: usize = 5;
/// More than the number of threads that are alive at once.
const BLOCKS: usize = 32;

/// What the whole run adds up.
pub(super) struct Totals {
    pub(super) requests: AtomicUsize,
    pub(super) log_lines: AtomicUsize,
    pub(super) allocations: AtomicUsize,
    pub(super) frees: AtomicUsize,
    /// How often a thread found another one's data, or a ledger did not balance.
    pub(super) mixed_up: AtomicUsize,
}

pub(super) static TOTALS: Totals = Totals {
    requests: AtomicUsize::new(0),
    log_lines: AtomicUsize::new(0),
    allocations: AtomicUsize::new(0),
    frees: AtomicUsize::new(0),
    mixed_up: AtomicUsize::new(0),
};

/// Lines that wait to be written out.
pub(super) struct Log {
    text: String<256>,
}

/// The number of the last error, or 0.
pub(super) struct Errno(pub(super) i32);

/// The request that the thread works on.
pub(super) struct Context {
    pub(super) id: usize,
}

/// What the thread did so far.
pub(super) struct Statistics {
    pub(super) worker: usize,
    pub(super) requests: u32,
    pub(super) errors: u32,
}

/// What the thread has allocated and freed so far.
struct Ledger {
    worker: Option<usize>,
    allocations: u32,
    frees: u32,
}

static LOGS: Pool<Log, BLOCKS> = Pool::new();
static ERRNOS: Pool<Errno, BLOCKS> = Pool::new();
static CONTEXTS: Pool<Context, BLOCKS> = Pool::new();
static ALL_STATISTICS: Pool<Statistics, BLOCKS> = Pool::new();
static LEDGERS: Pool<Ledger, BLOCKS> = Pool::new();

pub(super) static LOG: PerThread<Log> =
    PerThread::new(&LOGS, || Log { text: String::new() }, KeyOptions::new().name("log").destructor(flush_log));
pub(super) static ERRNO: PerThread<Errno> =
    PerThread::new(&ERRNOS, || Errno(0), KeyOptions::new().name("errno").destructor(free_errno));
pub(super) static CONTEXT: PerThread<Context> = PerThread::new(
    &CONTEXTS,
    || Context { id: usize::MAX },
    KeyOptions::new().name("request context").destructor(free_context),
);
pub(super) static STATISTICS: PerThread<Statistics> = PerThread::new(
    &ALL_STATISTICS,
    || Statistics { worker: usize::MAX, requests: 0, errors: 0 },
    KeyOptions::new().name("statistics").destructor(report_statistics),
);
static LEDGER: PerThread<Ledger> = PerThread::new(
    &LEDGERS,
    || Ledger { worker: None, allocations: 0, frees: 0 },
    KeyOptions::new().name("ledger").destructor(close_ledger).last_phase(),
);

/// A value of each thread, allocated at its first use.
pub(super) struct PerThread<T: 'static> {
    created: Once,
    key: AtomicU32,
    options: KeyOptions,
    pool: &'static Pool<T, BLOCKS>,
    first_value: fn() -> T,
}

impl<T> PerThread<T> {
    const fn new(pool: &'static Pool<T, BLOCKS>, first_value: fn() -> T, options: KeyOptions) -> Self {
        Self { created: Once::new(), key: AtomicU32::new(0), options, pool, first_value }
    }

    /// Returns the key, which the first caller of all threads creates.
    fn key(&self) -> Key {
        SPACE
            .once(&self.created, || {
                let key = SPACE.create_with(self.options).expect("the kernel has keys enough");
                self.key.store(key.raw(), SeqCst);
            })
            .expect("a thread runs, and creating a key does not need the key");
        Key::from_raw(self.key.load(SeqCst))
    }

    /// Calls `work` with the calling thread's value. `work` must not use the same kind of data again.
    pub(super) fn with<R>(&self, work: impl FnOnce(&mut T) -> R) -> R {
        // SAFETY: The block is this thread's own, and is freed by the key's destructor only.
        work(unsafe { self.value().as_mut() })
    }

    /// Returns the calling thread's value, allocated if this is its first use.
    fn value(&self) -> NonNull<T> {
        let key = self.key();
        NonNull::new(SPACE.get(key).cast()).unwrap_or_else(|| {
            let block = self.pool.allocate((self.first_value)()).expect("there are more blocks than threads");
            // SAFETY: The key's destructor takes a block of this pool.
            unsafe { SPACE.set(key, block.as_ptr().cast()) }.expect("the key lives");
            note_allocation();
            block
        })
    }

    /// Frees the block that a destructor was given, and returns what was in it.
    ///
    /// # Safety
    ///
    /// `value` is the argument of this key's destructor.
    unsafe fn take_back(&self, value: *mut c_void) -> T {
        let block = NonNull::new(value.cast()).expect("a destructor is not called for NULL");
        TOTALS.frees.fetch_add(1, SeqCst);
        // SAFETY: Only `with` sets values of this key, and the library hands each over once.
        unsafe { self.pool.free(block) }
    }

    /// Deletes the key, if any thread had created it.
    fn delete(&self) {
        if self.created.is_complete() {
            SPACE.delete(self.key()).expect("nobody else deletes it");
        }
    }
}

/// Gives the running thread its number.
pub(super) fn begin(worker: usize) {
    // The log first: its key comes before the statistics' one, and so do the destructors.
    LOG.with(|log| log.line(format_args!("worker {worker} begins")));
    LEDGER.with(|ledger| ledger.worker = Some(worker));
    STATISTICS.with(|statistics| statistics.worker = worker);
}

/// Deletes all keys, when no thread uses them any more.
pub(super) fn delete_keys() {
    LOG.delete();
    ERRNO.delete();
    CONTEXT.delete();
    STATISTICS.delete();
    LEDGER.delete();
}

impl Log {
    /// Adds a line, and writes the others out first if there is no room.
    pub(super) fn line(&mut self, line: fmt::Arguments<'_>) {
        let length = self.text.len();
        if writeln!(self.text, "{line}").is_err() {
            self.text.truncate(length);
            self.write_out();
            writeln!(self.text, "{line}").expect("a line is shorter than the buffer");
        }
    }

    /// Counts the lines and forgets them: several thousand are no pleasure to read.
    fn write_out(&mut self) {
        TOTALS.log_lines.fetch_add(self.text.lines().count(), SeqCst);
        self.text.clear();
    }
}

/// Notes an allocation of the calling thread: that of the ledger as well, which is set by then.
fn note_allocation() {
    TOTALS.allocations.fetch_add(1, SeqCst);
    LEDGER.with(|ledger| ledger.allocations += 1);
}

fn note_free() {
    LEDGER.with(|ledger| ledger.frees += 1);
}

/// The log's destructor: writes out what is left.
unsafe extern "C-unwind" fn flush_log(value: *mut c_void) {
    // SAFETY: This is the key's destructor.
    let mut log = unsafe { LOG.take_back(value) };
    note_free();
    log.write_out();
}

unsafe extern "C-unwind" fn free_errno(value: *mut c_void) {
    // SAFETY: This is the key's destructor.
    let Errno(_) = unsafe { ERRNO.take_back(value) };
    note_free();
}

unsafe extern "C-unwind" fn free_context(value: *mut c_void) {
    // SAFETY: This is the key's destructor.
    let Context { id: _ } = unsafe { CONTEXT.take_back(value) };
    note_free();
}

/// The statistics' destructor: hands them over and logs a last line.
unsafe extern "C-unwind" fn report_statistics(value: *mut c_void) {
    // SAFETY: This is the key's destructor.
    let Statistics { worker, requests, errors } = unsafe { STATISTICS.take_back(value) };
    note_free();
    WORK[worker].requests.store(requests, SeqCst);
    WORK[worker].errors.store(errors, SeqCst);
    LOG.with(|log| log.line(format_args!("worker {worker}: {requests} requests, {errors} errors")));
}

/// The ledger's destructor, in the last phase: what the thread allocated must be freed by now.
unsafe extern "C-unwind" fn close_ledger(value: *mut c_void) {
    // SAFETY: This is the key's destructor.
    let Ledger { worker, allocations, frees } = unsafe { LEDGER.take_back(value) };
    let frees = frees + 1;
    if allocations != frees {
        TOTALS.mixed_up.fetch_add(1, SeqCst);
    }
    if let Some(worker) = worker {
        WORK[worker].allocations.store(allocations, SeqCst);
        WORK[worker].frees.store(frees, SeqCst);
    }
}
