//! RAM for the program's pages: a page gets it when it is first accessed, and keeps it.
//!
//! So an entry of the page tables changes once, from nothing to a page. A CPU remembers no entry that was empty, and
//! none ever has to be told that what it remembers is old.

use core::{
    ops::Range,
    ptr,
    sync::atomic::{AtomicUsize, Ordering},
};

use crate::machine::{
    addresses::FRAMES,
    layout::{BLOCK, PAGE},
    memory,
    tables::{Leaf, program_block},
};

/// Where the RAM begins that no page has. Changed under `memory`'s lock.
static NEXT: AtomicUsize = AtomicUsize::new(FRAMES.start);

/// Takes a page of RAM and clears it.
fn take() -> Option<usize> {
    let frame = NEXT.load(Ordering::SeqCst);
    if frame == FRAMES.end {
        return None;
    }
    NEXT.store(frame + PAGE, Ordering::SeqCst);
    // SAFETY: RAM at its own address, which nobody had before.
    unsafe { (frame as *mut u8).write_bytes(0, PAGE) };
    Some(frame)
}

/// Returns the entry of the page at `address`, if there is a table with it.
fn entry(address: usize) -> Option<&'static AtomicUsize> {
    let table = memory::address_in(program_block(address).load(Ordering::SeqCst));
    // SAFETY: A page of RAM that `give` has made a table, for good.
    (table != 0).then(|| unsafe { &*(table as *const AtomicUsize).add(address % BLOCK / PAGE) })
}

/// Gives the page at `address` its RAM if it has none. Called under `memory`'s lock. False if there is none left.
pub(super) fn give(address: usize) -> bool {
    let block = program_block(address);
    if block.load(Ordering::SeqCst) == 0 {
        let Some(table) = take() else { return false };
        memory::publish_entry();
        block.store(memory::to_table(table), Ordering::SeqCst);
    }
    let Some(entry) = entry(address) else { return false };
    if entry.load(Ordering::SeqCst) == 0 {
        let Some(frame) = take() else { return false };
        entry.store(memory::entry(frame, Leaf::Page), Ordering::SeqCst);
    }
    memory::publish_entry();
    true
}

/// Returns those pages from `addresses`, which begin and end with a page, that have RAM.
fn given(addresses: Range<usize>) -> impl Iterator<Item = *mut u8> {
    let blocks = (addresses.start / BLOCK..addresses.end.div_ceil(BLOCK)).map(|block| block * BLOCK);
    // Most of a large range was never accessed.
    let blocks = blocks.filter(|&block| program_block(block).load(Ordering::SeqCst) != 0);
    let pages =
        blocks.flat_map(move |block| (addresses.start.max(block)..addresses.end.min(block + BLOCK)).step_by(PAGE));
    let given = pages.filter(|&page| entry(page).is_some_and(|entry| entry.load(Ordering::SeqCst) != 0));
    given.map(ptr::with_exposed_provenance_mut)
}

/// Clears pages that were accessed. The others are clear.
///
/// # Safety
///
/// They are the caller's.
pub(super) unsafe fn clear(addresses: Range<usize>) {
    for page in given(addresses) {
        // SAFETY: The page is mapped, and the caller's.
        unsafe { page.write_bytes(0, PAGE) };
    }
}

/// Copies pages that were accessed to the ones from `to` on, which are clear.
///
/// # Safety
///
/// Both are the caller's, and they do not overlap.
pub(super) unsafe fn copy(from: Range<usize>, to: usize) {
    let start = from.start;
    for page in given(from) {
        // SAFETY: The one is mapped, the other is as soon as it is accessed; both are the caller's.
        unsafe { page.copy_to_nonoverlapping((to + (page.addr() - start)) as *mut u8, PAGE) };
    }
}
