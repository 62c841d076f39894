//! What an archive of each target is like, read from the archive: registers, relocations, float ABI. docs/targets.md
//! has it in a table.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use libtest_mimic::{Failed, Trial};
use tsd_runner::install::{self, Target, registers};
use tsd_runner::{command, tools, workspace};

use super::commands::{run, scratch};
use super::kernels::installed;

/// What `install` calls them, and what GCC must be told for a kernel that has them linked in.
const TARGETS: [(&str, &str); 11] = [
    ("x86_64", "`-mno-red-zone`, for its own code"),
    ("i686", "`-m32 -fno-pic`, no `-mregparm` and no `-mrtd`; `-mgeneral-regs-only`, for its own code"),
    ("aarch64", "`-mgeneral-regs-only`, for its own code; `-ffixed-x18` if x18 is its own"),
    ("armv7a", "`-march=armv7-a -mfloat-abi=soft`"),
    ("riscv64", "`-march=rv64imac_zicsr -mabi=lp64 -mcmodel=medany`"),
    ("riscv64gc-unknown-none-elf", "`-march=rv64gc_zicsr -mabi=lp64d -mcmodel=medany`"),
    ("riscv32", "`-march=rv32imac_zicsr -mabi=ilp32`"),
    ("riscv32imc", "`-march=rv32imc_zicsr -mabi=ilp32`"),
    ("thumbv7m", "`-mthumb -mcpu=cortex-m3 -mfloat-abi=soft`"),
    ("thumbv6m", "`-mthumb -mcpu=cortex-m0 -mfloat-abi=soft`"),
    ("thumbv7em-none-eabihf", "`-mthumb -mcpu=cortex-m4 -mfloat-abi=hard`"),
];

/// One for each target, and one for the page that tells of them.
pub(crate) fn trials() -> Vec<Trial> {
    let mut trials = vec![
        Trial::test("c::targets::page_has_them_all", page_has_them_all),
        Trial::test("c::targets::thread_local", thread_local),
        Trial::test("c::targets::all_short_names_are_here", all_short_names_are_here),
    ];
    trials.push(Trial::test("c::targets::thumbv7m::reserved_r9", leaves_r9_alone));
    for (word, _) in TARGETS {
        trials.push(Trial::test(format!("c::targets::{word}::registers"), move || leaves_registers_alone(word)));
    }
    trials
}

fn all_short_names_are_here() -> Result<(), Failed> {
    for short in Target::SHORT_NAMES {
        assert!(TARGETS.iter().any(|(word, _)| *word == short), "{short}");
    }
    Ok(())
}

/// No instruction names a register of the kernel's, or one for floating point or vectors.
fn leaves_registers_alone(word: &'static str) -> Result<(), Failed> {
    let prefix = installed(word)?;
    let archive = prefix.join("lib/libtsd.a");
    let options = install::Options::new(Target::named(word).ok_or("no such target")?, prefix);
    let instructions = registers::check(&archive, &options).map_err(|error| error.to_string())?;
    assert!(instructions > 1000, "{instructions} instructions were seen");
    Ok(())
}

/// Nor r9 on Arm, if the compiler was told; else it is in use, and the look at the instructions shows it.
fn leaves_r9_alone() -> Result<(), Failed> {
    let usual = installed("thumbv7m")?.join("lib/libtsd.a");
    let options = install::Options::new(Target::named("thumbv7m").ok_or("no such target")?, scratch("reserved-r9")?);
    let options = install::Options { rustflags: vec!["-Ctarget-feature=+reserve-r9".to_owned()], ..options };
    let refused = registers::check(&usual, &options).err().map(|error| error.to_string());
    assert!(refused.is_some_and(|line| line.contains("belongs to the kernel")), "no instruction names r9");
    // It looks at the instructions itself, too.
    install::run_if_changed(&options, &options.prefix.join("stamp")).map_err(|error| error.to_string())?;
    registers::check(&options.prefix.join("lib/libtsd.a"), &options).map_err(|error| error.to_string())?;
    Ok(())
}

fn page_has_them_all() -> Result<(), Failed> {
    let mut table = String::from(
        "| Short name | Compiler's target | Float ABI | Relocations of its code | The kernel's registers | The kernel's \
         options |\n|---|---|---|---|---|---|\n",
    );
    for (word, options) in TARGETS {
        let target = Target::named(word).ok_or("no such target")?;
        let archive = installed(word)?.join("lib/libtsd.a");
        let short = if target.triple == word { "-" } else { word };
        let (float, kinds) = (float_abi(&archive)?, code_relocations(&archive)?.join(", "));
        let kernels = match registers::of_the_kernel(&target) {
            [] => "-".to_owned(),
            names => names.join(", "),
        };
        table.push_str(&format!("| {short} | `{}` | {float} | {kinds} | {kernels} | {options} |\n", target.triple));
    }
    let page = workspace::root().join("docs/targets.md");
    let text = fs::read_to_string(&page).map_err(|error| format!("{}: {error}", page.display()))?;
    assert!(text.contains(&table), "docs/targets.md should have this table:\n{table}");
    Ok(())
}

/// A compiler and its options, and what its code for a thread-local variable has: the second table of the page.
const STORAGE: [(&str, &[&str], &str); 15] = [
    ("clang", &["--target=x86_64-unknown-none-elf", EMULATED], "__emutls_get_address"),
    ("clang", &["--target=aarch64-none-elf", EMULATED], "__emutls_get_address"),
    ("clang", &["--target=thumbv7m-none-eabi", EMULATED], "__emutls_get_address"),
    ("clang", &["--target=i686-unknown-none-elf", EMULATED], "__emutls_get_address"),
    ("clang", &["--target=armv7a-none-eabi", EMULATED], "__emutls_get_address"),
    ("clang", &["--target=x86_64-unknown-none-elf", "-mcmodel=kernel"], "%fs:"),
    ("clang", &["--target=i686-unknown-none-elf"], "%gs:"),
    ("gcc", &["-m32", "-fno-pic"], "%gs:"),
    ("gcc", &["-fno-pic", "-mcmodel=kernel"], "%fs:"),
    ("clang", &["--target=aarch64-none-elf"], "TPIDR_EL0"),
    ("clang", &["--target=aarch64-none-elf", "-mtp=el1"], "TPIDR_EL1"),
    ("aarch64-linux-gnu-gcc", &["-fno-pic"], "tpidr_el0"),
    ("clang", &["--target=riscv64-unknown-elf"], ", tp"),
    ("clang", &["--target=thumbv7m-none-eabi"], "__aeabi_read_tp"),
    ("clang", &["--target=thumbv7m-none-eabi", "-mtp=cp15"], "mrc"),
];
const EMULATED: &str = "-femulated-tls";

fn thread_local() -> Result<(), Failed> {
    let source = scratch("targets")?.join("thread_local.c");
    fs::write(&source, "extern _Thread_local int number;\nint use(void);\nint use(void) { return number++; }\n")?;
    for (compiler, options, has) in STORAGE {
        if compiler == "gcc" && !cfg!(target_arch = "x86_64") {
            continue;
        }
        let mut compile = command::of(compiler);
        let output = run(compile.args(options).args(["-std=c11", "-O2", "-S", "-o", "-"]).arg(&source))?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(text.contains(has), "{compiler} {options:?}: no {has} in\n{text}");
    }
    Ok(())
}

/// What the file format says of how numbers are passed, by the flags of the first member.
fn float_abi(archive: &Path) -> Result<&'static str, Failed> {
    const X86: u16 = 3;
    const X86_64: u16 = 62;
    const AARCH64: u16 = 183;
    const RISC_V: u16 = 243;
    const ARM: u16 = 40;
    let bytes = fs::read(archive)?;
    let start = bytes.windows(4).position(|window| window == b"\x7fELF").ok_or("no object file")?;
    let header = &bytes[start..];
    let is_64 = header[4] == 2;
    let machine = u16::from_le_bytes([header[18], header[19]]);
    let at = if is_64 { 48 } else { 36 };
    let flags = u32::from_le_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]);
    Ok(match (machine, is_64, flags) {
        (X86 | X86_64 | AARCH64, ..) => "passes none",
        (RISC_V, true, flags) if flags & 6 == 0 => "lp64",
        (RISC_V, true, flags) if flags & 6 == 4 => "lp64d",
        (RISC_V, false, flags) if flags & 6 == 0 => "ilp32",
        (ARM, _, flags) if flags & 0x600 == 0x200 => "soft",
        (ARM, _, flags) if flags & 0x600 == 0x400 => "hard",
        _ => return Err(format!("machine {machine}, flags {flags:#x}").into()),
    })
}

/// The kinds of relocations in sections of code, without what all have in front.
fn code_relocations(archive: &Path) -> Result<Vec<String>, Failed> {
    // More than fits into a pipe that is read when the command has ended.
    let text =
        command::answer(command::of(tools::OBJDUMP.command).arg("--reloc").arg(archive)).ok_or("no relocations")?;
    let mut kinds = BTreeSet::new();
    let mut is_code = false;
    for line in text.lines() {
        if let Some(section) = line.strip_prefix("RELOCATION RECORDS FOR [") {
            is_code = section.starts_with(".text");
        } else if let Some(kind) = line.split_whitespace().nth(1).filter(|kind| is_code && kind.starts_with("R_")) {
            let cpus = ["R_X86_64_", "R_386_", "R_AARCH64_", "R_RISCV_", "R_ARM_"];
            let name = cpus.iter().find_map(|cpu| kind.strip_prefix(cpu));
            kinds.insert(name.unwrap_or(kind).to_owned());
        }
    }
    // A mark that is no relocation.
    kinds.remove("NONE");
    Ok(kinds.into_iter().collect())
}
