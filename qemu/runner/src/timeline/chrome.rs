//! Tracks in the Trace Event Format, which Chrome (`chrome://tracing`) and Perfetto (`ui.perfetto.dev`) show: a process
//! for each machine, in which CPUs and threads are threads. A flow leads from each of a thread's runs to the next one if
//! that is on another CPU.
//!
//! Slices are pairs of a beginning and an end, not single events with a duration: what a reader rounds can't overlap
//! then.
//!
//! Chrome takes a colour that we name; Perfetto makes one of a slice's name without its digits. Left-overs and keys that
//! were refused are red in both, and neither threads nor what they do else: the words here are chosen by what Perfetto
//! makes of them.

use serde_json::{Value, json};

use super::tracks::{Cpu, Instant, Kind, Mark, Slice, Thread, Tracks};

/// The numbers of the first CPU and of the first thread. None is a process's number, by which Perfetto would take it for
/// that process's main thread; and Perfetto puts them in their order.
const FIRST_CPU: usize = 100;
const FIRST_THREAD: usize = 1000;

/// Chrome's name of the colour for what went wrong: red.
const RED: &str = "terrible";

/// What is wrong with a value that nobody destroyed.
const LEFT_OVER: &str = "value left over";

/// Returns the whole file.
pub(super) fn document(machines: &[(String, Tracks)]) -> String {
    let (mut events, mut flows) = (Vec::new(), 0);
    for (process, (name, tracks)) in (1..).zip(machines) {
        // Machines have run one after the other, and each counts from its own start: they are put side by side.
        let start_ns = tracks.threads.iter().map(|thread| thread.begin_ns).min().unwrap_or(0);
        Process { number: process, start_ns, events: &mut events, flows: &mut flows }.add(name, tracks);
    }
    // One on each line: for tools that compare and search by lines.
    let lines: Vec<_> = events.iter().map(Value::to_string).collect();
    format!("{{\"displayTimeUnit\":\"ns\",\"traceEvents\":[\n{}\n]}}\n", lines.join(",\n"))
}

struct Process<'a> {
    number: usize,
    /// What is shown as 0.
    start_ns: u64,
    events: &'a mut Vec<Value>,
    /// How many flows there are in the whole file: each has a number of its own.
    flows: &'a mut usize,
}

impl Process<'_> {
    fn add(&mut self, name: &str, tracks: &Tracks) {
        self.events.push(json!({ "ph": "M", "name": "process_name", "pid": self.number, "args": { "name": name } }));
        for (number, cpu) in tracks.cpus.iter().enumerate() {
            let track = FIRST_CPU + number;
            self.name(track, &format!("CPU {number}"));
            for run in &cpu.runs {
                let name = &tracks.threads[run.thread].name;
                self.push("B", track, run.begin_ns, name, json!({ "cat": "run" }));
                self.push("E", track, run.end_ns, name, json!({ "cat": "run" }));
            }
            self.add_marks(track, &cpu.marks);
        }
        self.add_flows(&tracks.cpus);
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

    /// Leads from each run to the thread's next one if that is on another CPU.
    fn add_flows(&mut self, cpus: &[Cpu]) {
        let mut runs: Vec<_> =
            (FIRST_CPU..).zip(cpus).flat_map(|(track, cpu)| cpu.runs.iter().map(move |run| (track, run))).collect();
        runs.sort_by_key(|(_, run)| (run.thread, run.begin_ns));
        for pair in runs.windows(2) {
            let [(from, before), (to, after)] = [pair[0], pair[1]];
            if before.thread == after.thread && from != to {
                *self.flows += 1;
                let id = *self.flows;
                // Within the run, at its end.
                let left_ns = before.begin_ns.max(before.end_ns.saturating_sub(1));
                self.push("s", from, left_ns, "moves", json!({ "cat": "flow", "id": id }));
                self.push("f", to, after.begin_ns, "moves", json!({ "cat": "flow", "id": id, "bp": "e" }));
            }
        }
    }

    fn add_thread(&mut self, track: usize, thread: &Thread) {
        self.push("B", track, thread.begin_ns, &thread.name, json!({ "cat": "thread" }));
        let mut open: Vec<&Slice> = Vec::new();
        for slice in &thread.slices {
            self.end_from(track, &mut open, slice.depth, slice.begin_ns);
            let (name, extra) = words(&slice.kind);
            self.push("B", track, slice.begin_ns, &name, extra);
            open.push(slice);
        }
        self.end_from(track, &mut open, 0, thread.end_ns);
        self.push("E", track, thread.end_ns, &thread.name, json!({ "cat": "thread" }));
        self.add_marks(track, &thread.marks);
    }

    /// Ends the slices that the next one, of this depth and beginning at this time, does not lie in.
    fn end_from(&mut self, track: usize, open: &mut Vec<&Slice>, depth: usize, before_ns: u64) {
        while let Some(slice) = open.pop_if(|slice| slice.depth >= depth && slice.end_ns <= before_ns) {
            let (name, extra) = words(&slice.kind);
            self.push("E", track, slice.end_ns, &name, json!({ "cat": extra["cat"] }));
        }
    }

    fn add_marks(&mut self, track: usize, marks: &[Mark]) {
        for Mark { at_ns, what } in marks {
            let of_key = |cat: &str, key: &str| json!({ "cat": cat, "args": { "key": key } });
            let (name, extra) = match what {
                Instant::Attached => ("attached".into(), json!({ "cat": "attachment" })),
                Instant::Preempted => ("preempted".into(), json!({ "cat": "preemption" })),
                Instant::Killed => ("killed".into(), json!({ "cat": "kill", "cname": RED })),
                Instant::Migrated { from, to } => (
                    format!("CPU {from} to CPU {to}"),
                    json!({ "cat": "migration", "args": { "from": from, "to": to } }),
                ),
                Instant::KeyCreated(key) => (format!("create {key}"), of_key("create", key)),
                Instant::KeyDeleted(key) => (format!("delete {key}"), of_key("delete", key)),
                Instant::KeyRefused => ("refused a key".into(), json!({ "cat": "refusal", "cname": RED })),
                Instant::FirstSet(key) => (format!("first set: {key}"), of_key("first set", key)),
                Instant::LeftOver(key) => {
                    (LEFT_OVER.into(), json!({ "cat": "left over", "args": { "key": key }, "cname": RED }))
                }
            };
            self.push("i", track, *at_ns, &name, extra);
        }
    }

    /// Adds an event; `extra` has what its kind has beyond others.
    fn push(&mut self, phase: &str, track: usize, at_ns: u64, name: &str, extra: Value) {
        let micros = at_ns.saturating_sub(self.start_ns) as f64 / 1000.0;
        let mut event = json!({ "ph": phase, "name": name, "pid": self.number, "tid": track, "ts": micros });
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
        Kind::Exit { left_over: 0 } => ("thread exit".into(), json!({ "cat": "exit" })),
        Kind::Exit { left_over } => (
            format!("exit: left-over values: {left_over}"),
            json!({ "cat": "exit", "cname": RED, "args": { "left over": left_over } }),
        ),
        Kind::Round { round, is_last_phase, calls } => {
            let name = if *is_last_phase { format!("last phase, round #{round}") } else { format!("round #{round}") };
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
