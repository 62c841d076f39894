//! What the compiler says of a capacity that no table can have.
//!
//! The two files that decide it are compiled alone, so that no build of the crate is needed. Only the parts of the
//! message that are the crate's own are looked at: the rest changes from compiler to compiler.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// Compiles a function that needs `capacity`; the errors, empty if there are none.
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
    // The compiler that stands beside the cargo that runs this.
    let beside_cargo = std::env::var_os("CARGO").map(|cargo| PathBuf::from(cargo).with_file_name("rustc"));
    let rustc = beside_cargo.filter(|path| path.exists()).unwrap_or_else(|| "rustc".into());
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
