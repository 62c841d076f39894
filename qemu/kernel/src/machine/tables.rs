//! Page tables, as far as they are the same on each CPU: tables of 512 entries, of which the last but one have blocks of
//! 2 MiB and the last have pages of 4 KiB.
//!
//! Addresses are physical addresses. RAM is mapped in blocks, but for the thread stacks, which are mapped page by page,
//! so that guard pages can be taken out. Built once by the first CPU; never changed after other CPUs use them, but for
//! what a program gets, which lies above the RAM, page by page. What an entry is like, `memory` knows.

use core::{
    ops::Range,
    ptr,
    sync::atomic::{AtomicUsize, Ordering},
};

use super::{
    addresses::SPACE,
    layout::{self, BLOCK, Content, MAX_GUARDED_BLOCKS, PAGE},
    memory,
};

/// What a table of blocks covers.
pub(crate) const GIB: usize = 1 << 30;

const ENTRIES: usize = 512;

/// What an entry maps.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Leaf {
    /// A block that can be executed.
    Code,
    /// A block of data.
    Data,
    /// A page of data.
    Page,
}

/// A page table of any level.
#[repr(C, align(4096))]
pub(crate) struct Table([AtomicUsize; ENTRIES]);

impl Table {
    pub(crate) const fn new() -> Self {
        Self([const { AtomicUsize::new(0) }; ENTRIES])
    }

    /// Sets an entry. Called on the first CPU before the others start.
    pub(crate) fn set(&self, index: usize, entry: usize) {
        // Relaxed: the others see it since they are started later.
        self.0[index].store(entry, Ordering::Relaxed);
    }

    pub(crate) fn address(&self) -> usize {
        ptr::from_ref(self).expose_provenance()
    }

    /// Returns the entry of the level above that points here.
    pub(crate) fn as_entry(&self) -> usize {
        memory::to_table(self.address())
    }
}

static GUARDED_PAGES: [Table; MAX_GUARDED_BLOCKS] = [const { Table::new() }; MAX_GUARDED_BLOCKS];

/// For the pages that a program gets: a table for each GiB.
static PROGRAM_BLOCKS: [Table; (SPACE.end - SPACE.start) / GIB] =
    [const { Table::new() }; (SPACE.end - SPACE.start) / GIB];

/// Maps the blocks of `ram`, which lies in one GiB, in `blocks`, the table for that.
pub(crate) fn map_ram(blocks: &Table, ram: Range<usize>) {
    for block in ram.step_by(BLOCK) {
        let entry = match layout::content(block) {
            Content::Stacks(number) => {
                let pages = &GUARDED_PAGES[number];
                for (index, page) in (block..block + BLOCK).step_by(PAGE).enumerate() {
                    pages.set(index, memory::entry(page, Leaf::Page));
                }
                pages.as_entry()
            }
            Content::Code => memory::entry(block, Leaf::Code),
            Content::Data => memory::entry(block, Leaf::Data),
        };
        blocks.set(block % GIB / BLOCK, entry);
    }
}

/// Makes room for the pages that a program gets in `gigabytes`, the table above those of blocks.
pub(crate) fn map_program(gigabytes: &Table) {
    for (index, table) in PROGRAM_BLOCKS.iter().enumerate() {
        gigabytes.set(SPACE.start / GIB + index, table.as_entry());
    }
}

/// Takes `page`, which lies in `.guarded`, out of the map. Called on the first CPU, before the others
/// use the tables.
pub(crate) fn make_guard(page: *mut u8) {
    let (block, page_of_block) = layout::guarded_page(page);
    GUARDED_PAGES[block].set(page_of_block, 0);
    memory::forget(page);
}

/// Returns the entry for the block of the program's pages at `address`, of a table of the last level.
pub(crate) fn program_block(address: usize) -> &'static AtomicUsize {
    let offset = address - SPACE.start;
    &PROGRAM_BLOCKS[offset / GIB].0[offset % GIB / BLOCK]
}
