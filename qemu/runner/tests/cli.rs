//! The built command, as a user meets it.

use std::process::{Command, Output};

fn tsd(words: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_tsd")).args(words).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn help_names_every_option_and_succeeds() {
    let output = tsd(&["--help"]);
    assert!(output.status.success());
    let help = text(&output.stdout);
    for option in ["--arch", "--cpus", "--keys", "--requests", "--seconds", "--seed", "--no-install", "--help"] {
        assert!(help.contains(option), "{option} is missing");
    }
    assert!(output.stderr.is_empty());
}

#[test]
fn wrong_usage_is_one_line_and_status_2() {
    let wrong: [&[&str]; 9] = [
        &["--nonsense"],
        &["nonsense"],
        &["--arch", "sparc"],
        &["--cpus", "0"],
        &["--cpus"],
        &["--keys", "65"],
        &["--requests", "many"],
        &["storm", "--seed", "many"],
        &["storm", "--seconds", "0"],
    ];
    for words in wrong {
        let output = tsd(words);
        assert_eq!(output.status.code(), Some(2), "{words:?}");
        let error = text(&output.stderr);
        assert_eq!(error.lines().count(), 1, "{words:?}: {error}");
        assert!(error.starts_with("tsd: error: "), "{error}");
        assert!(output.stdout.is_empty());
    }
}

/// With an empty search path and no private folder there is neither a compiler nor QEMU nor a package manager.
#[test]
fn missing_packages_are_one_line_and_status_2() {
    let output = Command::new(env!("CARGO_BIN_EXE_tsd"))
        .arg("--no-install")
        .env("PATH", "/nonexistent")
        .env("TSD_PRIVATE", "/nonexistent")
        .env_remove("CARGO")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    let error = text(&output.stderr);
    assert_eq!(error.lines().count(), 1, "{error}");
    assert!(error.contains("missing: qemu-system-x86_64, qemu-system-aarch64"), "{error}");
}
