//! Source packages: fetched from where the system's packages come from, by an apt with lists of its own, which holds
//! them to the signatures as it does all packages.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{Folder, SETTINGS, write};
use crate::{
    apt::Apt,
    error::{Error, Result},
};

/// Where the system says where its packages come from: a file, and a folder of such.
const SYSTEM_SOURCES: [&str; 2] = ["/etc/apt/sources.list", "/etc/apt/sources.list.d"];

impl Folder {
    /// Fetches the source of `package` and returns the archive that its authors made.
    ///
    /// # Errors
    /// It can't be fetched.
    pub(crate) fn fetch_source(&self, package: &str) -> Result<PathBuf> {
        let apt = self.source_apt()?;
        // A source that can't be reached is no reason to stop: the package may be in another.
        let updated = apt.update();
        let folder = self.make(&format!("source/{package}"))?;
        let fetched = apt.fetch_source(package, &folder);
        fetched.map_err(|error| Error::of_all(&[updated.err().unwrap_or(error.clone()), error]))?;
        let files = fs::read_dir(&folder).map_err(|error| Error::of_file("read", &folder, &error))?;
        let mut files = files.flatten().map(|file| file.path());
        let archive = files.find(|file| {
            let name = file.file_name().unwrap_or_default().to_string_lossy();
            name.contains(".orig.tar.") && !name.ends_with(".asc")
        });
        archive.ok_or_else(|| Error::failure(format!("the source package of {package} has no archive")))
    }

    /// Returns an apt that knows the system's sources as those of source packages alone.
    fn source_apt(&self) -> Result<Apt> {
        for folder in ["state/lists/partial", "cache/archives/partial", "sources"] {
            self.make(&format!("source-apt/{folder}"))?;
        }
        let apt = self.path.join("source-apt");
        let [file, folder] = SYSTEM_SOURCES.map(Path::new);
        let more = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
        for path in more.chain([file.to_path_buf()]).filter(|path| path.is_file()) {
            let text = fs::read_to_string(&path).map_err(|error| Error::of_file("read", &path, &error))?;
            write(&apt.join("sources").join(path.file_name().unwrap_or_default()), &for_sources(&text))?;
        }
        write(&apt.join("state/status"), "")?;
        let shown = apt.display().to_string();
        let own = format!("Dir::Etc::sourcelist \"/dev/null\";\nDir::Etc::sourceparts \"{shown}/sources\";\n");
        let settings = apt.join("apt.conf");
        write(&settings, &(SETTINGS.replace("{apt}", &shown) + &own))?;
        Ok(Apt::with_settings(&settings))
    }
}

/// Returns a list of sources with those of source packages in place of the others, in either of apt's two formats.
fn for_sources(text: &str) -> String {
    let line = |line: &str| match line.split_once([' ', '\t']) {
        Some(("deb" | "deb-src", rest)) => format!("deb-src {rest}\n"),
        Some(("Types:", _)) => "Types: deb-src\n".into(),
        _ => format!("{line}\n"),
    };
    text.lines().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_of_both_formats() {
        assert_eq!(for_sources("# deb x\ndeb [a=b] http://x y z\n"), "# deb x\ndeb-src [a=b] http://x y z\n");
        assert_eq!(for_sources("Types: deb deb-src\nURIs: x\n"), "Types: deb-src\nURIs: x\n");
    }
}
