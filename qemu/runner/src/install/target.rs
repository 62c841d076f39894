//! What an archive runs on: the names that users type, the compiler's, the linker's.

use std::env::consts::ARCH;

/// Short names, the compiler's target for each, and the linker's name for its object files.
const SHORT: [(&str, &str, &str); 9] = [
    ("x86_64", "x86_64-unknown-none", "elf_x86_64"),
    // There is no core library ready-made for this CPU without a system. Of Linux nothing gets into the archive, and its
    // target for this older CPU uses no SSE.
    ("i686", "i586-unknown-linux-gnu", "elf_i386"),
    // Without floating-point registers, which a kernel may not have turned on, or not saved yet.
    ("aarch64", "aarch64-unknown-none-softfloat", "aarch64elf"),
    ("armv7a", "armv7a-none-eabi", "armelf"),
    ("riscv64", "riscv64imac-unknown-none-elf", "elf64lriscv"),
    ("riscv32", "riscv32imac-unknown-none-elf", "elf32lriscv"),
    // Without compare-and-swap, as thumbv6m.
    ("riscv32imc", "riscv32imc-unknown-none-elf", "elf32lriscv"),
    ("thumbv7m", "thumbv7m-none-eabi", "armelf"),
    ("thumbv6m", "thumbv6m-none-eabi", "armelf"),
];

/// Architectures in a target's full name, and the linker's name for their object files.
const ARCHITECTURES: [(&str, &str); 8] = [
    ("x86_64", "elf_x86_64"),
    ("aarch64", "aarch64elf"),
    ("riscv64", "elf64lriscv"),
    ("riscv32", "elf32lriscv"),
    ("thumb", "armelf"),
    ("arm", "armelf"),
    ("i586", "elf_i386"),
    ("i686", "elf_i386"),
];

/// Registers from which a kernel may find its thread, on each of the architectures that have inline code, and the bytes of
/// a word there.
const REGISTERS_OF: [(&str, &[&str], u32); 6] = [
    ("x86_64", &["fs", "gs"], 8),
    ("i586", &["fs", "gs"], 4),
    ("i686", &["fs", "gs"], 4),
    ("aarch64", &["tpidr_el0", "tpidr_el1", "sp_el0"], 8),
    ("riscv64", &["tp"], 8),
    ("armv7a", &["tpidrprw", "tpidruro", "tpidrurw"], 4),
];

/// A target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The compiler's name for it.
    pub triple: String,
    pub(crate) emulation: &'static str,
    /// The machine at hand, which has a C library that the families' plain names would clash with.
    pub is_host: bool,
    /// There is no system below, so that the archive becomes part of a kernel.
    pub(crate) is_freestanding: bool,
}

impl Target {
    /// The names that are short for a compiler's target.
    pub const SHORT_NAMES: [&'static str; SHORT.len()] = {
        let mut names = [""; SHORT.len()];
        let mut index = 0;
        while index < names.len() {
            names[index] = SHORT[index].0;
            index += 1;
        }
        names
    };

    /// The names for `--help` and errors.
    pub const ALLOWED: &'static str =
        "host, x86_64, i686, aarch64, armv7a, riscv64, riscv32, riscv32imc, thumbv7m, thumbv6m, or a target of rustc";

    /// Returns the target that the user's word means.
    pub fn named(word: &str) -> Option<Self> {
        if word == "host" {
            return Some(Self::host());
        }
        if let Some((_, triple, emulation)) = SHORT.iter().find(|(short, ..)| *short == word) {
            return Some(Self { triple: (*triple).into(), emulation, is_host: false, is_freestanding: true });
        }
        let (_, emulation) = ARCHITECTURES.iter().find(|(name, _)| word.starts_with(name) && word.contains('-'))?;
        let is_freestanding = word.contains("-none");
        Some(Self { triple: word.into(), emulation, is_host: false, is_freestanding })
    }

    /// Returns the registers from which a kernel may find its thread, and the bytes of a word there.
    pub(super) fn registers(&self) -> (&'static [&'static str], u32) {
        let of_cpu = REGISTERS_OF.iter().find(|(cpu, ..)| self.triple.starts_with(cpu));
        of_cpu.map_or((&[], 1), |&(_, registers, word)| (registers, word))
    }

    /// Returns the machine at hand.
    pub fn host() -> Self {
        let emulation = ARCHITECTURES.iter().find(|(name, _)| *name == ARCH).map_or("", |(_, emulation)| emulation);
        let triple = format!("{ARCH}-unknown-linux-gnu");
        Self { triple, emulation, is_host: true, is_freestanding: false }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        assert_eq!(Target::named("x86_64").unwrap().triple, "x86_64-unknown-none");
        assert_eq!(Target::named("riscv64gc-unknown-none-elf").unwrap().emulation, "elf64lriscv");
        assert_eq!(Target::named("armv7a").unwrap().triple, "armv7a-none-eabi");
        assert!(Target::named("host").unwrap().is_host);
        let (short, full) = (Target::named("i686").unwrap(), Target::named("i586-unknown-linux-gnu").unwrap());
        assert_eq!((short.triple == full.triple, short.is_freestanding, full.is_freestanding), (true, true, false));
        for wrong in ["", "sparc", "aarch64x", "x86"] {
            assert_eq!(Target::named(wrong), None, "{wrong}");
        }
    }
}
