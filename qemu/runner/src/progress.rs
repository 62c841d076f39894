//! What long commands show while they run: a live line for each thing that is under way, on the standard error output.
//!
//! Lines live only where a person looks on: see [`go_live`]. Elsewhere nothing is drawn, and what would be passed over on
//! a live line is printed on lines of its own. The cursor is never hidden and no mode of the terminal is changed, so a
//! process that is stopped or killed leaves nothing to be put right.

use std::{
    convert::Infallible,
    fmt::{self, Display},
    io::{self, IsTerminal},
    process,
    sync::{
        LazyLock,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use console::Term;
use indicatif::{HumanDuration, MultiProgress, ProgressBar, ProgressState, ProgressStyle};

use crate::{output::tell, status::Status};

/// Whether lines live. One for the process: no result depends on it.
static IS_LIVE: AtomicBool = AtomicBool::new(false);

/// Those that live now.
static LINES: LazyLock<MultiProgress> = LazyLock::new(MultiProgress::new);

/// What is of no known length; what has steps of which the last may take the most of the time; and what has others.
const OPEN_ENDED: &str = "{spinner} {prefix} {wide_msg} {elapsed}";
const UNEVEN: &str = "{prefix} {bar:7.cyan} {pos}/{len} {wide_msg} {elapsed}";
const COUNTED: &str = "{prefix:>7} {bar:7.cyan} {pos}/{len} {wide_msg} {left}";

/// How often a line that nothing else moves is drawn again.
const TICK: Duration = Duration::from_millis(200);

/// Has lines live from now on, if both outputs are a terminal on which lines can be replaced.
pub fn go_live() {
    let is_terminal = io::stdout().is_terminal() && !LINES.is_hidden();
    // Relaxed: nothing else is told by it.
    IS_LIVE.store(is_terminal, Ordering::Relaxed);
}

/// Returns whether lines live. If not, every line that comes should be printed.
pub fn is_live() -> bool {
    // Relaxed: nothing else is told by it.
    IS_LIVE.load(Ordering::Relaxed)
}

/// Calls `print`, which prints, while no line is on the terminal.
pub(crate) fn without_lines<R>(print: impl FnOnce() -> R) -> R {
    if is_live() { LINES.suspend(print) } else { print() }
}

/// Clears every line and shows the cursor, which a program that was started may have hidden; then calls `print`, and ends
/// the process before any line is drawn again.
pub(crate) fn end(status: Status, print: impl FnOnce()) -> ! {
    let end = || -> Infallible {
        if is_live() {
            // It fails only where there is no terminal any more.
            let _ = Term::stderr().show_cursor();
        }
        print();
        process::exit(status.into())
    };
    match without_lines(end) {}
}

/// A line that lives until it is dropped, if lines live.
#[derive(Debug)]
pub struct Progress {
    line: ProgressBar,
}

impl Progress {
    /// For what ends at a time that nobody knows.
    pub fn open_ended(what: impl Display) -> Self {
        Self::new(ProgressBar::no_length(), OPEN_ENDED, what)
    }

    /// For so many steps.
    pub fn of(what: impl Display, steps: usize) -> Self {
        Self::new(ProgressBar::new(steps as u64), COUNTED, what)
    }

    /// For what ends after this time.
    pub fn of_seconds(what: impl Display, seconds: u32) -> Self {
        let progress = Self::of(what, seconds as usize);
        progress.line.set_message("s");
        let line = progress.line.downgrade();
        thread::spawn(move || {
            while let Some(line) = line.upgrade() {
                line.set_position(line.elapsed().as_secs().min(seconds.into()));
                drop(line);
                thread::sleep(TICK);
            }
        });
        progress
    }

    fn new(line: ProgressBar, template: &str, what: impl Display) -> Self {
        let line = line.with_style(style(template)).with_prefix(what.to_string());
        if is_live() {
            let line = LINES.add(line);
            line.enable_steady_tick(TICK);
            return Self { line };
        }
        Self { line }
    }

    /// Says that `done` of `total` steps are done, and more.
    pub fn set(&self, done: u64, total: u64, message: &str) {
        self.line.set_length(total);
        self.line.set_position(done.min(total));
        self.line.set_message(message.to_owned());
    }

    /// Says that `done` of `total` uneven steps are done, of what was of no known length until now.
    pub(crate) fn set_uneven(&self, done: u64, total: u64) {
        if self.line.length().is_none() {
            self.line.set_style(style(UNEVEN));
        }
        self.set(done, total, "");
    }

    /// Says that another step is done, and what has come of it.
    pub fn step(&self, result: impl Display) {
        self.line.set_message(result.to_string());
        self.line.inc(1);
        if !is_live() {
            tell!("tsd: {result}");
        }
    }

    /// Leaves what was done, and how long it took, where the line was.
    pub fn done(self) {
        let Self { line } = &self;
        if is_live() {
            let (what, time) = (line.prefix(), line.elapsed().as_secs_f32());
            let text = format!("{what:>7}: {} {} ({time:.1} s)", line.position(), line.message());
            line.finish_and_clear();
            without_lines(|| tell!("{text}"));
        }
    }
}

/// Says how many of `total` steps are done since `start`, and how long the rest may take: for whoever draws the rest.
#[must_use]
pub fn how_far(done: u32, total: u32, start: Instant) -> String {
    let rest = start.elapsed() / done.max(1) * (total - done);
    format!("{done} of {total}, {:#} left", HumanDuration(rest))
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.line.finish_and_clear();
    }
}

fn style(template: &str) -> ProgressStyle {
    // The templates are constants, and a test reads each.
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    style.with_key("left", left).progress_chars("=>-")
}

/// How long the rest may take, when something has been done that tells.
fn left(state: &ProgressState, text: &mut dyn fmt::Write) {
    if state.pos() > 0 {
        // It is a string that is written to.
        let _ = write!(text, "{:#} left", HumanDuration(state.eta()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_are_right() {
        for template in [OPEN_ENDED, UNEVEN, COUNTED] {
            assert!(ProgressStyle::with_template(template).is_ok(), "{template}");
        }
    }

    #[test]
    fn rest_is_as_fast_as_what_is_done() {
        let start = Instant::now() - Duration::from_secs(60);
        assert_eq!(how_far(2, 6, start), "2 of 6, 2m left");
        assert_eq!(how_far(6, 6, start), "6 of 6, 0s left");
    }
}
