//! gdb on a machine that has stopped, on a program of the host's, or on a core file: commands in, lines out.
//!
//! Nobody's settings are read. Of a machine gdb is the only one who lets it run, and it ends with gdb.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    thread,
    time::{Duration, Instant},
};

use crate::{
    command,
    error::{Error, Result},
    machine::Machine,
    private::Folder,
    qemu::{self, End, Limits},
    tools, workspace,
};

/// Of a host program gdb first reads all debug information, half a minute on a machine with other work.
const LIMITS: Limits = Limits { total: Duration::from_secs(400), silence: Duration::from_secs(240) };

/// In front of each command in what gdb prints.
const PROMPT: &str = "(gdb) ";

/// What gdb has printed after each command.
pub type Transcript = Vec<(String, Vec<String>)>;

/// Returns the script that the repository ships.
pub fn script() -> PathBuf {
    workspace::root().join("src/gdb/tsd.py")
}

/// Boots `kernel` on `machine` and has gdb run `commands` when `function` is entered; also what the machine has printed.
///
/// # Errors
/// QEMU or gdb can't be started, does not end, or gdb does not get as far as to the function.
pub fn at_function(
    machine: &Machine,
    kernel: &Path,
    line: &str,
    function: &str,
    commands: &[String],
) -> Result<(Transcript, Vec<String>)> {
    at_function_of(&mut machine.command(kernel, line, 4), machine.name, kernel, function, commands)
}

/// The same with a command of QEMU's for any machine, whose `name` no other has.
///
/// # Errors
/// As [`at_function`].
pub fn at_function_of(
    qemu: &mut Command,
    name: &str,
    kernel: &Path,
    function: &str,
    commands: &[String],
) -> Result<(Transcript, Vec<String>)> {
    // Relative, since the path of a socket must be short.
    let folder = workspace::images_dir()?;
    let socket = format!("gdb-{name}.socket");
    let _lock = workspace::lock(&socket)?;
    let _ = fs::remove_file(folder.join(&socket));
    let chardev = format!("socket,path={socket},server=on,wait=off,id=gdb");
    qemu.args(["-chardev", &chardev, "-gdb", "chardev:gdb", "-S"]).current_dir(&folder);
    thread::scope(|scope| {
        command::echo(qemu);
        let boot = scope.spawn(|| qemu::watch(&mut command::bound(qemu), LIMITS, &mut |_| ()));
        wait_for(&folder.join(&socket), || boot.is_finished())?;
        // A command that fails does not keep gdb from the last one, so that the machine always ends.
        let first = [format!("target remote {socket}"), format!("hbreak {function}"), "continue".into()];
        let all = first.iter().chain(commands).cloned().chain(["kill".into()]);
        let transcript = run(Some(kernel), &[], &all.collect::<Vec<_>>());
        let (_, printed) = boot.join().unwrap_or_else(|_| Err(Error::failure("the thread that boots has panicked")))?;
        let mut transcript = transcript?;
        let stop = transcript.iter().find(|(command, _)| command == "continue");
        if !stop.is_some_and(|(_, lines)| lines.iter().any(|line| line.contains("Breakpoint 1"))) {
            let problem = format!("gdb has not come to {function}");
            return Err(Error::failure(problem).with_details(transcript.into_iter().flat_map(|(_, lines)| lines)));
        }
        transcript.retain(|(command, _)| commands.contains(command));
        Ok((transcript, printed))
    })
}

/// Has gdb run `commands` with a program and further files or options.
///
/// # Errors
/// gdb can't be started or does not end.
pub fn run(program: Option<&Path>, more: &[&str], commands: &[String]) -> Result<Transcript> {
    let mut gdb = gdb();
    for command in commands {
        gdb.arg("-ex").arg(format!("echo {PROMPT}{}\\n", command.replace('\\', "\\\\"))).arg("-ex").arg(command);
    }
    gdb.args(program).args(more).current_dir(workspace::images_dir()?);
    command::echo(&gdb);
    let (end, lines) = qemu::watch(&mut command::bound(&gdb), LIMITS, &mut |_| ())?;
    if !matches!(end, End::Exited { .. }) {
        return Err(Error::failure("gdb was not done in its time, and was ended").with_details(lines));
    }
    let mut transcript = Transcript::new();
    for line in lines {
        match (line.strip_prefix(PROMPT), transcript.last_mut()) {
            (Some(command), _) => transcript.push((command.into(), Vec::new())),
            (None, Some((_, lines))) => lines.push(line),
            // What it says of the files that it reads.
            (None, None) => {}
        }
    }
    Ok(transcript)
}

/// Returns a command that starts gdb with nobody's settings, its errors among its other lines.
///
/// Where it has been unpacked beside a gdb of the system, the files that both share are the system's.
fn gdb() -> Command {
    let mut gdb = command::of("sh");
    gdb.args(["-c", "exec \"$0\" \"$@\" 2>&1", tools::GDB.command, "-nx", "-batch", "-q"]);
    let (folder, system) = (Folder::shared(), Path::new("/usr/share/gdb"));
    let lacks_files = folder.find(tools::GDB.command).is_some() && !folder.root().join("usr/share/gdb/python").exists();
    if lacks_files && system.join("python").exists() {
        gdb.arg("-data-directory").arg(system);
    }
    gdb.args(["-iex", "set width 0", "-iex", "set debuginfod enabled off"]);
    gdb
}

/// Waits until a file is there, for as long as nothing `has_ended`.
fn wait_for(file: &Path, has_ended: impl Fn() -> bool) -> Result<()> {
    let started = Instant::now();
    while !file.exists() {
        if has_ended() || started.elapsed() > LIMITS.silence {
            return Err(Error::failure("QEMU does not listen to gdb"));
        }
        thread::sleep(Duration::from_millis(10));
    }
    Ok(())
}
