//! docs/sizes.md: bytes a thread, and the code of the C archive.

use std::fmt::Write;
use std::path::Path;
use std::process::Command;
use std::{fs, io};

use object::read::archive::ArchiveFile;
use object::{Object, ObjectSection, SectionKind};
use tsd::Slots;
use tsd_runner::install::linked;

use crate::{build, page};

/// The targets whose archives are measured, one of them with 32-bit pointers.
const TARGETS: [&str; 3] = ["aarch64", "riscv64", "thumbv7m"];

/// The members that a kernel with the POSIX family gets: the core, and what `pthread_once` needs.
const CORE_AND_POSIX: [&str; 8] = [
    "tsd-base.o",
    "tsd-key_space.o",
    "tsd-pthread_key_create.o",
    "tsd-pthread_key_delete.o",
    "tsd-pthread_getspecific.o",
    "tsd-pthread_setspecific.o",
    "tsd-pthread_once.o",
    "tsd-once.o",
];

/// Writes the document.
///
/// # Errors
///
/// When an archive can't be built or read, or the document not be written.
pub fn write() -> io::Result<()> {
    let mut text = String::from(
        "# Sizes\n\n\
         Written by `cargo run -p tsd-figures -- sizes`; do not edit.\n\n\
         ![Bytes a thread, and of each member of libtsd.a](sizes.svg)\n\n",
    );
    text.push_str(&linked()?);
    text.push_str(
        "\n## Memory\n\nBytes a thread: keys, values and all that thread exit needs, without thread-exit functions.\n\n\
         | Keys | 64-bit | 32-bit |\n|---|---|---|\n",
    );
    macro_rules! lines {
        ($($keys:literal)*) => {$(
            assert_eq!(size_of::<Slots<$keys>>(), slots_bytes($keys, size_of::<usize>()));
            let _ = writeln!(text, "| {} | {} | {} |", $keys, slots_bytes($keys, 8), slots_bytes($keys, 4));
        )*};
    }
    lines!(8 16 32 64 128 256 512 1024);
    text.push_str("\n## Code\n\nBytes of code and constants in libtsd.a, 128 keys, optimised for size.\n\n| Member |");
    let archives = TARGETS.iter().map(|target| members(target)).collect::<io::Result<Vec<Vec<(String, u64)>>>>()?;
    let _ = writeln!(text, " {} |\n|---|{}", TARGETS.join(" | "), "---|".repeat(TARGETS.len()));
    for (row, (name, _)) in archives[0].iter().enumerate() {
        let cells: Vec<String> = archives.iter().map(|members| members[row].1.to_string()).collect();
        let _ = writeln!(text, "| {name} | {} |", cells.join(" | "));
    }
    let sums = archives.iter().map(|members| {
        let chosen = members.iter().filter(|(name, _)| CORE_AND_POSIX.contains(&name.as_str()));
        chosen.map(|(_, bytes)| bytes).sum::<u64>().to_string()
    });
    let _ = writeln!(
        text,
        "| **core and POSIX** ({}) | {} |",
        CORE_AND_POSIX.join(", "),
        sums.collect::<Vec<_>>().join(" | ")
    );
    fs::create_dir_all(build::root().join("docs"))?;
    fs::write(build::root().join("docs/sizes.md"), text)
}

/// The section on what a kernel links.
fn linked() -> io::Result<String> {
    let compiler = linked::compiler().ok_or_else(|| io::Error::other("there is no compiler"))?;
    let mut text = format!(
        "{}\n## Linked\n\nBytes of libtsd.a in a kernel that creates, deletes, gets and sets keys by their POSIX names and \
         ends threads, {} keys, linked with `--gc-sections`: flash is code, constants and initial values. A thread is \
         `tsd_thread_t`, with room for 16 thread-exit functions but in the minimal archive.\n\n\
         | Target | Flash | RAM | A thread | Flash, `--minimal` | RAM, `--minimal` | A thread, `--minimal` |\n\
         |---|---|---|---|---|---|---|\n",
        page::compiler_line(&compiler),
        linked::KEYS,
    );
    for target in linked::targets() {
        text.push_str(&linked::row(target).map_err(io::Error::other)?);
        text.push('\n');
    }
    Ok(text)
}

/// The bytes of `Slots<keys>` with pointers of `word` bytes: as its text says, and as the compiler of this machine's
/// pointers agrees.
const fn slots_bytes(keys: usize, word: usize) -> usize {
    let bitmap_words = keys.div_ceil(word * 8);
    (2 * keys + bitmap_words + 5) * word
}

/// The members of a target's archive and the bytes of their code and constants.
fn members(target: &str) -> io::Result<Vec<(String, u64)>> {
    let prefix = build::root().join("target/measure/install").join(target);
    let status = Command::new(env!("CARGO"))
        .current_dir(build::root())
        .args(["run", "--quiet", "--", "install", "--target", target, "--prefix"])
        .arg(&prefix)
        .status()?;
    if !status.success() {
        return Err(io::Error::other(format!("install --target {target}: {status}")));
    }
    code_bytes(&prefix.join("lib/libtsd.a"))
}

fn code_bytes(archive: &Path) -> io::Result<Vec<(String, u64)>> {
    let data = fs::read(archive)?;
    let mut sizes = Vec::new();
    for member in ArchiveFile::parse(&*data).map_err(io::Error::other)?.members() {
        let member = member.map_err(io::Error::other)?;
        let file = object::File::parse(member.data(&*data).map_err(io::Error::other)?).map_err(io::Error::other)?;
        let is_code =
            |kind| matches!(kind, SectionKind::Text | SectionKind::ReadOnlyData | SectionKind::ReadOnlyString);
        let bytes = file.sections().filter(|section| is_code(section.kind())).map(|section| section.size()).sum();
        sizes.push((String::from_utf8_lossy(member.name()).into_owned(), bytes));
    }
    Ok(sizes)
}
