//! The final map: devices, RAM, and what a program gets. `tables` has what is the same on each CPU.
//!
//! The first gigabyte has only the devices, so that a null pointer faults.
//!
//! Reference: Arm Architecture Reference Manual (DDI 0487), D8.3 "Translation table descriptor formats".

use core::arch::asm;

use super::addresses::{DEVICES, RAM_BASE};
use crate::machine::{
    layout::{BLOCK, PAGE},
    tables::{GIB, Leaf, Table, map_program, map_ram},
};

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

/// The bits of an entry that are an address.
const ADDRESS: usize = 0x0000_ffff_ffff_f000;

/// Returns the entry that maps `address`.
pub(crate) fn entry(address: usize, leaf: Leaf) -> usize {
    address
        | NORMAL_BLOCK
        | match leaf {
            Leaf::Code => 0,
            Leaf::Data => NEVER_EXECUTE,
            Leaf::Page => NEVER_EXECUTE | PAGE_OR_TABLE,
        }
}

/// Returns the entry that points to the table of the next level at `address`.
pub(crate) fn to_table(address: usize) -> usize {
    address | VALID | PAGE_OR_TABLE
}

/// Returns what an entry maps or points to.
pub(crate) fn address_in(entry: usize) -> usize {
    entry & ADDRESS
}

static ROOT: Table = Table::new();
static DEVICE_BLOCKS: Table = Table::new();
static RAM_BLOCKS: Table = Table::new();

/// Builds the tables. Called on the first CPU before the others start.
pub(crate) fn init() {
    ROOT.set(0, DEVICE_BLOCKS.as_entry());
    for block in DEVICES.step_by(BLOCK) {
        DEVICE_BLOCKS.set(block / BLOCK, block | DEVICE_BLOCK);
    }
    map_program(&ROOT);
    ROOT.set(RAM_BASE / GIB, RAM_BLOCKS.as_entry());
    map_ram(&RAM_BLOCKS, RAM_BASE..RAM_BASE + GIB);
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
            in(reg) ROOT.address() | ADDRESS_SPACE,
            options(nostack, preserves_flags),
        );
    }
}

/// Drops what all CPUs remember of `page`, which was mapped.
pub(crate) fn forget(page: *mut u8) {
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

/// Makes an entry that was empty visible to the page walks of all CPUs.
pub(crate) fn publish_entry() {
    // SAFETY: Barriers. No `nomem`: the store of the entry stays before them.
    unsafe { asm!("dsb ishst", "isb", options(nostack, preserves_flags)) };
}
