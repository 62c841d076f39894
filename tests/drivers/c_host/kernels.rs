//! Kernels at each address where kernels lie, linked with every member of the archive by each linker that is there,
//! under a script that throws unwind entries away and takes no global offset table. docs/targets.md has them in a
//! table.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use libtest_mimic::{Failed, Trial};
use tsd_runner::install::{self, Target};
use tsd_runner::{command, tools, workspace};

use super::commands::{run, scratch, source};

/// Where a kernel lies.
struct Place {
    /// What `install` calls the target.
    target: &'static str,
    /// The compiler's name for it, and the target's usual options.
    clang: &'static [&'static str],
    /// What GNU's linkers for it are called before their last part.
    prefix: &'static str,
    /// In test names.
    name: &'static str,
    /// The compiler's options for a kernel there.
    model: &'static str,
    address: &'static str,
}

const X86_64: Place = Place {
    target: "x86_64",
    clang: &["--target=x86_64-unknown-none-elf", "-mno-red-zone"],
    prefix: "x86_64-linux-gnu-",
    name: "",
    model: "",
    address: "",
};
const I686: Place =
    Place { target: "i686", clang: &["--target=i686-unknown-none-elf", "-mgeneral-regs-only"], ..X86_64 };
const ARMV7A: Place = Place {
    target: "armv7a",
    clang: &["--target=armv7a-none-eabi", "-mfloat-abi=soft"],
    prefix: "arm-none-eabi-",
    ..X86_64
};
const AARCH64: Place = Place {
    target: "aarch64",
    clang: &["--target=aarch64-none-elf", "-mgeneral-regs-only", "-ffixed-x18"],
    prefix: "aarch64-linux-gnu-",
    ..X86_64
};
const RISCV64: Place = Place {
    target: "riscv64",
    clang: &["--target=riscv64-unknown-elf", "-march=rv64imac", "-mabi=lp64"],
    prefix: "riscv64-linux-gnu-",
    ..X86_64
};
const RISCV32: Place = Place {
    target: "riscv32",
    clang: &["--target=riscv32-unknown-elf", "-march=rv32imac", "-mabi=ilp32"],
    prefix: "riscv64-linux-gnu-",
    ..X86_64
};
const RISCV32IMC: Place = Place {
    target: "riscv32imc",
    clang: &["--target=riscv32-unknown-elf", "-march=rv32imc", "-mabi=ilp32"],
    ..RISCV32
};
const THUMBV7M: Place =
    Place { target: "thumbv7m", clang: &["--target=thumbv7m-none-eabi"], prefix: "arm-none-eabi-", ..X86_64 };
const THUMBV6M: Place = Place { target: "thumbv6m", clang: &["--target=thumbv6m-none-eabi"], ..THUMBV7M };

const PIE: &str = "-fPIE, -pie";

const PLACES: [Place; 20] = [
    Place { name: "top", model: "-fno-pic -mcmodel=kernel", address: "0xffffffff80100000", ..X86_64 },
    Place { name: "low", model: "-fno-pic", address: "0x100000", ..X86_64 },
    Place { name: "middle", model: "-fPIE", address: "0xffff900000000000", ..X86_64 },
    Place { name: "pie", model: PIE, address: "0x1000", ..X86_64 },
    Place { name: "top", model: "-fno-pic", address: "0xc0100000", ..I686 },
    Place { name: "low", model: "-fno-pic", address: "0x100000", ..I686 },
    Place { name: "top", model: "-fno-pic", address: "0xffffffc010080000", ..AARCH64 },
    Place { name: "low", model: "-fno-pic", address: "0x40080000", ..AARCH64 },
    Place { name: "tiny", model: "-fno-pic -mcmodel=tiny", address: "0x80000", ..AARCH64 },
    Place { name: "pie", model: PIE, address: "0x1000", ..AARCH64 },
    Place { name: "top", model: "-fno-pic", address: "0xc0008000", ..ARMV7A },
    Place { name: "low", model: "-fno-pic -mthumb", address: "0x40010000", ..ARMV7A },
    Place { name: "top", model: "-fno-pic -mcmodel=medany", address: "0xffffffff80200000", ..RISCV64 },
    Place { name: "low", model: "-fno-pic -mcmodel=medany", address: "0x80200000", ..RISCV64 },
    Place { name: "middle", model: "-fno-pic -mcmodel=medany", address: "0xffffffc080000000", ..RISCV64 },
    Place { name: "pie", model: PIE, address: "0x1000", ..RISCV64 },
    Place { name: "low", model: "-fno-pic", address: "0x80200000", ..RISCV32 },
    Place { name: "low", model: "-fno-pic", address: "0x80200000", ..RISCV32IMC },
    Place { name: "low", model: "-fno-pic", address: "0x8000", ..THUMBV7M },
    Place { name: "low", model: "-fno-pic", address: "0x8000", ..THUMBV6M },
];

/// The linkers: the last part of the command, and the name of the column.
const LINKERS: [(&str, &str); 3] = [("ld.bfd", "GNU ld"), ("ld.gold", "gold"), ("ld.lld", "lld")];

impl Place {
    fn is_pie(&self) -> bool {
        self.model == PIE
    }

    /// The command, if there is such a linker for this CPU at all.
    fn linker(&self, linker: &str) -> Option<String> {
        let knows_cpu = linker != "ld.gold" || ["x86_64", "i686", "aarch64"].contains(&self.target);
        let prefix = if linker == "ld.lld" { "" } else { self.prefix };
        knows_cpu.then(|| format!("{prefix}{linker}"))
    }

    /// Whether every machine has the linker, or gets it before the first test.
    fn is_certain(&self, linker: &str) -> bool {
        let is_x86 = ["x86_64", "i686"].contains(&self.target);
        linker == "ld.lld" || linker == "ld.bfd" && (!is_x86 || cfg!(target_arch = "x86_64"))
    }
}

/// One for each kernel and linker that is there, and one for the page that tells of them.
pub(crate) fn trials() -> Vec<Trial> {
    let mut trials = vec![Trial::test("c::kernels::page_has_them_all", page_has_them_all)];
    for place in &PLACES {
        for (linker, _) in LINKERS {
            let is_there = |command: &String| place.is_certain(linker) || command::find(command).is_some();
            let command = place.linker(linker).filter(is_there);
            trials.extend(command.map(|command| {
                let name = format!("c::kernels::{}::{}::{}", place.target, &linker[3..], place.name);
                Trial::test(name.clone(), move || check(place, linker, &command, &name.replace("::", "-")))
            }));
        }
    }
    trials
}

/// Installs the archive for a target, once a run.
pub(crate) fn installed(target: &'static str) -> Result<PathBuf, Failed> {
    static INSTALLED: Mutex<Vec<(&str, Result<PathBuf, String>)>> = Mutex::new(Vec::new());
    let mut installed = INSTALLED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((_, prefix)) = installed.iter().find(|(its, _)| *its == target) {
        return Ok(prefix.clone()?);
    }
    let prefix = scratch(&format!("kernels/{target}"))?;
    let named = Target::named(target).ok_or("no such target")?;
    let options = install::Options { may_install: true, ..install::Options::new(named, prefix.clone()) };
    let result = install::run_if_changed(&options, &prefix.join("stamp")).map_err(|error| error.to_string());
    installed.push((target, result.map(|()| prefix.clone())));
    installed.last().map_or(Ok(prefix), |(_, prefix)| Ok(prefix.clone()?))
}

fn check(place: &Place, linker: &str, command: &str, name: &str) -> Result<(), Failed> {
    let prefix = installed(place.target)?;
    let dir = scratch("kernels")?;
    let (object, kernel) = (dir.join(format!("{name}.o")), dir.join(name));
    let compile = |source: &Path| {
        let mut clang = command::of(tools::CLANG.command);
        clang.args(place.clang).args(place.model.split(", ").next().unwrap_or_default().split(' '));
        clang.args(["-std=c11", "-O2", "-ffreestanding", "-fno-asynchronous-unwind-tables", "-fvisibility=hidden"]);
        clang.args(super::headers::WARNINGS).arg("-I").arg(prefix.join("include"));
        run(clang.arg("-c").arg(source).arg("-o").arg(&object))
    };
    let link = |table: u64, archive: &[&str]| {
        let mut link = command::of(command);
        match (place.target, linker) {
            ("riscv32" | "riscv32imc", "ld.bfd") => drop(link.args(["-m", "elf32lriscv"])),
            ("i686", _) => drop(link.args(["-m", "elf_i386"])),
            _ => {}
        }
        if place.is_pie() {
            link.arg("-pie");
            // A kernel has none, and gold adds none.
            link.args((linker != "ld.gold").then_some("--no-dynamic-linker"));
        }
        link.args(["-z", "max-page-size=4096", "-z", "noexecstack"]);
        link.arg(format!("--defsym=KERNEL={}", place.address)).arg(format!("--defsym=GOT={table}"));
        link.arg("-L").arg(prefix.join("lib")).arg("-T").arg(source().join("links/kernel.ld")).arg(&object);
        run(link.args(archive).arg("-o").arg(&kernel)).and_then(|_| sections(&kernel))
    };
    // GNU's linker reserves the table's first entries in what is position-independent, an empty kernel too.
    let mut reserved = 0;
    if place.is_pie() {
        let empty = dir.join(format!("{name}.c"));
        fs::write(&empty, "void entry(void);\nvoid entry(void) {}\n")?;
        compile(&empty)?;
        reserved = link(4096, &[])?.get(".got").copied().unwrap_or_default();
    }
    compile(&source().join("links/kernel.c"))?;
    let sections = link(reserved, &["--whole-archive", "-ltsd", "--no-whole-archive"])?;
    assert!(sections.contains_key("tsd_notifications") && !sections.contains_key(".eh_frame"), "{sections:?}");
    let kinds = dynamic_relocations(place, &kernel)?;
    // What is left to be filled in is the pointer to the notification's function.
    let wanted: &[&str] = match place.target {
        _ if !place.is_pie() => &[],
        "x86_64" => &["R_X86_64_RELATIVE"],
        "aarch64" => &["R_AARCH64_RELATIVE"],
        _ => &["R_RISCV_RELATIVE"],
    };
    assert_eq!(kinds, wanted);
    Ok(())
}

/// The sections of a kernel, and their sizes.
fn sections(kernel: &Path) -> Result<BTreeMap<String, u64>, Failed> {
    let output = run(command::of(tools::OBJDUMP.command).arg("--section-headers").arg(kernel))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let section = |line: &str| {
        let mut words = line.split_whitespace().skip(1);
        Some((words.next()?.to_owned(), u64::from_str_radix(words.next()?, 16).ok()?))
    };
    Ok(text.lines().filter_map(section).collect())
}

/// The kinds of the relocations that are left in a kernel.
fn dynamic_relocations(place: &Place, kernel: &Path) -> Result<Vec<String>, Failed> {
    if !place.is_pie() {
        return Ok(Vec::new());
    }
    let output = run(command::of(tools::OBJDUMP.command).arg("--dynamic-reloc").arg(kernel))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let kinds = text.lines().filter_map(|line| line.split_whitespace().nth(1).filter(|kind| kind.starts_with("R_")));
    Ok(kinds.map(str::to_owned).collect())
}

/// The table of docs/targets.md is made of the above.
fn page_has_them_all() -> Result<(), Failed> {
    let columns = LINKERS.map(|(_, column)| column).join(" | ");
    let mut table = format!("| Target | Kernel at | Kernel's options | {columns} |\n|---|---|---|---|---|---|\n");
    for place in &PLACES {
        let cells = LINKERS.map(|(linker, _)| place.linker(linker).map_or("-", |_| "links"));
        let Place { target, model, address, .. } = place;
        let at = if place.is_pie() { "anywhere" } else { address };
        table.push_str(&format!("| {target} | {at} | `{model}` | {} |\n", cells.join(" | ")));
    }
    let page = workspace::root().join("docs/targets.md");
    let text = fs::read_to_string(&page).map_err(|error| format!("{}: {error}", page.display()))?;
    assert!(text.contains(&table), "docs/targets.md should have this table:\n{table}");
    let names: BTreeSet<_> = PLACES.iter().map(|place| (place.target, place.name)).collect();
    assert_eq!(names.len(), PLACES.len());
    Ok(())
}
