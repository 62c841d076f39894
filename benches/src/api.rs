//! docs/public-api.txt: every public item with its signature, as the pages of `cargo doc` have them.
//!
//! Stable Rust has no other list of them. What a page looks like is the compiler's business, so the file names the
//! compiler, and is compared with the same one only.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs, io};

use crate::{build, instructions, page};

/// Writes the file.
///
/// # Errors
///
/// When the documentation can't be made or read, or the file not be written.
pub fn write() -> io::Result<()> {
    fs::write(file(), text()?)
}

/// How many lines of items and signatures there are, and what has changed since the file was written, one line each:
/// nothing if another compiler wrote it.
///
/// # Errors
///
/// As [`write()`].
pub fn check() -> io::Result<(usize, Vec<String>)> {
    let text = text()?;
    let differences = page::compare(&file(), &text, &instructions::compiler())?;
    Ok((text.lines().count(), differences.unwrap_or_default()))
}

fn file() -> PathBuf {
    page::path("public-api.txt")
}

fn text() -> io::Result<String> {
    let folder = documentation()?;
    let mut pages = Vec::new();
    collect(&folder, "tsd", &mut pages)?;
    pages.sort();
    let mut text = String::from("Written by `cargo run -p tsd-figures -- api`; do not edit.\n");
    text += &page::compiler_line(&instructions::compiler());
    for (name, path) in pages {
        text += &format!("\n{name}\n");
        for signature in signatures(&fs::read_to_string(path)?) {
            text += &format!("    {signature}\n");
        }
    }
    Ok(text)
}

/// Makes the library's documentation; its folder.
fn documentation() -> io::Result<PathBuf> {
    let target = build::root().join("target/api");
    let folder = target.join("doc/tsd");
    if folder.exists() {
        // What is not there any more must not be listed.
        fs::remove_dir_all(&folder)?;
    }
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(["doc", "--quiet", "--package", "tsd", "--lib", "--no-deps", "--all-features", "--target-dir"]);
    let status = command.arg(&target).current_dir(build::root()).status()?;
    if status.success() { Ok(folder) } else { Err(io::Error::other("cargo doc failed")) }
}

/// Adds the pages of a module and of those inside it, each with its name.
fn collect(folder: &Path, module: &str, pages: &mut Vec<(String, PathBuf)>) -> io::Result<()> {
    for entry in fs::read_dir(folder)?.flatten() {
        let path = entry.path();
        let name = entry.file_name().to_string_lossy().into_owned();
        // Private modules have pages that lead elsewhere, and no index. The guide has no items.
        if path.join("index.html").exists() && name != "guide" {
            collect(&path, &format!("{module}::{name}"), pages)?;
        } else if let Some((kind, item)) = name.strip_suffix(".html").and_then(|name| name.split_once('.')) {
            // A macro has a second page, under the name with which it is called.
            if !item.ends_with('!') {
                pages.push((format!("{module}::{item} ({kind})"), path));
            }
        }
    }
    Ok(())
}

/// The declaration of an item, its methods and the traits that it has.
fn signatures(page: &str) -> Vec<String> {
    let mut found = Vec::new();
    let own = page.find("id=\"trait-implementations\"").unwrap_or(page.len());
    let written = page.find("id=\"synthetic-implementations\"").unwrap_or(page.len());
    let all = page.find("id=\"blanket-implementations\"").unwrap_or(page.len());
    let mut at = 0;
    while let Some((start, end, is_method)) = next(page, at).filter(|(start, ..)| *start < all) {
        let text = plain(&page[start..end]);
        let is_threading = text.contains(" Send for ") || text.contains(" Sync for ");
        if start < own || (!is_method && (start < written || is_threading)) {
            found.push(text);
        }
        at = end;
    }
    // Capacities are many, and have no numbers on the page.
    found.dedup();
    found
}

/// The next signature from a byte of the page on: where it begins and ends, and whether it is a method's.
fn next(page: &str, from: usize) -> Option<(usize, usize, bool)> {
    let marks = [
        ("<pre class=\"rust item-decl\"><code>", "</code></pre>", false),
        ("<h3 class=\"code-header\">", "</h3>", false),
        ("<h4 class=\"code-header\">", "</h4>", true),
    ];
    let places = marks.iter().filter_map(|(mark, end, is_method)| {
        let start = from + page[from..].find(mark)? + mark.len();
        Some((start, start + page[start..].find(end)?, *is_method))
    });
    places.min()
}

/// The text without its marks, in one line.
fn plain(marked: &str) -> String {
    let mut text = String::new();
    let mut is_mark = false;
    // A `where` follows the rest without a space.
    for character in marked.replace("<div class=\"where\">", " ").chars() {
        match character {
            '<' => is_mark = true,
            '>' => is_mark = false,
            _ if !is_mark => text.push(character),
            _ => {}
        }
    }
    let characters = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&")];
    let text = characters.iter().fold(text, |text, (escaped, character)| text.replace(escaped, character));
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
