//! The least kernel in Rust that embeds the library: threads that take turns, end, and are killed. docs/porting/rust-kernel.md
//! goes through it.

#![no_std]
#![no_main]

mod machine;

use core::cell::{Cell, UnsafeCell};
use core::ffi::c_void;
use core::fmt::Write;
use core::panic::PanicInfo;
use core::ptr::without_provenance_mut;
use core::sync::atomic::{AtomicU32, AtomicUsize, Ordering};

use machine::{Console, FRAME, power_off, switch_stack};
use tsd::{ExitReport, Key, KeySpace, Port, Slots};

const KEYS: usize = 64;
const STACK: usize = 16 * 1024;

/// The thread control block.
struct Thread {
    slots: Slots<KEYS>,
    is_ready: Cell<bool>,
    entry: Cell<fn()>,
    stack_pointer: Cell<usize>,
    /// Of its exit.
    calls: Cell<u32>,
    stack: UnsafeCell<Stack>,
}

#[repr(align(16))]
struct Stack(#[expect(dead_code, reason = "only threads use it")] [usize; STACK / size_of::<usize>()]);

// SAFETY: there is one CPU and no interrupt, and a block's cells are used between switches only.
unsafe impl Sync for Thread {}

impl Thread {
    const fn new() -> Self {
        Self {
            slots: Slots::new(),
            is_ready: Cell::new(false),
            entry: Cell::new(|| ()),
            stack_pointer: Cell::new(0),
            calls: Cell::new(0),
            stack: UnsafeCell::new(Stack([0; _])),
        }
    }
}

static THREADS: [Thread; 3] = [const { Thread::new() }; 3];
/// Which of them runs; none before the first.
static CURRENT: AtomicUsize = AtomicUsize::new(usize::MAX);

fn current() -> Option<&'static Thread> {
    // Relaxed: there is one CPU.
    THREADS.get(CURRENT.load(Ordering::Relaxed))
}

struct Kernel;

// SAFETY: gives the running thread's slots, or those of a dead thread that it buries; blocks are statics.
unsafe impl Port for Kernel {
    type Slots = Slots<KEYS>;

    unsafe fn current(&self) -> Option<&Slots<KEYS>> {
        current().map(|thread| &thread.slots)
    }

    fn wait(&self, word: &AtomicU32, expected: u32) {
        // Relaxed: whoever waits looks again.
        while word.load(Ordering::Relaxed) == expected {
            yield_now();
        }
    }
}

// SAFETY: the only key space of these threads.
static SPACE: KeySpace<Kernel> = unsafe { KeySpace::new(Kernel) };

/// Gives the CPU to the next thread that can go on.
fn yield_now() {
    let from = CURRENT.load(Ordering::Relaxed);
    let mut others = (1..THREADS.len()).map(|step| (from + step) % THREADS.len());
    if let Some(to) = others.find(|&other| THREADS[other].is_ready.get()) {
        CURRENT.store(to, Ordering::Relaxed);
        // SAFETY: the stack pointer is one that `start` made or the last switch stored.
        unsafe { switch_stack(THREADS[from].stack_pointer.as_ptr(), THREADS[to].stack_pointer.get()) };
    }
}

/// Starts a thread in a block that is free.
fn start(index: usize, entry: fn()) -> &'static Thread {
    let thread = &THREADS[index];
    thread.entry.set(entry);
    let (words, address) = FRAME;
    // SAFETY: the block is free, so nothing runs on its stack; the frame lies at the stack's end.
    let frame = unsafe { thread.stack.get().add(1).cast::<usize>().sub(words) };
    // SAFETY: as above.
    unsafe { frame.add(address).write(run as *const () as usize) };
    thread.stack_pointer.set(frame.addr());
    thread.is_ready.set(true);
    thread
}

/// What a thread begins with, on its own stack.
extern "C" fn run() -> ! {
    let thread = current().expect("it runs");
    SPACE.attach().expect("the last thread in this control block left it as new");
    (thread.entry.get())();
    // SAFETY: the thread's own code has returned.
    let report = unsafe { SPACE.exit() };
    thread.calls.set(report.calls);
    thread.is_ready.set(false);
    yield_now();
    unreachable!("an ended thread has a turn");
}

/// Ends another thread where it stands.
fn kill(index: usize) -> ExitReport {
    THREADS[index].is_ready.set(false);
    let own = CURRENT.swap(index, Ordering::Relaxed);
    // SAFETY: the thread never runs again, its stack is whole, and the port gives its slots meanwhile.
    let report = unsafe { SPACE.reap() };
    CURRENT.store(own, Ordering::Relaxed);
    report
}

/// Waits until a thread has ended, and returns how many destructors its exit called.
fn join(thread: &Thread) -> u32 {
    while thread.is_ready.get() {
        yield_now();
    }
    thread.calls.get()
}

static KEY: AtomicU32 = AtomicU32::new(0);
static DESTROYED: AtomicUsize = AtomicUsize::new(0);

fn key() -> Key {
    Key::from_raw(KEY.load(Ordering::Relaxed))
}

unsafe extern "C-unwind" fn destroy(value: *mut c_void) {
    DESTROYED.fetch_add(value.addr(), Ordering::Relaxed);
}

/// Stores a value, which is still there after others had their turns.
fn worker() {
    assert!(SPACE.get(key()).is_null());
    let value = without_provenance_mut(CURRENT.load(Ordering::Relaxed));
    // SAFETY: `destroy` takes any value.
    unsafe { SPACE.set(key(), value) }.expect("a thread is current");
    yield_now();
    assert_eq!(SPACE.get(key()), value);
}

/// The boot code calls it on the boot stack, which becomes that of the first thread.
// SAFETY: nothing else has this name.
#[unsafe(no_mangle)]
extern "C" fn kernel_main() -> ! {
    assert_eq!(SPACE.attach(), Err(tsd::Error::NoThread));
    CURRENT.store(0, Ordering::Relaxed);
    THREADS[0].is_ready.set(true);
    SPACE.attach().expect("the block is new");
    KEY.store(SPACE.create(Some(destroy)).expect("there is room for a key").raw(), Ordering::Relaxed);
    // Twice, so that the blocks are used again.
    for round in 1..=2 {
        let ends = start(1, worker);
        start(2, worker);
        yield_now();
        assert_eq!(kill(2).calls, 1);
        assert_eq!(join(ends), 1);
        assert_eq!(DESTROYED.load(Ordering::Relaxed), round * (1 + 2));
    }
    let _ = writeln!(Console, "tsd: end: status 0");
    power_off(0)
}

#[panic_handler]
fn panic(info: &PanicInfo) -> ! {
    let _ = writeln!(Console, "{info}\ntsd: end: status 1");
    power_off(1)
}
