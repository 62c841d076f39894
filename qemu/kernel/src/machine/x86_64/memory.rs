//! The map: physical addresses one to one, RAM cached, devices not, data never executed. `tables` has what is the same
//! on each CPU.
//!
//! RAM above the first GiB is in pages of 1 GiB. The lowest 2 MiB are not mapped, which catches null pointers.
//! Reference: Intel SDM volume 3A, 4.5 "4-Level Paging and 5-Level Paging".

use x86_64::{
    PhysAddr, VirtAddr,
    instructions::tlb,
    registers::control::{Cr3, Cr3Flags},
    structures::paging::{PageTableFlags as Flags, PhysFrame},
};

use crate::machine::{
    layout::BLOCK,
    tables::{GIB, Leaf, Table, map_program, map_ram},
};

const DATA: Flags = Flags::PRESENT.union(Flags::WRITABLE).union(Flags::NO_EXECUTE);
const CODE: Flags = Flags::PRESENT.union(Flags::WRITABLE);
const LARGE: Flags = Flags::HUGE_PAGE;

/// The bits of an entry that are an address.
const ADDRESS: usize = 0x000f_ffff_ffff_f000;

/// Returns the entry that maps `address`.
pub(crate) fn entry(address: usize, leaf: Leaf) -> usize {
    with_flags(
        address,
        match leaf {
            Leaf::Code => CODE | LARGE,
            Leaf::Data => DATA | LARGE,
            Leaf::Page => DATA,
        },
    )
}

/// Returns the entry that points to the table of the next level at `address`.
pub(crate) fn to_table(address: usize) -> usize {
    with_flags(address, CODE)
}

fn with_flags(address: usize, flags: Flags) -> usize {
    address | flags.bits() as usize
}

/// Returns what an entry maps or points to.
pub(crate) fn address_in(entry: usize) -> usize {
    entry & ADDRESS
}

static ROOT: Table = Table::new();
static DIRECTORY: Table = Table::new();
static RAM_BLOCKS: Table = Table::new();

/// Builds the tables. Called on the first CPU before the others start.
pub(crate) fn init() {
    ROOT.set(0, DIRECTORY.as_entry());
    DIRECTORY.set(0, RAM_BLOCKS.as_entry());
    DIRECTORY.set(1, entry(GIB, Leaf::Data));
    DIRECTORY.set(2, entry(2 * GIB, Leaf::Data));
    // The devices below 4 GiB, among them the local APIC and the HPET.
    DIRECTORY.set(3, with_flags(3 * GIB, DATA | LARGE | Flags::NO_CACHE));
    map_program(&DIRECTORY);
    map_ram(&RAM_BLOCKS, BLOCK..GIB);
}

/// Makes this CPU use the tables, and forget the initial ones.
pub(crate) fn init_cpu() {
    let root = PhysFrame::containing_address(PhysAddr::new(ROOT.address() as u64));
    // SAFETY: The tables map all code, data and stacks at their addresses, as before. No page is
    // global, so the write drops all translations.
    unsafe { Cr3::write(root, Cr3Flags::empty()) };
}

/// Drops what this CPU remembers of `page`, which was mapped: no other runs yet.
pub(crate) fn forget(page: *mut u8) {
    tlb::flush(VirtAddr::from_ptr(page));
}

/// Makes an entry that was empty visible to the page walks of all CPUs: these see stores in order.
pub(crate) fn publish_entry() {}
