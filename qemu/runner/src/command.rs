//! External commands: each one is echoed before it runs where the user asked for that.

use std::{
    env,
    ffi::{OsStr, OsString},
    fmt::Display,
    io,
    path::{Path, PathBuf},
    process::{Command, ExitStatus, Output, Stdio},
    sync::atomic::{AtomicBool, Ordering},
};

use crate::{
    cargo_progress,
    error::{Error, Result},
    output::tell,
    progress::{self, Progress},
    workspace,
};

/// How many of a failed command's last lines go into the error.
const ERROR_LINES: usize = 80;

/// Whether the user wants to see every command. One for the process: no result depends on it.
static IS_VERBOSE: AtomicBool = AtomicBool::new(false);

/// Has every command echoed from now on.
pub fn be_verbose() {
    // Relaxed: nothing else is told by it.
    IS_VERBOSE.store(true, Ordering::Relaxed);
}

/// Returns whether every command is echoed.
pub(crate) fn is_verbose() -> bool {
    // Relaxed: nothing else is told by it.
    IS_VERBOSE.load(Ordering::Relaxed)
}

/// Prints one line about what is being done now, on the standard error output.
pub(crate) fn step(what: impl Display) {
    progress::without_lines(|| tell!("tsd: {what}"));
}

/// Prints `command` as a line that can be typed again, on the standard error output, if every command is echoed.
pub fn echo(command: &Command) {
    if is_verbose() {
        tell!("+ {}", as_typed(command));
    }
}

/// Returns what the reader would type to run `command`: variables, program, arguments, quoted where needed.
pub fn as_typed(command: &Command) -> String {
    let set = command.get_envs().filter_map(|(name, value)| Some((name, value?)));
    // What `of` adds needs no saying as long as nothing is in the private folder.
    let set = set.filter(|(name, _)| *name != "PATH" || workspace::private_bin().is_dir());
    let variables = set.map(|(name, value)| format!("{}={}", name.display(), assigned(&value.to_string_lossy())));
    let program = quoted(&command.get_program().to_string_lossy());
    let arguments = command.get_args().map(|word| quoted(&word.to_string_lossy()));
    variables.chain([program]).chain(arguments).collect::<Vec<_>>().join(" ")
}

/// The value of a variable; a search path that was added to as that.
fn assigned(value: &str) -> String {
    let path = env::var("PATH").unwrap_or_default();
    match value.strip_prefix(&path).filter(|_| !path.is_empty()) {
        Some(added) => format!("\"$PATH\"{}", quoted(added)),
        None => quoted(value),
    }
}

/// Returns `word` as a shell takes it for one word.
pub(crate) fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=,:+@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) { word.into() } else { format!("'{}'", word.replace('\'', r"'\''")) }
}

/// Runs `command` with all its output on the standard error output, and waits.
///
/// # Errors
/// It can't be started, or does not succeed. The reader has seen its output by then.
pub fn run(command: &mut Command) -> Result<()> {
    echo(command);
    let status = command.stdin(Stdio::null()).stdout(io::stderr()).status();
    judged(command, status)
}

/// Says what `command` does, on a live line or on one of its own, and runs it.
///
/// # Errors
/// As [`run`].
pub(crate) fn run_step(what: impl Display, command: &mut Command) -> Result<()> {
    if !progress::is_live() {
        step(&what);
    }
    run_below(what, command)
}

/// Runs `command`. Where lines live, one says what it does, and what it prints is shown when it has ended.
///
/// # Errors
/// As [`run`].
pub(crate) fn run_below(what: impl Display, command: &mut Command) -> Result<()> {
    if !progress::is_live() {
        return run(command);
    }
    let line = Progress::open_ended(what);
    let output = cargo_progress::output(command, &line);
    drop(line);
    if let Ok(Output { status, stdout, stderr }) = &output {
        // Of a success there may be warnings.
        let texts = [stdout, stderr].into_iter().skip(status.success().into());
        texts.for_each(|text| progress::without_lines(|| eprint!("{}", String::from_utf8_lossy(text))));
    }
    judged(command, output.map(|output| output.status))
}

/// The end of a command whose output was shown.
fn judged(command: &Command, status: io::Result<ExitStatus>) -> Result<()> {
    let program = command.get_program().to_string_lossy();
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(Error::failure(format!("{program} failed ({status}), see above"))),
        Err(error) => Err(Error::failure(format!("{program} can't be started: {error}"))),
    }
}

/// Runs `command` without an echo, and returns all that it printed.
///
/// # Errors
/// It can't be started, or does not succeed; the error then ends with its last lines.
pub fn output(command: &mut Command) -> Result<String> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command.stdin(Stdio::null()).output();
    let output = output.map_err(|error| Error::failure(format!("{program} can't be started: {error}")))?;
    let text = [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).concat();
    if output.status.success() {
        return Ok(text);
    }
    let lines: Vec<_> = text.lines().collect();
    let last = &lines[lines.len().saturating_sub(ERROR_LINES)..];
    Err(Error::failure(format!("{program} failed ({})", output.status)).with_details(last.iter().copied()))
}

/// Runs a command that is one of many, without an echo unless it fails.
///
/// # Errors
/// It can't be started, or does not succeed; the error then has what it printed as errors.
pub fn run_quietly(command: &mut Command) -> Result<()> {
    match command.output() {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => {
            let lines = String::from_utf8_lossy(&output.stderr).lines().map(str::to_owned).collect::<Vec<_>>();
            Err(Error::failure(format!("{} failed", as_typed(command))).with_details(lines))
        }
        Err(error) => Err(Error::failure(format!("{} can't be started: {error}", as_typed(command)))),
    }
}

/// Runs `command` without an echo, for a question such as `--version`. `None` when it does not succeed.
pub fn answer(command: &mut Command) -> Option<String> {
    let output = command.stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Returns where `program` is: on the search path, else in the private folder.
pub fn find(program: impl AsRef<Path>) -> Option<PathBuf> {
    env::split_paths(&search_path()).map(|dir| dir.join(program.as_ref())).find(|file| file.is_file())
}

/// Returns the same command, but one that ends with this process, however this ends, where the system has `setpriv`.
pub(crate) fn bound(command: &Command) -> Command {
    let Some(setpriv) = find("setpriv") else { return with_settings_of(command, Command::new(command.get_program())) };
    let mut bound = Command::new(setpriv);
    bound.args(["--pdeathsig", "KILL", "--"]).arg(command.get_program());
    with_settings_of(command, bound)
}

fn with_settings_of(command: &Command, mut other: Command) -> Command {
    other.args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => other.env(name, value),
            None => other.env_remove(name),
        };
    }
    if let Some(folder) = command.get_current_dir() {
        other.current_dir(folder);
    }
    other
}

/// Returns a command that runs `program` from where [`find`] finds it, and its children likewise.
pub fn of(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    command.env("PATH", search_path());
    command
}

/// The search path, with the private folder at its end.
fn search_path() -> OsString {
    let path = env::var_os("PATH").unwrap_or_default();
    let dirs = env::split_paths(&path).chain([workspace::private_bin()]);
    // Its name can't be put there only if it has a colon, and then nothing is found in it.
    env::join_paths(dirs).unwrap_or(path)
}

/// What a user sets for cargo as such, as opposed to what cargo or rustup set for this one process.
const USERS_OWN: [&str; 6] =
    ["CARGO_HOME", "CARGO_NET_", "CARGO_HTTP_", "CARGO_REGISTR", "CARGO_SOURCE_", "CARGO_TERM_"];

/// A cargo command that knows nothing of the cargo that started this process: neither its toolchain,
/// nor its flags, nor its target directory, nor its lock.
pub fn independent_cargo(cargo: &Path) -> Command {
    let mut command = of(cargo);
    for name in env::vars_os().map(|(name, _)| name) {
        if name.to_str().is_some_and(is_inherited_setting) {
            command.env_remove(name);
        }
    }
    command
}

fn is_inherited_setting(name: &str) -> bool {
    // A rustup proxy puts its toolchain's libraries first, where another compiler would find the wrong ones.
    let loader = ["LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "DYLD_FALLBACK_LIBRARY_PATH"];
    let prefixes = ["CARGO", "RUSTC", "RUSTDOC", "RUSTFLAGS", "RUSTUP_TOOLCHAIN"];
    let set_by_another = loader.contains(&name) || prefixes.iter().any(|prefix| name.starts_with(prefix));
    set_by_another && !USERS_OWN.iter().any(|own| name.starts_with(own))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typed_form_can_be_typed() {
        let mut command = Command::new("qemu");
        command.env("KEYS", "128").args(["-append", "suite case=a::b", "it's"]);
        assert_eq!(as_typed(&command), r"KEYS=128 qemu -append 'suite case=a::b' 'it'\''s'");
    }

    #[test]
    fn outer_cargo_is_forgotten_and_the_users_settings_are_kept() {
        for name in ["CARGO", "CARGO_TARGET_DIR", "CARGO_ENCODED_RUSTFLAGS", "RUSTFLAGS", "RUSTUP_TOOLCHAIN"] {
            assert!(is_inherited_setting(name), "{name}");
        }
        for name in ["CARGO_HOME", "CARGO_NET_OFFLINE", "CARGO_REGISTRIES_X_INDEX", "RUSTUP_HOME", "PATH"] {
            assert!(!is_inherited_setting(name), "{name}");
        }
    }

    #[test]
    fn failing_command_is_one_line() {
        let error = run(Command::new("sh").args(["-c", "exit 3"])).unwrap_err();
        assert_eq!(error.to_string(), "sh failed (exit status: 3), see above");
        assert!(run(&mut Command::new("true")).is_ok());
    }

    #[test]
    fn missing_program_is_one_line() {
        let error = run(&mut Command::new("no-such-program")).unwrap_err();
        assert!(error.to_string().starts_with("no-such-program can't be started"), "{error}");
        assert_eq!(find("no-such-program"), None);
    }

    #[test]
    fn bound_command_ends_with_who_has_started_it() {
        let mut sleeping = Command::new("sleep");
        sleeping.arg("60").env("NAME", "value");
        let mut bound = bound(&sleeping);
        assert_eq!(bound.get_envs().collect::<Vec<_>>(), sleeping.get_envs().collect::<Vec<_>>());
        if find("setpriv").is_some() {
            // The system counts the thread that has started it, as long as that lives when `setpriv` asks for it.
            let start = move || {
                let child = bound.spawn().unwrap();
                std::thread::sleep(std::time::Duration::from_secs(1));
                child
            };
            let mut child = std::thread::spawn(start).join().unwrap();
            assert_eq!(child.wait().unwrap().code(), None, "it was ended by a signal");
        }
    }
}
