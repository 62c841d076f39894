//! How the code of an archive reaches what lies elsewhere: by direct calls, and relative addresses where the CPU has them.
//!
//! A kernel may lie at the end of the address space, in the middle, at its start, or wherever it was loaded. What holds
//! for all of them is the distance between two of its parts. A global offset table would do as well, but kernels have
//! none, or assert that it is empty, and an indirect call can't be had where those are guarded.

use std::path::Path;

use super::target::Target;
use crate::{
    command,
    error::{Error, Result},
    tools,
};

/// The compiler's options for code that can lie anywhere. With RELRO, which that target has by itself, calls would be
/// by the table. The data of other members is reached by `src/c/address.rs`.
const ANYWHERE: [&str; 2] = ["-Crelocation-model=pie", "-Crelro-level=off"];

/// The same for 32-bit x86, whose instructions take no address relative to their own: code for any address would need the
/// table, or a register for its place. The target is a system's, where such code is usual.
const WHERE_LINKED: [&str; 1] = ["-Crelocation-model=static"];

/// Returns the compiler's options for the target.
pub(super) fn options(target: &Target) -> &'static [&'static str] {
    match target.emulation {
        _ if !target.is_freestanding => &[],
        "elf_x86_64" => &ANYWHERE,
        "elf_i386" => &WHERE_LINKED,
        // The other targets' usual model has no table, and their code models reach as far.
        _ => &[],
    }
}

/// Makes sure that no instruction of the archive wants a global offset table.
///
/// # Errors
/// One does, or the archive can't be read.
pub(super) fn check(archive: &Path, target: &Target) -> Result<()> {
    if !target.is_freestanding {
        return Ok(());
    }
    let mut objdump = command::of(tools::OBJDUMP.command);
    let text = command::answer(objdump.arg("--reloc").arg(archive))
        .ok_or_else(|| Error::failure(format!("the relocations of {} can't be read", archive.display())))?;
    match first_of_table(&text) {
        None => Ok(()),
        Some((kind, symbol)) => Err(Error::failure(format!(
            "the archive would take a global offset table (a {kind} of {symbol}), which kernels do not have, so it is \
             not installed; if RUSTFLAGS have a relocation model or RELRO, leave it out"
        ))),
    }
}

/// The first relocation that wants an entry of the table, and its symbol.
fn first_of_table(text: &str) -> Option<(&str, &str)> {
    text.lines().find_map(|line| {
        let mut words = line.split_whitespace().skip(1);
        let kind = words.next().filter(|kind| kind.starts_with("R_") && kind.contains("GOT"))?;
        Some((kind, words.next().unwrap_or_default()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_bare_x86_is_told() {
        assert_eq!(options(&Target::named("x86_64").unwrap()), ANYWHERE);
        assert_eq!(options(&Target::named("i686").unwrap()), WHERE_LINKED);
        for other in ["aarch64", "armv7a", "host", "x86_64-unknown-linux-musl", "i586-unknown-linux-gnu"] {
            assert!(options(&Target::named(other).unwrap()).is_empty(), "{other}");
        }
    }

    #[test]
    fn table_is_found_by_the_relocations_kind() {
        let clean = "RELOCATION RECORDS FOR [.text.tsd_get]:\nOFFSET           TYPE                     VALUE\n\
                     0000000000000005 R_X86_64_PLT32           tsd_current_v1-0x4\n\
                     0000000000000009 R_X86_64_PC32            GOT_of_mine-0x4\n";
        assert_eq!(first_of_table(clean), None);
        for kind in [
            "R_X86_64_GOTPCREL",
            "R_X86_64_REX_GOTPCRELX",
            "R_386_GOTPC",
            "R_386_GOTOFF",
            "R_AARCH64_ADR_GOT_PAGE",
            "R_RISCV_GOT_HI20",
        ] {
            let text = format!("{clean}0000000000000010 {kind}  tsd_table_v1-0x4\n");
            assert_eq!(first_of_table(&text), Some((kind, "tsd_table_v1-0x4")));
        }
    }
}
