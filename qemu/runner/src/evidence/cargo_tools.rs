//! Tools that cargo installs, in the target directory, at the versions that the results were had with.

use std::path::PathBuf;

use super::host_cargo::host_cargo;
use crate::{
    command,
    error::{Error, Result},
    setup, workspace,
};

/// A tool of cargo's.
pub(super) struct CargoTool {
    /// The name of the crate and of the program.
    pub(super) name: &'static str,
    pub(super) version: &'static str,
}

impl CargoTool {
    /// Returns the program, installed if it is not there.
    ///
    /// # Errors
    /// Nothing may be installed: the error has the command to type. Or installing failed.
    pub(super) fn program(&self, may_install: bool) -> Result<PathBuf> {
        let root = workspace::evidence_dir("tools")?;
        let program = root.join("bin").join(self.name);
        let installed = command::answer(std::process::Command::new(&program).args(self.version_arguments()));
        if installed.is_some_and(|text| text.split_whitespace().any(|word| word == self.version)) {
            return Ok(program);
        }
        let mut install = host_cargo("install");
        install.args(["--locked", "--version", self.version, self.name, "--root"]).arg(&root);
        if !may_install || setup::is_forbidden() {
            return Err(Error::unavailable(format!("missing: {}; type: {}", self.name, command::as_typed(&install))));
        }
        command::run(&mut install)?;
        Ok(program)
    }

    /// Cargo's tools are called with their own name first.
    fn version_arguments(&self) -> [&str; 2] {
        [self.name.trim_start_matches("cargo-"), "--version"]
    }
}
