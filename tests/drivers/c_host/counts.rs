//! The number of instructions of the header's inline calls, read from the disassembly: the thread pointer's
//! read included, on the longest path through them.

use std::{collections::BTreeMap, env::consts};

use libtest_mimic::{Failed, Trial};
use tsd_runner::{command, tools, workspace};

use super::commands::{run, scratch};
use super::environment::Environment;

/// A compiler, how it is told its target, and a register there. On aarch64 x18 is the platform's, which the header's
/// assembly must not choose itself.
const COMPILERS: [(&str, &[&str], Cpu); 6] = [
    // Some distributions' compilers mark the places where a function may be entered.
    ("gcc", &["-fcf-protection=none"], X86_64),
    ("clang", &["--target=x86_64-linux-gnu", "-fcf-protection=none"], X86_64),
    ("aarch64-linux-gnu-gcc", &["-ffixed-x18"], AARCH64),
    ("clang", &["--target=aarch64-linux-gnu", "-ffixed-x18"], AARCH64),
    ("riscv64-linux-gnu-gcc", &["-march=rv64imac", "-mabi=lp64", "-mno-relax"], RISCV64),
    ("clang", &["--target=riscv64-linux-gnu", "-march=rv64imac", "-mabi=lp64", "-mno-relax"], RISCV64),
];

/// A CPU: its name, its register that leads to the thread, and which of the figures below are its.
type Cpu = (&'static str, &'static str, usize);
const X86_64: Cpu = ("x86_64", "fs", 0);
const AARCH64: Cpu = ("aarch64", "tpidr_el1", 1);
const RISCV64: Cpu = ("riscv64", "tp", 2);

/// How the thread is found and the kernel addressed, and what that adds on x86_64, aarch64 and riscv64.
const WAYS: [(&str, &[&str], [usize; 3]); 6] = [
    ("by_base", &["-fno-pie"], [0, 0, 0]),
    ("by_pointer", &["-fno-pie", "-DTSD_THREAD_POINTER_AT=0"], [1, 1, 1]),
    ("by_base_pie", &["-fpie"], [1, 0, 0]),
    ("far_slots", &["-fno-pie", "-UTSD_THREAD_POINTER_OFFSET", "-DTSD_THREAD_POINTER_OFFSET=4096"], [0, 1, 2]),
    ("by_variable", &["-fno-pie", "-DBY_VARIABLE"], [1, 2, 3]),
    ("by_variable_pie", &["-fpie", "-DBY_VARIABLE"], [2, 2, 4]),
];

/// A get of a run-time key that has a value, on x86_64, aarch64 and riscv64. One that has none, or is none, may be longer by
/// the instruction that clears the result.
const RUN_TIME_KEY: [usize; 3] = [8, 10, 11];

/// A get of a static key, however it is done, likewise.
const STATIC_KEY: [usize; 3] = [3, 3, 5];

/// One for each compiler and way.
pub(crate) fn trials() -> Vec<Trial> {
    let mut trials = Vec::new();
    for (compiler, options, (cpu, register, figure)) in COMPILERS {
        if cpu == "x86_64" && consts::ARCH != cpu {
            continue;
        }
        for (way, more, added) in WAYS {
            let options = [options, more].concat();
            let name = format!("c::counts::{cpu}::{compiler}::{way}");
            let bars = [RUN_TIME_KEY[figure] + added[figure], STATIC_KEY[figure]];
            trials.push(Trial::test(name.clone(), move || check(compiler, &options, register, bars, &name)));
        }
    }
    trials
}

fn check(compiler: &str, options: &[&str], register: &str, bars: [usize; 2], name: &str) -> Result<(), Failed> {
    let [bar, bar_of_static_key] = bars;
    let object = scratch("counts")?.join(name.replace("::", "-")).with_extension("o");
    let mut compile = command::of(compiler);
    compile.args(["-std=c11", "-O2", "-ffreestanding", "-DTSD_THREAD_POINTER_OFFSET=64"]);
    compile.arg(format!("-DTSD_THREAD_POINTER={register}")).args(options);
    compile.arg("-I").arg(Environment::ALL[0].prefix().join("include"));
    run(compile.arg("-c").arg(workspace::root().join("tests/c/instructions/counts.c")).arg("-o").arg(&object))?;
    let mut objdump = command::of(tools::OBJDUMP.command);
    let text = run(objdump.args(["-d", "--no-show-raw-insn"]).arg(&object))?;
    let text = String::from_utf8_lossy(&text.stdout);

    let names_x18 =
        |line: &&str| line.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| ["x18", "w18"].contains(&word));
    assert_eq!(text.lines().find(names_x18), None, "the platform's register");

    let run_time_key = Function::find(&text, "run_time_key")?.paths();
    let with_value = run_time_key.iter().filter(|path| !path.clears).map(|path| path.length).max();
    let longest = run_time_key.iter().map(|path| path.length).max();
    assert!(with_value.is_some_and(|length| length <= bar), "{with_value:?} instructions, bar {bar}:\n{text}");
    assert!(longest <= Some(bar + 1), "{longest:?} instructions without a value:\n{text}");
    let static_key = Function::find(&text, "static_key")?.paths();
    assert!(static_key.iter().all(|path| path.length <= bar_of_static_key), "{static_key:?}:\n{text}");
    Ok(())
}

/// The instructions of a function, by address.
struct Function<'a>(BTreeMap<u64, &'a str>);

/// One way through a function.
#[derive(Clone, Copy, Debug)]
struct Path {
    /// Instructions before the return.
    length: usize,
    /// One of them clears a register.
    clears: bool,
}

impl<'a> Function<'a> {
    fn find(text: &'a str, name: &str) -> Result<Self, Failed> {
        let (_, body) = text.split_once(&format!("<{name}>:\n")).ok_or_else(|| format!("no {name} in\n{text}"))?;
        // Up to the next symbol, but for marks of what is code.
        let lines =
            body.lines().take_while(|line| !line.ends_with(">:") || line.contains("<$") || line.contains("<.L"));
        let instruction = |line: &'a str| {
            let (address, instruction) = line.split_once(':')?;
            Some((u64::from_str_radix(address.trim(), 16).ok()?, instruction.trim()))
        };
        Ok(Self(lines.filter_map(instruction).collect()))
    }

    fn paths(&self) -> Vec<Path> {
        let mut paths = Vec::new();
        if let Some(&first) = self.0.keys().next() {
            self.walk(first, Path { length: 0, clears: false }, &mut paths);
        }
        assert!(!paths.is_empty(), "no instructions");
        paths
    }

    /// There are no loops in these functions.
    fn walk(&self, mut at: u64, mut path: Path, paths: &mut Vec<Path>) {
        loop {
            let instruction = self.0.get(&at).unwrap_or_else(|| panic!("no instruction at {at:x}"));
            let mnemonic = instruction.split_whitespace().next().unwrap_or_default();
            if mnemonic.starts_with("ret") {
                paths.push(path);
                return;
            }
            path.length += 1;
            path.clears |= mnemonic.starts_with("xor") || mnemonic == "li" && instruction.ends_with(", 0");
            let is_branch = ["j", "b.", "beq", "bne"].iter().any(|beginning| mnemonic.starts_with(beginning));
            if is_branch || mnemonic == "b" {
                let target = instruction.split("0x").nth(1).and_then(|rest| rest.split_whitespace().next());
                let target = target.and_then(|digits| u64::from_str_radix(digits, 16).ok());
                let target = target.unwrap_or_else(|| panic!("where to? {instruction}"));
                if ["jmp", "b", "j"].contains(&mnemonic) {
                    at = target;
                    continue;
                }
                self.walk(target, path, paths);
            }
            let mut after = self.0.range(at + 1..);
            at = after.next().map(|(&address, _)| address).unwrap_or_else(|| panic!("the function has no end"));
        }
    }
}
