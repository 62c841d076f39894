//! What `cargo publish` would upload: it holds what a user needs and no more, and is a crate by itself.

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The combinations of features.
const FEATURES: [&str; 4] = ["", "alloc", "pool", "alloc,pool"];

/// Licences that ask for no more than to be named. Unicode's is of tables in a crate that runs in the compiler only.
const LICENCES: [&str; 5] = ["MIT", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "Unicode-3.0"];

/// What cargo prints of a command that succeeds. It asks no registry.
fn cargo(folder: &Path, arguments: &[&str]) -> String {
    let program = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(program);
    command.args(arguments).arg("--offline").env("CARGO_TARGET_DIR", target()).current_dir(folder);
    let output = command.output().expect("cargo runs");
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "cargo {arguments:?}:\n{}{}", text(&output.stdout), text(&output.stderr));
    text(&output.stdout)
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn target() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("package")
}

#[test]
fn package_holds_the_library_and_its_documentation() {
    let listed = cargo(root(), &["package", "--package", "tsd", "--list", "--allow-dirty"]);
    let files: Vec<_> = listed.lines().collect();
    let allowed = ["src/", "arch/x86_64/", "examples/", "docs/"];
    let is_allowed = |file: &&str| !file.contains('/') || allowed.iter().any(|folder| file.starts_with(folder));
    let others: Vec<_> = files.iter().filter(|file| !is_allowed(file) || file.starts_with("src/c/")).collect();
    assert!(others.is_empty(), "nobody who embeds the library needs {others:?}");
    let sources = ["Cargo.toml", "src/example_kernel.txt", "src/gdb/tsd.py"];
    let texts = ["README.md", "CHANGELOG.md", "LICENSE-MIT", "LICENSE-APACHE", "docs/safety.md"];
    for needed in sources.iter().chain(&texts) {
        assert!(files.contains(needed), "{needed} is not in {files:?}");
    }
}

#[test]
fn package_is_a_crate_by_itself() {
    for features in FEATURES {
        cargo(root(), &["package", "--package", "tsd", "--allow-dirty", "--features", features]);
    }
    let unpacked = target().join("package").join(concat!("tsd-", env!("CARGO_PKG_VERSION")));
    // It lies below this workspace, and is no part of it.
    let manifest = unpacked.join("Cargo.toml");
    let text = fs::read_to_string(&manifest).expect("the package has a manifest");
    fs::write(&manifest, text + "\n[workspace]\n").expect("the manifest is changed");
    let documented = cargo(&unpacked, &["test", "--doc", "--features", "alloc"]);
    assert!(documented.contains("test result: ok"), "{documented}");
    let printed = cargo(&unpacked, &["run", "--quiet", "--example", "errno", "--features", "alloc"]);
    assert!(printed.contains("errno"), "{printed}");
}

/// Of each crate that anything here is made of, for any target.
#[test]
fn licences_are_permissive() {
    let every = ["--workspace", "--all-features", "--target=all", "--edges=all", "--prefix=none", "--locked"];
    let tree = cargo(root(), &[&["tree"], &every[..], &["--format={p}\t{l}"]].concat());
    let is_allowed = |licence: &str| {
        let mut parts = licence.split(" AND ").map(|part| part.trim_matches(['(', ')']));
        parts.all(|part| part.split(" OR ").flat_map(|one| one.split('/')).any(|one| LICENCES.contains(&one)))
    };
    let crates: BTreeSet<_> = tree.lines().filter_map(|line| line.trim_end_matches(" (*)").split_once('\t')).collect();
    assert!(crates.iter().any(|(name, _)| name.starts_with("spin ")), "{tree}");
    let others: Vec<_> = crates.iter().filter(|(_, licence)| !is_allowed(licence)).collect();
    assert!(others.is_empty(), "{others:?}");
}
