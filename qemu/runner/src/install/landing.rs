//! Indirect branch tracking of x86_64: what may be called by pointer begins with an instruction that says so.
//!
//! The compiler's own option for it is not stable. LLVM's pass is there all the same, and can be turned on by itself; the
//! ready-made core library takes no part, but none of its functions is called by pointer. The linker adds the note by
//! which others know. As with registers, what counts is what has got into the archive.

use std::{collections::BTreeSet, path::Path};

use super::target::Target;
use crate::{
    command,
    error::{Error, Result},
    tools,
};

/// The compiler's option.
pub(super) const OPTION: &str = "-Cllvm-args=-x86-indirect-branch-tracking";

/// Tells the assembly of `arch/` by the environment of the build.
pub(super) const VARIABLE: &str = "TSD_IBT";

/// The linker's option for a member with the note.
pub(super) const NOTE: [&str; 2] = ["-z", "force-ibt"];

/// Makes sure that the target's CPU has it.
///
/// # Errors
/// It has not.
pub(super) fn require(target: &Target) -> Result<()> {
    if target.triple.starts_with("x86_64") {
        Ok(())
    } else {
        Err(Error::usage(format!("--ibt is for x86_64, not for {}", target.triple)))
    }
}

/// Makes sure that each function of an archive which others see, or whose address it takes itself, can be called by
/// pointer; how many there are.
///
/// # Errors
/// One can't, or the archive can't be read.
pub fn check(archive: &Path) -> Result<usize> {
    let mut objdump = command::of(tools::OBJDUMP.command);
    objdump.args(["--disassemble", "--reloc", "--no-show-raw-insn"]).arg(archive);
    let text = command::answer(&mut objdump)
        .ok_or_else(|| Error::failure(format!("{} can't be disassembled", archive.display())))?;
    let mut count = 0;
    for member in text.split("file format").map(Functions::of) {
        if let Some(name) = member.called_by_pointer().find(|name| !member.landing.contains(name)) {
            return Err(Error::failure(format!("{name} does not begin with endbr64, so the archive is not installed")));
        }
        count += member.called_by_pointer().count();
    }
    Ok(count)
}

/// The functions of a member.
#[derive(Debug, Default)]
struct Functions<'a> {
    all: BTreeSet<&'a str>,
    /// Those that begin with the instruction.
    landing: BTreeSet<&'a str>,
    /// Those whose address is taken.
    taken: BTreeSet<&'a str>,
}

impl<'a> Functions<'a> {
    /// Reads them from the disassembly.
    fn of(text: &'a str) -> Self {
        let mut functions = Self::default();
        let (mut begins, mut is_address) = (None, false);
        for line in text.lines() {
            if let Some((_, name)) = line.strip_suffix(">:").and_then(|line| line.split_once('<')) {
                functions.all.insert(name);
                begins = Some(name);
            } else if let Some((_, symbol)) = line.split_once("R_X86_64_").and_then(|(_, line)| line.split_once('\t')) {
                // A jump's or call's target is none.
                functions.taken.extend(symbol.split(['-', '+']).next().filter(|_| is_address));
            } else if let Some((_, instruction)) = line.split_once(":\t").or_else(|| line.split_once(": ")) {
                let instruction = instruction.trim_start();
                functions.landing.extend(begins.take().filter(|_| instruction.starts_with("endbr64")));
                is_address = instruction.starts_with("lea");
            }
        }
        functions
    }

    /// Those that others see, by their names, and those whose address is taken.
    fn called_by_pointer(&self) -> impl Iterator<Item = &'a str> {
        let is_seen = |name: &&str| !name.starts_with(".text") && !name.starts_with("_ZN");
        self.all.iter().copied().filter(move |name| is_seen(name) || self.taken.contains(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "
0000000000000000 <tsd_set>:
       0:      \tendbr64
       4:      \tleaq\t(%rip), %rax  # 0xb <tsd_set+0xb>
\t\t0000000000000007:  R_X86_64_PC32\t.text._ZN5tsd_c5taken-0x4
       b:      \tcallq\t0x10 <tsd_set+0x10>
\t\t000000000000000c:  R_X86_64_PLT32\t.text._ZN5tsd_c6called-0x4

0000000000000000 <.text._ZN5tsd_c5taken>:
       0:      \tendbr64

0000000000000000 <.text._ZN5tsd_c6called>:
       0:      \tretq
";

    #[test]
    fn functions_that_are_called_by_pointer() {
        let functions = Functions::of(TEXT);
        assert_eq!(functions.all.len(), 3);
        assert_eq!(functions.called_by_pointer().collect::<Vec<_>>(), [".text._ZN5tsd_c5taken", "tsd_set"]);
        assert!(functions.called_by_pointer().all(|name| functions.landing.contains(name)));
        for (wrong, name) in
            [("taken>:\n       0:      \tendbr64", "taken"), ("set>:\n       0:      \tendbr64", "set")]
        {
            let text = TEXT.replace(wrong, &wrong.replace("endbr64", "nop"));
            let functions = Functions::of(&text);
            let faults = functions.called_by_pointer().filter(|name| !functions.landing.contains(name));
            assert!(faults.collect::<Vec<_>>()[0].ends_with(name), "{text}");
        }
    }

    #[test]
    fn other_cpus_have_none() {
        assert_eq!(require(&Target::named("x86_64").unwrap()), Ok(()));
        let refused = require(&Target::named("aarch64").unwrap()).unwrap_err().to_string();
        assert_eq!(refused, "--ibt is for x86_64, not for aarch64-unknown-none-softfloat");
    }
}
