//! Registers that an archive must leave alone.
//!
//! On aarch64 that is x18, the platform's own: kernels keep their per-CPU pointer there, and shadow call stacks their
//! top. The compiler is told, but a ready-made core library was not. So what counts is what has got into the archive:
//! its instructions.

use std::path::Path;

use super::target::Target;
use crate::{
    command,
    error::{Error, Result},
    tools,
};

/// The two names of the register.
const PLATFORM_REGISTER: [&str; 2] = ["x18", "w18"];

/// The compiler's option that keeps the register out of what is compiled here. It takes a wrong name without a word.
const RESERVE: &str = "-Cllvm-args=-reserve-regs-for-regalloc=X18";

/// Returns the compiler's option for the target, if it takes one.
pub(super) fn option(target: &Target) -> Option<&'static str> {
    has_platform_register(target).then_some(RESERVE)
}

/// Makes sure that no instruction of the archive names such a register.
///
/// # Errors
/// One does, or the archive can't be read.
pub(super) fn check(archive: &Path, target: &Target) -> Result<()> {
    if !has_platform_register(target) {
        return Ok(());
    }
    let mut objdump = command::of(tools::OBJDUMP.command);
    objdump.args(["--disassemble", "--no-show-raw-insn"]).arg(archive);
    let text = command::answer(&mut objdump)
        .ok_or_else(|| Error::failure(format!("{} can't be disassembled", archive.display())))?;
    match first_use(&text) {
        None => Ok(()),
        Some(line) => Err(Error::failure(format!(
            "the archive uses x18, which belongs to the kernel, so it is not installed: {}",
            line.split_whitespace().collect::<Vec<_>>().join(" ")
        ))),
    }
}

fn has_platform_register(target: &Target) -> bool {
    target.triple.starts_with("aarch64")
}

/// The first line of a disassembly whose instruction names the register.
fn first_use(text: &str) -> Option<&str> {
    text.lines().find(|line| {
        // A name that is a symbol's comes in angle brackets.
        let instruction = line.split_once(':').map_or("", |(_, rest)| rest).split('<').next().unwrap_or_default();
        let mut words = instruction.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        words.any(|word| PLATFORM_REGISTER.contains(&word))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn register_is_found_in_instructions_only() {
        let clean = "tsd-base.o:\tfile format elf64-littleaarch64\n\n0000000000000018 <x18>:\n      18:      \tret\n\
                     \x20     1c:      \tldr\tx1, [x8, #0x18]\n      20:      \tbl\t0x18 <w18+0x18>\n";
        assert_eq!(first_use(clean), None);
        for instruction in ["mov\tx18, x0", "ldp\tw1, w18, [sp]", "str\tx0, [x18, #8]", "ldr\tx0, [x1, w18, uxtw]"] {
            let line = format!("      24:      \t{instruction}");
            assert_eq!(first_use(&format!("{clean}{line}\n")), Some(line.as_str()));
        }
    }

    #[test]
    fn only_aarch64_has_it() {
        assert_eq!(option(&Target::named("aarch64").unwrap()), Some(RESERVE));
        assert_eq!(option(&Target::named("x86_64").unwrap()), None);
    }
}
