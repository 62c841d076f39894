//! What the command line takes and refuses.

use std::path::PathBuf;

use super::{words::DEFAULT_REQUESTS, *};
use crate::{
    image,
    install::Target,
    machine::{self, Arch, BootOptions},
    program,
    status::Status,
    storm, timeline,
};

fn requested(line: &str) -> Request {
    parse(line.split_whitespace()).unwrap()
}

fn parsed(line: &str) -> Command {
    requested(line).command
}

fn help(line: &str) -> String {
    let Command::Help(text) = parsed(line) else { panic!("{line} is not for help") };
    text
}

fn error_of<'a>(words: impl IntoIterator<Item = &'a str> + std::fmt::Debug + Clone) -> String {
    let error = parse(words.clone()).unwrap_err();
    assert_eq!(error.status(), Status::Usage, "{words:?}");
    let text = error.to_string();
    assert_eq!(text.lines().count(), 1, "{text}");
    text
}

fn error(line: &str) -> String {
    error_of(line.split_whitespace())
}

#[test]
fn nothing_is_the_demo_on_all() {
    assert_eq!(parsed(""), Command::Demo(BootOptions::default(), DEFAULT_REQUESTS, timeline::Options::default()));
    assert_eq!(parsed("demo"), parsed(""));
}

#[test]
fn every_option_is_taken() {
    let boot = BootOptions { archs: vec![Arch::Aarch64], cpus: 8, keys: 32, may_install: false };
    let line = "--arch aarch64 --cpus=8 --keys 32 --no-install --requests 10";
    assert_eq!(parsed(line), Command::Demo(boot, 10, timeline::Options::default()));
    let files = timeline::Options { trace: Some("a.json".into()), picture: Some("b.svg".into()) };
    assert!(error("--trace a.json --timeline a.json").contains("can't write the same file"));
    assert!(error("demo --keys 4").contains("5 keys or more"));
    let Command::Demo(_, _, read) = parsed("--trace a.json --timeline b.svg") else { panic!("no demo") };
    assert_eq!(read, files);
    assert_eq!(parsed("--cpus 2 --cpus 3"), parsed("--cpus 3"));
}

#[test]
fn every_command_can_be_verbose() {
    for line in
        ["", "demo", "storm", "program ../posix/keys.c", "install --target host --prefix p", "lint", "evidence fuzz"]
    {
        assert!(!requested(line).is_verbose, "{line}");
        assert!(requested(&format!("{line} --verbose")).is_verbose, "{line}");
    }
}

#[test]
fn program_has_options_of_the_compiler_and_arguments() {
    let line = "program ../posix/keys.c -I dir -DX --arch x86_64 -std=c11 --rounds 7 --keys 256 -- -a --arch b";
    let Command::Program(options) = parsed(line) else { panic!("another command") };
    assert_eq!(options.sources, [PathBuf::from("../posix/keys.c")]);
    assert_eq!(options.flags, ["-I", "dir", "-DX", "-std=c11"]);
    assert_eq!(options.arguments, ["-a", "--arch", "b"]);
    assert_eq!(options.boot.archs, [Arch::X86_64]);
    assert_eq!((options.rounds, options.boot.keys), (7, 256));
    assert_eq!(
        parsed("program ../posix/keys.c"),
        Command::Program(program::Options { sources: options.sources, ..program::Options::default() })
    );
    assert!(error("program --arch x86_64").contains("missing: FILE"));
    assert!(error("program no-such-file.c").contains("no such file: no-such-file.c ("));
    assert!(error("program ../posix/keys.c --nonsense").contains("no such option: --nonsense"));
    assert!(error("program ../posix/keys.c -I").contains("-I takes a value"));
    assert!(error("program ../posix/keys.c -o x").contains("-o is not for a program that is run"));
    assert!(error("program ../posix/keys.c -Wl,-Ttext=0").contains("-Wl,-Ttext=0: how a program is linked"));
    assert!(error("program ../posix/keys.c --rounds 0").contains("--rounds takes 1 to 1024, not 0"));
    assert!(error("program ../posix/keys.c --seconds 0").contains("--seconds takes 1 or more, not 0"));
}

/// What follows a file may have been meant for the program.
#[test]
fn files_of_a_program_are_sources() {
    let sources = ["a.c", "a.cc", "a.cpp", "a.cxx", "a.C", "a.S"].map(|name| program::is_source(name.as_ref()));
    let others = ["a.s", "a.h", "a.o", "c", "a.CPP"].map(|name| program::is_source(name.as_ref()));
    assert_eq!((sources, others), ([true; 6], [false; 5]));
    // Tests run in the package's folder.
    let no_source = "is no C or C++ file (.c .cc .cpp .cxx .C), nor assembly (.S)";
    let file = "../posix/keys.c";
    assert!(error("program Cargo.toml").contains(&format!("Cargo.toml {no_source} (")));
    let hint = "; the program's own arguments follow `--` (";
    assert!(error(&format!("program {file} Cargo.toml")).contains(&format!("Cargo.toml {no_source}{hint}")));
    assert!(error(&format!("program {file} one two")).contains(&format!("no such file: one{hint}")));
    assert!(error("program ../posix").contains("../posix is no regular file ("));
    // Whoever tells the compiler what the files are may call them anything.
    assert!(matches!(parsed("program -x c Cargo.toml"), Command::Program(_)));
}

#[test]
fn arguments_of_a_program_are_kept_as_they_are() {
    let words = ["program", "../posix/keys.c", "--", "two words", "", "it's", "--", "-h"];
    let Command::Program(options) = parse(words).unwrap().command else { panic!("another command") };
    assert_eq!(options.arguments, ["two words", "", "it's", "--", "-h"]);
}

#[test]
fn storm_has_a_time_and_a_seed() {
    assert_eq!(parsed("storm"), Command::Storm(BootOptions::default(), storm::Options::default()));
    let run = BootOptions { archs: vec![Arch::Aarch64], cpus: 8, ..BootOptions::default() };
    let options = storm::Options { seconds: 3, seed: Some(7) };
    assert_eq!(parsed("storm --arch aarch64 --cpus 8 --seconds 3 --seed=7"), Command::Storm(run, options));
    for value in ["0", "86401", "soon"] {
        assert!(error(&format!("storm --seconds {value}")).contains("1 to 86400"), "{value}");
    }
    for value in ["-1", "4294967296", "x"] {
        assert!(error(&format!("storm --seed={value}")).contains("0 to 4294967295"), "{value}");
        assert!(error(&format!("storm --seed {value}")).contains("0 to 4294967295"), "{value}");
    }
    assert!(error("storm --seed").contains("--seed"));
    assert!(error("storm --keys 32").contains("64 keys or more"));
    assert!(error("storm --requests 5").contains("no such option: --requests"));
    assert!(error("--seed 5").contains("no such option: --seed"));
}

#[test]
fn lint_takes_one_option() {
    assert_eq!(parsed("lint"), Command::Lint { may_install: true });
    assert_eq!(parsed("lint --no-install"), Command::Lint { may_install: false });
}

#[test]
fn install_takes_a_target_and_a_prefix() {
    let Command::Install(options) = parsed("install --target aarch64 --prefix out --keys 64 --thread-pointer=fs:8")
    else {
        panic!("not an installation");
    };
    assert_eq!(options.target.triple, "aarch64-unknown-none-softfloat");
    assert!(options.plain_names && options.numbers.keys == 64 && options.thread_pointer.is_some());
    let Command::Install(options) = parsed("install --prefix out --target host --rounds 2 --ibt") else {
        panic!("not an installation");
    };
    assert!(!options.plain_names && options.has_ibt && options.numbers.rounds == 2);
    let line = "install --prefix out --target host --exit-functions 0 --notifications 0";
    let Command::Install(options) = parsed(line) else { panic!("not an installation") };
    assert_eq!((options.numbers.exit_functions, options.numbers.notifications), (0, 0));
    assert!(error("install").contains("missing: --target TARGET, --prefix DIR"));
    assert!(error("install --prefix out").contains("missing: --target TARGET"));
    assert!(error("install --target sparc").contains(Target::ALLOWED));
    assert!(error("install --rounds 0").contains("1 to 1024"));
    assert!(error("install --thread-pointer fs:0x40").contains("decimal"));
}

#[test]
fn words_that_come_near_are_named() {
    assert!(error("install --taget host").contains("no such option: --taget; did you mean --target? ("));
    assert!(error("storm --sed=1").contains("no such option: --sed; did you mean --seed? ("));
    assert!(error("instal").contains("no such command: instal; did you mean install? ("));
    assert!(error("--nonsense").contains("no such option: --nonsense ("));
}

#[test]
fn version_is_the_packages() {
    for word in ["--version", "-V"] {
        assert_eq!(parsed(word), Command::Help(format!("tsd {}\n", env!("CARGO_PKG_VERSION"))));
    }
}

const COMMANDS: [&str; 6] = ["demo", "program", "storm", "install", "lint", "evidence"];

#[test]
fn help_names_every_command_and_status() {
    let text = help("--help");
    assert_eq!((help("-h"), help("help")), (text.clone(), text.clone()));
    for word in COMMANDS.iter().chain(&[" 0 ", " 1 ", " 64 ", " 69 "]) {
        assert!(text.contains(word), "{word}");
    }
    assert!(text.lines().count() < 25, "{text}");
}

/// Where an option of one command is shown for another, that one does not take it.
#[test]
fn help_of_a_command_has_its_own_options_only() {
    assert_eq!(help("--cpus 2 -h"), help("demo --help"));
    assert_eq!(help("help storm"), help("storm --help"));
    let options = ["requests", "seconds", "seed", "rounds", "target", "prefix", "arch", "cpus", "keys", "plain-names"];
    for command in COMMANDS {
        let text = help(&format!("{command} --help"));
        assert!(text.contains(&format!("Usage: cargo run -- {command}")), "{text}");
        // A CPU is a processor; what an image is built for is an architecture.
        assert!(!text.contains("<CPU>") && !text.contains("both CPUs"), "{text}");
        for option in ["--verbose", "--no-install", "--help"] {
            assert!(text.contains(option), "{command} {option}");
        }
        for option in options {
            let is_refused = parse([command, &format!("--{option}=x")])
                .is_err_and(|error| error.to_string().starts_with("no such option"));
            assert_eq!(
                text.contains(&format!("--{option} ")) || text.contains(&format!("--{option}\n")),
                !is_refused,
                "{command} {option}"
            );
        }
    }
}

#[test]
fn wrong_words_are_named() {
    assert!(error("--nonsense").contains("no such option: --nonsense"));
    assert!(error("-x").contains("no such option: -x"));
    assert!(error("nonsense").contains("no such command: nonsense"));
    assert!(error("demo extra").contains("unexpected word: extra"));
    assert!(error("lint --cpus 2").contains("no such option: --cpus"));
    assert!(error("evidence").contains("missing: KIND"));
    assert!(error("evidence luck").contains("KIND takes one of interleavings, "));
    assert!(error("evidence fuzz storm").contains("unexpected word: storm"));
    assert!(error("--arch sparc").contains("--arch takes x86_64, aarch64 or riscv64, not sparc"));
    assert!(error_of(["--keys", ""]).contains("not '' ("));
    assert!(error("--cpus").contains("--cpus takes a value"));
    assert!(error("--no-install=yes").contains("--no-install takes no value"));
    assert!(error("--nonsense").ends_with(" (cargo run -- demo --help lists what there is)"));
    assert!(error("nonsense").ends_with(" (cargo run -- --help lists what there is)"));
    for value in ["0", "9", "-1", "four", "99999999999"] {
        assert!(error(&format!("--cpus={value}")).contains("1 to 8"), "{value}");
    }
    for value in ["0", "65", "4160", "many"] {
        assert!(error(&format!("--keys {value}")).contains(image::KEYS_ALLOWED), "{value}");
    }
    assert!(error("--requests 0").contains("1 to 1000000"));
}

#[test]
fn line_break_in_a_word_stays_on_the_line() {
    error_of(["--arch", "a\nb"]);
    error_of(["a\nb"]);
}

/// The line that a storm which fails says is one that is taken.
#[test]
fn repetition_of_a_storm_is_the_same_storm() {
    let machine = &machine::AARCH64_A72;
    let line = storm::repetition(machine, 8, 64, 5, 17);
    let boot = BootOptions { archs: vec![machine.arch], cpus: 8, keys: 64, ..BootOptions::default() };
    let options = storm::Options { seconds: 5, seed: Some(17) };
    assert_eq!(parsed(line.strip_prefix("cargo run -- ").unwrap()), Command::Storm(boot, options));
}
