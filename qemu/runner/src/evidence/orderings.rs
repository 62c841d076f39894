//! Each memory ordering of the library weakened, one at a time: which model check fails then?
//!
//! An ordering that can be weakened without a failure is either not needed, or needed for what loom can't show;
//! docs/evidence/orderings-not-caught.md says which, and the argument.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{
    interleavings::{Checker, Form},
    reasons::Reasons,
    record::{self, Figures},
    source,
    tree::{self, Tree},
};
use crate::{
    error::{Error, Result},
    progress::Progress,
    workspace,
};

/// One ordering made weaker.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Weakened {
    file: PathBuf,
    /// Function, line of code and replacement: the same as long as the code is.
    subject: String,
    /// The whole file with the change.
    text: String,
}

/// What each ordering can become. A fence goes altogether.
const WEAKER: [(&str, &[&str]); 5] = [
    ("fence(Acquire)", &["()"]),
    ("fence(Release)", &["()"]),
    ("AcqRel", &["Acquire", "Release"]),
    ("Acquire", &["Relaxed"]),
    ("Release", &["Relaxed"]),
];

/// A weakened file may have imports that it does not use any more.
const LOOM_FLAGS: &str = "--cfg loom -Awarnings";

/// Weakens each ordering of src and runs the quick form of every model check.
pub(super) fn weaken_all() -> Result<Figures> {
    let tree = Tree::copy("orderings")?;
    let target = workspace::evidence_dir("orderings")?.join("target");
    let unchanged = Checker::build_in(tree.root(), &target, LOOM_FLAGS)?;
    if let Some((case, error)) = first_failure(&unchanged) {
        return Err(Error::failure(format!("{case} fails with no ordering weakened")).with_details([error.to_string()]));
    }
    let mut table = String::from(
        "# Orderings\n\nEach memory ordering of src made weaker, and the first model check that fails then. Written by \
         `cargo run -- evidence orderings`.\n\n| Ordering | Caught by |\n|---|---|\n",
    );
    let mut all = Vec::new();
    for file in tree::sources(tree.root())? {
        let text =
            fs::read_to_string(tree.root().join(&file)).map_err(|error| Error::of_file("read", &file, &error))?;
        all.extend(weakenings(&file, &text));
    }
    let (count, mut not_caught) = (all.len(), Vec::new());
    let progress = Progress::of("orderings", count);
    for weakened in all {
        let failure = tree.with(&weakened.file, &weakened.text, || {
            Ok(first_failure(&Checker::build_in(tree.root(), &target, LOOM_FLAGS)?))
        })?;
        let caught = failure.as_ref().map_or("nothing: see orderings-not-caught.md", |(case, _)| case);
        progress.step(format_args!("{}: {caught}", weakened.subject));
        table += &format!("| `{}` | {caught} |\n", weakened.subject.replace('|', "\\|"));
        if failure.is_none() {
            not_caught.push(weakened.subject);
        }
    }
    record::write_file(&workspace::root().join("docs/evidence/orderings.md"), &table)?;
    Reasons::read("orderings-not-caught").check(&not_caught)?;
    Ok(Figures {
        how_many: format!("{count} weakened orderings"),
        result: format!("{} caught, {} with a written argument", count - not_caught.len(), not_caught.len()),
    })
}

fn first_failure(checker: &Checker) -> Option<(&'static str, Error)> {
    tsd_loom::cases::NAMES.iter().find_map(|case| Some((*case, checker.run(case, Form::Quick).err()?)))
}

/// Every way to weaken one ordering in `text`.
fn weakenings(file: &Path, text: &str) -> Vec<Weakened> {
    let (mut all, mut function, mut start) = (Vec::new(), "", 0);
    for line in text.split_inclusive('\n') {
        let code = source::code(line);
        function = source::function(code).unwrap_or(function);
        let is_import = code.trim_start().starts_with("use ");
        for (at, ordering, weaker) in orderings(code).filter(|_| !is_import) {
            for replacement in weaker {
                let end = start + at + ordering.len();
                // By its path: the file need not import it.
                let path = if ordering.starts_with("fence") { "" } else { "crate::sync::Ordering::" };
                let changed = format!("{}{path}{replacement}{}", &text[..start + at], &text[end..]);
                let words = code[..at].matches(ordering).count() + 1;
                let nth = if code.matches(ordering).count() > 1 { format!(" {words}") } else { String::new() };
                let line_of_code = format!("{} {function}: {}", file.display(), code.trim());
                let subject = format!("{line_of_code} ({ordering}{nth} to {replacement})");
                all.push(Weakened { file: file.into(), subject, text: changed });
            }
        }
        start += line.len();
    }
    all
}

/// The orderings that a line of code names: where, and what they can become.
fn orderings(code: &str) -> impl Iterator<Item = (usize, &'static str, &'static [&'static str])> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let named = WEAKER
        .iter()
        .flat_map(move |(ordering, weaker)| code.match_indices(ordering).map(move |(at, _)| (at, *ordering, *weaker)));
    named.filter(move |&(at, ordering, _)| {
        let (before, after) = (&code[..at], &code[at + ordering.len()..]);
        // The compiler's fences are for the thread's own handlers, which no model check has; the others go altogether.
        let in_fence = !ordering.starts_with("fence")
            && ["fence(", "fence(Ordering::"].iter().any(|start| before.ends_with(start));
        !before.ends_with(is_word) && !after.starts_with(is_word) && !in_fence
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subjects(text: &str) -> Vec<String> {
        weakenings(Path::new("f"), text).into_iter().map(|weakened| weakened.subject).collect()
    }

    #[test]
    fn each_ordering_is_weakened_once_each_way() {
        let text = "use x::{Acquire};\nfn set() {\n    // Release: why.\n    a.swap(1, AcqRel);\n    fence(Acquire); // and\n}\n";
        assert_eq!(
            subjects(text),
            [
                "f set: a.swap(1, AcqRel); (AcqRel to Acquire)",
                "f set: a.swap(1, AcqRel); (AcqRel to Release)",
                "f set: fence(Acquire); (fence(Acquire) to ())",
            ]
        );
        assert!(weakenings(Path::new("f"), text)[2].text.contains("    (); // and\n}\n"));
    }

    #[test]
    fn equal_words_on_a_line_are_told_apart() {
        assert_eq!(subjects("fn f() { x.cas(0, 1, Acquire, Acquire); }\n").len(), 2);
        assert!(subjects("fn f() { x.cas(0, 1, Acquire, Acquire); }\n")[1].contains("(Acquire 2 to Relaxed)"));
        assert!(subjects("fn f() { compiler_fence(SeqCst); ReleaseNothing; }\n").is_empty());
        assert!(subjects("fn f() { compiler_fence(Ordering::Release); compiler_fence(Acquire); }\n").is_empty());
    }
}
