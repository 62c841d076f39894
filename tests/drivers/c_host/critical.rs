//! The archive of a CPU without compare-and-swap: its kernel's critical section in place of what the CPU has no
//! instruction for.

use std::fs;
use std::path::Path;

use libtest_mimic::{Failed, Trial};
use tsd_runner::install::archive::suffix;
use tsd_runner::install::{self, Target};
use tsd_runner::{command, tools};

use super::archive::{nothing_of_rust_is_left, symbols, symbols_are_ours};
use super::commands::{run, scratch};
use super::kernels::installed;
use super::links::must_fail;

/// Its kernel's hooks beside those of all kernels.
pub(crate) const HOOKS: [&str; 2] = ["tsd_critical_acquire", "tsd_critical_release"];

/// A CPU, and the next one that has compare-and-swap. A compiler's first word is the command.
struct Cpu {
    target: &'static str,
    next: &'static str,
    clang: &'static [&'static str],
    gcc: &'static [&'static str],
    /// With which the disassembler knows no instruction but the CPU's.
    objdump: &'static [&'static str],
    gnu_ld: &'static [&'static str],
}

const CPUS: [Cpu; 2] = [
    Cpu {
        target: "thumbv6m",
        next: "thumbv7m",
        clang: &[tools::CLANG.command, "--target=thumbv6m-none-eabi"],
        gcc: &[tools::ARM_GCC.command, "-mthumb", "-mcpu=cortex-m0"],
        objdump: &["--triple=thumbv6m", "--mcpu=cortex-m0"],
        gnu_ld: &["arm-none-eabi-ld.bfd"],
    },
    Cpu {
        target: "riscv32imc",
        next: "riscv32",
        clang: &[tools::CLANG.command, "--target=riscv32-unknown-elf", "-march=rv32imc", "-mabi=ilp32"],
        gcc: &[tools::RISCV64_GCC.command, "-march=rv32imc", "-mabi=ilp32", "-mcmodel=medany", "-fno-pic"],
        objdump: &["--mattr=-a"],
        gnu_ld: &["riscv64-linux-gnu-ld.bfd", "-m", "elf32lriscv"],
    },
];

/// Some for each of the CPUs.
pub(crate) fn trials() -> Vec<Trial> {
    let mut trials = Vec::new();
    for cpu in &CPUS {
        let name = |case: &str| format!("c::critical::{}::{case}", cpu.target);
        trials.extend([
            Trial::test(name("symbols_are_ours"), || symbols_of(cpu)),
            Trial::test(name("instructions_are_the_cpus"), || instructions(cpu)),
            Trial::test(name("next_cpu_has_no_hooks"), || next_has_no_hooks(cpu)),
            Trial::test(name("lld::hooks_are_missing"), || hooks_are_missing(cpu, cpu.clang, &[tools::LLD.command])),
            Trial::test(name("bfd::hooks_are_missing"), || hooks_are_missing(cpu, cpu.gcc, cpu.gnu_ld)),
        ]);
    }
    trials
}

fn options(target: &'static str) -> Result<install::Options, Failed> {
    Ok(install::Options::new(Target::named(target).ok_or("no such target")?, installed(target)?))
}

/// No function of a compiler's or of Rust's is wanted from outside, such as for an atomic or a division.
fn symbols_of(cpu: &Cpu) -> Result<(), Failed> {
    let options = options(cpu.target)?;
    symbols_are_ours(&options, true, &HOOKS)?;
    nothing_of_rust_is_left(cpu.target, &options.prefix)
}

/// The CPU has all of the archive's, and lacks some of its successor's.
fn instructions(cpu: &Cpu) -> Result<(), Failed> {
    let unknown = |target: &'static str| {
        let archive = installed(target)?.join("lib/libtsd.a");
        let mut objdump = command::of(tools::OBJDUMP.command);
        objdump.args(["--disassemble", "--no-show-raw-insn"]).args(cpu.objdump);
        // More than fits into a pipe that is read when the command has ended.
        let text = command::answer(objdump.arg(archive)).ok_or("no disassembly")?;
        Ok::<_, Failed>(text.matches("<unknown>").count())
    };
    assert_eq!(unknown(cpu.target)?, 0, "instructions that the CPU lacks");
    assert!(unknown(cpu.next)? > 0, "the disassembler knows what the CPU lacks");
    Ok(())
}

/// A kernel for another CPU is asked for no critical section.
fn next_has_no_hooks(cpu: &Cpu) -> Result<(), Failed> {
    let prefix = installed(cpu.next)?;
    let all = symbols(&prefix)?.into_values().flatten();
    let hooks: Vec<_> = all.filter(|(_, name)| name.contains("critical")).collect();
    assert!(hooks.is_empty(), "{hooks:?}");
    let config = |prefix: &Path| fs::read_to_string(prefix.join("include/tsd/config.h"));
    assert!(config(&prefix)?.contains("#define TSD_CRITICAL_SECTIONS 0\n"));
    assert!(config(&installed(cpu.target)?)?.contains("#define TSD_CRITICAL_SECTIONS 1\n"));
    Ok(())
}

const KERNEL: &str = "#include <tsd.h>
static tsd_thread_t thread;
tsd_thread_t *tsd_current(void) { return &thread; }
void entry(void);
void entry(void) {
    tsd_key_t key;
    if (tsd_key_create(&key, NULL) == 0 && tsd_set(key, &key) == 0) tsd_thread_exit(NULL);
}
";
const ACQUIRE: &str = "uintptr_t tsd_critical_acquire(void) { return 0; }\n";
const RELEASE: &str = "void tsd_critical_release(uintptr_t state) { (void)state; }\n";

/// A kernel that has forgotten one of the hooks does not link, and the message names it.
fn hooks_are_missing(cpu: &Cpu, compiler: &[&str], linker: &[&str]) -> Result<(), Failed> {
    let options = options(cpu.target)?;
    let dir = scratch(&format!("critical/{}-{}", cpu.target, linker[0]))?;
    let link = |hooks: &[&str]| {
        let (source, object) = (dir.join("kernel.c"), dir.join("kernel.o"));
        fs::write(&source, [&[KERNEL], hooks].concat().concat())?;
        let mut compile = command::of(compiler[0]);
        compile.args(&compiler[1..]).args([
            "-std=c11",
            "-O2",
            "-ffreestanding",
            "-Wall",
            "-Wextra",
            "-Wpedantic",
            "-Werror",
        ]);
        run(compile.arg("-I").arg(options.prefix.join("include")).arg("-c").arg(&source).arg("-o").arg(&object))?;
        let mut link = command::of(linker[0]);
        link.args(&linker[1..]).args(["-e", "entry"]).arg(&object).arg("-L").arg(options.prefix.join("lib"));
        link.args(["-ltsd", "-o"]).arg(dir.join("kernel"));
        Ok::<_, Failed>(link)
    };
    let name = |hook: &str| format!("{hook}{}", suffix(&options));
    must_fail(&mut link(&[RELEASE])?, &name(HOOKS[0]))?;
    must_fail(&mut link(&[ACQUIRE])?, &name(HOOKS[1]))?;
    run(&mut link(&[ACQUIRE, RELEASE])?).map(drop)
}
