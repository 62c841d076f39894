//! The final page tables: devices, RAM in blocks of 2 MiB, and thread stacks page by page.
//!
//! Addresses are physical addresses. The first gigabyte has only the devices, so that a null pointer
//! faults; in the RAM only the blocks with code can be executed; [`make_guard`] takes single pages of
//! the `.guarded` section out. Built once by the first CPU; never changed after other CPUs use them, but for
//! what a program gets, which lies above the RAM, page by page.
//!
//! Reference: Arm Architecture Reference Manual (DDI 0487), D8.3 "Translation table descriptor formats".

use core::{arch::asm, cell::UnsafeCell, sync::atomic::AtomicUsize};

use super::addresses::{DEVICES, RAM_BASE, SPACE};
use crate::machine::layout::{self, BLOCK, Content, MAX_GUARDED_BLOCKS, PAGE};

const GIB: usize = 1 << 30;

const VALID: usize = 1;
/// On the last level: a page. On the others: a pointer to the next table.
const PAGE_OR_TABLE: usize = 1 << 1;
/// Memory type 1 of aarch64-rt's MAIR: normal memory, write-back. Type 0 is device memory.
const NORMAL: usize = 1 << 2;
const INNER_SHAREABLE: usize = 3 << 8;
const ACCESSED: usize = 1 << 10;
/// Translations are kept under an address space number: see `init_cpu`.
const NOT_GLOBAL: usize = 1 << 11;
const NEVER_EXECUTE: usize = 0b11 << 53;

/// A block of device memory, to be combined with its address.
pub(super) const DEVICE_BLOCK: usize = VALID | ACCESSED | NOT_GLOBAL | NEVER_EXECUTE;
/// A block of RAM that can be executed, to be combined with its address.
pub(super) const NORMAL_BLOCK: usize = VALID | NORMAL | INNER_SHAREABLE | ACCESSED | NOT_GLOBAL;

/// An entry for a page of data, but for its address.
pub(crate) const PAGE_ENTRY: usize = NORMAL_BLOCK | PAGE_OR_TABLE | NEVER_EXECUTE;
/// An entry for a table of the last level, but for its address.
pub(crate) const TABLE_ENTRY: usize = VALID | PAGE_OR_TABLE;

const ENTRIES: usize = 512;

#[repr(C, align(4096))]
struct Table(UnsafeCell<[usize; ENTRIES]>);

// SAFETY: Written by the first CPU alone, before any other CPU runs (`init` and `make_guard`).
unsafe impl Sync for Table {}

impl Table {
    const fn new() -> Self {
        Self(UnsafeCell::new([0; ENTRIES]))
    }

    fn set(&self, index: usize, entry: usize) {
        // SAFETY: Only the first CPU writes, and only before other CPUs run; no reference is kept.
        unsafe { (*self.0.get())[index] = entry }
    }

    /// Returns the entry of the level above that points here.
    fn as_entry(&self) -> usize {
        self.0.get() as usize | VALID | PAGE_OR_TABLE
    }
}

static ROOT: Table = Table::new();
static DEVICE_BLOCKS: Table = Table::new();
static RAM_BLOCKS: Table = Table::new();
static GUARDED_PAGES: [Table; MAX_GUARDED_BLOCKS] = [const { Table::new() }; MAX_GUARDED_BLOCKS];

/// For the pages that a program gets: a table for each GiB.
static PROGRAM_BLOCKS: [Table; (SPACE.end - SPACE.start) / GIB] =
    [const { Table::new() }; (SPACE.end - SPACE.start) / GIB];

/// Builds the tables. Called on the first CPU before the others start.
pub(crate) fn init() {
    ROOT.set(0, DEVICE_BLOCKS.as_entry());
    for block in DEVICES.step_by(BLOCK) {
        DEVICE_BLOCKS.set(block / BLOCK, block | DEVICE_BLOCK);
    }
    for (index, table) in PROGRAM_BLOCKS.iter().enumerate() {
        ROOT.set(SPACE.start / GIB + index, table.as_entry());
    }
    ROOT.set(RAM_BASE / GIB, RAM_BLOCKS.as_entry());
    for (index, block) in (RAM_BASE..RAM_BASE + GIB).step_by(BLOCK).enumerate() {
        let entry = match layout::content(block) {
            Content::Stacks(number) => {
                let pages = &GUARDED_PAGES[number];
                for (index, page) in (block..block + BLOCK).step_by(PAGE).enumerate() {
                    pages.set(index, page | PAGE_ENTRY);
                }
                pages.as_entry()
            }
            Content::Code => block | NORMAL_BLOCK,
            Content::Data => block | NORMAL_BLOCK | NEVER_EXECUTE,
        };
        RAM_BLOCKS.set(index, entry);
    }
}

/// Makes this CPU use the tables.
///
/// They have another address space number than the initial table, so that no translation of one is
/// ever mixed with those of the other, which maps the same addresses in other sizes.
pub(crate) fn init_cpu() {
    const ADDRESS_SPACE: usize = 1 << 48;
    // SAFETY: The tables map all code, data and stacks at their addresses, as before. The barriers
    // make the tables visible to the walk and the new base effective for what follows. No `nomem`.
    unsafe {
        asm!(
            "dsb ish",
            "msr ttbr0_el1, {}",
            "isb",
            in(reg) ROOT.0.get() as usize | ADDRESS_SPACE,
            options(nostack, preserves_flags),
        );
    }
}

/// Takes `page`, which lies in `.guarded`, out of the map. Called on the first CPU, before the others
/// use the tables.
pub(crate) fn make_guard(page: *mut u8) {
    let (block, page_of_block) = layout::guarded_page(page);
    GUARDED_PAGES[block].set(page_of_block, 0);
    // SAFETY: Drops the translation of a page that holds no data. The barriers order it after the
    // change and ahead of the next access. No `nomem`.
    unsafe {
        asm!(
            "dsb ishst",
            "tlbi vaae1is, {}",
            "dsb ish",
            "isb",
            in(reg) page.addr() / PAGE,
            options(nostack, preserves_flags),
        );
    }
}

/// Returns the entry for the block of the program's pages at `address`, of a table of the last level.
pub(crate) fn program_block(address: usize) -> &'static AtomicUsize {
    let offset = address - SPACE.start;
    let table = PROGRAM_BLOCKS[offset / GIB].0.get() as *const AtomicUsize;
    // SAFETY: One of the table's entries. When the tables are built, these are used here only.
    unsafe { &*table.add(offset % GIB / BLOCK) }
}

/// Makes an entry that was empty visible to the page walks of all CPUs.
pub(crate) fn publish_entry() {
    // SAFETY: Barriers. No `nomem`: the store of the entry stays before them.
    unsafe { asm!("dsb ishst", "isb", options(nostack, preserves_flags)) };
}
