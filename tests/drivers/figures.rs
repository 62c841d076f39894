//! The figures that README shows are those of the page that `cargo bench` wrote.

const README: &str = include_str!("../../README.md");
const PAGE: &str = include_str!("../../docs/performance.md");

#[test]
fn readme_has_an_excerpt_of_the_measurements() {
    let (_, rest) = README.split_once("<!-- Written by `cargo bench`. -->\n").expect("README has an excerpt");
    let (excerpt, _) = rest.split_once("<!-- -->\n").expect("it has an end");
    assert!(excerpt.lines().filter(|line| line.starts_with("| ")).count() > 2, "it is a table:\n{excerpt}");
    assert!(PAGE.contains(excerpt.trim()), "docs/performance.md has other figures; run `cargo bench`:\n{excerpt}");
}
