//! Gives the kernel its linker script.
//!
//! The link arguments are here and not in RUSTFLAGS or a configuration file: a RUSTFLAGS variable of
//! the caller would replace those and the image would lose its layout.

use std::{env, path::PathBuf};

fn main() {
    let cpu = env::var("CARGO_CFG_TARGET_ARCH").expect("cargo names the target's CPU");
    let manifest = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo names the package's place"));
    let scripts = manifest.join("../../linker");

    println!("cargo::rustc-link-search={}", scripts.display());
    println!("cargo::rustc-link-arg-bins=-T{cpu}.ld");
    if cpu == "x86_64" {
        // The target links position-independent executables unless told otherwise; the boot code has
        // absolute addresses. Code that could be moved works as well where it is.
        println!("cargo::rustc-link-arg-bins=--no-pie");
    }
    println!("cargo::rerun-if-changed={}", scripts.join("sections.ld").display());
    println!("cargo::rerun-if-changed={}", scripts.join(format!("{cpu}.ld")).display());
}
