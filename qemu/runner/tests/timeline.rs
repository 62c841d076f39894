//! The timelines of a demonstration, as files that others read: what is in them is what the table of figures says.
//!
//! The reader is one of our own, since no crate reads the format strictly: it takes no field that it does not know, and
//! nothing that Chrome's description of the Trace Event Format does not have. `cargo run -- evidence trace` has Perfetto
//! read the same.

use std::{
    collections::{BTreeMap, HashMap},
    env, fs, panic,
    path::PathBuf,
    process::{self, Command},
};

use serde::Deserialize;
use svg::{node::element::tag::Type, parser::Event as SvgEvent};

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Trace {
    display_time_unit: Unit,
    trace_events: Vec<Event>,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Unit {
    Ns,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "ph", deny_unknown_fields)]
enum Event {
    #[serde(rename = "M")]
    Metadata { name: Metadata, pid: u32, tid: Option<u32>, args: MetadataArguments },
    #[serde(rename = "B")]
    Begin(Timed),
    #[serde(rename = "E")]
    End(Timed),
    #[serde(rename = "i")]
    Instant(Timed),
    #[serde(rename = "s")]
    FlowBegin(Timed),
    #[serde(rename = "f")]
    FlowEnd(Timed),
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(rename_all = "snake_case")]
enum Metadata {
    ProcessName,
    ThreadName,
    ThreadSortIndex,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct MetadataArguments {
    name: Option<String>,
    sort_index: Option<u32>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Timed {
    name: String,
    pid: u32,
    tid: u32,
    /// Microseconds.
    ts: f64,
    cat: String,
    cname: Option<String>,
    /// How far an instant reaches: its thread.
    s: Option<char>,
    /// A flow's number, and how its end finds a slice: by lying in it.
    id: Option<u32>,
    bp: Option<char>,
    #[serde(default)]
    args: HashMap<String, serde_json::Value>,
}

/// A process and one of its threads.
type Track = (u32, u32);

/// What the events of a file say, when they nest on each track and go forward.
#[derive(Default)]
struct Read {
    processes: BTreeMap<u32, String>,
    tracks: BTreeMap<Track, String>,
    slices: Vec<Slice>,
    instants: Vec<Timed>,
    /// Where each begins and ends, by its number.
    flows: BTreeMap<u32, (Timed, Option<Timed>)>,
}

struct Slice {
    begin: Timed,
    end: f64,
    /// The categories of the slices that it lies in, the outermost first.
    within: Vec<String>,
}

fn read(text: &str) -> Read {
    let Trace { display_time_unit: Unit::Ns, trace_events } = serde_json::from_str(text).expect("the format");
    let mut read = Read::default();
    let mut open: HashMap<Track, Vec<Timed>> = HashMap::new();
    let mut last: HashMap<Track, f64> = HashMap::new();
    for event in trace_events {
        match event {
            Event::Metadata { name, pid, tid, args } => read.take_metadata(&name, pid, tid, args),
            Event::Begin(event) => {
                advance(&mut last, &event);
                open.entry((event.pid, event.tid)).or_default().push(event);
            }
            Event::End(event) => {
                advance(&mut last, &event);
                let open = open.entry((event.pid, event.tid)).or_default();
                let begin = open.pop().unwrap_or_else(|| panic!("nothing has begun: {event:?}"));
                assert_eq!(begin.name, event.name, "slices overlap");
                let within = open.iter().map(|slice| slice.cat.clone()).collect();
                read.slices.push(Slice { begin, end: event.ts, within });
            }
            Event::Instant(event) => {
                assert_eq!(event.s, Some('t'), "{event:?}");
                assert!(event.ts >= 0.0, "{event:?}");
                read.instants.push(event);
            }
            Event::FlowBegin(event) => {
                let id = event.id.expect("a flow's number");
                assert!(read.flows.insert(id, (event, None)).is_none(), "flow {id} begins twice");
            }
            Event::FlowEnd(event) => {
                let id = event.id.expect("a flow's number");
                let (begin, end) = read.flows.get_mut(&id).unwrap_or_else(|| panic!("flow {id} has not begun"));
                assert!(begin.ts <= event.ts && begin.tid != event.tid && event.bp == Some('e'), "{begin:?} {event:?}");
                assert!(end.replace(event).is_none(), "flow {id} ends twice");
            }
        }
    }
    assert!(open.values().all(Vec::is_empty), "slices without an end: {open:?}");
    assert!(read.flows.values().all(|(_, end)| end.is_some()), "flows without an end");
    for event in read.slices.iter().map(|slice| &slice.begin).chain(&read.instants) {
        assert!(read.tracks.contains_key(&(event.pid, event.tid)), "a track without a name: {event:?}");
    }
    read
}

/// The slices of a track come in the order of their times.
fn advance(last: &mut HashMap<Track, f64>, event: &Timed) {
    let last = last.entry((event.pid, event.tid)).or_insert(0.0);
    assert!(event.ts >= *last, "after {last}: {event:?}");
    *last = event.ts;
}

impl Read {
    fn take_metadata(&mut self, kind: &Metadata, pid: u32, tid: Option<u32>, args: MetadataArguments) {
        let MetadataArguments { name, sort_index } = args;
        match (kind, tid, name, sort_index) {
            (Metadata::ProcessName, None, Some(name), None) => {
                assert_eq!(self.processes.insert(pid, name), None);
            }
            (Metadata::ThreadName, Some(tid), Some(name), None) => {
                assert_eq!(self.tracks.insert((pid, tid), name), None);
            }
            (Metadata::ThreadSortIndex, Some(_), None, Some(_)) => {}
            wrong => panic!("wrong metadata: {wrong:?}"),
        }
    }

    /// The slices of a process that are of a category; on tracks whose names begin so.
    fn slices<'a>(&'a self, pid: u32, track: &'a str, cat: &'a str) -> impl Iterator<Item = &'a Slice> {
        let is_it = move |begin: &Timed| begin.pid == pid && begin.cat == cat;
        self.slices
            .iter()
            .filter(move |slice| is_it(&slice.begin))
            .filter(move |slice| self.tracks[&(pid, slice.begin.tid)].starts_with(track))
    }

    /// The instants of a process, likewise.
    fn instants<'a>(&'a self, pid: u32, track: &'a str) -> impl Iterator<Item = &'a Timed> {
        let instants = self.instants.iter().filter(move |event| event.pid == pid);
        instants.filter(move |event| self.tracks[&(pid, event.tid)].starts_with(track))
    }
}

/// The demonstration's files, the name of each machine, and its figures.
struct Demo {
    trace: String,
    picture: String,
    figures: Vec<(String, HashMap<String, usize>)>,
}

fn demo() -> Demo {
    let file = |name: &str| env::temp_dir().join(format!("tsd-{}-{name}", process::id()));
    let (trace, picture) = (file("trace.json"), file("timeline.svg"));
    let mut command = Command::new(env!("CARGO_BIN_EXE_tsd"));
    command.args(["demo", "--requests", "300", "--trace"]).arg(&trace).arg("--timeline").arg(&picture);
    let output = command.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    let take = |file: &PathBuf| {
        let text = fs::read_to_string(file).unwrap();
        fs::remove_file(file).unwrap();
        text
    };
    Demo { trace: take(&trace), picture: take(&picture), figures: figures(&text) }
}

/// Reads the table at the end of what the demonstration prints.
fn figures(text: &str) -> Vec<(String, HashMap<String, usize>)> {
    let mut lines = text.lines().skip_while(|line| !line.starts_with("    ") || line.contains('|'));
    let machines: Vec<_> = lines.next().expect("a table").split_whitespace().collect();
    let mut figures: Vec<_> = machines.iter().map(|&machine| (machine.to_owned(), HashMap::new())).collect();
    for line in lines.take_while(|line| !line.is_empty()) {
        let words: Vec<_> = line.split_whitespace().collect();
        let (name, values) = words.split_at(words.len().saturating_sub(machines.len()));
        for ((_, figures), value) in figures.iter_mut().zip(values) {
            figures.extend(value.parse().ok().map(|value: usize| (name.join(" "), value)));
        }
    }
    figures
}

#[test]
fn timelines_say_what_the_figures_say() {
    let demo = demo();
    let read = read(&demo.trace);
    let machines: Vec<_> = demo.figures.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(read.processes.values().map(String::as_str).collect::<Vec<_>>(), machines);
    for (pid, (_, figures)) in (1..).zip(&demo.figures) {
        compare(&read, pid, figures);
        structure_is_right(&read, pid);
    }
    picture_is_well_formed(&demo.picture);
}

/// What the trace counts, and the figure of the same.
fn compare(read: &Read, pid: u32, figures: &HashMap<String, usize>) {
    let tracks =
        |prefix: &str| read.tracks.iter().filter(|((its, _), name)| *its == pid && name.starts_with(prefix)).count();
    let migrations = || read.instants(pid, "worker").filter(|event| event.cat == "migration");
    let mut migrated: Vec<_> = migrations().map(|event| event.tid).collect();
    migrated.sort_unstable();
    migrated.dedup();
    let preempted = read.instants(pid, "worker").filter(|event| event.cat == "preemption").count();
    let created: Vec<_> = read.instants(pid, "").filter(|event| event.cat == "create").collect();
    let deleted = read.instants(pid, "").filter(|event| event.cat == "delete").count();
    let left_overs = read.instants(pid, "").filter(|event| event.cat == "left over").count();
    let counted = [
        ("cpus", tracks("CPU ")),
        ("threads", tracks("worker #")),
        ("threads killed", read.instants(pid, "worker").filter(|event| event.cat == "kill").count()),
        ("threads migrated", migrated.len()),
        ("preemptions", preempted),
        ("rounds", read.slices(pid, "worker", "round").count()),
        ("destructor calls", read.slices(pid, "worker", "destructor").count()),
        ("keys most", created.len()),
        ("keys in use", created.len() - deleted),
        ("left overs", left_overs),
    ];
    for (name, count) in counted {
        assert_eq!(Some(&count), figures.get(name), "{name} of {}", read.processes[&pid]);
    }
    // Each time that a thread goes on elsewhere is one of both.
    let flows = read.flows.values().filter(|(begin, _)| begin.pid == pid).count();
    assert_eq!(flows, read.instants(pid, "").filter(|event| event.cat == "migration").count());
    // Each worker's first use of each key.
    let first_sets = read.instants(pid, "worker").filter(|event| event.cat == "first set").count();
    assert_eq!(first_sets, figures["allocations"]);
}

/// What lies in what, and by which names.
fn structure_is_right(read: &Read, pid: u32) {
    let is_within = |slice: &Slice, of: &[&str]| {
        slice.within.iter().map(String::as_str).eq(["thread", "exit", "round"][..of.len()].iter().copied())
    };
    for round in read.slices(pid, "worker", "round") {
        assert!(is_within(round, &["thread", "exit"]), "{:?}", round.begin);
        let inside = |slice: &&Slice| {
            slice.begin.tid == round.begin.tid && slice.begin.ts >= round.begin.ts && slice.end <= round.end
        };
        let calls = read.slices(pid, "worker", "destructor").filter(inside).count();
        assert_eq!(round.begin.args["calls"], calls, "{:?}", round.begin);
    }
    let keys = ["log", "errno", "request context", "statistics", "ledger"];
    for destructor in read.slices(pid, "worker", "destructor") {
        assert!(is_within(destructor, &["thread", "exit", "round"]), "{:?}", destructor.begin);
        assert!(keys.contains(&destructor.begin.name.as_str()), "{:?}", destructor.begin);
        assert_eq!(destructor.begin.cname, None);
    }
    // A thread has one exit, and runs on one CPU at a time.
    let workers = read.tracks.iter().filter(|((its, _), name)| *its == pid && name.starts_with("worker #"));
    for ((_, tid), name) in workers {
        assert_eq!(read.slices(pid, name, "exit").filter(|slice| slice.begin.tid == *tid).count(), 1, "{name}");
        let mut runs: Vec<_> = read.slices(pid, "CPU ", "run").filter(|run| run.begin.name == *name).collect();
        runs.sort_by(|one, other| one.begin.ts.total_cmp(&other.begin.ts));
        assert!(!runs.is_empty(), "{name} never runs");
        let overlap = runs.windows(2).find(|pair| pair[0].end > pair[1].begin.ts);
        assert!(overlap.is_none(), "{name} runs twice at once: {:?}", overlap.map(|pair| &pair[1].begin));
    }
}

/// The crate that wrote the picture reads it, too; what is tested is what it shows.
fn picture_is_well_formed(text: &str) {
    let (mut depth, mut texts) = (0, Vec::new());
    for event in svg::read(text).unwrap() {
        match event {
            SvgEvent::Tag(_, Type::Start, _) => depth += 1,
            SvgEvent::Tag(_, Type::End, _) => depth -= 1,
            SvgEvent::Text(text) => texts.push(text),
            SvgEvent::Error(error) => panic!("{error}"),
            _ => {}
        }
    }
    assert_eq!(depth, 0);
    for name in ["CPU 0", "CPU 3", "exit", "round 1", "round 2", "last phase 1", "statistics", "ledger"] {
        assert!(texts.contains(&name), "the picture does not have {name}");
    }
}

#[test]
fn reader_refuses_what_is_wrong() {
    let named = |events: &str| {
        let name = r#"{"ph":"M","name":"thread_name","pid":1,"tid":1,"args":{"name":"CPU 0"}}"#;
        format!(r#"{{"displayTimeUnit":"ns","traceEvents":[{name},{events}]}}"#)
    };
    let event = |phase: &str, name: &str, ts: &str| {
        format!(r#"{{"ph":"{phase}","name":"{name}","cat":"c","pid":1,"tid":1,"ts":{ts}}}"#)
    };
    let (begin, end) = (event("B", "a", "1.5"), event("E", "a", "2"));
    assert_eq!(read(&named(&format!("{begin},{end}"))).slices.len(), 1);
    let inner = [event("B", "b", "1.6"), event("E", "b", "3")];
    let wrong = [
        begin.clone(),
        end.clone(),
        format!("{end},{begin}"),
        format!("{begin},{},{end},{}", inner[0], inner[1]),
        format!("{begin},{}", event("E", "a", "1")),
        format!("{begin},{}", event("E", "a", "\"2\"")),
        format!("{begin},{}", end.replace("pid", "process")),
        format!("{begin},{}", end.replace("\"ts\"", "\"dur\":1,\"ts\"")),
        format!("{begin},{}", end.replace("\"E\"", "\"X\"")),
        format!("{begin},{end}").replace("\"tid\":1", "\"tid\":2"),
        event("i", "a", "1"),
        format!("{begin},{end},{}", event("f", "a", "1")),
        format!("{begin},{end},{}", event("s", "a", "1").replace("\"cat\"", "\"id\":1,\"cat\"")),
    ];
    for events in wrong {
        let text = named(&events);
        assert!(panic::catch_unwind(|| read(&text)).is_err(), "{text}");
    }
}
