//! Gives the kernel its linker script: that of the kernel in C, whose boot code it has as well.

use std::{env, path::PathBuf};

fn main() {
    let cpu = env::var("CARGO_CFG_TARGET_ARCH").expect("cargo names the target's CPU");
    let manifest = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo names the package's place"));
    let script = manifest.join("../../c/kernel").join(&cpu).join("kernel.ld");
    // For what the script includes.
    println!("cargo::rustc-link-search={}", manifest.join("../../../linker").display());
    println!("cargo::rustc-link-arg-bins=-T{}", script.display());
    if cpu == "x86_64" {
        // The target links position-independent executables unless told otherwise; the boot code has absolute addresses.
        println!("cargo::rustc-link-arg-bins=--no-pie");
    }
    println!("cargo::rerun-if-changed={}", script.display());
}
