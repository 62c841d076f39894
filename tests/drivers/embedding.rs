//! docs/embedding.md shows lines of the test kernel: they are in the files that it names.

use std::{fs, path::Path};

const PAGE: &str = include_str!("../../docs/embedding.md");

/// So many lines the page may quote: it is for reading in one go.
const MOST_LINES: usize = 75;

/// A quoted piece: the file, and its lines.
fn quotations() -> Vec<(&'static str, Vec<&'static str>)> {
    let blocks = PAGE.split("```rust\n").skip(1).map(|rest| rest.split_once("```").expect("a block ends").0);
    blocks
        .map(|block| {
            let (first, lines) = block.split_once('\n').expect("a block has lines");
            (first.strip_prefix("// ").expect("a block begins with its file"), lines.lines().collect())
        })
        .collect()
}

#[test]
fn quoted_lines_are_in_the_kernel() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for (file, quoted) in quotations() {
        let text = fs::read_to_string(root.join(file)).unwrap_or_else(|error| panic!("{file}: {error}"));
        let lines: Vec<_> = text.lines().collect();
        assert!(!quoted.is_empty(), "{file}: a quotation has no lines");
        let found = lines.windows(quoted.len()).any(|window| window == quoted);
        assert!(found, "docs/embedding.md quotes from {file} what is not there:\n{}", quoted.join("\n"));
    }
}

#[test]
fn every_part_is_quoted_and_the_page_stays_short() {
    let quotations = quotations();
    let all: Vec<_> = quotations.iter().flat_map(|(_, lines)| lines).copied().collect();
    for part in ["Slots<KEYS>", "impl Port for", "KeySpace::new", "set_current_thread", "attach()", "exit()", "reap()"]
    {
        assert!(all.iter().any(|line| line.contains(part)), "no line shows {part}");
    }
    assert!(all.len() <= MOST_LINES, "{} lines are quoted, {MOST_LINES} at the most", all.len());
}

#[test]
fn files_that_the_page_names_are_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let named = PAGE.split('`').skip(1).step_by(2).filter(|word| word.ends_with(".rs"));
    let mut count = 0;
    for file in named {
        let full = if file.starts_with("qemu/") { root.join(file) } else { root.join("qemu/kernel/src").join(file) };
        assert!(full.is_file(), "docs/embedding.md names {file}");
        count += 1;
    }
    assert!(count > 2, "the page says what to read");
}
