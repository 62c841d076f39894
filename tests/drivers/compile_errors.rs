//! What the compiler says of code that it must refuse.

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Compiles a function that needs `capacity`; the errors, empty if there are none.
///
/// The two files that decide it are compiled alone, so that no build of the crate is needed. Only the parts of the
/// message that are the crate's own are looked at: the rest changes from compiler to compiler.
fn errors_for(capacity: usize) -> String {
    let source = format!(
        "#![allow(dead_code, unused, unexpected_cfgs)]
        #[path = {capacity_file:?}] mod capacity;
        #[path = {sync_file:?}] mod sync;
        fn needs<const N: usize>() where capacity::Capacity<N>: capacity::Supported {{}}
        pub fn test() {{ needs::<{capacity}>() }}",
        capacity_file = concat!(env!("CARGO_MANIFEST_DIR"), "/src/capacity.rs"),
        sync_file = concat!(env!("CARGO_MANIFEST_DIR"), "/src/sync.rs"),
    );
    let rustc = beside_cargo("rustc");
    let mut compiler = Command::new(&rustc)
        .args(["--crate-name=capacity_test", "--crate-type=lib", "--edition=2024", "--emit=metadata=-", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{}: {error}", rustc.display()));
    compiler.stdin.take().unwrap().write_all(source.as_bytes()).unwrap();
    let output = compiler.wait_with_output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.success(), !errors.contains("error"), "{errors}");
    errors
}

#[test]
fn wrong_capacity_says_what_is_allowed() {
    for capacity in [0, 65, 100, 4097, 8192] {
        let errors = errors_for(capacity);
        assert!(errors.contains("this key capacity is not supported"), "{capacity}: {errors}");
        assert!(errors.contains("allowed are 1 to 64, and the multiples of 64 up to 4096"), "{capacity}: {errors}");
        assert!(errors.contains("round PTHREAD_KEYS_MAX up to the next multiple of 64"), "{capacity}: {errors}");
    }
}

#[test]
fn allowed_capacities_compile() {
    for capacity in [1, 63, 64, 128, 4096] {
        assert_eq!(errors_for(capacity), "", "{capacity}");
    }
}

/// Stable compilers check that an example marked `compile_fail,E0133` fails, and not that it fails with this error. So
/// here the documentation's examples are tested by one that may use what is not stable.
#[test]
fn examples_fail_for_the_reason_they_name() {
    let wrapper = Path::new(env!("CARGO_TARGET_TMPDIR")).join("rustdoc");
    let script = format!("#!/bin/sh\nRUSTC_BOOTSTRAP=1 exec {} \"$@\"\n", beside_cargo("rustdoc").display());
    fs::write(&wrapper, script).unwrap();
    fs::set_permissions(&wrapper, PermissionsExt::from_mode(0o755)).unwrap();
    let mut tests = Command::new(beside_cargo("cargo"));
    tests.args(["test", "--quiet", "--package=tsd", "--doc"]).current_dir(env!("CARGO_MANIFEST_DIR"));
    let output = tests.env("RUSTDOC", &wrapper).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.contains(" passed"), "no example was tested: {said}");
}

/// The program of the toolchain that runs this.
fn beside_cargo(program: &str) -> PathBuf {
    let path = std::env::var_os("CARGO").map(|cargo| PathBuf::from(cargo).with_file_name(program));
    path.filter(|path| path.exists()).unwrap_or_else(|| program.into())
}
