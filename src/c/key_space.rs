//! The key space: the table without static keys. A kernel that has some defines the symbol itself, with the header's
//! `TSD_STATIC_KEY_TABLE`, and this member of the archive is not linked.
//!
//! Invariant: the layout is that of `struct tsd_table` in `include/tsd.h`, and what the macro writes is what
//! [`KeyTable::with_static_keys`](tsd::KeyTable::with_static_keys) would.

use tsd::KeySpace;

use crate::port::CPort;

/// A static key is of generation 0. Here keys begin at 1, so that none is taken for a static key by a kernel that uses
/// one but has forgotten the table.
#[cfg(feature = "key_space")]
#[unsafe(export_name = "tsd_table")]
// SAFETY: the slots of C threads are used with this key space only.
static KEY_SPACE: KeySpace<CPort> = unsafe {
    let table = tsd::KeyTable::<{ crate::config::KEYS }>::new();
    #[cfg(not(minimal))]
    let table = table.with_generation(1).with_rounds(crate::config::ROUNDS);
    // All zero bytes, which take no flash. There are no static keys.
    #[cfg(minimal)]
    let table = table.with_rounds(0);
    KeySpace::with_table(CPort, table)
};

// As other members see it. Not C's type, but every member is compiled from the same source by the same compiler.
#[cfg(not(feature = "key_space"))]
#[allow(improper_ctypes)]
unsafe extern "C" {
    #[link_name = "tsd_table"]
    safe static KEY_SPACE: KeySpace<CPort>;
}

/// The keys of every C caller.
#[inline]
pub fn key_space() -> &'static KeySpace<CPort> {
    let address: *const KeySpace<CPort> = crate::address::address_of!(KEY_SPACE);
    // SAFETY: a static's, of this type.
    unsafe { &*address }
}
