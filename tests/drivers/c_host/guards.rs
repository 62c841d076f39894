//! What an archive is like for kernels that guard calls and returns: the table in docs/targets.md. Which members call by
//! pointer, what is marked as a target of such calls, and that nothing claims more.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use libtest_mimic::{Failed, Trial};
use tsd_runner::install::{self, Target, landing};
use tsd_runner::{command, tools, workspace};

use super::commands::{run, scratch, source};
use super::kernels::installed;

/// All tests.
pub(crate) fn trials() -> Vec<Trial> {
    let mut trials = vec![Trial::test("c::guards::ibt", ibt)];
    for target in ["x86_64", "aarch64"] {
        trials.extend([
            Trial::test(format!("c::guards::{target}::calls_by_pointer"), move || calls_by_pointer(target)),
            Trial::test(format!("c::guards::{target}::claims_nothing"), move || claims_nothing(target)),
        ]);
    }
    trials
}

/// With the option, whatever may be called by pointer says so, each member has the note, and a linker that asks for it
/// is content. Without, none of it holds.
fn ibt() -> Result<(), Failed> {
    let target = Target::named("x86_64").ok_or("no such target")?;
    let options = install::Options { has_ibt: true, ..install::Options::new(target, scratch("guards/ibt")?) };
    install::run_if_changed(&options, &options.prefix.join("stamp")).map_err(|error| error.to_string())?;
    let usual = installed("x86_64")?;
    let check = |prefix: &Path| landing::check(&prefix.join("lib/libtsd.a")).map_err(|error| error.to_string());
    let functions = check(&options.prefix)?;
    assert!(functions > 40, "{functions} functions were seen");
    assert!(check(&usual).is_err_and(|line| line.contains("endbr64")));

    assert_eq!(
        members(&options.prefix, "--section-headers", is_note)?,
        members(&usual, "--section-headers", |_| true)?
    );
    link_with_notes(&options.prefix)?;
    let refused = link_with_notes(&usual).err().and_then(|error| error.message().map(str::to_owned));
    assert!(refused.is_some_and(|text| text.contains("GNU_PROPERTY_X86_FEATURE_1_IBT")));
    Ok(())
}

/// Links a kernel whose files all have the note with every member of an archive, and takes a warning for an error.
fn link_with_notes(prefix: &Path) -> Result<(), Failed> {
    let dir = scratch("guards")?;
    let name = prefix.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let (object, kernel) = (dir.join(format!("{name}.o")), dir.join(format!("{name}.elf")));
    let mut clang = command::of(tools::CLANG.command);
    clang.args(["--target=x86_64-unknown-none-elf", "-std=c11", "-O2", "-ffreestanding", "-fno-pic", "-mno-red-zone"]);
    clang.args(["-fcf-protection=branch", "-fno-asynchronous-unwind-tables", "-c", "-I"]).arg(prefix.join("include"));
    run(clang.arg(source().join("links/kernel.c")).arg("-o").arg(&object))?;
    let mut link = command::of(tools::LLD.command);
    link.args(["-z", "force-ibt", "--fatal-warnings", "-z", "max-page-size=4096"]);
    link.args(["--defsym=KERNEL=0x100000", "--defsym=GOT=0", "-L"]).arg(prefix.join("lib"));
    link.arg("-T").arg(source().join("links/kernel.ld")).arg(&object);
    run(link.args(["--whole-archive", "-ltsd", "--no-whole-archive", "-o"]).arg(kernel)).map(drop)
}

/// The members that call by pointer are those of the page, and none of the calls is a jump.
fn calls_by_pointer(target: &'static str) -> Result<(), Failed> {
    let prefix = installed(target)?;
    let words = |line: &str| line.split_whitespace().skip(1).map(str::to_owned).take(2).collect::<Vec<_>>();
    let is_indirect = |line: &str, mnemonics: &[&str]| match &words(line)[..] {
        [mnemonic, operand] => {
            mnemonics.contains(&mnemonic.as_str()) && (operand.starts_with('*') || operand.starts_with('x'))
        }
        _ => false,
    };
    let found = members(&prefix, "--disassemble", |line| is_indirect(line, &["callq", "call", "blr"]))?;
    let jumps = members(&prefix, "--disassemble", |line| is_indirect(line, &["jmpq", "jmp", "br"]))?;
    assert!(jumps.is_empty(), "{jumps:?} have indirect jumps");
    let page = fs::read_to_string(workspace::root().join("docs/targets.md"))?;
    let (_, table) =
        page.split_once("| Calls by pointer |").ok_or("docs/targets.md has no table of calls by pointer")?;
    let rows = table.lines().skip(2).map_while(|line| line.strip_prefix("| `")?.split_once('`'));
    assert_eq!(found, rows.map(|(member, _)| member.to_owned()).collect(), "members that call by pointer");
    Ok(())
}

/// No member has a note, and there is neither a landing pad nor a signed address of which a note could tell.
fn claims_nothing(target: &'static str) -> Result<(), Failed> {
    let prefix = installed(target)?;
    assert_eq!(members(&prefix, "--section-headers", is_note)?, BTreeSet::new());
    let guards = ["endbr64", "bti", "paciasp", "pacibsp", "autiasp", "retaa"];
    let has_guard = |line: &str| line.split_whitespace().nth(1).is_some_and(|word| guards.contains(&word));
    assert_eq!(members(&prefix, "--disassemble", has_guard)?, BTreeSet::new());
    Ok(())
}

fn is_note(line: &str) -> bool {
    line.contains(".note.gnu.property")
}

/// The members of an archive of which a line that llvm-objdump prints with an option is as asked.
fn members(prefix: &Path, option: &str, is_asked: impl Fn(&str) -> bool) -> Result<BTreeSet<String>, Failed> {
    let mut objdump = command::of(tools::OBJDUMP.command);
    objdump.args([option, "--no-show-raw-insn"]).arg(prefix.join("lib/libtsd.a"));
    // More than fits into a pipe that is read when the command has ended.
    let text = command::answer(&mut objdump).ok_or("the archive can't be read")?;
    let (mut member, mut found) = (String::new(), BTreeSet::new());
    for line in text.lines() {
        if let Some((_, rest)) = line.split_once("libtsd.a(").filter(|_| line.contains("file format")) {
            member = rest.split(')').next().unwrap_or_default().to_owned();
        } else if is_asked(line) {
            found.insert(member.clone());
        }
    }
    assert!(!member.is_empty(), "no members");
    Ok(found)
}
