//! The global allocator, under one lock that is taken with interrupts masked: a handler may free and allocate, too.

use core::{
    alloc::{GlobalAlloc, Layout},
    ptr::{self, NonNull},
};

use linked_list_allocator::Heap;
use spin::Mutex;

use crate::machine::interrupts::without_interrupts;

const BYTES: usize = 256 << 10;

static mut MEMORY: [u8; BYTES] = [0; BYTES];

#[global_allocator]
static HEAP: Locked = Locked(Mutex::new(Heap::empty()));

struct Locked(Mutex<Heap>);

impl Locked {
    fn with<T>(&self, use_heap: impl FnOnce(&mut Heap) -> T) -> T {
        without_interrupts(|| use_heap(&mut self.0.lock()))
    }
}

// SAFETY: `Heap` gives memory to one owner at a time and as the layout wants it. It does not unwind, since nothing here
// does.
unsafe impl GlobalAlloc for Locked {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        self.with(|heap| heap.allocate_first_fit(layout)).map_or(ptr::null_mut(), NonNull::as_ptr)
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller has it from `alloc`, which gave no null pointer, with this layout.
        self.with(|heap| unsafe { heap.deallocate(NonNull::new_unchecked(pointer), layout) });
    }
}

/// Gives the allocator its memory. Once, before the first example.
pub(crate) fn init() {
    // SAFETY: nobody else uses the memory.
    HEAP.with(|heap| unsafe { heap.init((&raw mut MEMORY).cast(), BYTES) });
}
