//! The pages that go through kernels, docs/embedding.md and docs/porting, and docs/targets.md show lines of files that the tests compile: they
//! are in the files that the pages name.

use std::fs;
use std::path::{Path, PathBuf};

#[path = "c_host/rows.rs"]
mod rows;

const PAGE: &str = include_str!("../../docs/embedding.md");

/// So many lines docs/embedding.md may quote: it is for reading in one go.
const MOST_LINES: usize = 75;

/// The languages of quoted code, each with what its comments begin and end with.
const LANGUAGES: [(&str, &str, &str); 4] =
    [("rust", "// ", ""), ("cpp", "// ", ""), ("c", "/* ", " */"), ("ld", "/* ", " */")];

/// A page of docs/porting is no longer than this.
const MOST_PAGE_LINES: usize = 175;

/// The sections of a page of docs/porting, in this order.
const SECTIONS: [&str; 10] = [
    "Thread control block",
    "Init",
    "Current",
    "Exit",
    "Wait and wake",
    "Kill",
    "Interrupts",
    "Linker",
    "Check list",
    "When a step is forgotten",
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn text_of(file: &Path) -> String {
    fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

fn porting_pages() -> Vec<PathBuf> {
    let entries = fs::read_dir(root().join("docs/porting")).expect("the folder of the pages").flatten();
    let mut pages: Vec<_> = entries.map(|entry| entry.path()).collect();
    pages.sort();
    pages
}

/// A quoted piece: the file, and its lines. A block of another language is no code of a kernel.
fn quotations(page: &str) -> Vec<(&str, Vec<&str>)> {
    let blocks = page.split("\n```").skip(1).step_by(2);
    blocks
        .filter_map(|block| {
            let (language, code) = block.split_once('\n')?;
            let (_, begin, end) = LANGUAGES.iter().find(|(name, ..)| *name == language)?;
            let (first, lines) = code.split_once('\n').expect("a block has lines");
            let file = first.strip_prefix(begin).and_then(|file| file.strip_suffix(end));
            Some((file.unwrap_or_else(|| panic!("a block begins with its file: {first}")), lines.lines().collect()))
        })
        .collect()
}

#[test]
fn quoted_lines_are_in_their_files() {
    for page in
        porting_pages().into_iter().chain(["docs/embedding.md", "docs/targets.md"].map(|page| root().join(page)))
    {
        for (file, quoted) in quotations(&text_of(&page)) {
            let text = text_of(&root().join(file));
            let lines: Vec<_> = text.lines().collect();
            assert!(!quoted.is_empty(), "{file}: a quotation has no lines");
            let found = lines.windows(quoted.len()).any(|window| window == quoted);
            assert!(found, "{} quotes from {file} what is not there:\n{}", page.display(), quoted.join("\n"));
        }
    }
}

#[test]
fn every_part_is_quoted_and_the_page_stays_short() {
    let quotations = quotations(PAGE);
    let all: Vec<_> = quotations.iter().flat_map(|(_, lines)| lines).copied().collect();
    for part in ["Slots<KEYS>", "impl Port for", "KeySpace::new", "set_current_thread", "attach()", "exit()", "reap()"]
    {
        assert!(all.iter().any(|line| line.contains(part)), "no line shows {part}");
    }
    assert!(all.len() <= MOST_LINES, "{} lines are quoted, {MOST_LINES} at the most", all.len());
}

#[test]
fn every_step_of_the_port_to_freertos_is_quoted() {
    let page = text_of(&root().join("docs/porting/freertos.md"));
    let all: Vec<_> = quotations(&page).into_iter().flat_map(|(_, lines)| lines).collect();
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
}

#[test]
fn pages_on_porting_have_the_same_sections_and_stay_short() {
    let mut pages = 0;
    for page in porting_pages() {
        let text = text_of(&page);
        assert!(text.lines().count() <= MOST_PAGE_LINES, "{} has {} lines", page.display(), text.lines().count());
        if page.file_name().is_some_and(|name| name != "README.md") {
            let sections: Vec<_> = text.lines().filter_map(|line| line.strip_prefix("## ")).collect();
            assert_eq!(sections, SECTIONS, "{}", page.display());
            assert!(quotations(&text).len() > 2, "{} shows no code", page.display());
            pages += 1;
        }
    }
    assert!(pages > 5, "there are pages");
}

/// What sees a forgotten step is a test that there is; c_host and hobby_kernel hold theirs to the words.
#[test]
fn tests_that_see_a_forgotten_step_exist() {
    let mut names = Vec::new();
    for folder in ["tests/drivers", "tests/c/programs", "tests/posix", "tests/shared/suite/src/cases"] {
        let mut folders = vec![root().join(folder)];
        while let Some(folder) = folders.pop() {
            for path in fs::read_dir(folder).expect("a folder of tests").flatten().map(|entry| entry.path()) {
                if path.is_dir() {
                    folders.push(path);
                } else {
                    let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
                    let is_rust = path.extension().is_some_and(|extension| extension == "rs");
                    names.push(if is_rust { text_of(&path) } else { stem });
                }
            }
        }
    }
    let rows = rows::all().expect("the tables are read");
    assert!(rows.len() > 20, "{rows:?}");
    for row in rows.iter().filter(|row| row.seen_by != "argued") {
        let last = row.seen_by.rsplit("::").next().unwrap_or_default();
        let last = last.rsplit_once("without_").map_or(last, |(_, step)| step);
        let [function, text] = [format!("fn {last}"), format!("{last}\"")];
        let exists = names.iter().any(|name| name == last || name.contains(&function) || name.contains(&text));
        assert!(row.seen_by.contains("::") && exists, "no test is called {}", row.seen_by);
        if ["c::porting::", "hobby_kernel::", "c_kernel::picolibc"].iter().any(|held| row.seen_by.starts_with(held)) {
            rows::words_of(&row.seen_by).expect("it quotes what is seen");
        }
    }
}

#[test]
fn files_that_the_page_names_are_there() {
    let named = PAGE.split('`').skip(1).step_by(2).filter(|word| word.ends_with(".rs"));
    let mut count = 0;
    for file in named {
        let full =
            if file.starts_with("qemu/") { root().join(file) } else { root().join("qemu/kernel/src").join(file) };
        assert!(full.is_file(), "docs/embedding.md names {file}");
        count += 1;
    }
    assert!(count > 2, "the page says what to read");
}
