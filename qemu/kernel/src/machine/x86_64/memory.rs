//! The map: physical addresses one to one, RAM cached, devices not, data never executed.
//!
//! RAM is in pages of 2 MiB and 1 GiB, but for the thread stacks: each page of theirs has an entry, so that guard pages
//! can be taken out. What a program gets lies above the RAM, page by page. The lowest 2 MiB are not mapped, which
//! catches null pointers. Reference: Intel SDM volume 3A, 4.5 "4-Level Paging and 5-Level Paging".

use core::{cell::UnsafeCell, sync::atomic::AtomicUsize};

use x86_64::{
    PhysAddr, VirtAddr,
    instructions::tlb,
    registers::control::{Cr3, Cr3Flags},
    structures::paging::{PageTable, PageTableFlags as Flags, PhysFrame},
};

use super::addresses::SPACE;
use crate::machine::layout::{self, BLOCK, Content, MAX_GUARDED_BLOCKS, PAGE};

const GIB: usize = 1 << 30;

const DATA: Flags = Flags::PRESENT.union(Flags::WRITABLE).union(Flags::NO_EXECUTE);
const CODE: Flags = Flags::PRESENT.union(Flags::WRITABLE);
const LARGE: Flags = Flags::HUGE_PAGE;
const TO_TABLE: Flags = CODE;

/// An entry for a page of data, but for its address.
pub(crate) const PAGE_ENTRY: usize = DATA.bits() as usize;
/// An entry for a table of the last level, but for its address.
pub(crate) const TABLE_ENTRY: usize = TO_TABLE.bits() as usize;

#[repr(transparent)]
struct Table(UnsafeCell<PageTable>);

// SAFETY: Written by the first CPU alone, before any other CPU runs (`init` and `make_guard`).
unsafe impl Sync for Table {}

impl Table {
    const fn new() -> Self {
        Self(UnsafeCell::new(PageTable::new()))
    }

    fn set(&self, index: usize, address: usize, flags: Flags) {
        // SAFETY: Only the first CPU writes, and only before other CPUs run; no reference is kept.
        unsafe { (&mut *self.0.get())[index].set_addr(PhysAddr::new(address as u64), flags) }
    }

    fn address(&self) -> usize {
        self.0.get() as usize
    }
}

static ROOT: Table = Table::new();
static DIRECTORY: Table = Table::new();
static RAM_BLOCKS: Table = Table::new();
static GUARDED_PAGES: [Table; MAX_GUARDED_BLOCKS] = [const { Table::new() }; MAX_GUARDED_BLOCKS];

/// For the pages that a program gets: a table for each GiB.
static PROGRAM_BLOCKS: [Table; (SPACE.end - SPACE.start) / GIB] =
    [const { Table::new() }; (SPACE.end - SPACE.start) / GIB];

/// Builds the tables. Called on the first CPU before the others start.
pub(crate) fn init() {
    ROOT.set(0, DIRECTORY.address(), TO_TABLE);
    DIRECTORY.set(0, RAM_BLOCKS.address(), TO_TABLE);
    DIRECTORY.set(1, GIB, DATA | LARGE);
    DIRECTORY.set(2, 2 * GIB, DATA | LARGE);
    // The devices below 4 GiB, among them the local APIC and the HPET.
    DIRECTORY.set(3, 3 * GIB, DATA | LARGE | Flags::NO_CACHE);
    for (index, table) in PROGRAM_BLOCKS.iter().enumerate() {
        DIRECTORY.set(SPACE.start / GIB + index, table.address(), TO_TABLE);
    }
    for block in (BLOCK..GIB).step_by(BLOCK) {
        let (address, flags) = match layout::content(block) {
            Content::Stacks(number) => {
                let pages = &GUARDED_PAGES[number];
                for (index, page) in (block..block + BLOCK).step_by(PAGE).enumerate() {
                    pages.set(index, page, DATA);
                }
                (pages.address(), TO_TABLE)
            }
            Content::Code => (block, CODE | LARGE),
            Content::Data => (block, DATA | LARGE),
        };
        RAM_BLOCKS.set(block / BLOCK, address, flags);
    }
}

/// Makes this CPU use the tables, and forget the initial ones.
pub(crate) fn init_cpu() {
    let root = PhysFrame::containing_address(PhysAddr::new(ROOT.address() as u64));
    // SAFETY: The tables map all code, data and stacks at their addresses, as before. No page is
    // global, so the write drops all translations.
    unsafe { Cr3::write(root, Cr3Flags::empty()) };
}

/// Takes `page`, which lies in `.guarded`, out of the map. Called on the first CPU, before the others
/// use the tables.
pub(crate) fn make_guard(page: *mut u8) {
    let (block, page_of_block) = layout::guarded_page(page);
    GUARDED_PAGES[block].set(page_of_block, 0, Flags::empty());
    tlb::flush(VirtAddr::from_ptr(page));
}

/// Returns the entry for the block of the program's pages at `address`, of a table of the last level.
pub(crate) fn program_block(address: usize) -> &'static AtomicUsize {
    let offset = address - SPACE.start;
    let table = PROGRAM_BLOCKS[offset / GIB].address() as *const AtomicUsize;
    // SAFETY: One of the table's entries. When the tables are built, these are used here only.
    unsafe { &*table.add(offset % GIB / BLOCK) }
}

/// Makes an entry that was empty visible to the page walks of all CPUs: these see stores in order.
pub(crate) fn publish_entry() {}
