//! Timelines of a demonstration: what the kernel wrote down on each CPU, as a trace for Chrome and Perfetto, and as a
//! picture.
//!
//! - `recording`  the lines that the kernel prints
//! - `tracks`     what each CPU and each thread did, from its beginning to its end
//! - `chrome`     tracks in the Trace Event Format
//! - `picture`    tracks as SVG

mod chrome;
mod picture;
mod recording;
mod tracks;

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::{
    error::{Error, Result},
    output::say,
};
use recording::Recording;
use tracks::Tracks;

/// The word that makes the kernel print what it wrote down.
pub(crate) const WORD: &str = "trace";

/// Which files are wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// For a trace, in which each machine is a process.
    pub trace: Option<PathBuf>,
    /// For a picture of the first machine.
    pub picture: Option<PathBuf>,
}

impl Options {
    /// Returns whether any is.
    pub fn is_any(&self) -> bool {
        self.trace.is_some() || self.picture.is_some()
    }
}

/// Returns whether a line is part of what a kernel wrote down, and not for reading.
pub(crate) fn has(line: &str) -> bool {
    line.starts_with(recording::PREFIX)
}

/// The machines of a demonstration.
#[derive(Debug, Default)]
pub(crate) struct Timeline {
    machines: Vec<(String, Tracks)>,
}

impl Timeline {
    /// Adds a machine by all that it printed.
    pub(crate) fn add(&mut self, name: &str, lines: &[String]) -> Result<()> {
        let recording = Recording::read(lines).map_err(|error| Error::failure(format!("{name}: {error}")))?;
        if recording.lost() != 0 {
            say!("{name}: the first {} events are not in the timeline: there was no room for them", recording.lost());
        }
        self.machines.push((name.into(), Tracks::new(&recording)));
        Ok(())
    }

    /// Writes the files that are wanted.
    pub(crate) fn write(&self, options: &Options) -> Result<()> {
        if let Some(file) = &options.trace {
            write(file, &chrome::document(&self.machines))?;
        }
        if let (Some(file), Some((name, tracks))) = (&options.picture, self.machines.first()) {
            write(file, &picture::document(name, tracks))?;
        }
        Ok(())
    }
}

fn write(file: &Path, text: &str) -> Result<()> {
    fs::write(file, text).map_err(|error| Error::of_file("written", file, &error))?;
    say!("{}: {} KB", file.display(), text.len().div_ceil(1000));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::tracks::{Instant, Kind, Run, Slice};
    use super::*;

    /// One CPU on which a thread is created, runs, and does what these events say.
    fn tracks_of(events: &[&str]) -> Tracks {
        let count = events.len() + 2;
        let first = format!("tsd: trace: cpu 0 {count} 0\ntsd: trace: events 0 10S9.worker 10R9");
        let text = format!("tsd: trace: key 51 log\n{first} {}", events.join(" "));
        Tracks::new(&Recording::read(&text.lines().map(str::to_owned).collect::<Vec<_>>()).unwrap())
    }

    #[test]
    fn slices_nest_and_empty_rounds_are_none() {
        let tracks =
            tracks_of(&["10E9", "1N9.1.0", "1D9.51", "1T9.51", "1O9.1", "1N9.2.0", "1O9.0", "1Q9", "1X9", "1I0"]);
        let slice = |begin_ns, end_ns, depth, kind| Slice { begin_ns, end_ns, depth, kind };
        let expected = [
            slice(48, 55, 0, Kind::Exit { left_over: 0 }),
            slice(49, 52, 1, Kind::Round { round: 1, is_last_phase: false, calls: Some(1) }),
            slice(50, 51, 2, Kind::Destructor("log".into())),
        ];
        assert_eq!(tracks.threads[0].slices, expected);
        assert_eq!(tracks.cpus[0].runs, [Run { thread: 0, begin_ns: 32, end_ns: 57 }]);
    }

    #[test]
    fn left_overs_are_red() {
        let tracks = tracks_of(&["10E9", "10L9.51", "10L9.52", "10Q9", "1X9"]);
        assert_eq!(tracks.threads[0].slices[0].kind, Kind::Exit { left_over: 2 });
        let machines = [("machine".to_owned(), tracks)];
        let trace = chrome::document(&machines);
        let red: Vec<_> = trace.lines().filter(|line| line.contains("\"cname\":\"terrible\"")).collect();
        assert_eq!(red.len(), 3, "{trace}");
        assert!(
            red[0].contains("\"name\":\"exit: left-over values: 2\"") && red[1].contains("\"key\":\"log\""),
            "{trace}"
        );
        assert!(red[2].contains("\"key\":\"key 0x52\""), "{trace}");
        let picture = picture::document("machine", &machines[0].1);
        assert!(picture.contains("left over: log") && picture.contains("left over: key 0x52"), "{picture}");
    }

    #[test]
    fn ends_that_a_killed_thread_has_not_seen_are_made_up() {
        // Inside an initialiser, which the exit gives back; the exit itself is cut short.
        let tracks = tracks_of(&["1V9.aa", "1V9.bb", "1E9", "1W9.bb.0", "1W9.aa.0", "1N9.1.0", "1D9.51", "1X9"]);
        let ends: Vec<_> = tracks.threads[0].slices.iter().map(|slice| (slice.begin_ns, slice.end_ns)).collect();
        assert_eq!(ends, [(33, 35), (34, 35), (35, 40), (38, 40), (39, 40)]);
    }

    #[test]
    fn beginnings_that_were_lost_are_passed_over() {
        let text = "tsd: trace: cpu 0 4 9\ntsd: trace: events 0 10T9.51 1O9.1 1Q9 1X9";
        let recording = Recording::read(&text.lines().map(str::to_owned).collect::<Vec<_>>()).unwrap();
        let tracks = Tracks::new(&recording);
        assert_eq!((tracks.threads[0].name.as_str(), tracks.threads[0].slices.len()), ("thread 9", 0));
    }

    #[test]
    fn migration_is_seen_and_interrupts_are_their_cpus() {
        let text = "tsd: trace: cpu 0 2 0\ntsd: trace: events 0 10S9.worker 10R9\n\
                    tsd: trace: cpu 1 2 0\ntsd: trace: events 1 30R9 1C.51";
        let tracks = Tracks::new(&Recording::read(&text.lines().map(str::to_owned).collect::<Vec<_>>()).unwrap());
        assert_eq!(tracks.threads[0].marks[0].what, Instant::Migrated { from: 0, to: 1 });
        assert_eq!(tracks.cpus[1].marks[0].what, Instant::KeyCreated("key 0x51".into()));
    }
}
