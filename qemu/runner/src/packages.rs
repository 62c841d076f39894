//! Which packages bring what is missing, by the names that each system's package manager knows them under.

use crate::{
    apt::Apt,
    command,
    error::{Error, Result},
    tools::Tool,
};

/// Something that a run needs and a package brings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need<'a> {
    /// A compiler with cargo and the library's source.
    Compiler,
    /// Cargo's `clippy` for that compiler.
    Clippy,
    /// One tool.
    Tool(&'static Tool),
    /// What Debian has under this name.
    Package(&'a str),
}

/// A package manager that is only named in what the reader should type, and how it installs.
const OTHERS: [(&str, &str); 3] =
    [("dnf", "sudo dnf install"), ("pacman", "sudo pacman -S --needed"), ("brew", "brew install")];

impl<'a> Need<'a> {
    /// Returns what brings it with apt: sets, of which the first is taken that there is, and that is new enough.
    fn choices(self) -> Vec<Vec<&'a str>> {
        match self {
            // Debian keeps a second, newer compiler in its stable releases for the browsers.
            Self::Compiler => {
                vec![vec!["rustc-web", "cargo-web", "rust-web-src"], vec!["rustc", "cargo", "rust-src"]]
            }
            Self::Clippy => vec![vec!["rust-web-clippy"], vec!["rust-clippy"]],
            Self::Tool(tool) => vec![tool.apt.to_vec()],
            Self::Package(name) => vec![vec![name]],
        }
    }

    /// Returns what brings it with one of [`OTHERS`].
    fn elsewhere(self, manager: &str) -> &'static [&'static str] {
        match (self, manager) {
            (Self::Tool(tool), "dnf") => tool.dnf,
            (Self::Tool(tool), "pacman") => tool.pacman,
            (Self::Tool(tool), _) => tool.brew,
            (Self::Compiler, "dnf") => &["rust", "cargo", "rust-src"],
            (Self::Compiler, "pacman") => &["rust", "rust-src"],
            (Self::Clippy, "dnf") => &["clippy"],
            (Self::Clippy, "pacman") => &["rust"],
            _ => &[],
        }
    }

    /// Returns the program that shows whether it is there; the empty name if nobody knows it.
    pub(crate) fn program(self) -> &'static str {
        match self {
            Self::Compiler => "cargo",
            Self::Clippy => "cargo-clippy",
            Self::Tool(tool) => tool.command,
            Self::Package(_) => "",
        }
    }

    fn in_words(self) -> &'a str {
        match self {
            Self::Compiler => "a compiler with its library's source",
            Self::Clippy => "cargo clippy",
            Self::Tool(tool) => tool.command,
            Self::Package(name) => name,
        }
    }
}

/// Returns the packages that bring `needs`.
///
/// # Errors
/// apt's lists have none for one of them, or only a compiler that is too old.
pub(crate) fn of<'a>(needs: &[Need<'a>], apt: &Apt) -> Result<Vec<&'a str>> {
    let is_there = |need: &Need, package: &str| {
        let has_its_version = matches!(need, Need::Compiler | Need::Clippy);
        let candidate = apt.candidate(package);
        candidate.is_some_and(|version| !has_its_version || major_minor(&version) >= Some(minimum_version()))
    };
    let mut packages = Vec::new();
    for need in needs {
        let mut choices = need.choices().into_iter();
        let choice = choices.find(|choice| choice.iter().all(|package| is_there(need, package)));
        packages.extend(choice.ok_or_else(|| Error::failure(format!("no package brings {}", need.in_words())))?);
    }
    Ok(unique(packages))
}

/// Returns the error that names `needs` and the command that gets them.
pub(crate) fn to_be_typed(needs: &[Need]) -> Error {
    let missing = in_words(needs);
    let manager = OTHERS.iter().find(|(program, _)| command::find(program).is_some());
    let typed = if Apt::is_here() {
        let first_choices = needs.iter().flat_map(|need| need.choices().swap_remove(0)).collect();
        with_apt(first_choices)
    } else if let Some((program, install)) = manager {
        let names = needs.iter().flat_map(|need| need.elsewhere(program)).copied().collect();
        format!("{install} {}", unique(names).join(" "))
    } else {
        return Error::unavailable(format!("missing: {missing}; no known package manager to get it"));
    };
    Error::unavailable(format!("missing: {missing}; type: {typed}"))
}

/// Returns what `needs` are, for a sentence.
pub(crate) fn in_words(needs: &[Need]) -> String {
    needs.iter().map(|need| need.in_words()).collect::<Vec<_>>().join(", ")
}

fn with_apt(packages: Vec<&str>) -> String {
    format!("sudo apt-get update && sudo apt-get install --no-install-recommends {}", unique(packages).join(" "))
}

fn unique(names: Vec<&str>) -> Vec<&str> {
    let mut unique = Vec::new();
    for name in names {
        if !unique.contains(&name) {
            unique.push(name);
        }
    }
    unique
}

/// Reads `1.96` from `1.96.0+dfsg1` and its like.
pub(crate) fn major_minor(version: &str) -> Option<(u32, u32)> {
    let mut numbers = version.split(|c: char| !c.is_ascii_digit()).map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

/// The oldest compiler that this workspace is written for.
pub(crate) fn minimum_version() -> (u32, u32) {
    major_minor(env!("CARGO_PKG_RUST_VERSION")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{status::Status, tools};

    #[test]
    fn too_old_is_known() {
        assert!(major_minor("1.63.0+dfsg1-2").unwrap() < minimum_version());
        assert!(minimum_version() >= (1, 90));
    }

    #[test]
    fn names_come_once() {
        assert_eq!(unique(vec!["qemu", "qemu", "lld"]), ["qemu", "lld"]);
        assert!(with_apt(vec!["a", "b", "a"]).ends_with(" install --no-install-recommends a b"));
    }

    #[test]
    fn error_names_the_needs_and_is_one_line() {
        let error = to_be_typed(&[Need::Tool(&tools::QEMU_X86_64), Need::Clippy]);
        assert!(error.to_string().starts_with("missing: qemu-system-x86_64, cargo clippy; "), "{error}");
        assert_eq!(error.to_string().lines().count(), 1);
        assert_eq!(error.status(), Status::Unavailable);
    }
}
