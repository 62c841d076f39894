//! What the command line takes and refuses.

use super::*;

fn parsed(line: &str) -> Command {
    parse(line.split_whitespace()).unwrap()
}

fn error(line: &str) -> String {
    let error = parse(line.split_whitespace()).unwrap_err();
    assert_eq!(error.status(), 2, "{line}");
    let text = error.to_string();
    assert_eq!(text.lines().count(), 1, "{text}");
    text
}

#[test]
fn nothing_is_the_demo_on_both() {
    assert_eq!(parsed(""), Command::Demo(BootOptions::default(), DEFAULT_REQUESTS));
    assert_eq!(parsed("demo"), parsed(""));
}

#[test]
fn every_option_is_taken() {
    let run = BootOptions { archs: vec![Arch::Aarch64], cpus: 8, keys: 32, may_install: false };
    let line = "--arch aarch64 --cpus=8 --keys 32 --no-install --requests 10";
    assert_eq!(parsed(line), Command::Demo(run, 10));
}

#[test]
fn program_has_options_of_the_compiler_and_arguments() {
    let Command::Program(options) = parsed("program src/cli.rs -I dir -DX --arch x86_64 -std=c11 -- -a --arch b")
    else {
        panic!("another command");
    };
    assert_eq!(options.sources, [PathBuf::from("src/cli.rs")]);
    assert_eq!(options.flags, ["-I", "dir", "-DX", "-std=c11"]);
    assert_eq!(options.arguments, ["-a", "--arch", "b"]);
    assert_eq!(options.archs, [Arch::X86_64]);
    assert!(error("program --arch x86_64").contains("files"));
    assert!(error("program no-such-file.c").contains("no such file: no-such-file.c"));
    assert!(error("program src/cli.rs --nonsense").contains("--nonsense"));
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
    let Command::Install(options) = parsed("install --prefix out --target host --rounds 2") else {
        panic!("not an installation");
    };
    assert!(!options.plain_names && options.numbers.rounds == 2);
    let line = "install --prefix out --target host --exit-functions 0 --notifications 0";
    let Command::Install(options) = parsed(line) else { panic!("not an installation") };
    assert_eq!((options.numbers.exit_functions, options.numbers.notifications), (0, 0));
    assert!(error("install --prefix out").contains("--target and --prefix"));
    assert!(error("install --target sparc").contains(Target::ALLOWED));
    assert!(error("install --rounds 0").contains("1 to 1024"));
    assert!(error("install --thread-pointer rax:0").contains("REGISTER"));
}

#[test]
fn help_is_found_everywhere() {
    for line in ["--help", "-h", "help", "demo --help", "--cpus 2 -h", "lint --help"] {
        assert_eq!(parsed(line), Command::Help, "{line}");
    }
}

#[test]
fn wrong_words_are_named() {
    assert!(error("--nonsense").contains("no such option: --nonsense"));
    assert!(error("-x").contains("no such option: -x"));
    assert!(error("nonsense").contains("no such command: nonsense"));
    assert!(error("demo extra").contains("unexpected word: extra"));
    assert!(error("lint --cpus 2").contains("no such option: --cpus"));
    assert!(error("--arch sparc").contains("x86_64 or aarch64"));
    assert!(error("--cpus").contains("--cpus"));
    assert!(error("--no-install=yes").contains("--no-install"));
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
    let error = parse(["--arch", "a\nb"]).unwrap_err().to_string();
    assert_eq!(error.lines().count(), 1, "{error}");
}
