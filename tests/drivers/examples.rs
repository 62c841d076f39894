//! The programs in `examples/`, each run to its end on the host: they assert what they show. And what docs/examples.md
//! says of them. `tests/drivers/images.rs` runs them in the images.

use std::fs;
use std::path::Path;

#[macro_use]
#[path = "../shared/examples.rs"]
mod examples;

const PAGE: &str = include_str!("../../docs/examples.md");
/// An example that is longer teaches too much at once.
const LINES: usize = 80;

macro_rules! tests {
    ($($name:ident)*) => {
        $(
            #[test]
            fn $name() {
                examples::$name::main();
            }
        )*
    };
}

with_each_example!(tests);

#[test]
fn every_example_is_short_is_run_and_is_on_the_page() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let files = fs::read_dir(folder).expect("the folder of the examples").flatten().map(|entry| entry.path());
    let mut found: Vec<_> = files.filter(|path| path.is_file()).collect();
    found.sort();
    let names: Vec<_> = found.iter().filter_map(|path| path.file_stem()?.to_str()).collect();
    let run: Vec<_> = examples::CASES.iter().map(|(case, _)| case.trim_start_matches("example::")).collect();
    assert_eq!(names, run);
    let rows: Vec<_> = PAGE.lines().filter(|line| line.starts_with("| [`")).collect();
    assert_eq!(rows.len(), names.len());
    for (path, name) in found.iter().zip(names) {
        let lines = fs::read_to_string(path).expect("it is text").lines().count();
        assert!(lines < LINES, "examples/{name}.rs has {lines} lines");
        assert!(rows.iter().any(|row| row.starts_with(&format!("| [`{name}`](../examples/{name}.rs) |"))), "{name}");
    }
}
