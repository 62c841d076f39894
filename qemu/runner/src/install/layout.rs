//! The files beside the archive: headers, the linker's fragment, gdb's script, and what pkg-config and CMake read.

use std::{ffi::OsStr, fmt::Write, fs, path::Path};

use super::{
    archive::Archive,
    options::{Options, ThreadPointer},
};
use crate::{
    error::{Error, Result},
    stamp::Made,
    workspace,
};

/// Not 0 where the CPU has no compare-and-swap, so that the kernel defines the hooks of the critical section.
const CRITICAL_SECTIONS: &str = "TSD_CRITICAL_SECTIONS";

/// The header's names for the figures of the archive, in the archive's order.
const FIGURES: [&str; 11] = [
    "TSD_SIZEOF_THREAD",
    "TSD_ALIGNOF_THREAD",
    "TSD_OFFSETOF_LAST_ERROR",
    "TSD_OFFSETOF_NEXT",
    "TSD_OFFSETOF_FUNCTIONS",
    "TSD_SIZEOF_EXIT_REPORT",
    "TSD_OFFSETOF_LEFT_OVER_KEYS",
    "TSD_SIZEOF_ONCE",
    "TSD_SIZEOF_NOTIFICATION",
    "TSD_SIZEOF_TABLE",
    CRITICAL_SECTIONS,
];

/// Which of them is the size of a pointer, too: a thread's structure is of words.
const ALIGNMENT: usize = 1;

/// Headers that are installed as they are.
const HEADERS: [&str; 9] = [
    "tsd.h",
    "tsd/symbols.h",
    "tsd/inline.h",
    "tsd/static.h",
    "tsd/pthread.h",
    "tsd/threads.h",
    "tsd/cxxabi.h",
    "tsd/thread_local.h",
    "tsd/windows.h",
];

/// Those of them that go with an archive of `install --minimal`.
const MINIMAL_HEADERS: [&str; 6] =
    ["tsd.h", "tsd/symbols.h", "tsd/inline.h", "tsd/static.h", "tsd/pthread.h", "tsd/threads.h"];

/// Where the archive and the files for build systems go, below the prefix.
pub(super) const ARCHIVE: &str = "lib/libtsd.a";
pub(super) const PKG_CONFIG: &str = "lib/pkgconfig/tsd.pc";

/// What the headers know of the archive.
const CONFIG: &str = "include/tsd/config.h";

/// The linker script that others include.
pub(super) const FRAGMENT: &str = "lib/tsd-notifications.ld";

/// The script for gdb, with its parts beside it.
pub(super) const GDB_SCRIPT: &str = "share/tsd/gdb/tsd.py";

/// Copies and writes everything below the prefix.
///
/// # Errors
/// A file can't be written, or the archive and this file disagree about the figures.
pub(super) fn write(options: &Options, archive: &Archive) -> Result<Made> {
    let source = workspace::root();
    let mut laid = Laid { prefix: &options.prefix, made: Made::default() };
    let headers = if options.is_minimal { &MINIMAL_HEADERS[..] } else { &HEADERS };
    for header in headers {
        laid.copy(&source.join("include").join(header), Path::new("include").join(header))?;
    }
    laid.put(CONFIG, config(options, archive)?)?;
    laid.copy(&archive.file, ARCHIVE)?;
    if !options.is_minimal {
        laid.copy(&source.join("linker/tsd-notifications.ld"), FRAGMENT)?;
        laid.copy_folder(&source.join("src/gdb"), Path::new(GDB_SCRIPT).parent().unwrap_or(Path::new("")))?;
    }
    laid.put(PKG_CONFIG, pkg_config())?;
    laid.put("lib/cmake/tsd/tsd-config.cmake", CMAKE)?;
    laid.put("lib/cmake/tsd/tsd-config-version.cmake", cmake_version(archive))?;
    laid.made.inputs.remove(&archive.file);
    Ok(laid.made)
}

/// Whether the kernel of the archive that was laid out there has to define the hooks of the critical section.
pub(super) fn has_critical_sections(prefix: &Path) -> bool {
    fs::read_to_string(prefix.join(CONFIG)).is_ok_and(|text| text.contains(&format!("#define {CRITICAL_SECTIONS} 1\n")))
}

fn config(options: &Options, archive: &Archive) -> Result<String> {
    if archive.figures.len() != FIGURES.len() {
        return Err(Error::failure("the archive's figures are not those that the header asserts"));
    }
    let mut text = String::from("/* Written by `tsd install` together with the archive. */\n");
    text.push_str("#ifndef TSD_CONFIG_H\n#define TSD_CONFIG_H\n\n");
    let mut define = |name: &str, value: &str| {
        // Writing to a String does not fail.
        let _ = writeln!(text, "#define {name} {value}");
    };
    for (name, number) in options.numbers.named() {
        define(name, &number.to_string());
    }
    if options.is_minimal {
        define("TSD_MINIMAL", "1");
    }
    if options.plain_names {
        define("TSD_PLAIN_NAMES", "1");
    }
    for (name, value) in options.thread_pointer.iter().flat_map(ThreadPointer::named) {
        define(name, &value);
    }
    for (name, number) in FIGURES.iter().zip(&archive.figures) {
        define(name, &number.to_string());
    }
    text.push_str("\n#endif\n");
    Ok(text)
}

fn pkg_config() -> String {
    // The prefix is found from where this file is, so that the whole directory can be moved.
    format!(
        "prefix=${{pcfiledir}}/../..\n\nName: tsd\nDescription: {}\nVersion: {}\n\
         Cflags: -I${{prefix}}/include\nLibs: -L${{prefix}}/lib -ltsd\n",
        "Thread-specific data for kernels",
        env!("CARGO_PKG_VERSION"),
    )
}

const CMAKE: &str = r#"# find_package(tsd CONFIG) gives the target tsd::tsd.
get_filename_component(_tsd_prefix "${CMAKE_CURRENT_LIST_DIR}/../../.." ABSOLUTE)
if(NOT TARGET tsd::tsd)
  add_library(tsd::tsd STATIC IMPORTED)
  set_target_properties(tsd::tsd PROPERTIES
    IMPORTED_LOCATION "${_tsd_prefix}/lib/libtsd.a"
    INTERFACE_INCLUDE_DIRECTORIES "${_tsd_prefix}/include"
    # Where a linker script that includes tsd-notifications.ld finds it.
    INTERFACE_LINK_DIRECTORIES "${_tsd_prefix}/lib")
endif()
unset(_tsd_prefix)
"#;

fn cmake_version(archive: &Archive) -> String {
    format!(
        "set(PACKAGE_VERSION {version})\n\
         if(PACKAGE_FIND_VERSION VERSION_EQUAL PACKAGE_VERSION)\n  set(PACKAGE_VERSION_EXACT TRUE)\nendif()\n\
         if(NOT PACKAGE_FIND_VERSION VERSION_GREATER PACKAGE_VERSION)\n  set(PACKAGE_VERSION_COMPATIBLE TRUE)\nendif()\n\
         # An archive of another size of pointers is none for this project.\n\
         if(CMAKE_SIZEOF_VOID_P AND NOT CMAKE_SIZEOF_VOID_P EQUAL {pointer})\n  \
         set(PACKAGE_VERSION \"{version} (pointers of {pointer} bytes)\")\n  set(PACKAGE_VERSION_UNSUITABLE TRUE)\nendif()\n",
        version = env!("CARGO_PKG_VERSION"),
        pointer = archive.figures[ALIGNMENT],
    )
}

/// What is below the prefix by now.
struct Laid<'a> {
    prefix: &'a Path,
    made: Made,
}

impl Laid<'_> {
    fn copy(&mut self, from: &Path, to: impl AsRef<Path>) -> Result<()> {
        let bytes = fs::read(from).map_err(|error| Error::of_file("read", from, &error))?;
        self.made.inputs.insert(from.to_path_buf());
        self.put(to, bytes)
    }

    /// Copies the scripts in a folder and in those below it.
    fn copy_folder(&mut self, from: &Path, to: &Path) -> Result<()> {
        let entries = fs::read_dir(from).map_err(|error| Error::of_file("read", from, &error))?;
        for path in entries.flatten().map(|entry| entry.path()) {
            let to = to.join(path.file_name().unwrap_or_default());
            if path.extension() == Some(OsStr::new("py")) {
                self.copy(&path, to)?;
            } else if path.is_dir() && !path.ends_with("__pycache__") {
                self.copy_folder(&path, &to)?;
            }
        }
        Ok(())
    }

    /// Writes a file in one step: another process may be compiling with the one that is there.
    fn put(&mut self, to: impl AsRef<Path>, bytes: impl AsRef<[u8]>) -> Result<()> {
        let to = self.prefix.join(to);
        let new = to.with_extension("new");
        let made = to.parent().map_or(Ok(()), fs::create_dir_all);
        let written = made.and_then(|()| fs::write(&new, bytes)).and_then(|()| fs::rename(&new, &to));
        written.map_err(|error| Error::of_file("written", &to, &error))?;
        self.made.files.push(to);
        Ok(())
    }
}
