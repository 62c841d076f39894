//! The headers over C libraries for bare metal, which declare some of the same names: newlib, picolibc. (musl and glibc
//! are below the host's compilers.)
//!
//! Newlib's headers are a package by themselves; picolibc's are the same for all targets.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use libtest_mimic::{Failed, Trial};
use tsd_runner::{command, setup};

use super::commands::{run, scratch};
use super::environment::Environment;
use super::headers::{WARNINGS, sources, write_once};
use super::kernels::installed;

/// A library for many targets, of whose headers none has code for one of them.
struct Library {
    name: &'static str,
    /// Debian's package, and where it has the headers.
    package: &'static str,
    headers: &'static str,
    /// Nothing of POSIX is declared where only the language is asked for.
    is_strict: bool,
}

const NEWLIB: Library =
    Library { name: "newlib", package: "libnewlib-dev", headers: "usr/include/newlib", is_strict: true };
const PICOLIBC: Library = Library {
    name: "picolibc",
    package: "picolibc-aarch64-linux-gnu",
    headers: "usr/lib/picolibc/aarch64-linux-gnu/include",
    is_strict: false,
};

/// A compiler for the archive of a target.
struct Compiler {
    target: &'static str,
    /// In test names.
    name: &'static str,
    c: &'static str,
    cxx: &'static str,
    options: &'static [&'static str],
    /// Debian's package, if nothing else here wants the compiler.
    package: Option<&'static str>,
}

const CLANG: Compiler = Compiler {
    target: "x86_64",
    name: "clang",
    c: "clang",
    cxx: "clang++",
    options: &["--target=x86_64-unknown-none-elf", "-nostdinc"],
    package: None,
};
const COMPILERS: [Compiler; 10] = [
    CLANG,
    Compiler { target: "i686", options: &["--target=i686-unknown-none-elf", "-nostdinc"], ..CLANG },
    Compiler { target: "armv7a", options: &["--target=armv7a-none-eabi", "-nostdinc"], ..CLANG },
    Compiler { target: "aarch64", options: &["--target=aarch64-none-elf", "-nostdinc"], ..CLANG },
    Compiler { target: "riscv64", options: &["--target=riscv64-unknown-elf", "-march=rv64imac", "-nostdinc"], ..CLANG },
    Compiler { target: "thumbv7m", options: &["--target=thumbv7m-none-eabi", "-nostdinc"], ..CLANG },
    Compiler {
        target: "thumbv7m",
        name: "gcc",
        c: "arm-none-eabi-gcc",
        cxx: "arm-none-eabi-g++",
        options: &["-mthumb", "-mcpu=cortex-m3", "-nostdinc"],
        package: Some("gcc-arm-none-eabi"),
    },
    Compiler { target: "thumbv6m", options: &["--target=thumbv6m-none-eabi", "-nostdinc"], ..CLANG },
    Compiler {
        target: "thumbv6m",
        name: "gcc",
        c: "arm-none-eabi-gcc",
        cxx: "arm-none-eabi-g++",
        options: &["-mthumb", "-mcpu=cortex-m0", "-nostdinc"],
        package: Some("gcc-arm-none-eabi"),
    },
    Compiler {
        target: "riscv64",
        name: "gcc",
        c: "riscv64-unknown-elf-gcc",
        cxx: "riscv64-unknown-elf-g++",
        options: &["-march=rv64imac", "-mabi=lp64", "-nostdinc"],
        package: Some("gcc-riscv64-unknown-elf"),
    },
];

/// One for each library and compiler.
pub(crate) fn trials() -> Vec<Trial> {
    let mut trials = vec![Trial::test("c::libraries::newlib::in_short", over_newlib_in_short)];
    for library in [&NEWLIB, &PICOLIBC] {
        for compiler in &COMPILERS {
            let name = format!("c::libraries::{}::{}::{}", library.name, compiler.name, compiler.target);
            trials.push(Trial::test(name.clone(), move || check(library, compiler, &name.replace("::", "-"))));
        }
    }
    trials
}

/// What a file is compiled as: the ending, the options, and whether POSIX is visible then.
const LANGUAGES: [(&str, &[&str], bool); 7] = [
    ("c", &["-std=gnu99"], true),
    ("c", &["-std=gnu17"], true),
    ("c", &["-std=c11", "-D_POSIX_THREADS"], true),
    ("c", &["-std=c11"], false),
    ("cc", &["-std=gnu++17"], true),
    ("cc", &["-std=c++11", "-D_POSIX_THREADS"], true),
    ("cc", &["-std=c++17"], false),
];

fn check(library: &Library, compiler: &Compiler, name: &str) -> Result<(), Failed> {
    let headers = get(library, compiler)?;
    let include = installed(compiler.target)?.join("include");
    // GCC has a <limits.h> of its own in the second of these; clang has no such folder.
    let mut own = Vec::new();
    for folder in ["include", "include-fixed"] {
        let found = run(command::of(compiler.c).arg(format!("-print-file-name={folder}")))?;
        let found = String::from_utf8_lossy(&found.stdout).trim_end().to_owned();
        own.extend(["-isystem".to_owned(), found]);
    }
    let dir = scratch(&format!("headers/{name}"))?;
    let plain = format!("#include <stdio.h>\n#include <limits.h>\n{PLAIN}");
    for (source, text) in sources().into_iter().chain([("plain", plain)]) {
        for (ending, language, is_visible) in LANGUAGES {
            let file = dir.join(format!("{source}.{ending}"));
            write_once(&file, &text)?;
            let mut compile = command::of(if ending == "c" { compiler.c } else { compiler.cxx });
            compile.args(&WARNINGS[..WARNINGS.len() - usize::from(ending == "cc")]).args(compiler.options);
            compile.args(language).arg("-fsyntax-only").args(&own).arg("-isystem").arg(&headers);
            let compiled = run(compile.arg("-I").arg(&include).arg(&file));
            let wants_pthread = text.contains("<tsd/pthread.h>");
            if is_visible || !library.is_strict || !wants_pthread {
                compiled?;
            } else {
                let refused = compiled.err().and_then(|error| error.message().map(str::to_owned)).unwrap_or_default();
                assert!(refused.contains("compile with -D_POSIX_THREADS"), "{source} {language:?}: {refused}");
            }
        }
    }
    Ok(())
}

/// Gets what is not there; the folder with the library's headers.
fn get(library: &Library, compiler: &Compiler) -> Result<PathBuf, Failed> {
    // One case gets what others then find.
    static LOCK: Mutex<()> = Mutex::new(());
    let _lock = LOCK.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(package) = compiler.package.filter(|_| command::find(compiler.cxx).is_none()) {
        setup::install_packages(&[package], true).map_err(|error| error.to_string())?;
    }
    let folder = setup::prepare_folder(library.package, library.headers, "stdio.h", true);
    Ok(folder.map_err(|error| error.to_string())?)
}

/// Of newlib, what matters here, for machines without the package: a <pthread.h> that declares types where POSIX is visible and functions where threads
/// are asked for, and a <threads.h> that can't be included on bare metal.
const IN_SHORT: [(&str, &str); 4] = [
    ("_newlib_version.h", "#define _NEWLIB_VERSION \"0\"\n"),
    ("limits.h", ""),
    (
        "pthread.h",
        "#include <_newlib_version.h>
        #if defined(_POSIX_THREADS) || (defined(__POSIX_VISIBLE) && __POSIX_VISIBLE >= 199506)
        typedef __UINT32_TYPE__ pthread_key_t;
        typedef struct { int is_initialized, init_executed; } pthread_once_t;
        #endif
        #ifdef _POSIX_THREADS
        int pthread_key_create(pthread_key_t *key, void (*destructor)(void *));
        int pthread_key_delete(pthread_key_t key);
        void *pthread_getspecific(pthread_key_t key);
        int pthread_setspecific(pthread_key_t key, const void *value);
        int pthread_once(pthread_once_t *control, void (*routine)(void));
        #endif\n",
    ),
    ("threads.h", "#include <machine/_threads.h>\n"),
];

/// The plain names, in use.
const PLAIN: &str = "
#include <stddef.h>
#include <tsd/pthread.h>
#include <tsd/threads.h>
static pthread_key_t key;
static pthread_once_t control = PTHREAD_ONCE_INIT;
static tss_t storage;
static void routine(void) {}
void *used(void);
void *used(void) {
    return pthread_key_create(&key, NULL) || pthread_once(&control, routine) || pthread_setspecific(key, &key)
        || pthread_key_delete(key) || tss_create(&storage, NULL) ? tss_get(storage) : pthread_getspecific(key);
}
";

/// The plain names are declared, or the compiler says what to define.
fn over_newlib_in_short() -> Result<(), Failed> {
    let dir = scratch("headers/newlib")?;
    for (name, text) in IN_SHORT {
        write_once(&dir.join(name), text)?;
    }
    let file = dir.join("plain.c");
    write_once(&file, PLAIN)?;
    let own = run(command::of("clang").arg("-print-file-name=include"))?;
    let check = |define: &str| {
        let mut clang = command::of("clang");
        clang.args(WARNINGS).args(["-std=c11", "-fsyntax-only", "-DTSD_PLAIN_NAMES", "-nostdinc", "-isystem"]);
        clang.arg(String::from_utf8_lossy(&own.stdout).trim_end()).arg("-isystem").arg(&dir).arg(define);
        run(clang.arg("-I").arg(Environment::ALL[0].prefix().join("include")).arg(&file))
    };
    check("-D_POSIX_THREADS")?;
    check("-D__POSIX_VISIBLE=200809")?;
    let refused = check("-DSTRICT").err().and_then(|error| error.message().map(str::to_owned)).unwrap_or_default();
    assert!(refused.contains("compile with -D_POSIX_THREADS"), "{refused}");
    Ok(())
}
