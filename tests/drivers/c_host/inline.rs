//! The header's inline `tsd_get`, run on the host, whose C libraries leave one segment register free; for CPUs of 32 bits
//! compiled, and looked at. (The kernels of `c_kernel` run it there.)

use std::fs;
use std::process::Command;

use libtest_mimic::{Failed, Trial};
use tsd_runner::command;

use super::archive;
use super::commands::{run, scratch};
use super::environment::Environment;
use super::headers::WARNINGS;
use super::kernels::installed;

/// How the header finds the thread: its block at the register's base, by a pointer there, or as the kernel says.
const WAYS: [(&str, &[&str]); 4] = [
    ("by_base", &[]),
    ("by_pointer", &["-DTSD_THREAD_POINTER_AT=0"]),
    ("by_variable", &["-DBY_VARIABLE"]),
    ("by_function", &["-DTSD_CURRENT()=tsd_current()"]),
];

/// One for each compiler, capacity and way.
pub(crate) fn trials() -> Vec<Trial> {
    let mut trials = vec![
        Trial::test("c::inline::wrong_offset_is_refused", wrong_offset_is_refused),
        Trial::test("c::inline::thumbv7m::register_is_refused", register_is_refused),
    ];
    for cpu in &OF_32_BITS {
        if cpu.compiler == "clang" || cfg!(target_arch = "x86_64") {
            let name = format!("c::inline::{}::{}::{}", cpu.target, cpu.compiler, cpu.register);
            trials.push(Trial::test(name, || reads_the_register(cpu)));
        }
    }
    if cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        for environment in Environment::ALL.iter().filter(|environment| environment.cxx.is_some()) {
            for compiler in ["gcc", "clang"] {
                for (way, options) in WAYS {
                    for (suffix, source) in [("", "inline.c"), ("::stepped", "stepped.c")] {
                        let name = format!("c::inline::{}::{compiler}::{way}{suffix}", environment.name);
                        trials.push(Trial::test(name.clone(), move || {
                            check(environment, compiler, options, source, &name)
                        }));
                    }
                }
            }
        }
    }
    trials
}

fn check(environment: &Environment, compiler: &str, options: &[&str], source: &str, name: &str) -> Result<(), Failed> {
    let prefix = environment.prefix();
    let program = scratch("inline")?.join(name.replace("::", "-"));
    let source = tsd_runner::workspace::root().join("tests/c/instructions").join(source);
    let mut compile = command::of(compiler);
    compile.args(["-std=c11", "-O2", "-mno-red-zone", "-Wall", "-Wextra", "-Werror", "-DTSD_THREAD_POINTER=gs"]);
    compile.arg("-DTSD_THREAD_POINTER_OFFSET=64").args(options).arg("-o").arg(&program).arg(source);
    let pointer = if options.contains(&"-DTSD_THREAD_POINTER_AT=0") { "_gs_0_64" } else { "_gs_64" };
    let archive = archive::renamed(environment, pointer, &program.with_extension("a"))?;
    run(compile.arg("-I").arg(prefix.join("include")).arg(archive))?;
    run(&mut Command::new(&program))?;
    Ok(())
}

/// The kernel's structure has the library's part at 64, wherever the thread pointer's user says that it is.
fn wrong_offset_is_refused() -> Result<(), Failed> {
    let file = scratch("inline")?.join("offset.c");
    let text = "#include <tsd.h>
        struct thread { char other[64]; tsd_thread_t tsd; };
        TSD_CHECK_THREAD_POINTER(struct thread, tsd);\n";
    fs::write(&file, text)?;
    for standard in ["-std=c99", "-std=c11", "-std=c2x"] {
        let compile = |offset: u32| {
            let mut gcc = command::of("gcc");
            gcc.args([standard, "-fsyntax-only", "-DTSD_THREAD_POINTER=gs", "-DTSD_NO_INLINE"]);
            gcc.arg(format!("-DTSD_THREAD_POINTER_OFFSET={offset}"));
            run(gcc.arg("-I").arg(Environment::ALL[0].prefix().join("include")).arg(&file))
        };
        compile(64)?;
        let refused = compile(72).err().and_then(|error| error.message().map(str::to_owned)).unwrap_or_default();
        assert!(refused.contains("the_thread_pointer_leads_to_tsd"), "{refused}");
    }
    Ok(())
}

/// A compiler for a CPU of 32 bits, a register there, and how the compiler's assembly names that.
struct Of32Bits {
    target: &'static str,
    compiler: &'static str,
    options: &'static [&'static str],
    register: &'static str,
    named: &'static str,
}

const I686: Of32Bits = Of32Bits {
    target: "i686",
    compiler: "clang",
    options: &["--target=i686-unknown-none-elf", "-mgeneral-regs-only"],
    register: "gs",
    named: "%gs:",
};
const ARMV7A: Of32Bits = Of32Bits {
    target: "armv7a",
    compiler: "clang",
    options: &["--target=armv7a-none-eabi", "-mfloat-abi=soft"],
    register: "tpidrprw",
    named: "mrcp15,#0,rN,c13,c0,#4",
};
const OF_32_BITS: [Of32Bits; 6] = [
    I686,
    Of32Bits { register: "fs", named: "%fs:", ..I686 },
    Of32Bits { compiler: "gcc", options: &["-m32", "-mgeneral-regs-only"], ..I686 },
    ARMV7A,
    Of32Bits { register: "tpidruro", named: "mrcp15,#0,rN,c13,c0,#3", ..ARMV7A },
    Of32Bits { register: "tpidrurw", named: "mrcp15,#0,rN,c13,c0,#2", ..ARMV7A },
];

/// Each get reads it, whatever else the compiler is told.
fn reads_the_register(cpu: &Of32Bits) -> Result<(), Failed> {
    let include = installed(cpu.target)?.join("include");
    let source = tsd_runner::workspace::root().join("tests/c/instructions/counts.c");
    let pointer = format!("-DTSD_THREAD_POINTER={}", cpu.register);
    for way in [&["-O2", "-fno-pic"][..], &["-O0", "-fno-pic"], &["-Os", "-fPIE"], &["-O0", "-fPIE"]] {
        for offset in [
            &["-DTSD_THREAD_POINTER_OFFSET=64"][..],
            &["-DTSD_THREAD_POINTER_AT=8", "-DTSD_THREAD_POINTER_OFFSET=4096"],
        ] {
            let mut compile = command::of(cpu.compiler);
            compile.args(cpu.options).args(way).args(offset).arg(&pointer).args(WARNINGS).arg("-I").arg(&include);
            let text = run(compile.args(["-std=c11", "-ffreestanding", "-S", "-o", "-"]).arg(&source))?;
            let text = String::from_utf8_lossy(&text.stdout).into_owned();
            let reads = text.lines().filter(|line| spaceless(line).starts_with(cpu.named) || line.contains(cpu.named));
            // One a get where it is inlined, else one in the header's function.
            let wanted = if way[0] == "-O0" { 1 } else { 2 };
            assert!(reads.count() >= wanted, "{way:?} {offset:?}: no {} in\n{text}", cpu.named);
        }
    }
    Ok(())
}

/// An instruction without spaces, and with one name for the register that it writes.
fn spaceless(line: &str) -> String {
    let text: String = line.split_whitespace().collect();
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let words = text.split(',').map(|word| if word.strip_prefix('r').is_some_and(is_number) { "rN" } else { word });
    words.collect::<Vec<_>>().join(",")
}

/// A CPU that has no such register says so.
fn register_is_refused() -> Result<(), Failed> {
    let file = scratch("inline")?.join("refused.c");
    fs::write(&file, "#include <tsd.h>\n")?;
    let compile = |options: &[&str]| {
        let mut clang = command::of("clang");
        clang.args(["--target=thumbv7m-none-eabi", "-ffreestanding", "-fsyntax-only"]).args(options);
        Ok::<_, Failed>(run(clang.arg("-I").arg(installed("thumbv7m")?.join("include")).arg(&file)))
    };
    let pointer = ["-DTSD_THREAD_POINTER=tpidrprw", "-DTSD_THREAD_POINTER_OFFSET=0"];
    let refused = compile(&pointer)?.err().and_then(|error| error.message().map(str::to_owned)).unwrap_or_default();
    assert!(refused.contains("can be inline on x86_64, i686, aarch64, armv7a and riscv64"), "{refused}");
    compile(&[&pointer[..], &["-DTSD_NO_INLINE"]].concat())?.map(drop)
}
