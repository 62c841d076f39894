//! docs/embedding.md shows lines of the test kernel, docs/porting/freertos.md those of the port to FreeRTOS: they are in the
//! files that the pages name.

use std::{fs, path::Path};

const PAGE: &str = include_str!("../../docs/embedding.md");
const FREERTOS: &str = include_str!("../../docs/porting/freertos.md");

/// So many lines the page may quote: it is for reading in one go.
const MOST_LINES: usize = 75;

/// A quoted piece: the file, and its lines.
type Quotation = (&'static str, Vec<&'static str>);

/// The pieces of a page that are in this language and begin with a comment that is the file's name.
fn quotations(page: &'static str, language: &str, (comment, end): (&str, &str)) -> Vec<Quotation> {
    let fence = format!("```{language}\n");
    let blocks = page.split(fence.as_str()).skip(1).map(|rest| rest.split_once("```").expect("a block ends").0);
    let quotation = |block: &'static str| {
        let (first, lines) = block.split_once('\n').expect("a block has lines");
        let file = first.strip_prefix(comment).and_then(|file| file.strip_suffix(end));
        (file.expect("a block begins with its file"), lines.lines().collect())
    };
    blocks.map(quotation).collect()
}

fn of_embedding() -> Vec<Quotation> {
    quotations(PAGE, "rust", ("// ", ""))
}

fn of_freertos() -> Vec<Quotation> {
    quotations(FREERTOS, "c", ("/* ", " */"))
}

#[test]
fn quoted_lines_are_in_the_files() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for (file, quoted) in of_embedding().into_iter().chain(of_freertos()) {
        let text = fs::read_to_string(root.join(file)).unwrap_or_else(|error| panic!("{file}: {error}"));
        let lines: Vec<_> = text.lines().collect();
        assert!(!quoted.is_empty(), "{file}: a quotation has no lines");
        let found = lines.windows(quoted.len()).any(|window| window == quoted);
        assert!(found, "a page quotes from {file} what is not there:\n{}", quoted.join("\n"));
    }
}

#[test]
fn every_step_of_the_port_to_freertos_is_quoted() {
    let all: Vec<_> = of_freertos().into_iter().flat_map(|(_, lines)| lines).collect();
    for part in [
        "configTLS_BLOCK_TYPE",
        "configINIT_TLS_BLOCK",
        "configSET_TLS_BLOCK",
        "configDEINIT_TLS_BLOCK",
        "tsd_current(void)",
        "tsd_wait(",
        "tsd_wake(",
        "tsd_thread_init(",
        "tsd_thread_reap(",
        "tsd_thread_exit(",
    ] {
        assert!(all.iter().any(|line| line.contains(part)), "no line shows {part}");
    }
    // Each other line of the port's files can be seen there.
    let named = FREERTOS.split('`').skip(1).step_by(2).filter(|word| word.starts_with("tests/"));
    let missing: Vec<_> = named.filter(|path| !Path::new(env!("CARGO_MANIFEST_DIR")).join(path).exists()).collect();
    assert!(missing.is_empty(), "docs/porting/freertos.md names what is not there: {missing:?}");
}

#[test]
fn every_part_is_quoted_and_the_page_stays_short() {
    let quotations = of_embedding();
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
