//! Fixed pools that count: memory for one type, no heap.

use core::{cell::UnsafeCell, mem::MaybeUninit, ptr::NonNull};

use heapless::Vec;
use spin::Mutex;

use crate::machine::interrupts::without_interrupts;

/// Room for `N` values of `T`.
pub(super) struct Pool<T, const N: usize> {
    blocks: [UnsafeCell<MaybeUninit<T>>; N],
    /// Locked with interrupts masked only.
    free: Mutex<Free<N>>,
}

struct Free<const N: usize> {
    given_back: Vec<u16, N>,
    /// The blocks from here on were never used.
    fresh: u16,
}

// SAFETY: A block is used by whoever allocated it; the free list is under a lock.
unsafe impl<T: Send, const N: usize> Sync for Pool<T, N> {}

impl<T, const N: usize> Pool<T, N> {
    pub(super) const fn new() -> Self {
        Self {
            blocks: [const { UnsafeCell::new(MaybeUninit::uninit()) }; N],
            free: Mutex::new(Free { given_back: Vec::new(), fresh: 0 }),
        }
    }

    /// Takes a block and moves `value` into it; none if all are in use.
    pub(super) fn allocate(&self, value: T) -> Option<NonNull<T>> {
        let index = self.with_free(|free| {
            free.given_back.pop().or_else(|| {
                let index = free.fresh;
                (usize::from(index) < N).then(|| {
                    free.fresh += 1;
                    index
                })
            })
        })?;
        let block = self.blocks[usize::from(index)].get().cast::<T>();
        // SAFETY: The block was free, so it is the caller's alone now.
        unsafe { block.write(value) };
        NonNull::new(block)
    }

    /// Moves the value out and takes the block back.
    ///
    /// # Safety
    ///
    /// `block` is from this pool's `allocate` and is not used afterwards.
    pub(super) unsafe fn free(&self, block: NonNull<T>) -> T {
        let offset = block.addr().get() - self.blocks.as_ptr().addr();
        // SAFETY: `allocate` moved a value in, and the caller uses it no more.
        let value = unsafe { block.read() };
        let pushed = self.with_free(|free| free.given_back.push((offset / size_of::<T>()) as u16));
        assert!(pushed.is_ok(), "a block was freed twice");
        value
    }

    fn with_free<R>(&self, work: impl FnOnce(&mut Free<N>) -> R) -> R {
        without_interrupts(|| work(&mut self.free.lock()))
    }
}
