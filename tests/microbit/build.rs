//! Gives the program the linker script of cortex-m-rt, and the memory that it has.

use std::env;

fn main() {
    println!("cargo::rerun-if-changed=memory.x");
    if env::var("CARGO_CFG_TARGET_OS").is_ok_and(|system| system == "none") {
        let manifest = env::var("CARGO_MANIFEST_DIR").expect("cargo names the package's place");
        println!("cargo::rustc-link-search={manifest}");
        // Headers of the file would be laid where the vectors are.
        println!("cargo::rustc-link-arg-bins=--nmagic");
        println!("cargo::rustc-link-arg-bins=-Tlink.x");
    }
}
