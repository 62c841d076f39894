//! What a build with `-Cinstrument-coverage` has counted: printed in lines of hexadecimal digits at the end of a run.
//!
//! The lines are LLVM's raw profile: a header and three sections as they lie in memory, whose bounds `sections.ld`
//! names. In any other build the sections are empty, and nothing is printed.

use core::{fmt, ptr};

use crate::core::{console::println, hooks::Hooks};

/// The first word of a raw profile of a 64-bit program: `lprofr` between two bytes that no text has.
const MAGIC: u64 = u64::from_be_bytes([0xff, b'l', b'p', b'r', b'o', b'f', b'r', 0x81]);
/// The version of the format, that of LLVM 19 to 22. Tools refuse one that is not theirs.
const VERSION: u64 = 10;
/// How many kinds of values a profile can have beside counters, less one. None is recorded here.
const LAST_VALUE_KIND: u64 = 2;
/// The size of a function's record.
const RECORD_BYTES: usize = 64;
const LINE_BYTES: usize = 64;

unsafe extern "C" {
    #[link_name = "coverage_records_begin"]
    static RECORDS_BEGIN: u8;
    #[link_name = "coverage_records_end"]
    static RECORDS_END: u8;
    #[link_name = "coverage_counters_begin"]
    static COUNTERS_BEGIN: u8;
    #[link_name = "coverage_counters_end"]
    static COUNTERS_END: u8;
    #[link_name = "coverage_names_begin"]
    static NAMES_BEGIN: u8;
    #[link_name = "coverage_names_end"]
    static NAMES_END: u8;
}

/// Bytes of the image. Other CPUs may still count while they are read.
#[derive(Clone, Copy)]
struct Bytes {
    begin: *const u8,
    length: usize,
}

impl Bytes {
    fn between(begin: *const u8, end: *const u8) -> Self {
        Self { begin, length: end.addr() - begin.addr() }
    }

    fn print(self) {
        for at in (0..self.length).step_by(LINE_BYTES) {
            let line = Self { begin: self.begin.wrapping_add(at), length: LINE_BYTES.min(self.length - at) };
            println!("tsd: coverage: {line}");
        }
    }
}

impl fmt::Display for Bytes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for at in 0..self.length {
            // SAFETY: inside what this names: a section or a local variable. Volatile, because a counter may change.
            let byte = unsafe { self.begin.wrapping_add(at).read_volatile() };
            write!(formatter, "{byte:02x}")?;
        }
        Ok(())
    }
}

/// Prints at the end of every run.
pub(super) struct Coverage;

impl Hooks for Coverage {
    fn at_end(&self) {
        print();
    }
}

/// Prints the profile, if this build has one.
fn print() {
    let records = Bytes::between(&raw const RECORDS_BEGIN, &raw const RECORDS_END);
    let counters = Bytes::between(&raw const COUNTERS_BEGIN, &raw const COUNTERS_END);
    let names = Bytes::between(&raw const NAMES_BEGIN, &raw const NAMES_END);
    if counters.length == 0 {
        return;
    }
    let header = [
        MAGIC,
        VERSION,
        0, // bytes of build identifiers
        (records.length / RECORD_BYTES) as u64,
        0, // padding
        (counters.length / size_of::<u64>()) as u64,
        0, // padding
        0, // bytes of bitmaps
        0, // padding
        names.length as u64,
        // Where the counters are, seen from the records; the same of bitmaps.
        counters.begin.addr().wrapping_sub(records.begin.addr()) as u64,
        0,
        names.begin.addr() as u64,
        0, // tables of virtual functions
        0, // bytes of their names
        LAST_VALUE_KIND,
    ];
    Bytes { begin: ptr::from_ref(&header).cast(), length: size_of_val(&header) }.print();
    records.print();
    counters.print();
    names.print();
    // A section of names ends where it ends; the next part of a profile would begin at a multiple of 8.
    let padding = [0_u8; size_of::<u64>()];
    Bytes { begin: padding.as_ptr(), length: names.length.wrapping_neg() % padding.len() }.print();
}
