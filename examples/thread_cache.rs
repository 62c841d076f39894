//! The fast path of an allocator that keeps free blocks with each thread: a load, a test and a pop, with no lock.
//!
//! A handler that interrupts it finds the cache taken, and goes to the common pool. So does a thread in its exit, when
//! the cache has gone back; and that is in the last phase, since destructors free and allocate.

extern crate alloc;
mod kernel;

use alloc::{boxed::Box, vec::Vec};

use kernel::{Kernel, Lock, println, run_thread};

/// A block of memory, here its number.
type Block = u32;
/// The most that a thread keeps.
const KEPT: usize = 4;

/// The free blocks of all threads.
static POOL: Lock<Vec<Block>> = Lock::new(Vec::new());

/// The free blocks of one thread.
#[derive(Default)]
struct Cache {
    blocks: Vec<Block>,
}

impl Drop for Cache {
    fn drop(&mut self) {
        POOL.with(|pool| pool.append(&mut self.blocks));
    }
}

tsd::static_keys! {
    // SAFETY: the only key space of these threads.
    static KEYS: KeySpace<Kernel> = unsafe { KeySpace::new(Kernel) };

    static CACHE: OwnedKey<Box<Cache>>, last_phase;
}

fn allocate() -> Option<Block> {
    let cached = CACHE.with(|cache| cache.blocks.pop()).flatten();
    cached.or_else(|| POOL.with(Vec::pop))
}

fn free(block: Block) {
    let keep = |cache: &mut Box<Cache>| {
        let has_room = cache.blocks.len() < KEPT;
        if has_room {
            cache.blocks.push(block);
        }
        has_room
    };
    // An error is a thread that has no cache any more, or none at all.
    if !CACHE.with_or_init(Box::default, keep).unwrap_or(false) {
        POOL.with(|pool| pool.push(block));
    }
}

pub(crate) fn main() {
    let in_pool = || POOL.with(|pool| pool.len());
    POOL.with(|pool| pool.extend(0..10));
    let report = run_thread(&KEYS, || {
        let blocks: Vec<_> = (0..6).map(|_| allocate().expect("there are ten")).collect();
        blocks.into_iter().for_each(free);
        assert_eq!(in_pool(), 10 - KEPT);
        let block = allocate().expect("the cache has some");
        assert_eq!(in_pool(), 10 - KEPT);
        free(block);
    });
    assert_eq!((report.last_phase_rounds, in_pool()), (1, 10));
    println!("{} blocks are back", in_pool());
}
