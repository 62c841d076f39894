//! Registers that an archive must leave alone: those that belong to the kernel, and those that it may not have turned
//! on.
//!
//! On aarch64, x18 is the platform's own: kernels keep their per-CPU pointer there, and shadow call stacks their top.
//! On Arm, r9 is, if the user says so by the compiler's option. On RISC-V, gp is the linker's and tp the thread's. Registers for floating point and vectors may be off in a kernel,
//! or belong to the program that it has interrupted; and on x86 an interrupt overwrites what lies below the stack
//! pointer. The compiler is told, but a ready-made core library was not, and RUSTFLAGS may say something else. So what
//! counts is what has got into the archive: its instructions.

use std::path::Path;

use super::{
    options::{Options, ThreadPointer},
    target::Target,
};
use crate::{
    command,
    error::{Error, Result},
    tools,
};

/// The compiler's option that keeps x18 out of what is compiled here. It takes a wrong name without a word.
const RESERVE: &str = "-Cllvm-args=-reserve-regs-for-regalloc=X18";

/// Returns the compiler's option for the target, if it takes one.
pub(super) fn option(target: &Target) -> Option<&'static str> {
    (Cpu::of(target, &[]) == Some(Cpu::Aarch64)).then_some(RESERVE)
}

/// What the user's options for the compiler have where r9 is the kernel's.
const RESERVE_R9: &str = "+reserve-r9";

/// Makes sure that no instruction of a freestanding archive that was made with `options` names such a register, unless
/// it is the thread pointer that the archive was made for; how many there are.
///
/// # Errors
/// One does, or the archive can't be read.
pub fn check(archive: &Path, options: &Options) -> Result<usize> {
    let Options { target, rustflags, thread_pointer, .. } = options;
    let Some(cpu) = Cpu::of(target, rustflags).filter(|_| target.is_freestanding) else { return Ok(0) };
    let mut objdump = command::of(tools::OBJDUMP.command);
    objdump.args(["--disassemble", "--no-show-raw-insn"]).arg(archive);
    let text = command::answer(&mut objdump)
        .ok_or_else(|| Error::failure(format!("{} can't be disassembled", archive.display())))?;
    match cpu.first_fault(&text, thread_pointer.as_ref().map(ThreadPointer::register)) {
        None => Ok(instructions(&text).count()),
        Some((instruction, fault)) => Err(Error::failure(format!(
            "an instruction of the archive {fault}, so it is not installed: {}",
            instruction.split_whitespace().collect::<Vec<_>>().join(" ")
        ))),
    }
}

/// Returns the registers of the target that belong to every kernel.
pub fn of_the_kernel(target: &Target) -> &'static [&'static str] {
    Cpu::of(target, &[]).map_or(&[], Cpu::kernels)
}

/// Whose registers they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cpu {
    /// Of 32 and 64 bits.
    X86,
    Aarch64,
    RiscV,
    Arm {
        reserves_r9: bool,
    },
}

const KERNELS: &str = "names a register that belongs to the kernel";
const TURNED_OFF: &str = "names a register for floating point or vectors, which a kernel may not have turned on";
const RED_ZONE: &str = "uses memory below the stack pointer, which an interrupt overwrites";
const UNKNOWN: &str = "is not known to the disassembler";

impl Cpu {
    fn of(target: &Target, rustflags: &[String]) -> Option<Self> {
        let arm = Self::Arm { reserves_r9: rustflags.iter().any(|flag| flag.contains(RESERVE_R9)) };
        let cpus = [
            ("x86_64", Self::X86),
            ("i586", Self::X86),
            ("i686", Self::X86),
            ("aarch64", Self::Aarch64),
            ("riscv", Self::RiscV),
            ("thumb", arm),
            ("arm", arm),
        ];
        cpus.iter().find(|(name, _)| target.triple.starts_with(name)).map(|&(_, cpu)| cpu)
    }

    /// The first instruction of a disassembly that must not be there, and why.
    fn first_fault<'a>(self, text: &'a str, pointer: Option<&str>) -> Option<(&'a str, &'static str)> {
        instructions(text).find_map(|instruction| {
            if instruction.contains("<unknown>") {
                return Some((instruction, UNKNOWN));
            }
            // After the mnemonic; a name that is a symbol's comes in angle brackets.
            let (mnemonic, operands) = instruction.split_once('\t').unwrap_or((instruction, ""));
            let operands = operands.split('<').next().unwrap_or_default();
            if self == Self::X86 && operands.split(',').any(is_below_stack_pointer) {
                return Some((instruction, RED_ZONE));
            }
            // The stack of floating-point registers need not be named: `fildll 8(%esp)`. Nothing else begins so.
            if self == Self::X86 && (mnemonic.starts_with('f') || ["emms", "wait"].contains(&mnemonic)) {
                return Some((instruction, TURNED_OFF));
            }
            let mut names = operands.split(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '%');
            names.find_map(|name| self.fault(name).filter(|_| pointer != Some(name))).map(|fault| (instruction, fault))
        })
    }

    /// Each by all of its names.
    fn kernels(self) -> &'static [&'static str] {
        match self {
            Self::Aarch64 => &["x18", "w18"],
            Self::RiscV => &["gp", "tp"],
            Self::Arm { reserves_r9: true } => &["r9", "sb"],
            Self::X86 | Self::Arm { .. } => &[],
        }
    }

    fn fault(self, name: &str) -> Option<&'static str> {
        let numbered = |letters: &[&str]| {
            let is_number = |digits: &str| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
            letters.iter().any(|letters| name.strip_prefix(letters).is_some_and(is_number))
        };
        let turned_off = match self {
            Self::X86 => name == "%st" || numbered(&["%xmm", "%ymm", "%zmm", "%mm", "%k", "%tmm"]),
            Self::Aarch64 => numbered(&["v", "q", "d", "s", "h", "b", "z", "p"]),
            Self::RiscV => numbered(&["ft", "fs", "fa", "v"]),
            Self::Arm { .. } => numbered(&["s", "d", "q"]),
        };
        if self.kernels().contains(&name) { Some(KERNELS) } else { turned_off.then_some(TURNED_OFF) }
    }
}

/// The instructions of a disassembly: what comes after an address.
fn instructions(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter_map(|line| {
        let (address, instruction) = line.split_once(':')?;
        let is_address = !address.trim().is_empty() && address.trim().bytes().all(|byte| byte.is_ascii_hexdigit());
        is_address.then_some(instruction.trim_start())
    })
}

/// Whether an operand of x86 is in the red zone: `-0x8(%rsp)`.
fn is_below_stack_pointer(operand: &str) -> bool {
    let operand = operand.trim();
    operand.starts_with('-') && ["(%rsp", "(%esp"].iter().any(|pointer| operand.contains(pointer))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(target: &str, instruction: &str) -> Option<&'static str> {
        fault_with(&[], target, instruction)
    }

    fn fault_with(rustflags: &[String], target: &str, instruction: &str) -> Option<&'static str> {
        let line = format!("      24:      \t{instruction}");
        let clean = "tsd-base.o:\tfile format elf64-littleaarch64\n\n0000000000000018 <x18>:\n      18:      \tret\n";
        let text = format!("{clean}{line}\n");
        let found = Cpu::of(&Target::named(target).unwrap(), rustflags).unwrap().first_fault(&text, None);
        found.map(|(its, fault)| {
            assert_eq!(its, instruction);
            fault
        })
    }

    #[test]
    fn instructions_that_must_not_be_there() {
        for (target, faulty, fault_of_it) in [
            ("aarch64", "mov\tx18, x0", KERNELS),
            ("aarch64", "ldp\tw1, w18, [sp]", KERNELS),
            ("aarch64", "str\tx0, [x18, #8]", KERNELS),
            ("aarch64", "ldr\tx0, [x1, w18, uxtw]", KERNELS),
            ("aarch64", "stp\tq0, q1, [sp, #-32]!", TURNED_OFF),
            ("aarch64", "movi\tv0.2d, #0000000000000000", TURNED_OFF),
            ("riscv64", "addi\ta0, gp, 16", KERNELS),
            ("riscv64", "ld\ta0, 8(tp)", KERNELS),
            ("riscv64", "fsd\tfs0, 8(sp)", TURNED_OFF),
            ("riscv32", "flw\tfa0, 8(sp)", TURNED_OFF),
            ("thumbv7m", "vmov\ts0, r0", TURNED_OFF),
            ("thumbv7m", "vpush\t{d8, d9}", TURNED_OFF),
            ("x86_64", "movups\t%xmm0, (%rdi)", TURNED_OFF),
            ("x86_64", "fstp\t%st(1)", TURNED_OFF),
            ("x86_64", "movq\t%rax, -0x8(%rsp)", RED_ZONE),
            ("x86_64", "movq\t-8(%rsp,%rcx), %rax", RED_ZONE),
            ("x86_64", "fildll\t8(%rsp)", TURNED_OFF),
            ("x86_64", "<unknown>", UNKNOWN),
            ("i686", "fildll\t(%eax)", TURNED_OFF),
            ("i686", "fnclex", TURNED_OFF),
            ("i686", "movsd\t(%eax), %xmm0", TURNED_OFF),
            ("i686", "movl\t-4(%esp), %eax", RED_ZONE),
            ("armv7a", "vld1.8\t{d16}, [r0]", TURNED_OFF),
        ] {
            assert_eq!(fault(target, faulty), Some(fault_of_it), "{faulty}");
        }
    }

    #[test]
    fn thread_pointer_may_be_there() {
        let riscv = Cpu::of(&Target::named("riscv64").unwrap(), &[]).unwrap();
        let text = "      24:      \tadd\ta0, a0, tp\n      28:      \tld\ta1, 8(gp)\n";
        assert_eq!(riscv.first_fault(text, Some("tp")), Some(("ld\ta1, 8(gp)", KERNELS)));
    }

    #[test]
    fn instructions_that_may_be_there() {
        for (target, clean) in [
            ("aarch64", "ldr\tx1, [x8, #0x18]"),
            ("aarch64", "bl\t0x18 <w18+0x18>"),
            ("riscv64", "sd\ts0, 8(sp)"),
            ("thumbv7m", "push\t{r4, r9, lr}"),
            ("x86_64", "movq\t8(%rsp), %rax"),
            ("x86_64", "leaq\t-8(%rax), %rsp"),
            ("i686", "movl\t%gs:0, %eax"),
            ("i686", "lock"),
            ("armv7a", "mrc\tp15, #0x0, r0, c13, c0, #0x4"),
        ] {
            assert_eq!(fault(target, clean), None, "{clean}");
        }
    }

    #[test]
    fn r9_must_not_be_there_if_it_is_reserved() {
        let reserved = ["-Ctarget-feature=+strict-align,+reserve-r9".to_owned()];
        for target in ["thumbv7m", "armv7a-none-eabi"] {
            for instruction in ["push\t{r4, r9, lr}", "ldr\tr0, [r9, #4]", "mov\tsb, r0"] {
                assert_eq!(fault_with(&reserved, target, instruction), Some(KERNELS), "{instruction}");
                assert_eq!(fault(target, instruction), None, "{instruction}");
            }
        }
        assert_eq!(fault_with(&reserved, "x86_64", "movq\t%r9, %rax"), None);
    }

    #[test]
    fn only_aarch64_is_told() {
        assert_eq!(option(&Target::named("aarch64").unwrap()), Some(RESERVE));
        assert_eq!(option(&Target::named("x86_64").unwrap()), None);
    }
}
