//! docs/sizes.md: bytes a thread and a table.

use std::fmt::Write;
use std::{fs, io};

use tsd::{KeyTable, Slots};

use crate::build;

/// Writes the document, for this machine's pointers.
///
/// # Errors
///
/// When it can't be written.
pub fn write() -> io::Result<()> {
    let mut text = format!(
        "# Sizes\n\n\
         Written by `cargo run -p tsd-figures -- sizes`; do not edit.\n\n\
         ## Memory, {} bits\n\n| Keys | Bytes a thread | Bytes a table |\n|---|---|---|\n",
        usize::BITS
    );
    macro_rules! lines {
        ($($keys:literal)*) => {$(
            let _ = writeln!(text, "| {} | {} | {} |", $keys, size_of::<Slots<$keys>>(), size_of::<KeyTable<$keys>>());
        )*};
    }
    lines!(8 16 32 64 128 256 512 1024);
    let _ = writeln!(
        text,
        "\nA thread has two words a key, a bit a key, and {} bytes more: one word of work to do, one for `once`, the \
         running destructor and its round.",
        2 * size_of::<usize>() + 8
    );
    fs::create_dir_all(build::root().join("docs"))?;
    fs::write(build::root().join("docs/sizes.md"), text)
}
