//! What a kernel wrote down, from the lines that it prints: `core/trace.rs` of the kernel has the other half.
//!
//! `key N NAME` names a key, `cpu C EVENTS LOST` begins a CPU, and `events C E E …` has events of it. An event is the
//! nanoseconds since the one before, a capital letter, the thread's number unless there is none, and arguments, each after a
//! point. Numbers of events are hexadecimal.

use std::collections::BTreeMap;

/// How each line begins.
pub(super) const PREFIX: &str = "tsd: trace: ";

/// Everything that a kernel wrote down.
#[derive(Debug, Default)]
pub(super) struct Recording {
    /// The names of keys.
    pub(super) keys: BTreeMap<u64, String>,
    /// What happened on each CPU, in order.
    pub(super) cpus: Vec<Vec<Event>>,
    lost: u64,
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Event {
    pub(super) at_ns: u64,
    /// The number of the thread's control block; none in an interrupt.
    pub(super) thread: Option<u16>,
    pub(super) what: What,
}

/// What happened. Keys are their numbers, a `once` is its address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum What {
    Created(String),
    Runs,
    Idles,
    Preempted,
    Killed,
    Ended,
    KeyCreated(u64),
    KeyDeleted(u64),
    KeyRefused,
    FirstSet(u64),
    Attached,
    ExitBegan,
    ExitEnded,
    RoundBegan { round: u64, is_last_phase: bool },
    RoundEnded { calls: u64 },
    DestructorBegan(u64),
    DestructorEnded(u64),
    FunctionBegan,
    FunctionEnded,
    LeftOver(u64),
    OnceBegan(u64),
    OnceEnded { control: u64, is_complete: bool },
}

impl Recording {
    /// Reads all lines of a run.
    pub(super) fn read(lines: &[String]) -> Result<Self, String> {
        let mut recording = Self::default();
        let mut announced = Vec::new();
        for line in lines {
            let Some(rest) = line.trim_end().strip_prefix(PREFIX) else { continue };
            recording.take(rest, &mut announced).ok_or_else(|| format!("what is this: {line}"))?;
        }
        let counts: Vec<_> = recording.cpus.iter().map(Vec::len).collect();
        match counts == announced && !counts.is_empty() {
            true => Ok(recording),
            false => Err(format!("events were lost on the way: there are {counts:?}, and were {announced:?}")),
        }
    }

    /// How many events had been overwritten.
    pub(super) fn lost(&self) -> u64 {
        self.lost
    }

    fn take(&mut self, line: &str, announced: &mut Vec<usize>) -> Option<()> {
        let (kind, rest) = line.split_once(' ')?;
        // The last may be empty.
        let mut words = rest.split(' ');
        let first = words.next()?;
        match kind {
            "key" => {
                self.keys.insert(u64::from_str_radix(first, 16).ok()?, words.collect::<Vec<_>>().join(" "));
            }
            "cpu" => {
                if first.parse() != Ok(self.cpus.len()) {
                    return None;
                }
                announced.push(words.next()?.parse().ok()?);
                self.lost += words.next()?.parse::<u64>().ok()?;
                self.cpus.push(Vec::new());
            }
            "events" => {
                let events = self.cpus.get_mut(first.parse::<usize>().ok()?)?;
                for word in words {
                    let before_ns = events.last().map_or(0, |event| event.at_ns);
                    events.push(Event::read(word, before_ns)?);
                }
            }
            _ => return None,
        }
        Some(())
    }
}

impl Event {
    fn read(word: &str, before_ns: u64) -> Option<Self> {
        let number = |digits: &str| u64::from_str_radix(digits, 16).ok();
        let at = word.find(|c: char| c.is_ascii_uppercase())?;
        let mut fields = word[at + 1..].split('.');
        let thread = fields.next()?;
        let thread = if thread.is_empty() { None } else { Some(u16::from_str_radix(thread, 16).ok()?) };
        let mut argument = || fields.next();
        let what = match word.as_bytes()[at] {
            b'S' => What::Created(argument()?.into()),
            b'R' => What::Runs,
            b'I' => What::Idles,
            b'P' => What::Preempted,
            b'K' => What::Killed,
            b'X' => What::Ended,
            b'C' => What::KeyCreated(number(argument()?)?),
            b'Z' => What::KeyDeleted(number(argument()?)?),
            b'B' => What::KeyRefused,
            b'F' => What::FirstSet(number(argument()?)?),
            b'A' => What::Attached,
            b'E' => What::ExitBegan,
            b'Q' => What::ExitEnded,
            b'N' => What::RoundBegan { round: number(argument()?)?, is_last_phase: argument()? == "1" },
            b'O' => What::RoundEnded { calls: number(argument()?)? },
            b'D' => What::DestructorBegan(number(argument()?)?),
            b'T' => What::DestructorEnded(number(argument()?)?),
            b'G' => What::FunctionBegan,
            b'H' => What::FunctionEnded,
            b'L' => What::LeftOver(number(argument()?)?),
            b'V' => What::OnceBegan(number(argument()?)?),
            b'W' => What::OnceEnded { control: number(argument()?)?, is_complete: argument()? == "1" },
            _ => return None,
        };
        let is_over = fields.next().is_none();
        is_over.then_some(Self { at_ns: before_ns + number(&word[..at])?, thread, what })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Recording, String> {
        Recording::read(&text.lines().map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn lines_are_read() {
        let text = "tsd: kernel: 1 CPUs\ntsd: trace: key 81 request context\ntsd: trace: cpu 0 4 7\n\
                    tsd: trace: events 0 10S1f.idle_one 1R1f\ntsd: trace: events 0 ffN1f.2.1 0C.81";
        let recording = read(text).unwrap();
        assert_eq!((recording.keys[&0x81].as_str(), recording.lost()), ("request context", 7));
        let event = |at_ns, thread, what| Event { at_ns, thread, what };
        let expected = [
            event(16, Some(31), What::Created("idle_one".into())),
            event(17, Some(31), What::Runs),
            event(272, Some(31), What::RoundBegan { round: 2, is_last_phase: true }),
            event(272, None, What::KeyCreated(0x81)),
        ];
        assert_eq!(recording.cpus, [expected]);
    }

    #[test]
    fn damaged_lines_are_named() {
        let cpu = "tsd: trace: cpu 0 1 0\n";
        for line in ["events 0 10", "events 0 10Y1", "events 0 10D1", "events 0 10R1.2", "events 1 1R1", "cpu 2 0 0"] {
            let error = read(&format!("{cpu}tsd: trace: {line}")).unwrap_err();
            assert!(error.ends_with(line), "{error}");
        }
        assert_eq!(read(cpu).unwrap_err(), "events were lost on the way: there are [0], and were [1]");
        assert!(read("tsd: end: status 0").is_err());
    }
}
