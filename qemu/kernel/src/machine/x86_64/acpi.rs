//! What the firmware's ACPI tables say of the machine: its CPUs and where its clock is.
//!
//! Read once on the first CPU, while the first 4 GiB are mapped one to one; what is needed later is
//! copied. Reference: ACPI Specification 6.5, 5.2 "ACPI System Description Tables"; IA-PC HPET
//! Specification 1.0a, 3.2.4 "The HPET Description Table".

use heapless::Vec;
use spin::Once;

use crate::machine::cpu_local::MAX_CPUS;

/// What the kernel needs to know of the machine.
#[derive(Debug)]
pub(super) struct Machine {
    /// The local APIC's identifier of each CPU. The CPU that booted is the first.
    pub(super) apic_ids: Vec<u8, MAX_CPUS>,
    /// The address of the high precision event timer's registers.
    pub(super) hpet: usize,
}

static MACHINE: Once<Machine> = Once::new();

/// Returns what [`init`] found.
pub(super) fn machine() -> &'static Machine {
    MACHINE.get().expect("the ACPI tables are read first")
}

/// Reads the tables, which begin with the root pointer at `root_pointer`. `booted` is the identifier of
/// the CPU that runs this.
///
/// # Safety
///
/// 1. `root_pointer` is the address that the firmware gave.
/// 2. The map is the initial one.
pub(super) unsafe fn init(root_pointer: usize, booted: u8) {
    MACHINE.call_once(|| {
        // SAFETY: The caller vouches for the address.
        let root = unsafe { Root::at(root_pointer) };
        let madt = root.find(b"APIC").expect("an ACPI table lists the CPUs");
        let hpet = root.find(b"HPET").expect("an ACPI table describes the HPET");
        Machine { apic_ids: apic_ids(madt, booted), hpet: read(hpet, 44, 8) }
    });
}

/// Returns the identifiers of the CPUs that `madt` lists as enabled, `booted` first.
fn apic_ids(madt: &[u8], booted: u8) -> Vec<u8, MAX_CPUS> {
    const LOCAL_APIC: u8 = 0;
    const ENABLED: usize = 1;

    let mut ids = Vec::new();
    ids.push(booted).expect("the list is empty");
    let mut entry = 44;
    while entry < madt.len() {
        let (kind, bytes) = (madt[entry], madt[entry + 1]);
        if kind == LOCAL_APIC && read(madt, entry + 4, 4) & ENABLED != 0 {
            let id = madt[entry + 3];
            // A machine may have more CPUs than the kernel starts.
            if id != booted && ids.push(id).is_err() {
                break;
            }
        }
        assert!(bytes > 0, "an entry of the ACPI table of CPUs is empty");
        entry += usize::from(bytes);
    }
    ids
}

/// The list of all tables, with addresses of `entry_bytes` each.
struct Root {
    table: &'static [u8],
    entry_bytes: usize,
}

impl Root {
    /// # Safety
    ///
    /// As for [`init`].
    unsafe fn at(pointer: usize) -> Self {
        const BYTES: usize = 20;
        const BYTES_SINCE_2: usize = 36;

        assert!(pointer != 0, "the start-up information has no ACPI tables");
        // SAFETY: The firmware's address, mapped one to one, of memory that nobody writes.
        let first = unsafe { core::slice::from_raw_parts(pointer as *const u8, BYTES) };
        assert!(first.starts_with(b"RSD PTR ") && sums_to_zero(first), "no ACPI root pointer at {pointer:#x}");
        let revision = first[15];
        if revision >= 2 {
            // SAFETY: As above; since revision 2 the structure is longer.
            let all = unsafe { core::slice::from_raw_parts(pointer as *const u8, BYTES_SINCE_2) };
            // SAFETY: The root pointer is valid, so is the address in it.
            return Self { table: unsafe { table_at(read(all, 24, 8)) }, entry_bytes: 8 };
        }
        // SAFETY: As above.
        Self { table: unsafe { table_at(read(first, 16, 4)) }, entry_bytes: 4 }
    }

    fn find(&self, signature: &[u8; 4]) -> Option<&'static [u8]> {
        self.table[HEADER_BYTES..]
            .chunks_exact(self.entry_bytes)
            // SAFETY: The addresses in the list of tables are those of tables.
            .map(|entry| unsafe { table_at(read(entry, 0, entry.len())) })
            .find(|table| table.starts_with(signature))
    }
}

const HEADER_BYTES: usize = 36;

/// Returns the table at `address`, its header included.
///
/// # Safety
///
/// A table is at `address`, and the map is the initial one.
unsafe fn table_at(address: usize) -> &'static [u8] {
    // SAFETY: The header has a fixed size and nobody writes it.
    let header = unsafe { core::slice::from_raw_parts(address as *const u8, HEADER_BYTES) };
    // SAFETY: The header gives the size of the whole.
    let table = unsafe { core::slice::from_raw_parts(address as *const u8, read(header, 4, 4)) };
    assert!(sums_to_zero(table), "the ACPI table at {address:#x} is damaged");
    table
}

fn sums_to_zero(bytes: &[u8]) -> bool {
    bytes.iter().fold(0_u8, |sum, &byte| sum.wrapping_add(byte)) == 0
}

/// Returns the little-endian number of `bytes` bytes at `offset`, which need not be aligned.
fn read(table: &[u8], offset: usize, bytes: usize) -> usize {
    table[offset..offset + bytes].iter().rev().fold(0, |number, &byte| number << 8 | usize::from(byte))
}
