//! The built command, as a user meets it.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Command, Output},
};

fn tsd(words: &[&str]) -> Output {
    // Nothing is to be fetched, least of all where one of the tests fails.
    Command::new(env!("CARGO_BIN_EXE_tsd")).args(words).env("TSD_NO_INSTALL", "1").output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn help_succeeds_on_the_standard_output() {
    for words in [&["--help"][..], &["program", "--help"]] {
        let output = tsd(words);
        assert!(output.status.success());
        assert!(text(&output.stdout).contains("Usage: cargo run -- "), "{words:?}");
        assert!(output.stderr.is_empty());
    }
}

#[test]
#[cfg(target_os = "linux")]
fn output_that_can_not_be_written_is_one_line() {
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_tsd")).arg("--help").stdout(full).output().unwrap();
    let error = text(&output.stderr);
    assert_eq!((output.status.code(), error.lines().count()), (Some(1), 1), "{error}");
    assert!(error.starts_with("tsd: error: the output can't be written: "), "{error}");
}

#[test]
fn errors_that_can_not_be_written_leave_their_status() {
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let status = Command::new(env!("CARGO_BIN_EXE_tsd")).arg("bogus").stderr(full).status().unwrap();
    assert_eq!(status.code(), Some(64));
}

#[test]
fn wrong_usage_is_one_line_and_status_64() {
    let wrong: &[&[&str]] = &[
        &["--nonsense"],
        &["nonsense"],
        &["--arch", "sparc"],
        &["--cpus", "0"],
        &["--cpus"],
        &["--keys", "65"],
        &["--requests", "many"],
        &["storm", "--seed", "many"],
        &["storm", "--seconds", "0"],
        &["program", "no-such-file.c"],
        &["program", "Cargo.toml"],
        &["install", "--target", "x86_64"],
        &["install", "--target", "aarch64", "--prefix", "out", "--thread-pointer", "gs:0:64"],
        // Before a compiler or a library for it is fetched: that would be said, on more lines.
        &["install", "--prefix", "never-made", "--target", "x86_64-unknown-nonesuch"],
        &["install", "--prefix", "never-made", "--target", "armv5te-none-eabi"],
    ];
    for words in wrong {
        let output = tsd(words);
        assert_eq!(output.status.code(), Some(64), "{words:?}");
        let error = text(&output.stderr);
        assert_eq!(error.lines().count(), 1, "{words:?}: {error}");
        assert!(error.starts_with("tsd: error: "), "{error}");
        assert!(output.stdout.is_empty());
    }
}

/// With an empty search path and no private folder there is neither a compiler nor QEMU nor a package manager.
#[test]
fn missing_packages_are_one_line_and_status_69() {
    let output = Command::new(env!("CARGO_BIN_EXE_tsd"))
        .arg("--no-install")
        .env("PATH", "/nonexistent")
        .env("TSD_PRIVATE", "/nonexistent")
        .env_remove("CARGO")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(69));
    let error = text(&output.stderr);
    assert_eq!(error.lines().count(), 1, "{error}");
    assert!(error.contains("missing: qemu-system-x86_64, qemu-system-aarch64, qemu-system-riscv64"), "{error}");
}

/// An apt that can't fetch: what it printed is the end of the error, and the system was left as it is.
#[test]
fn words_of_a_failing_apt_are_in_the_error() {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join("failing-apt");
    fs::create_dir_all(&dir).unwrap();
    let fetches_only = r#"case "$*" in *update*) ;; *--download-only*) echo "E: Unable to fetch" >&2; exit 100 ;;
        *) echo "E: it installs" >&2; exit 100 ;; esac"#;
    let programs = [
        ("apt-get", fetches_only),
        ("apt-cache", "echo '  Candidate: 9.9-1'"),
        ("dpkg-deb", "exit 1"),
        ("id", "echo 0"),
    ];
    for (name, script) in programs {
        let file = dir.join(name);
        fs::write(&file, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
    }
    let mut command = Command::new(env!("CARGO_BIN_EXE_tsd"));
    command.env("PATH", &dir).env("TSD_PRIVATE", dir.join("private")).env_remove("CARGO").env_remove("TSD_NO_INSTALL");
    let output = command.output().unwrap();
    let error = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{error}");
    assert!(
        error.contains("tsd: error: missing: qemu-system-x86_64, qemu-system-aarch64, qemu-system-riscv64"),
        "{error}"
    );
    assert!(error.trim_end().ends_with("E: Unable to fetch"), "{error}");
    assert!(!error.contains("E: it installs"), "{error}");
}
