//! Programs that runs take, and the packages that bring them.

use std::path::PathBuf;

use crate::command;

/// A program and where it comes from.
#[derive(Debug, PartialEq, Eq)]
pub struct Program {
    /// What it is called on the search path.
    pub command: &'static str,
    /// Whether it makes a program of a C file.
    pub(crate) is_compiler: bool,
    /// The packages that bring it, by their names for each package manager.
    pub(crate) apt: &'static [&'static str],
    pub(crate) dnf: &'static [&'static str],
    pub(crate) pacman: &'static [&'static str],
    pub(crate) brew: &'static [&'static str],
}

impl Program {
    /// Returns where the program is.
    pub fn find(&self) -> Option<PathBuf> {
        command::find(self.command)
    }
}

/// The machine of the images for 64-bit x86.
pub const QEMU_X86_64: Program = Program {
    command: "qemu-system-x86_64",
    is_compiler: false,
    apt: &["qemu-system-x86"],
    dnf: &["qemu-system-x86-core"],
    pacman: &["qemu-system-x86"],
    brew: &["qemu"],
};

/// The machine of the images for 64-bit Arm.
pub const QEMU_AARCH64: Program = Program {
    command: "qemu-system-aarch64",
    is_compiler: false,
    apt: &["qemu-system-arm"],
    dnf: &["qemu-system-aarch64-core"],
    pacman: &["qemu-system-aarch64"],
    brew: &["qemu"],
};

/// Links the members of the archive, and the kernel where the compiler comes without a linker of its own.
pub const LLD: Program =
    Program { command: "ld.lld", is_compiler: false, apt: &["lld"], dnf: &["lld"], pacman: &["lld"], brew: &["lld"] };

const LLVM: Program =
    Program { command: "", is_compiler: false, apt: &["llvm"], dnf: &["llvm"], pacman: &["llvm"], brew: &["llvm"] };

/// Hides and renames symbols.
pub const OBJCOPY: Program = Program { command: "llvm-objcopy", ..LLVM };

/// Lists symbols.
pub const NM: Program = Program { command: "llvm-nm", ..LLVM };

/// Disassembles.
pub const OBJDUMP: Program = Program { command: "llvm-objdump", ..LLVM };

/// Writes archives.
pub const AR: Program = Program { command: "llvm-ar", ..LLVM };

/// What making an archive takes besides a Rust compiler.
pub const ARCHIVE: [&Program; 5] = [&LLD, &OBJCOPY, &NM, &OBJDUMP, &AR];

/// The host's C compiler.
pub const GCC: Program = Program {
    command: "gcc",
    is_compiler: true,
    apt: &["gcc", "libc6-dev"],
    dnf: &["gcc", "glibc-devel"],
    pacman: &["gcc"],
    brew: &["gcc"],
};

/// The host's C++ compiler.
pub const GXX: Program =
    Program { command: "g++", is_compiler: true, apt: &["g++"], dnf: &["gcc-c++"], pacman: &["gcc"], brew: &["gcc"] };

/// A second C and C++ compiler.
pub const CLANG: Program = Program {
    command: "clang",
    is_compiler: true,
    apt: &["clang"],
    dnf: &["clang"],
    pacman: &["clang"],
    brew: &["llvm"],
};

/// A second C library.
pub const MUSL_GCC: Program = Program {
    command: "musl-gcc",
    is_compiler: true,
    apt: &["musl-tools"],
    dnf: &["musl-gcc"],
    pacman: &["musl"],
    brew: &["musl-cross"],
};

/// A C compiler for 64-bit Arm.
pub const AARCH64_GCC: Program = Program {
    command: "aarch64-linux-gnu-gcc",
    is_compiler: true,
    apt: &["gcc-aarch64-linux-gnu"],
    dnf: &["gcc-aarch64-linux-gnu"],
    pacman: &["aarch64-linux-gnu-gcc"],
    brew: &["aarch64-elf-gcc"],
};

/// A C++ compiler for 64-bit Arm.
pub const AARCH64_GXX: Program = Program {
    command: "aarch64-linux-gnu-g++",
    is_compiler: true,
    apt: &["g++-aarch64-linux-gnu"],
    dnf: &["gcc-c++-aarch64-linux-gnu"],
    pacman: &["aarch64-linux-gnu-gcc"],
    brew: &[],
};

/// A C compiler for 64-bit x86.
pub const X86_64_GCC: Program = Program {
    command: "x86_64-linux-gnu-gcc",
    is_compiler: true,
    apt: &["gcc-x86-64-linux-gnu"],
    dnf: &["gcc-x86_64-linux-gnu"],
    pacman: &[],
    brew: &[],
};

/// A C++ compiler for 64-bit x86.
pub const X86_64_GXX: Program = Program {
    command: "x86_64-linux-gnu-g++",
    is_compiler: true,
    apt: &["g++-x86-64-linux-gnu"],
    dnf: &["gcc-c++-x86_64-linux-gnu"],
    pacman: &[],
    brew: &[],
};

/// Builds projects that look for the library's CMake package.
pub const CMAKE: Program = Program {
    command: "cmake",
    is_compiler: false,
    apt: &["cmake", "make"],
    dnf: &["cmake"],
    pacman: &["cmake"],
    brew: &["cmake"],
};

/// Builds projects that look for the library's pkg-config file.
pub const PKG_CONFIG: Program = Program {
    command: "pkg-config",
    is_compiler: false,
    apt: &["pkg-config"],
    dnf: &["pkgconf"],
    pacman: &["pkgconf"],
    brew: &["pkgconf"],
};
