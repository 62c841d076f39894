//! Thread stacks: three sizes, each with a page below it that is not mapped.
//!
//! They lie in the section `.guarded`, which is mapped page by page. A stack that is given back is the
//! next one given out.

use core::{cell::UnsafeCell, mem::MaybeUninit};

use heapless::Vec;

use super::control_block::MAX_THREADS;
use crate::machine::{layout::PAGE, tables};

/// The stack of a thread that has tables of many keys on it.
pub(crate) const LARGEST_BYTES: usize = 512 << 10;
/// The stack of a usual thread.
pub(crate) const USUAL_BYTES: usize = 32 << 10;
/// The smallest stack: room for an exit with an interrupt on top and the switch that it leads to.
pub(crate) const SMALLEST_BYTES: usize = 8 << 10;

const LARGEST_COUNT: usize = 2;
const USUAL_COUNT: usize = MAX_THREADS;
const SMALLEST_COUNT: usize = 32;

/// A guard page and the stack above it.
#[repr(C, align(4096))]
struct Guarded<const BYTES: usize> {
    guard: UnsafeCell<MaybeUninit<[u8; PAGE]>>,
    stack: UnsafeCell<MaybeUninit<[u8; BYTES]>>,
}

// SAFETY: The memory is used by the thread that the pool gave it to, and by nobody else.
unsafe impl<const BYTES: usize> Sync for Guarded<BYTES> {}

impl<const BYTES: usize> Guarded<BYTES> {
    const fn new() -> Self {
        Self { guard: UnsafeCell::new(MaybeUninit::uninit()), stack: UnsafeCell::new(MaybeUninit::uninit()) }
    }

    /// Takes the guard page out of the map and returns the right to the stack. Once for each.
    fn close(&'static self) -> Stack {
        tables::make_guard(self.guard.get().cast());
        Stack { bottom: self.stack.get() as usize, bytes: BYTES }
    }
}

#[unsafe(link_section = ".guarded.largest")]
static LARGEST: [Guarded<LARGEST_BYTES>; LARGEST_COUNT] = [const { Guarded::new() }; LARGEST_COUNT];
#[unsafe(link_section = ".guarded.usual")]
static USUAL: [Guarded<USUAL_BYTES>; USUAL_COUNT] = [const { Guarded::new() }; USUAL_COUNT];
#[unsafe(link_section = ".guarded.smallest")]
static SMALLEST: [Guarded<SMALLEST_BYTES>; SMALLEST_COUNT] = [const { Guarded::new() }; SMALLEST_COUNT];

/// The right to use a stack. It is not copied, so that a stack has one user.
#[derive(Debug)]
pub(crate) struct Stack {
    bottom: usize,
    bytes: usize,
}

impl Stack {
    /// Returns the address after the stack's last byte.
    pub(crate) fn top(&self) -> usize {
        self.bottom + self.bytes
    }

    /// Returns whether `address` is in the stack's guard page.
    pub(crate) fn guards(&self, address: usize) -> bool {
        (self.bottom - PAGE..self.bottom).contains(&address)
    }
}

/// The stacks that nobody uses.
#[derive(Debug)]
pub(crate) struct Pool {
    largest: Vec<Stack, LARGEST_COUNT>,
    usual: Vec<Stack, USUAL_COUNT>,
    smallest: Vec<Stack, SMALLEST_COUNT>,
}

impl Pool {
    /// Returns a pool with no stacks, until [`Pool::fill`].
    pub(crate) const fn new() -> Self {
        Self { largest: Vec::new(), usual: Vec::new(), smallest: Vec::new() }
    }

    /// Takes the guard pages out of the map and fills the pool. Once, before other CPUs start.
    pub(crate) fn fill(&mut self) {
        self.largest.extend(LARGEST.iter().map(Guarded::close));
        self.usual.extend(USUAL.iter().map(Guarded::close));
        self.smallest.extend(SMALLEST.iter().map(Guarded::close));
    }

    /// Takes a stack of at least `bytes`.
    pub(crate) fn take(&mut self, bytes: usize) -> Option<Stack> {
        match bytes {
            bytes if bytes <= SMALLEST_BYTES => self.smallest.pop(),
            bytes if bytes <= USUAL_BYTES => self.usual.pop(),
            bytes if bytes <= LARGEST_BYTES => self.largest.pop(),
            _ => None,
        }
    }

    /// Puts a stack back that no thread will run on any more.
    pub(crate) fn give_back(&mut self, stack: Stack) {
        let pushed = match stack.bytes {
            SMALLEST_BYTES => self.smallest.push(stack),
            USUAL_BYTES => self.usual.push(stack),
            _ => self.largest.push(stack),
        };
        debug_assert!(pushed.is_ok(), "a stack was given back twice");
    }
}
