//! For whom a thread works, and the timer's ticks that this took. The context lies in the thread control block, beside
//! the slots (`Arena`, `Port::arena`): there is no allocator in this program, so it does for a kernel that has none, and
//! before there is one.
//!
//! The timer's handler only uses what is there. It makes no context for a thread that has none.

mod kernel;

use core::sync::atomic::{AtomicU32, Ordering::Relaxed};

use kernel::{Kernel, interrupt, println, run_thread};
use tsd::{Error, Inline, KeySpace, SharedKey};

/// What the thread's ticks are charged to.
struct Context {
    client: u32,
    ticks: AtomicU32,
}

impl Drop for Context {
    fn drop(&mut self) {
        let ticks = *self.ticks.get_mut();
        println!("client {}: {ticks} ticks", self.client);
        CHARGED.fetch_add(ticks, Relaxed);
    }
}

// SAFETY: the only key space of these threads.
static KEYS: KeySpace<Kernel> = unsafe { KeySpace::new(Kernel) };
static CONTEXT: SharedKey<Inline<Context>, Kernel> = SharedKey::new(&KEYS).name("context");
/// More than the arena of a thread has room for.
static LARGE: SharedKey<Inline<[u64; 64]>, Kernel> = SharedKey::new(&KEYS).name("large");

/// The ticks of all clients. Relaxed, as all counts here: they order nothing else.
static CHARGED: AtomicU32 = AtomicU32::new(0);
/// The ticks of threads that work for nobody.
static IDLE: AtomicU32 = AtomicU32::new(0);

/// The timer's handler.
fn tick() {
    let ticks_of = |context: &Context| context.ticks.fetch_add(1, Relaxed);
    if CONTEXT.with(ticks_of).is_none() {
        IDLE.fetch_add(1, Relaxed);
    }
}

/// Works for `client` until a tick has come. Returns the ticks so far.
fn work(client: u32) -> Result<u32, Error> {
    CONTEXT.with_or_init(
        || Inline(Context { client, ticks: AtomicU32::new(0) }),
        |context| {
            assert_eq!(context.client, client);
            interrupt(tick);
            context.ticks.load(Relaxed)
        },
    )
}

pub(crate) fn main() {
    for client in 1..=3 {
        let report = run_thread(&KEYS, || {
            interrupt(tick);
            assert_eq!((work(client), work(client)), (Ok(1), Ok(2)));
            // What has no room is refused, and what is there stays.
            assert_eq!(LARGE.with_or_init(|| Inline([0; 64]), |_| ()), Err(Error::ListFull));
            assert_eq!(work(client), Ok(3));
        });
        // Exit has dropped the context, and the arena is free again.
        assert_eq!((report.calls, report.left_over), (1, 0));
    }
    assert_eq!((CHARGED.load(Relaxed), IDLE.load(Relaxed)), (9, 3));
}
