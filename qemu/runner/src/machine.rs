//! The virtual machines: one row each, and QEMU's command line for it.

use std::{path::Path, process::Command};

use crate::{
    command,
    image::{self, Image},
    tools::{self, Tool},
};

/// A processor architecture with an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arch {
    /// 64-bit x86, QEMU's `q35` board.
    X86_64,
    /// 64-bit Arm, QEMU's `virt` board.
    Aarch64,
    /// 64-bit RISC-V, QEMU's `virt` board.
    Riscv64,
}

impl Arch {
    /// All.
    pub const ALL: [Self; 3] = [Self::X86_64, Self::Aarch64, Self::Riscv64];

    /// Returns the name as in options and target triples.
    pub fn name(self) -> &'static str {
        match self {
            Self::X86_64 => "x86_64",
            Self::Aarch64 => "aarch64",
            Self::Riscv64 => "riscv64",
        }
    }

    /// Returns the QEMU that emulates it.
    pub fn qemu(self) -> &'static Tool {
        match self {
            Self::X86_64 => &tools::QEMU_X86_64,
            Self::Aarch64 => &tools::QEMU_AARCH64,
            Self::Riscv64 => &tools::QEMU_RISCV64,
        }
    }
}

/// Options of every command that boots.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BootOptions {
    /// On which architectures, in this order.
    pub archs: Vec<Arch>,
    /// Number of processors.
    pub cpus: u32,
    /// Capacity of the key table.
    pub keys: u32,
    /// Whether missing packages may be installed.
    pub may_install: bool,
}

impl Default for BootOptions {
    fn default() -> Self {
        Self { archs: Arch::ALL.into(), cpus: 4, keys: image::DEFAULT_KEYS, may_install: true }
    }
}

/// A virtual machine.
#[derive(Debug, PartialEq, Eq)]
pub struct Machine {
    /// The name in test names and tables.
    pub name: &'static str,
    /// Its architecture.
    pub arch: Arch,
    /// QEMU's name for the processor.
    pub cpu: &'static str,
    /// What it boots.
    pub image: &'static Image,
    /// QEMU's exit status when the kernel ends with status 0.
    pub success: i32,
}

/// 64-bit x86. The exit device can't give 0, so its success is another number.
pub const X86_64: Machine =
    Machine { name: "x86_64", arch: Arch::X86_64, cpu: "max", image: &image::X86_64, success: 33 };

/// The same with an image that has debug assertions, for what is detected in such builds only.
pub const X86_64_CHECKED: Machine = Machine { name: "x86_64_checked", image: &image::X86_64_CHECKED, ..X86_64 };

/// An Arm processor that has load/store-exclusive instructions only.
pub const AARCH64_A72: Machine =
    Machine { name: "aarch64_a72", arch: Arch::Aarch64, cpu: "cortex-a72", image: &image::AARCH64, success: 0 };

/// An Arm processor with atomic instructions (LSE).
pub const AARCH64_MAX: Machine =
    Machine { name: "aarch64_max", arch: Arch::Aarch64, cpu: "max", image: &image::AARCH64_LSE, success: 0 };

/// A RISC-V processor, whose counters raise an interrupt when they overflow.
pub const RISCV64: Machine =
    Machine { name: "riscv64", arch: Arch::Riscv64, cpu: "rv64,sscofpmf=true", image: &image::RISCV64, success: 0 };

/// Every machine that the suite runs on.
pub const ALL: [&Machine; 4] = [&X86_64, &AARCH64_A72, &AARCH64_MAX, &RISCV64];

/// Returns the machine that stands for `arch` where one is enough.
pub fn of(arch: Arch) -> &'static Machine {
    match arch {
        Arch::X86_64 => &X86_64,
        Arch::Aarch64 => &AARCH64_MAX,
        Arch::Riscv64 => &RISCV64,
    }
}

impl Machine {
    /// Returns the command that boots `kernel` on `cpus` processors with `line` as its command line.
    pub fn command(&self, kernel: &Path, line: &str, cpus: u32) -> Command {
        self.accelerated(kernel, line, cpus, "tcg,thread=multi")
    }

    /// Returns the command that boots `kernel` on one processor, whose counters then go up by one with each
    /// instruction.
    pub fn counting_command(&self, kernel: &Path, line: &str) -> Command {
        let mut command = self.accelerated(kernel, line, 1, "tcg,thread=single");
        command.args(["-icount", "shift=0"]);
        command
    }

    fn accelerated(&self, kernel: &Path, line: &str, cpus: u32, accelerator: &str) -> Command {
        let mut command = command::of(self.arch.qemu().command);
        let board = match self.arch {
            Arch::X86_64 => "q35",
            Arch::Aarch64 => "virt,gic-version=3",
            Arch::Riscv64 => "virt",
        };
        command.args(["-M", board, "-cpu", self.cpu, "-smp", &cpus.to_string(), "-m", "128M"]);
        command.args(["-accel", accelerator, "-nodefaults", "-no-reboot", "-display", "none"]);
        match self.arch {
            Arch::X86_64 => {
                command.args(["-serial", "stdio", "-device", "isa-debug-exit,iobase=0xf4,iosize=4", "-append", line]);
            }
            Arch::Aarch64 => {
                command.args(["-serial", "stdio", "-semihosting-config", &semihosting(line)]);
            }
            Arch::Riscv64 => {
                // The serial port, which goes nowhere, is the firmware's.
                command.args(["-chardev", "stdio,id=console"]);
                command.args(["-semihosting-config", &format!("chardev=console,{}", semihosting(line))]);
            }
        }
        command.arg("-kernel").arg(kernel);
        command
    }

    /// Has the machine lay `program` into memory, of which there is more then.
    pub fn add_program(&self, command: &mut Command, program: &Path) {
        let file = program.display().to_string().replace(',', ",,");
        command.args(["-m", "512M", "-device", &format!("loader,file={file}")]);
    }
}

/// The options by which a kernel gets its command line through semihosting.
fn semihosting(line: &str) -> String {
    // A comma ends a value in QEMU's options unless it is doubled. The first word is the program's name.
    format!("enable=on,target=native,arg=tsd-kernel,arg={}", line.replace(',', ",,"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::as_typed;

    #[test]
    fn command_line_reaches_each_kernel() {
        let typed = as_typed(&X86_64.command(Path::new("k"), "suite case=a::b", 4));
        assert!(typed.contains("qemu-system-x86_64 -M q35 -cpu max -smp 4 "), "{typed}");
        assert!(typed.ends_with("-append 'suite case=a::b' -kernel k"), "{typed}");

        let typed = as_typed(&AARCH64_A72.command(Path::new("k"), "demo requests=1,2", 8));
        assert!(typed.contains("-cpu cortex-a72 -smp 8 "), "{typed}");
        assert!(typed.contains("arg=tsd-kernel,arg=demo requests=1,,2'"), "{typed}");
    }

    #[test]
    fn names_are_distinct() {
        for (index, machine) in ALL.iter().enumerate() {
            assert!(ALL[..index].iter().all(|other| other.name != machine.name));
            assert!(machine.name != X86_64_CHECKED.name && machine.image.name != X86_64_CHECKED.image.name);
        }
    }
}
