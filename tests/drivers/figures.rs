//! What pages say that a test can see: README's figures are those of the page that `cargo bench` wrote, and
//! tests/README.md names every test target, and only paths that exist.

use std::{fs, path::Path};

const README: &str = include_str!("../../README.md");
const PAGE: &str = include_str!("../../docs/performance.md");
const MAP: &str = include_str!("../README.md");
const MANIFEST: &str = include_str!("../../Cargo.toml");

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn readme_has_an_excerpt_of_the_measurements() {
    let (_, rest) = README.split_once("<!-- Written by `cargo bench`. -->\n").expect("README has an excerpt");
    let (excerpt, _) = rest.split_once("<!-- -->\n").expect("it has an end");
    assert!(excerpt.lines().filter(|line| line.starts_with("| ")).count() > 2, "it is a table:\n{excerpt}");
    assert!(PAGE.contains(excerpt.trim()), "docs/performance.md has other figures; run `cargo bench`:\n{excerpt}");
}

#[test]
fn paths_in_the_map_of_the_tests_exist() {
    let spans = MAP.split('`').skip(1).step_by(2);
    let paths: Vec<_> = spans.filter(|span| span.contains('/') && !span.contains(' ')).collect();
    assert!(paths.len() > 30, "the map has few paths: {paths:?}");
    let missing: Vec<_> = paths.iter().filter(|path| !root().join(path).exists()).collect();
    assert!(missing.is_empty(), "tests/README.md names what is not there: {missing:?}");
}

/// The names and paths of the test targets in Cargo.toml, which finds none by itself.
fn targets() -> impl Iterator<Item = (&'static str, &'static str)> {
    let value = |table: &'static str, key: &str| {
        let line = table.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(" = \"")?.strip_suffix('"'));
        line.unwrap_or_else(|| panic!("a test target has no {key}: {table}"))
    };
    let tables = MANIFEST.split("\n[[test]]\n").skip(1).map(|rest| rest.split("\n[").next().unwrap_or(rest));
    tables.map(move |table| (value(table, "name"), value(table, "path")))
}

#[test]
fn map_of_the_tests_names_every_target() {
    let is_named = |name: &str| MAP.contains(&format!("--test {name}`")) || MAP.contains(&format!("--test {name} "));
    assert!(!is_named("no_such_target"));
    let unnamed: Vec<_> = targets().map(|(name, _)| name).filter(|name| !is_named(name)).collect();
    assert!(unnamed.is_empty(), "tests/README.md does not name {unnamed:?}");
}

#[test]
fn every_driver_is_a_target() {
    let entries = fs::read_dir(root().join("tests/drivers")).expect("the folder of the drivers").flatten();
    let mut drivers: Vec<_> =
        entries.map(|entry| entry.path()).map(|path| if path.is_dir() { path.join("main.rs") } else { path }).collect();
    let mut paths: Vec<_> = targets().map(|(_, path)| root().join(path)).collect();
    drivers.sort();
    paths.sort();
    assert_eq!(drivers, paths, "tests/drivers and the test targets of Cargo.toml");
}
