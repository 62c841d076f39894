//! What the core file is of: this very program, with threads of its own key space in many states.

use std::cell::Cell;
use std::env;
use std::ffi::c_void;
use std::hint::black_box;
use std::ptr;
use std::sync::Barrier;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::thread;
use std::time::Duration;

use tsd::{ExitFunctionList, ExitFunctions, Key, KeyOptions, KeyTable, Once, Port, SharedKey, Slots, StaticKey};

/// Set where this program is to be the subject.
pub(crate) const VARIABLE: &str = "TSD_GDB_SUBJECT";

const KEYS: usize = 10;

/// A thread control block.
struct Block {
    number: u32,
    own: (Slots<KEYS>, ExitFunctions<4>),
}

impl Block {
    const fn new(number: u32) -> Self {
        Self { number, own: (Slots::new(), ExitFunctions::new()) }
    }
}

static BLOCKS: [Block; 5] = [Block::new(0), Block::new(1), Block::new(2), Block::new(3), Block::new(4)];

thread_local! {
    static CURRENT: Cell<Option<&'static Block>> = const { Cell::new(None) };
}

struct Kernel;

// SAFETY: a block is one thread's, and is used with one key space.
unsafe impl Port for Kernel {
    type Slots = Slots<KEYS>;

    unsafe fn current(&self) -> Option<&Slots<KEYS>> {
        CURRENT.get().map(|block| &block.own.0)
    }

    unsafe fn exit_functions(&self) -> Option<ExitFunctionList<'_>> {
        CURRENT.get().map(|block| block.own.1.as_list())
    }
}

/// The table's indexes have two generations left.
const fn table() -> KeyTable<KEYS> {
    KeyTable::new().with_generation(KeyTable::<KEYS>::LAST_GENERATION - 1)
}

tsd::static_keys! {
    // SAFETY: the only key space of these blocks.
    static SPACE: KeySpace<Kernel> = unsafe { KeySpace::with_table(Kernel, table()) };
    static ERRNO: OwnedKey<u16>;
}

/// A typed key, which is created at its first use.
static CALLS: SharedKey<&'static mut AtomicU32, Kernel> = SharedKey::new(&SPACE);

/// One that is never used.
static UNUSED: SharedKey<&'static mut AtomicU32, Kernel> = SharedKey::new(&SPACE);

/// The handles, for the debugger.
static ERRNO_KEY: Key = StaticKey::new(0, KeyOptions::new()).key();
static RETIRED: AtomicU32 = AtomicU32::new(0);
static STALE: AtomicU32 = AtomicU32::new(0);
static ARENA: AtomicU32 = AtomicU32::new(0);
static MAYBE: Option<Key> = Some(ERRNO_KEY);
static WITH_FLAG: (u32, Key) = (1, ERRNO_KEY);

/// Where the debugger stops: all threads are where they are to be.
#[unsafe(no_mangle)]
#[inline(never)]
extern "C" fn tsd_gdb_subject_is_ready() {
    black_box((&BLOCKS[0].number, &MAYBE, &WITH_FLAG, &UNUSED, &ERRNO_KEY, &ERRNO));
}

/// The main thread and those that stay where they are.
static IN_PLACE: Barrier = Barrier::new(4);

fn stay() -> ! {
    IN_PLACE.wait();
    loop {
        thread::sleep(Duration::from_secs(1));
    }
}

extern "C-unwind" fn stays(_: *mut c_void) {
    stay();
}

extern "C-unwind" fn returns(_: *mut c_void) {}

fn create(options: KeyOptions) -> Key {
    SPACE.create_with(options).expect("a free index")
}

fn set(key: Key, value: usize) {
    // SAFETY: no destructor here follows the pointer.
    unsafe { SPACE.set(key, ptr::without_provenance_mut(value)) }.expect("the key lives");
}

fn at_exit(function: extern "C-unwind" fn(*mut c_void), argument: usize) {
    // SAFETY: no function here follows the pointer.
    unsafe { SPACE.at_thread_exit(function, ptr::without_provenance_mut(argument)) }.expect("there is room");
}

/// Runs `body` on a thread with a block of its own.
fn spawn(number: usize, body: impl FnOnce() + Send + 'static) {
    thread::spawn(move || {
        CURRENT.set(Some(&BLOCKS[number]));
        body();
    });
}

/// Does not return: something stays in it.
fn exit() {
    // SAFETY: nothing runs on the thread after it.
    let _ = unsafe { SPACE.exit() };
}

pub(crate) fn run() -> ! {
    assert_eq!(env::var(VARIABLE).as_deref(), Ok("1"), "{VARIABLE} is for the tests of the debugger's script");
    CURRENT.set(Some(&BLOCKS[0]));
    make_keys();
    let arena = Key::from_raw(ARENA.load(SeqCst));
    let log_buffer = create(KeyOptions::new().name("log buffer").destructor(stays));
    set(arena, 0xa000);
    set(log_buffer, 0x10);
    ERRNO.replace(5).expect("there is a thread");
    CALLS.with_or_init(|| Box::leak(Box::default()), |calls| calls.fetch_add(1, SeqCst)).expect("a free index");
    at_exit(returns, 0x1);
    at_exit(stays, 0x2);
    spawn(1, move || {
        set(log_buffer, 0x11);
        set(arena, 0xa001);
        exit();
    });
    spawn(2, || {
        at_exit(returns, 0x3);
        at_exit(stays, 0x4);
        exit();
    });
    spawn(3, || {
        static ONCE: Once = Once::new();
        SPACE.once(&ONCE, || stay()).expect("nobody else is in it");
    });
    IN_PLACE.wait();
    tsd_gdb_subject_is_ready();
    std::process::exit(0)
}

/// One index is retired, one is free again, one has the last generation.
fn make_keys() {
    let used = create(KeyOptions::new().name("used"));
    SPACE.delete(used).expect("it lives");
    let last = create(KeyOptions::new().name("last"));
    SPACE.delete(last).expect("it lives");
    RETIRED.store(last.raw(), SeqCst);
    let stale = create(KeyOptions::new().name("stale"));
    let arena = create(KeyOptions::new().name("arena").destructor(returns).last_phase());
    SPACE.delete(stale).expect("it lives");
    STALE.store(stale.raw(), SeqCst);
    ARENA.store(arena.raw(), SeqCst);
}
