//! The map: RAM, and what a program gets. `tables` has what is the same on each CPU.
//!
//! No device is mapped: the firmware has them. So a null pointer faults. The firmware's own part of the RAM, which is
//! before the image, can't be accessed whatever the map says.
//!
//! Reference: RISC-V Instruction Set Manual, volume II, "Sv39: Page-Based 39-bit Virtual-Memory System".

use core::arch::asm;

use super::addresses::RAM_BASE;
use crate::machine::tables::{GIB, Leaf, Table, map_program, map_ram};

const VALID: usize = 1 << 0;
const READ: usize = 1 << 1;
const WRITE: usize = 1 << 2;
const EXECUTE: usize = 1 << 3;
const ACCESSED: usize = 1 << 6;
const DIRTY: usize = 1 << 7;

const DATA: usize = VALID | READ | WRITE | ACCESSED | DIRTY;

/// Above the flags an entry has the number of a page.
const FLAG_BITS: usize = 10;
const PAGE_BITS: usize = 12;

/// Returns the entry that maps `address`.
pub(crate) fn entry(address: usize, leaf: Leaf) -> usize {
    let flags = match leaf {
        Leaf::Code => DATA | EXECUTE,
        // On which level an entry maps memory, its place says.
        Leaf::Data | Leaf::Page => DATA,
    };
    page_number(address) | flags
}

/// Returns the entry that points to the table of the next level at `address`.
pub(crate) fn to_table(address: usize) -> usize {
    page_number(address) | VALID
}

fn page_number(address: usize) -> usize {
    address >> PAGE_BITS << FLAG_BITS
}

/// Returns what an entry maps or points to.
pub(crate) fn address_in(entry: usize) -> usize {
    entry >> FLAG_BITS << PAGE_BITS
}

static ROOT: Table = Table::new();
static RAM_BLOCKS: Table = Table::new();

/// Builds the tables. Called on the first CPU before the others start.
pub(crate) fn init() {
    map_program(&ROOT);
    ROOT.set(RAM_BASE / GIB, RAM_BLOCKS.as_entry());
    map_ram(&RAM_BLOCKS, RAM_BASE..RAM_BASE + GIB);
}

/// Makes this CPU use the tables.
pub(crate) fn init_cpu() {
    /// `satp.MODE`.
    const SV39: usize = 8 << 60;
    // SAFETY: The tables map all code, data and stacks at their addresses, as before. The fence makes the tables
    // visible to the walk. No `nomem`.
    unsafe {
        asm!(
            "sfence.vma",
            "csrw satp, {}",
            "sfence.vma",
            in(reg) SV39 | ROOT.address() >> PAGE_BITS,
            options(nostack),
        );
    }
}

/// Drops what this CPU remembers of `page`, which was mapped: no other runs yet.
pub(crate) fn forget(page: *mut u8) {
    // SAFETY: Drops the translation of a page that holds no data. No `nomem`: it comes after the change.
    unsafe { asm!("sfence.vma {}, zero", in(reg) page, options(nostack)) };
}

/// Makes an entry that was empty visible to the page walks of this CPU. Another one that still remembers it as empty
/// faults, and comes here, too.
pub(crate) fn publish_entry() {
    // SAFETY: A barrier. No `nomem`: the store of the entry stays before it.
    unsafe { asm!("sfence.vma", options(nostack)) };
}
