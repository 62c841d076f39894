//! What the documentation of each public function says: what it does, from where it may be called, when it fails, and
//! what its caller has to see to; a scan of the text of `src/`, which is formatted by rustfmt. And links of the pages.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// A public function, or a method of a public trait.
struct Function {
    place: String,
    signature: String,
    /// Its lines of documentation, and its attributes.
    documentation: Vec<String>,
    is_const: bool,
    is_required: bool,
}

impl Function {
    /// What is missing.
    fn faults(&self) -> Vec<String> {
        let has = |text: &str| self.documentation.iter().any(|line| line.starts_with(text));
        let first_word = self.documentation.first().and_then(|line| line.split(' ').nth(1)).unwrap_or("nothing");
        let is_verb = first_word.ends_with('s') && first_word.starts_with(char::is_uppercase);
        // The library calls the methods of a trait; what a constant function does is done when it is compiled, or soon.
        let is_called = !self.is_const && !self.is_required;
        let rules = [
            (!self.is_required && !is_verb, "begins with no verb in the third person"),
            (is_called && !has("/// Callable from "), "does not say `Callable from`"),
            (self.signature.contains("unsafe fn") && !has("/// # Safety"), "has no `# Safety`"),
            (self.signature.contains("-> Result<") && !has("/// # Errors"), "has no `# Errors`"),
        ];
        let missing = rules.iter().filter(|rule| rule.0 && !has("#[doc(hidden)]"));
        missing.map(|rule| format!("{}: the documentation {}", self.place, rule.1)).collect()
    }
}

/// The functions of a file.
fn functions(name: &str, text: &str) -> Vec<Function> {
    let (mut found, mut documentation, mut is_in_trait, mut is_in_const_fn) = (Vec::new(), Vec::new(), false, false);
    for (number, line) in text.lines().enumerate() {
        let code = line.trim_start();
        if code.starts_with("///") || code.starts_with("#[") {
            documentation.push(code.to_owned());
            continue;
        }
        let declaration = code.split("fn ").next().unwrap_or_default();
        let is_public = ["pub ", "pub const ", "pub unsafe ", "pub const unsafe "].contains(&declaration);
        let is_required = is_in_trait && ["", "unsafe "].contains(&declaration);
        if code.contains("fn ") && (is_public || is_required) {
            let rest: Vec<_> = text.lines().skip(number).collect();
            let end = rest.iter().position(|line| line.ends_with(['{', ';', '}'])).unwrap_or(0);
            found.push(Function {
                place: format!("{name}:{}", number + 1),
                signature: rest[..=end].join(" "),
                documentation: documentation.clone(),
                is_const: declaration.contains("const ") || is_in_const_fn,
                is_required,
            });
        }
        let is_trait = line.starts_with("pub ") && line.contains("trait ") && line.ends_with('{');
        is_in_trait = is_trait || is_in_trait && !line.starts_with('}');
        is_in_const_fn = code == "const_fn! {";
        documentation.clear();
    }
    found
}

#[test]
fn public_functions_say_what_a_caller_must_know() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let files = fs::read_dir(folder).expect("src is there").map(|entry| entry.expect("it can be listed").path());
    let functions: Vec<_> = files
        .filter(|file| file.extension().is_some_and(|extension| extension == "rs"))
        // What `core`'s atomics have, and is said there.
        .filter(|file| file.file_stem().is_some_and(|stem| stem != "sections"))
        .flat_map(|file| functions(&file.display().to_string(), &fs::read_to_string(&file).expect("it is text")))
        .collect();
    assert!(functions.len() > 90, "the scan finds only {} functions", functions.len());
    let faults: Vec<_> = functions.iter().flat_map(Function::faults).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// The pages of the repository, but for what is built.
fn pages(folder: &Path, found: &mut Vec<PathBuf>) {
    for path in fs::read_dir(folder).expect("the folder is there").map(|entry| entry.expect("it can be listed").path())
    {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if path.is_dir() && name != "target" && !name.starts_with('.') {
            pages(&path, found);
        } else if name.ends_with(".md") {
            found.push(path);
        }
    }
}

/// What the links of a page lead to that are neither addresses nor places in the page itself.
fn relative_links(text: &str) -> impl Iterator<Item = &str> {
    let targets = text.split("](").skip(1).filter_map(|rest| rest.split([')', ' ']).next());
    targets.map(|target| target.split('#').next().unwrap_or_default()).filter(|target| {
        !target.is_empty()
            && !target.contains("://")
            && !target.contains(['(', '`', '[', '\n'])
            && target.contains(['.', '/'])
    })
}

#[test]
fn links_of_pages_lead_somewhere() {
    let mut found = Vec::new();
    pages(Path::new(env!("CARGO_MANIFEST_DIR")), &mut found);
    let (mut count, mut dead) = (0, Vec::new());
    for page in found {
        let text = fs::read_to_string(&page).expect("it is text");
        for link in relative_links(&text) {
            count += 1;
            if !page.with_file_name(link).exists() {
                dead.push(format!("{}: {link}", page.display()));
            }
        }
    }
    assert!(count > 50, "the scan finds only {count} links");
    assert!(dead.is_empty(), "links that lead nowhere:\n{}", dead.join("\n"));
}
