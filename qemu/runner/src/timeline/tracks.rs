//! What each CPU and each thread did, from its beginning to its end: the events of all CPUs put together.

use std::collections::{BTreeMap, HashMap};

use super::recording::{Event, Recording, What};

/// A machine's tracks.
#[derive(Debug, Default)]
pub(super) struct Tracks {
    pub(super) cpus: Vec<Cpu>,
    /// In the order in which they were created.
    pub(super) threads: Vec<Thread>,
    /// When the last event happened.
    pub(super) end_ns: u64,
}

/// What a CPU did.
#[derive(Debug, Default)]
pub(super) struct Cpu {
    pub(super) runs: Vec<Run>,
    /// What happened in interrupts.
    pub(super) marks: Vec<Mark>,
}

/// A thread had the CPU.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Run {
    /// Its index in `Tracks::threads`.
    pub(super) thread: usize,
    pub(super) begin_ns: u64,
    pub(super) end_ns: u64,
}

/// What a thread did.
#[derive(Debug)]
pub(super) struct Thread {
    pub(super) name: String,
    pub(super) begin_ns: u64,
    pub(super) end_ns: u64,
    /// In the order of their beginnings; each lies within the one before it of lesser depth.
    pub(super) slices: Vec<Slice>,
    pub(super) marks: Vec<Mark>,
    last_cpu: Option<usize>,
    /// Indexes of the slices that have not ended.
    open: Vec<usize>,
}

/// Something that took time on a thread.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Slice {
    pub(super) begin_ns: u64,
    pub(super) end_ns: u64,
    /// How many slices it lies in.
    pub(super) depth: usize,
    pub(super) kind: Kind,
}

/// What took time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Exit {
        left_over: usize,
    },
    Round {
        round: u64,
        is_last_phase: bool,
        /// None where it was cut short.
        calls: Option<u64>,
    },
    /// Of the key with this name.
    Destructor(String),
    Function,
    Once {
        control: u64,
        is_complete: bool,
    },
}

/// Something that took no time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    pub(super) at_ns: u64,
    pub(super) what: Instant,
}

/// What took no time. Keys are their names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Instant {
    Attached,
    Preempted,
    Killed,
    Migrated { from: usize, to: usize },
    KeyCreated(String),
    KeyDeleted(String),
    KeyRefused,
    FirstSet(String),
    LeftOver(String),
}

impl Tracks {
    /// Puts the events of all CPUs together.
    pub(super) fn new(recording: &Recording) -> Self {
        let mut events: Vec<_> =
            (0..).zip(&recording.cpus).flat_map(|(cpu, events)| events.iter().map(move |event| (cpu, event))).collect();
        // Those of one CPU stay in their order.
        events.sort_by_key(|(_, event)| event.at_ns);
        let mut builder = Builder {
            keys: &recording.keys,
            tracks: Self { cpus: recording.cpus.iter().map(|_| Cpu::default()).collect(), ..Self::default() },
            alive: HashMap::new(),
            running: vec![None; recording.cpus.len()],
        };
        for (cpu, event) in events {
            builder.tracks.end_ns = event.at_ns;
            builder.take(cpu, event);
        }
        builder.finish()
    }
}

struct Builder<'a> {
    keys: &'a BTreeMap<u64, String>,
    tracks: Tracks,
    /// Which thread has a control block.
    alive: HashMap<u16, usize>,
    /// What each CPU runs, and since when.
    running: Vec<Option<(usize, u64)>>,
}

impl Builder<'_> {
    fn take(&mut self, cpu: usize, Event { at_ns, thread, what }: &Event) {
        let at_ns = *at_ns;
        if let What::Created(name) = what {
            thread.map(|block| self.create(block, name, at_ns));
        } else if *what == What::Idles {
            self.end_run(cpu, at_ns);
        } else if let Some(thread) = thread.map(|block| self.thread(block, at_ns)) {
            self.take_of_thread(cpu, thread, at_ns, what);
            if *what == What::Ended {
                self.alive.retain(|_, alive| *alive != thread);
            }
        } else if let Some(what) = self.instant(what) {
            self.tracks.cpus[cpu].marks.push(Mark { at_ns, what });
        }
    }

    fn create(&mut self, block: u16, name: &str, at_ns: u64) -> usize {
        let index = self.tracks.threads.len();
        self.tracks.threads.push(Thread {
            name: name.into(),
            begin_ns: at_ns,
            end_ns: at_ns,
            slices: Vec::new(),
            marks: Vec::new(),
            last_cpu: None,
            open: Vec::new(),
        });
        self.alive.insert(block, index);
        index
    }

    /// The thread of a control block. Where its creation was lost, it has no name but that block's.
    fn thread(&mut self, block: u16, at_ns: u64) -> usize {
        match self.alive.get(&block) {
            Some(&index) => index,
            None => self.create(block, &format!("thread {block}"), at_ns),
        }
    }

    fn take_of_thread(&mut self, cpu: usize, index: usize, at_ns: u64, what: &What) {
        if *what == What::Runs {
            self.end_run(cpu, at_ns);
            self.running[cpu] = Some((index, at_ns));
        }
        let instant = self.instant(what);
        let key_name = |key: &u64| key_name(self.keys, *key);
        let thread = &mut self.tracks.threads[index];
        thread.end_ns = at_ns;
        thread.marks.extend(instant.map(|what| Mark { at_ns, what }));
        match what {
            What::Runs => thread.run_on(cpu, at_ns),
            What::Ended => thread.end_all(at_ns),
            What::ExitBegan => {
                // A thread that was killed in initialisers: its exit gives them back.
                thread.end_all(at_ns);
                thread.begin(at_ns, Kind::Exit { left_over: 0 });
            }
            What::RoundBegan { round, is_last_phase } => {
                thread.begin(at_ns, Kind::Round { round: *round, is_last_phase: *is_last_phase, calls: None });
            }
            What::DestructorBegan(key) => thread.begin(at_ns, Kind::Destructor(key_name(key))),
            What::FunctionBegan => thread.begin(at_ns, Kind::Function),
            What::OnceBegan(control) => thread.begin(at_ns, Kind::Once { control: *control, is_complete: false }),
            What::ExitEnded => thread.end(at_ns, |kind| matches!(kind, Kind::Exit { .. })),
            What::RoundEnded { calls: ended } => thread.end(at_ns, |kind| match kind {
                Kind::Round { calls, .. } => {
                    *calls = Some(*ended);
                    true
                }
                _ => false,
            }),
            What::DestructorEnded(_) => thread.end(at_ns, |kind| matches!(kind, Kind::Destructor(_))),
            What::FunctionEnded => thread.end(at_ns, |kind| *kind == Kind::Function),
            What::OnceEnded { control: ended, is_complete: how } => thread.end(at_ns, |kind| match kind {
                Kind::Once { control, is_complete } if control == ended => {
                    *is_complete = *how;
                    true
                }
                _ => false,
            }),
            What::LeftOver(_) => thread.note_left_over(),
            _ => {}
        }
    }

    fn instant(&self, what: &What) -> Option<Instant> {
        let name = |key: &u64| key_name(self.keys, *key);
        Some(match what {
            What::Attached => Instant::Attached,
            What::Preempted => Instant::Preempted,
            What::Killed => Instant::Killed,
            What::KeyCreated(key) => Instant::KeyCreated(name(key)),
            What::KeyDeleted(key) => Instant::KeyDeleted(name(key)),
            What::KeyRefused => Instant::KeyRefused,
            What::FirstSet(key) => Instant::FirstSet(name(key)),
            What::LeftOver(key) => Instant::LeftOver(name(key)),
            _ => return None,
        })
    }

    fn end_run(&mut self, cpu: usize, end_ns: u64) {
        if let Some((thread, begin_ns)) = self.running[cpu].take() {
            self.tracks.cpus[cpu].runs.push(Run { thread, begin_ns, end_ns });
        }
    }

    fn finish(mut self) -> Tracks {
        let end_ns = self.tracks.end_ns;
        (0..self.running.len()).for_each(|cpu| self.end_run(cpu, end_ns));
        for &index in self.alive.values() {
            self.tracks.threads[index].end_all(end_ns);
        }
        let mut counts = HashMap::new();
        for thread in &self.tracks.threads {
            *counts.entry(thread.name.clone()).or_insert(0) += 1;
        }
        let mut numbers = HashMap::new();
        for thread in &mut self.tracks.threads {
            // A round that had nothing to call is none.
            thread.slices.retain(|slice| !matches!(slice.kind, Kind::Round { calls: Some(0), .. }));
            if counts[&thread.name] > 1 {
                let number = numbers.entry(thread.name.clone()).or_insert(0);
                thread.name = format!("{} #{number}", thread.name);
                *number += 1;
            }
        }
        self.tracks
    }
}

impl Thread {
    fn run_on(&mut self, cpu: usize, at_ns: u64) {
        if let Some(from) = self.last_cpu.replace(cpu).filter(|&from| from != cpu) {
            self.marks.push(Mark { at_ns, what: Instant::Migrated { from, to: cpu } });
        }
    }

    fn begin(&mut self, at_ns: u64, kind: Kind) {
        self.open.push(self.slices.len());
        self.slices.push(Slice { begin_ns: at_ns, end_ns: at_ns, depth: self.open.len() - 1, kind });
    }

    /// Ends the innermost slice that `is_it`, and those in it, whose ends a killed thread has not seen. None where its
    /// beginning was lost.
    fn end(&mut self, at_ns: u64, mut is_it: impl FnMut(&mut Kind) -> bool) {
        let found = self.open.iter().rposition(|&open| is_it(&mut self.slices[open].kind));
        for open in found.map(|first| self.open.drain(first..)).into_iter().flatten() {
            self.slices[open].end_ns = at_ns;
        }
    }

    fn end_all(&mut self, at_ns: u64) {
        self.end_ns = at_ns;
        for open in self.open.drain(..) {
            self.slices[open].end_ns = at_ns;
        }
    }

    fn note_left_over(&mut self) {
        for &open in &self.open {
            if let Kind::Exit { left_over } = &mut self.slices[open].kind {
                *left_over += 1;
            }
        }
    }
}

fn key_name(keys: &BTreeMap<u64, String>, key: u64) -> String {
    keys.get(&key).filter(|name| !name.is_empty()).cloned().unwrap_or_else(|| format!("key {key:#x}"))
}
