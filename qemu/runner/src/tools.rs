//! The tools that runs take, and the packages that bring them.

use std::path::PathBuf;

use crate::command;

/// What shows that a program works from where it has been unpacked.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Trial {
    /// It says its version.
    Version,
    /// It makes a program of a C file.
    Program,
    /// It makes one that does without a C library: the packages bring none.
    Freestanding,
}

/// A tool and where it comes from.
#[derive(Debug, PartialEq, Eq)]
pub struct Tool {
    /// What it is called on the search path.
    pub command: &'static str,
    pub(crate) trial: Trial,
    /// The packages that bring it, by their names for each package manager.
    pub(crate) apt: &'static [&'static str],
    pub(crate) dnf: &'static [&'static str],
    pub(crate) pacman: &'static [&'static str],
    pub(crate) brew: &'static [&'static str],
}

impl Tool {
    /// Returns where the tool is.
    pub fn find(&self) -> Option<PathBuf> {
        command::find(self.command)
    }
}

/// The machine of the images for 64-bit x86.
pub const QEMU_X86_64: Tool = Tool {
    command: "qemu-system-x86_64",
    trial: Trial::Version,
    apt: &["qemu-system-x86"],
    dnf: &["qemu-system-x86-core"],
    pacman: &["qemu-system-x86"],
    brew: &["qemu"],
};

/// The machine of the images for 64-bit Arm.
pub const QEMU_AARCH64: Tool = Tool {
    command: "qemu-system-aarch64",
    trial: Trial::Version,
    apt: &["qemu-system-arm"],
    dnf: &["qemu-system-aarch64-core"],
    pacman: &["qemu-system-aarch64"],
    brew: &["qemu"],
};

/// The machine of the images for 64-bit RISC-V, with the firmware that QEMU loads below them.
pub const QEMU_RISCV64: Tool = Tool {
    command: "qemu-system-riscv64",
    trial: Trial::Version,
    apt: &["qemu-system-misc", "opensbi"],
    dnf: &["qemu-system-riscv-core"],
    pacman: &["qemu-system-riscv", "qemu-system-riscv-firmware"],
    brew: &["qemu"],
};

/// The machine of the kernel in plain C for 32-bit RISC-V, which takes no firmware.
pub const QEMU_RISCV32: Tool = Tool { command: "qemu-system-riscv32", apt: &["qemu-system-misc"], ..QEMU_RISCV64 };

/// The machine of the images for 32-bit Arm, with FreeRTOS and without.
pub const QEMU_ARM: Tool = Tool {
    command: "qemu-system-arm",
    trial: Trial::Version,
    apt: &["qemu-system-arm"],
    dnf: &["qemu-system-arm-core"],
    pacman: &["qemu-system-arm"],
    brew: &["qemu"],
};

/// Runs programs for Linux on 64-bit PowerPC, big-endian.
pub const QEMU_PPC64: Tool = Tool {
    command: "qemu-ppc64",
    trial: Trial::Version,
    apt: &["qemu-user"],
    dnf: &["qemu-user"],
    pacman: &["qemu-user"],
    brew: &[],
};

/// Links the members of the archive, and the kernel where the compiler comes without a linker of its own.
pub const LLD: Tool =
    Tool { command: "ld.lld", trial: Trial::Version, apt: &["lld"], dnf: &["lld"], pacman: &["lld"], brew: &["lld"] };

const LLVM: Tool =
    Tool { command: "", trial: Trial::Version, apt: &["llvm"], dnf: &["llvm"], pacman: &["llvm"], brew: &["llvm"] };

/// Hides and renames symbols.
pub const OBJCOPY: Tool = Tool { command: "llvm-objcopy", ..LLVM };

/// Lists symbols.
pub const NM: Tool = Tool { command: "llvm-nm", ..LLVM };

/// Disassembles.
pub const OBJDUMP: Tool = Tool { command: "llvm-objdump", ..LLVM };

/// Writes archives.
pub const AR: Tool = Tool { command: "llvm-ar", ..LLVM };

/// What making an archive takes besides a Rust compiler.
pub const ARCHIVE: [&Tool; 5] = [&LLD, &OBJCOPY, &NM, &OBJDUMP, &AR];

/// The host's C compiler.
pub const GCC: Tool = Tool {
    command: "gcc",
    trial: Trial::Program,
    apt: &["gcc", "libc6-dev"],
    dnf: &["gcc", "glibc-devel"],
    pacman: &["gcc"],
    brew: &["gcc"],
};

/// The host's C++ compiler.
pub const GXX: Tool =
    Tool { command: "g++", trial: Trial::Program, apt: &["g++"], dnf: &["gcc-c++"], pacman: &["gcc"], brew: &["gcc"] };

/// A second C and C++ compiler.
pub const CLANG: Tool = Tool {
    command: "clang",
    trial: Trial::Program,
    apt: &["clang"],
    dnf: &["clang"],
    pacman: &["clang"],
    brew: &["llvm"],
};

/// A second C library.
pub const MUSL_GCC: Tool = Tool {
    command: "musl-gcc",
    trial: Trial::Program,
    apt: &["musl-tools"],
    dnf: &["musl-gcc"],
    pacman: &["musl"],
    brew: &["musl-cross"],
};

/// A C compiler for 64-bit Arm.
pub const AARCH64_GCC: Tool = Tool {
    command: "aarch64-linux-gnu-gcc",
    trial: Trial::Freestanding,
    apt: &["gcc-aarch64-linux-gnu"],
    dnf: &["gcc-aarch64-linux-gnu"],
    pacman: &["aarch64-linux-gnu-gcc"],
    brew: &["aarch64-elf-gcc"],
};

/// A C++ compiler for 64-bit Arm.
pub const AARCH64_GXX: Tool = Tool {
    command: "aarch64-linux-gnu-g++",
    trial: Trial::Program,
    apt: &["g++-aarch64-linux-gnu"],
    dnf: &["gcc-c++-aarch64-linux-gnu"],
    pacman: &["aarch64-linux-gnu-gcc"],
    brew: &[],
};

/// A C compiler for 64-bit x86.
pub const X86_64_GCC: Tool = Tool {
    command: "x86_64-linux-gnu-gcc",
    trial: Trial::Freestanding,
    apt: &["gcc-x86-64-linux-gnu"],
    dnf: &["gcc-x86_64-linux-gnu"],
    pacman: &[],
    brew: &[],
};

/// A C++ compiler for 64-bit x86.
pub const X86_64_GXX: Tool = Tool {
    command: "x86_64-linux-gnu-g++",
    trial: Trial::Program,
    apt: &["g++-x86-64-linux-gnu"],
    dnf: &["gcc-c++-x86_64-linux-gnu"],
    pacman: &[],
    brew: &[],
};

/// A C compiler for 64-bit RISC-V.
pub const RISCV64_GCC: Tool = Tool {
    command: "riscv64-linux-gnu-gcc",
    trial: Trial::Freestanding,
    apt: &["gcc-riscv64-linux-gnu"],
    dnf: &["gcc-riscv64-linux-gnu"],
    pacman: &["riscv64-linux-gnu-gcc"],
    brew: &["riscv64-elf-gcc"],
};

/// A C++ compiler for 64-bit RISC-V.
pub const RISCV64_GXX: Tool = Tool {
    command: "riscv64-linux-gnu-g++",
    trial: Trial::Program,
    apt: &["g++-riscv64-linux-gnu"],
    dnf: &["gcc-c++-riscv64-linux-gnu"],
    pacman: &["riscv64-linux-gnu-gcc"],
    brew: &[],
};

/// A C compiler for 32-bit Arm without a system, which makes programs with no C library.
pub const ARM_GCC: Tool = Tool {
    command: "arm-none-eabi-gcc",
    trial: Trial::Freestanding,
    apt: &["gcc-arm-none-eabi"],
    dnf: &["arm-none-eabi-gcc-cs"],
    pacman: &["arm-none-eabi-gcc"],
    brew: &["arm-none-eabi-gcc"],
};

/// A C++ compiler for 32-bit Arm without a system, with no C++ library.
pub const ARM_GXX: Tool = Tool {
    command: "arm-none-eabi-g++",
    trial: Trial::Freestanding,
    apt: &["gcc-arm-none-eabi"],
    dnf: &["arm-none-eabi-gcc-cs-c++"],
    pacman: &["arm-none-eabi-gcc"],
    brew: &["arm-none-eabi-gcc"],
};

/// GNU's linker for RISC-V.
pub const RISCV_LD: Tool = Tool {
    command: "riscv64-linux-gnu-ld.bfd",
    trial: Trial::Version,
    apt: &["binutils-riscv64-linux-gnu"],
    dnf: &["binutils-riscv64-linux-gnu"],
    pacman: &["riscv64-linux-gnu-binutils"],
    brew: &[],
};

/// GNU's linker for 32-bit Arm.
pub const ARM_LD: Tool = Tool {
    command: "arm-none-eabi-ld.bfd",
    trial: Trial::Version,
    apt: &["binutils-arm-none-eabi"],
    dnf: &["arm-none-eabi-binutils-cs"],
    pacman: &["arm-none-eabi-binutils"],
    brew: &["arm-none-eabi-binutils"],
};

/// Builds what comes with a makefile.
pub const MAKE: Tool =
    Tool { command: "make", trial: Trial::Version, apt: &["make"], dnf: &["make"], pacman: &["make"], brew: &["make"] };

/// Looks into machines of every architecture.
pub const GDB: Tool = Tool {
    command: "gdb-multiarch",
    trial: Trial::Version,
    apt: &["gdb-multiarch"],
    dnf: &["gdb"],
    pacman: &["gdb"],
    brew: &["gdb"],
};

/// Builds projects that look for the library's CMake package.
pub const CMAKE: Tool = Tool {
    command: "cmake",
    trial: Trial::Version,
    apt: &["cmake", "make"],
    dnf: &["cmake"],
    pacman: &["cmake"],
    brew: &["cmake"],
};

/// Builds projects that look for the library's pkg-config file.
pub const PKG_CONFIG: Tool = Tool {
    command: "pkg-config",
    trial: Trial::Version,
    apt: &["pkg-config"],
    dnf: &["pkgconf"],
    pacman: &["pkgconf"],
    brew: &["pkgconf"],
};

/// Runs what comes as JavaScript and WebAssembly.
pub const NODE: Tool = Tool {
    command: "node",
    trial: Trial::Version,
    apt: &["nodejs"],
    dnf: &["nodejs"],
    pacman: &["nodejs"],
    brew: &["node"],
};

/// Gets Python's packages.
pub const PIP: Tool = Tool {
    command: "pip3",
    trial: Trial::Version,
    apt: &["python3-pip"],
    dnf: &["python3-pip"],
    pacman: &["python-pip"],
    brew: &["python"],
};
