//! What pages say that a test can see: README's figures are those of the page that `cargo bench` wrote, the pictures in
//! docs/ are those of the tables beside them, ARCHITECTURE.md says how many lines a port has, and tests/README.md names
//! every test target, and only paths that exist.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

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

/// Set, it has the figures of ARCHITECTURE.md written instead of compared.
const WRITE: &str = "TSD_WRITE";

/// The files below `path`, which may be one itself.
fn files(path: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(path) else { return vec![path.to_path_buf()] };
    entries.flatten().flat_map(|entry| files(&entry.path())).collect()
}

/// How many lines of the files there are wanted.
fn lines(path: &str, is_wanted: impl Fn(&str) -> bool) -> usize {
    let files = files(&root().join(path));
    let texts = files.iter().map(|file| {
        fs::read_to_string(file).unwrap_or_else(|error| panic!("{} can't be read: {error}", file.display()))
    });
    texts.map(|text| text.lines().filter(|line| is_wanted(line)).count()).sum()
}

/// A row of the ports' table: its first cell says what is counted of each of `cpus`.
fn port(first: &str, cpus: &[&str]) -> String {
    let path = first.split('`').nth(1).unwrap_or_else(|| panic!("no path: {first}"));
    let count = |cpu: &&str| match path.split_once("<cpu>") {
        Some((before, after)) => lines(&format!("{before}{cpu}{after}"), |_| true),
        None => lines(path, |line| line.to_lowercase().contains(cpu)),
    };
    let cells = cpus.iter().map(|cpu| format!(" {} |", count(cpu)));
    format!("| {first} |{}", cells.collect::<String>())
}

#[test]
fn ports_have_as_many_lines_as_the_architecture_says() {
    let file = root().join("ARCHITECTURE.md");
    let text = fs::read_to_string(&file).expect("the page");
    let (before, rest) = text.split_once("| Lines | ").expect("the page has the table of ports");
    let (table, after) = rest.split_once("\n\n").expect("the table ends");
    let (head, rows) = table.split_once('\n').expect("the table has rows");
    let cpus: Vec<_> = head.trim_end_matches(" |").split(" | ").collect();
    let counted = rows.lines().map(|row| match row.strip_prefix("| ").and_then(|row| row.split_once(" |")) {
        Some((first, _)) => port(first, &cpus),
        None => row.to_owned(),
    });
    let counted: Vec<_> = counted.collect();
    let counted = counted.join("\n");
    if env::var_os(WRITE).is_some() {
        fs::write(&file, format!("{before}| Lines | {head}\n{counted}\n\n{after}")).expect("the page can be written");
    } else {
        assert_eq!(rows, counted, "ARCHITECTURE.md has other figures; run with {WRITE}=1");
    }
}

/// What the kernel sees of a machine.
fn modules(cpu: &str) -> Vec<String> {
    let file = root().join("qemu/kernel/src/machine").join(cpu).join("mod.rs");
    let text = fs::read_to_string(&file).expect("each machine has its list of modules");
    let seen = text.lines().filter_map(|line| line.strip_prefix("pub(crate) mod ")).map(str::to_owned);
    seen.collect()
}

#[test]
fn machines_have_the_same_modules() {
    let machines = fs::read_dir(root().join("qemu/kernel/src/machine")).expect("the folder of the machines").flatten();
    let cpus = machines.filter(|entry| entry.path().join("mod.rs").is_file()).map(|entry| entry.file_name());
    let cpus: Vec<_> = cpus.map(|name| name.to_string_lossy().into_owned()).collect();
    assert!(cpus.len() > 1 && modules(&cpus[0]).len() > 10, "{cpus:?}");
    for cpu in &cpus {
        assert_eq!(modules(cpu), modules(&cpus[0]), "{cpu}, and {}", cpus[0]);
    }
}

/// A file of docs/.
fn page(name: &str) -> std::io::Result<String> {
    fs::read_to_string(root().join("docs").join(name))
}

#[test]
fn pictures_are_those_of_the_tables() {
    for plot in tsd_plots::PLOTS {
        let now = plot.draw(page).unwrap_or_else(|error| panic!("{}: {error}", plot.file));
        let file = page(plot.file).unwrap_or_else(|error| panic!("docs/{}: {error}", plot.file));
        assert!(
            file == now,
            "docs/{} is not the picture of {:?}; run `cargo run -p tsd-figures -- plots`",
            plot.file,
            plot.pages
        );
    }
}

/// A page with every figure of its tables a little larger, so little that no point moves. First columns are names.
fn with_other_figures(text: &str) -> String {
    // With the middle half of the samples behind it, or without.
    let cell = |cell: &str| {
        let (figure, spread) = cell.split_at(cell.find(" [").unwrap_or(cell.len()));
        match figure.trim().parse::<f64>() {
            Ok(number) => format!(" {} {spread}", number + 0.01),
            Err(_) => cell.to_owned(),
        }
    };
    let line = |line: &str| match line.strip_prefix('|').and_then(|rest| rest.split_once('|')) {
        Some((name, cells)) => format!("|{name}|{}", cells.split('|').map(cell).collect::<Vec<_>>().join("|")),
        None => line.to_owned(),
    };
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn another_figure_on_any_page_is_another_picture() {
    for plot in tsd_plots::PLOTS {
        let now = plot.draw(page).expect("it can be drawn");
        for changed in plot.pages {
            let other = plot.draw(|name| {
                let text = page(name)?;
                Ok(if name == *changed { with_other_figures(&text) } else { text })
            });
            assert!(other.expect("it can be drawn") != now, "docs/{} shows nothing of docs/{changed}", plot.file);
        }
    }
}

#[test]
fn pages_show_their_pictures() {
    for plot in tsd_plots::PLOTS {
        let missing: Vec<_> = plot
            .pages
            .iter()
            .filter(|name| !page(name).is_ok_and(|text| text.contains(&format!("]({})", plot.file))))
            .collect();
        assert!(missing.is_empty(), "docs/{} is not shown by {missing:?}", plot.file);
    }
    assert!(README.contains("](docs/performance.svg)"), "README shows what the calls cost");
}
