//! picolibc for 64-bit Arm, as Debian packages it: a C library for kernels that have none.

use std::path::PathBuf;

use crate::{
    error::{Error, Result},
    private::Folder,
    setup, workspace,
};

/// What Debian calls it.
const PACKAGE: &str = "picolibc-aarch64-linux-gnu";

/// Returns the folder that has its `include` and `lib`, of a package that is installed or unpacked if need be.
///
/// # Errors
/// It is not there and can't be got.
pub fn prepare(may_install: bool) -> Result<PathBuf> {
    if let Some(folder) = find() {
        return Ok(folder);
    }
    let _lock = workspace::lock("picolibc")?;
    if find().is_none() {
        setup::install_packages(&[PACKAGE], may_install)?;
    }
    find().ok_or_else(|| Error::unavailable(format!("no picolibc is to be found after installing {PACKAGE}")))
}

fn find() -> Option<PathBuf> {
    let roots = [PathBuf::from("/"), Folder::shared().root()];
    let folders = roots.map(|root| root.join("usr/lib/picolibc/aarch64-linux-gnu"));
    folders.into_iter().find(|folder| folder.join("include/picotls.h").is_file() && folder.join("lib/libc.a").is_file())
}
