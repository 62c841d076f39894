//! Counting instructions: the program is run one instruction at a time between two breakpoints.
//!
//! The processor's own single step is the instrument: exact, the same on each run, and nothing has to be installed. A
//! simulator (valgrind) would count the same and knows fewer processors.

use std::ffi::CStr;
use std::io;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

/// The instruction `int3`.
const BREAKPOINT: u8 = 0xcc;

/// Runs `program`; the names that it gave at its breakpoints and how many instructions it ran up to the next one.
///
/// # Errors
///
/// When the program can't be started or traced, or ends with an error.
pub fn count(program: &Path) -> io::Result<Vec<(String, usize)>> {
    let mut command = Command::new(program);
    // SAFETY: ptrace is a plain system call, as is allowed between fork and exec.
    unsafe {
        command.pre_exec(|| match libc::ptrace(libc::PTRACE_TRACEME, 0, 0usize, 0usize) {
            0 => Ok(()),
            _ => Err(io::Error::last_os_error()),
        });
    }
    // Reaped by `wait` below.
    #[allow(clippy::zombie_processes)]
    let child = command.spawn()?;
    let process = Process(libc::pid_t::try_from(child.id()).map_err(io::Error::other)?);
    let mut counts = Vec::new();
    // The first stop is that of exec.
    while process.wait()? {
        process.go_on(libc::PTRACE_CONT)?;
        if !process.wait()? {
            break;
        }
        let name = process.string(process.registers()?.rax)?;
        counts.push((name, process.steps()?));
        // A stop that the loop's head would wait for is over: behind the second breakpoint the program goes on.
        process.go_on(libc::PTRACE_SINGLESTEP)?;
    }
    Ok(counts)
}

/// A stopped child process.
struct Process(libc::pid_t);

impl Process {
    /// Waits for the next stop; false if the program has ended well instead.
    fn wait(&self) -> io::Result<bool> {
        let mut status = 0;
        // SAFETY: the pointer is to a local variable.
        if unsafe { libc::waitpid(self.0, &raw mut status, 0) } < 0 {
            return Err(io::Error::last_os_error());
        }
        if libc::WIFSTOPPED(status) && libc::WSTOPSIG(status) == libc::SIGTRAP {
            Ok(true)
        } else if libc::WIFEXITED(status) && libc::WEXITSTATUS(status) == 0 {
            Ok(false)
        } else {
            Err(io::Error::other(format!("the traced program ended or stopped: status {status:#x}")))
        }
    }

    fn go_on(&self, how: libc::c_uint) -> io::Result<()> {
        self.request(how, 0)
    }

    /// Steps from behind a breakpoint up to the next one; the number of instructions.
    fn steps(&self) -> io::Result<usize> {
        let mut steps = 0;
        while self.byte(self.registers()?.rip)? != BREAKPOINT {
            self.go_on(libc::PTRACE_SINGLESTEP)?;
            if !self.wait()? {
                return Err(io::Error::other("the traced program ended between two breakpoints"));
            }
            steps += 1;
        }
        Ok(steps)
    }

    fn registers(&self) -> io::Result<libc::user_regs_struct> {
        // SAFETY: all zero bytes are valid registers.
        let mut registers: libc::user_regs_struct = unsafe { std::mem::zeroed() };
        self.request(libc::PTRACE_GETREGS, (&raw mut registers) as usize)?;
        Ok(registers)
    }

    fn byte(&self, address: u64) -> io::Result<u8> {
        // SAFETY: reads a word of the child; glibc returns it, and tells errors by errno alone.
        unsafe {
            *libc::__errno_location() = 0;
            let word = libc::ptrace(libc::PTRACE_PEEKDATA, self.0, address, 0usize);
            match *libc::__errno_location() {
                0 => Ok(word.to_le_bytes()[0]),
                error => Err(io::Error::from_raw_os_error(error)),
            }
        }
    }

    /// The string at an address of the child.
    fn string(&self, address: u64) -> io::Result<String> {
        let mut bytes = Vec::new();
        while bytes.last() != Some(&0) {
            bytes.push(self.byte(address + bytes.len() as u64)?);
        }
        let text = CStr::from_bytes_with_nul(&bytes).map_err(io::Error::other)?;
        Ok(text.to_string_lossy().into_owned())
    }

    fn request(&self, request: libc::c_uint, data: usize) -> io::Result<()> {
        // SAFETY: `data` is 0 or a pointer to what the request writes.
        match unsafe { libc::ptrace(request, self.0, 0usize, data) } {
            -1 => Err(io::Error::last_os_error()),
            _ => Ok(()),
        }
    }
}
