//! The programs in `examples/`, each run to its end: they assert what they show. And what docs/examples.md says of
//! them.

// Each has the kernel to itself, as when it is a program.
#![allow(clippy::duplicate_mod)]

use std::fs;
use std::path::Path;

const PAGE: &str = include_str!("../../docs/examples.md");
/// An example that is longer teaches too much at once.
const LINES: usize = 80;

#[path = "../../examples/errno.rs"]
mod errno;
#[path = "../../examples/log_context.rs"]
mod log_context;
#[path = "../../examples/scratch_arena.rs"]
mod scratch_arena;
#[path = "../../examples/span_stack.rs"]
mod span_stack;
#[path = "../../examples/std_backend.rs"]
mod std_backend;
#[path = "../../examples/thread_cache.rs"]
mod thread_cache;

macro_rules! examples {
    ($($name:ident)*) => {
        const NAMES: &[&str] = &[$(stringify!($name)),*];

        $(
            #[test]
            fn $name() {
                $name::main();
            }
        )*
    };
}

examples! { errno log_context scratch_arena span_stack std_backend thread_cache }

#[test]
fn every_example_is_short_is_run_and_is_on_the_page() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let files = fs::read_dir(folder).expect("the folder of the examples").flatten().map(|entry| entry.path());
    let mut found: Vec<_> = files.filter(|path| path.is_file()).collect();
    found.sort();
    let names = found.iter().filter_map(|path| path.file_stem()?.to_str());
    assert_eq!(names.collect::<Vec<_>>(), NAMES);
    let rows: Vec<_> = PAGE.lines().filter(|line| line.starts_with("| [`")).collect();
    assert_eq!(rows.len(), NAMES.len());
    for (path, name) in found.iter().zip(NAMES) {
        let lines = fs::read_to_string(path).expect("it is text").lines().count();
        assert!(lines < LINES, "examples/{name}.rs has {lines} lines");
        assert!(rows.iter().any(|row| row.starts_with(&format!("| [`{name}`](../examples/{name}.rs) |"))), "{name}");
    }
}
