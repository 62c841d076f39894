//! Tracks in the Trace Event Format, which Chrome (`chrome://tracing`) and Perfetto (`ui.perfetto.dev`) show: a process for
//! each machine, in which CPUs and threads are threads.
//!
//! Slices are pairs of a beginning and an end, not single events with a duration: what a reader rounds can't overlap then.

use serde_json::{Value, json};

use super::tracks::{Instant, Kind, Mark, Slice, Thread, Tracks};

/// The first thread's number; CPUs have those below.
const FIRST_THREAD: usize = 100;

/// Chrome's name of the colour for what went wrong: red.
const RED: &str = "terrible";

/// Returns the whole file.
pub(super) fn document(machines: &[(String, Tracks)]) -> String {
    let mut events = Vec::new();
    for (process, (name, tracks)) in (1..).zip(machines) {
        Process { number: process, events: &mut events }.add(name, tracks);
    }
    // One on each line: for tools that compare and search by lines.
    let lines: Vec<_> = events.iter().map(Value::to_string).collect();
    format!("{{\"displayTimeUnit\":\"ns\",\"traceEvents\":[\n{}\n]}}\n", lines.join(",\n"))
}

struct Process<'a> {
    number: usize,
    events: &'a mut Vec<Value>,
}

impl Process<'_> {
    fn add(&mut self, name: &str, tracks: &Tracks) {
        self.events.push(json!({ "ph": "M", "name": "process_name", "pid": self.number, "args": { "name": name } }));
        for (number, cpu) in tracks.cpus.iter().enumerate() {
            let track = 1 + number;
            self.name(track, &format!("CPU {number}"));
            for run in &cpu.runs {
                self.push("B", track, run.begin_ns, &tracks.threads[run.thread].name, json!({}));
                self.push("E", track, run.end_ns, &tracks.threads[run.thread].name, json!({}));
            }
            self.add_marks(track, &cpu.marks);
        }
        for (number, thread) in tracks.threads.iter().enumerate() {
            let track = FIRST_THREAD + number;
            self.name(track, &thread.name);
            self.add_thread(track, thread);
        }
    }

    /// Names a track, and says where it stands among the others.
    fn name(&mut self, track: usize, name: &str) {
        let event = |kind: &str, args: Value| json!({ "ph": "M", "name": kind, "pid": self.number, "tid": track, "args": args });
        let events =
            [event("thread_name", json!({ "name": name })), event("thread_sort_index", json!({ "sort_index": track }))];
        self.events.extend(events);
    }

    fn add_thread(&mut self, track: usize, thread: &Thread) {
        self.push("B", track, thread.begin_ns, &thread.name, json!({}));
        let mut open: Vec<&Slice> = Vec::new();
        for slice in &thread.slices {
            self.end_from(track, &mut open, slice.depth, slice.begin_ns);
            let (name, extra) = words(&slice.kind);
            self.push("B", track, slice.begin_ns, &name, extra);
            open.push(slice);
        }
        self.end_from(track, &mut open, 0, thread.end_ns);
        self.push("E", track, thread.end_ns, &thread.name, json!({}));
        self.add_marks(track, &thread.marks);
    }

    /// Ends the slices that the next one, of this depth and beginning at this time, does not lie in.
    fn end_from(&mut self, track: usize, open: &mut Vec<&Slice>, depth: usize, before_ns: u64) {
        while let Some(slice) = open.pop_if(|slice| slice.depth >= depth && slice.end_ns <= before_ns) {
            self.push("E", track, slice.end_ns, &words(&slice.kind).0, json!({}));
        }
    }

    fn add_marks(&mut self, track: usize, marks: &[Mark]) {
        for Mark { at_ns, what } in marks {
            let (name, extra) = match what {
                Instant::Attached => ("attached".into(), json!({})),
                Instant::Preempted => ("preempted".into(), json!({})),
                Instant::Migrated { from, to } => (
                    format!("CPU {from} to CPU {to}"),
                    json!({ "cat": "migration", "args": { "from": from, "to": to } }),
                ),
                Instant::KeyCreated(key) => (format!("create {key}"), json!({ "args": { "key": key } })),
                Instant::KeyDeleted(key) => (format!("delete {key}"), json!({ "args": { "key": key } })),
                Instant::FirstSet(key) => (format!("first set of {key}"), json!({ "args": { "key": key } })),
                Instant::LeftOver(key) => {
                    (format!("left over: {key}"), json!({ "args": { "key": key }, "cname": RED, "cat": "left over" }))
                }
            };
            self.push("i", track, *at_ns, &name, extra);
        }
    }

    /// Adds an event; `extra` has what its kind has beyond others.
    fn push(&mut self, phase: &str, track: usize, at_ns: u64, name: &str, extra: Value) {
        let mut event =
            json!({ "ph": phase, "name": name, "pid": self.number, "tid": track, "ts": at_ns as f64 / 1000.0 });
        if phase == "i" {
            event["s"] = "t".into();
        }
        if let (Some(event), Value::Object(extra)) = (event.as_object_mut(), extra) {
            event.extend(extra);
        }
        self.events.push(event);
    }
}

/// What a slice is called, and what else is told of it.
fn words(kind: &Kind) -> (String, Value) {
    match kind {
        Kind::Exit { left_over: 0 } => ("exit".into(), json!({ "cat": "exit" })),
        Kind::Exit { left_over } => {
            ("exit".into(), json!({ "cat": "exit", "cname": RED, "args": { "left over": left_over } }))
        }
        Kind::Round { round, is_last_phase, calls } => {
            let name = if *is_last_phase { format!("last phase, round {round}") } else { format!("round {round}") };
            (name, json!({ "cat": "round", "args": { "calls": calls } }))
        }
        Kind::Destructor(key) => (key.clone(), json!({ "cat": "destructor", "args": { "key": key } })),
        Kind::Function => ("thread-exit function".into(), json!({ "cat": "function" })),
        Kind::Once { control, is_complete } => {
            let control = format!("{control:#x}");
            ("once".into(), json!({ "cat": "once", "args": { "control": control, "complete": is_complete } }))
        }
    }
}
