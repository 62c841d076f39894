//! What lies where in RAM, for the page tables of each machine.
//!
//! They map RAM in blocks, but for the thread stacks: these lie in the section `.guarded`, whole blocks, and each of
//! its pages has an entry of its own, so that guard pages can be taken out.

use core::ops::Range;

use super::addresses::PROGRAM;

pub(crate) const BLOCK: usize = 2 << 20;
pub(crate) const PAGE: usize = 4096;
/// How many blocks the thread stacks may take.
pub(crate) const MAX_GUARDED_BLOCKS: usize = 16;

/// What a block is for.
pub(crate) enum Content {
    /// Thread stacks; the number of the block among theirs.
    Stacks(usize),
    Code,
    Data,
}

unsafe extern "C" {
    static text_end: u8;
    static guarded_begin: u8;
    static guarded_end: u8;
}

/// Returns the addresses of the `.guarded` section.
fn guarded() -> Range<usize> {
    (&raw const guarded_begin).addr()..(&raw const guarded_end).addr()
}

/// Returns what the block at an address is for.
pub(crate) fn content(block: usize) -> Content {
    let guarded = guarded();
    if guarded.contains(&block) {
        let number = (block - guarded.start) / BLOCK;
        assert!(number < MAX_GUARDED_BLOCKS, "the thread stacks need more page tables");
        Content::Stacks(number)
    } else if block < (&raw const text_end).addr() || PROGRAM.contains(&block) {
        Content::Code
    } else {
        Content::Data
    }
}

/// Returns where the entry of `page` is, which must be one of `.guarded`: the number of its block, and of the page
/// there.
pub(crate) fn guarded_page(page: *mut u8) -> (usize, usize) {
    let guarded = guarded();
    assert!(guarded.contains(&page.addr()) && page.addr().is_multiple_of(PAGE), "{page:p} is no page of .guarded");

    let offset = page.addr() - guarded.start;
    (offset / BLOCK, offset % BLOCK / PAGE)
}
