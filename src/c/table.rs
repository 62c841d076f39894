//! The key table, without static keys. A kernel that has some defines the symbol itself, with the header's
//! `TSD_STATIC_KEY_TABLE`, and this member of the archive is not linked.
//!
//! Invariant: the layout is that of `struct tsd_table` in `include/tsd.h`, and what the macro writes is what
//! [`KeyTable::with_static_keys`] would.

use tsd::{KeySpace, KeyTable};

use crate::config::{KEYS, ROUNDS};
use crate::thread::CPort;

/// The keys of every C caller.
///
/// A static key is of generation 0. Here keys begin at 1, so that none is taken for a static key by a kernel that uses
/// one but has forgotten the table.
#[unsafe(export_name = "tsd_table")]
// SAFETY: the slots of C threads are used with this key space only.
pub static SPACE: KeySpace<CPort> =
    unsafe { KeySpace::with_table(CPort, KeyTable::<KEYS>::new().with_generation(1).with_rounds(ROUNDS)) };
