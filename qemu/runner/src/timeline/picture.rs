//! Tracks as a picture: some milliseconds of the CPUs and their threads around one thread's exit, and that exit in full.
//!
//! All colours are of middle brightness, and there is no background: it is read on white and on black.

use std::collections::HashMap;
use std::ops::Range;

use svg::{
    Document, Node,
    node::element::{Circle, Line, Rectangle, Text, Title},
};

use super::tracks::{Instant, Kind, Slice, Thread, Tracks};

const WIDTH: f64 = 900.0;
/// From where to where times are drawn; names stand left of that.
const PLOT: Range<f64> = 136.0..890.0;
const ROW: f64 = 20.0;
const BAR: f64 = 14.0;
const HEADING: f64 = 34.0;

/// How much of the run is shown.
const WINDOW_NS: u64 = 30_000_000;
/// The narrowest bar, and the narrowest that has a name in it.
const MIN_BAR: f64 = 0.6;
const MIN_NAMED: f64 = 24.0;

const INK: &str = "#737d88";
const FAINT: &str = "#9aa4ae";
const EXIT: &str = "#d9822b";
const ROUND: &str = "#b07cc6";
const DESTRUCTOR: &str = "#2f8f83";
const LEFT_OVER: &str = "#e5484d";
/// Threads, in the order in which they are first drawn: neighbours differ in hue.
const THREADS: [&str; 12] = [
    "#4c78c8", "#8c6d46", "#8a63c9", "#3d8f5f", "#b0567d", "#2a8ca8", "#6b7f3a", "#a2544a", "#5a66b5", "#93762a",
    "#9a4fa6", "#54808a",
];
/// About as many times are written over a part.
const TICKS: u64 = 6;

/// Returns the whole file.
pub(super) fn document(name: &str, tracks: &Tracks) -> String {
    let chosen = chosen_exit(tracks);
    let window = window(chosen.map(|(_, exit)| exit), tracks.end_ns);
    let mut picture = Picture { root: Document::new(), y: 6.0, colors: colors(tracks, &window), window };
    picture.heading(&format!(
        "{name}, {} CPUs: {} ms of {:.0}, of the host's time. Numbers are workers.",
        tracks.cpus.len(),
        (picture.window.end - picture.window.start) / 1_000_000,
        tracks.end_ns as f64 / 1e6
    ));
    picture.with_times("ms", 1e6, 0, |picture| picture.draw_cpus(tracks));
    picture.heading(
        "Their threads, waiting where the line is thin. Ring: on another CPU now. Stroke: preempted; red: killed. Orange: exit.",
    );
    picture.with_times("ms", 1e6, 0, |picture| picture.draw_threads(tracks, chosen.map(|(_, exit)| exit)));
    if let Some((thread, exit)) = chosen {
        picture.window = exit.begin_ns..exit.end_ns.max(exit.begin_ns + 1);
        let micros = (exit.end_ns - exit.begin_ns) as f64 / 1e3;
        picture
            .heading(&format!("The framed exit, of {}: {micros:.0} µs with its rounds and destructors.", thread.name));
        picture.with_times("µs", 1e3, exit.begin_ns, |picture| picture.draw_exit(thread, exit));
    }
    picture.finish()
}

/// The colour of each thread that is drawn.
fn colors(tracks: &Tracks, window: &Range<u64>) -> HashMap<usize, &'static str> {
    let runs = tracks.cpus.iter().flat_map(|cpu| &cpu.runs);
    let mut shown: Vec<_> = runs.filter(|run| run.begin_ns < window.end && run.end_ns > window.start).collect();
    shown.sort_by_key(|run| run.begin_ns);
    let mut colors = HashMap::new();
    for run in shown {
        let next = THREADS[colors.len() % THREADS.len()];
        colors.entry(run.thread).or_insert(next);
    }
    colors
}

/// The exit to look at closely: one with left-overs if there is any, else of those with the most rounds, and in the middle
/// of the run, when all CPUs work, the shortest: a longer one has waited until the host went on with its CPU.
fn chosen_exit(tracks: &Tracks) -> Option<(&Thread, &Slice)> {
    let exits = tracks.threads.iter().flat_map(|thread| {
        let exits = thread.slices.iter().filter(|slice| matches!(slice.kind, Kind::Exit { .. }));
        exits.map(move |exit| (thread, exit))
    });
    exits.max_by_key(|(thread, exit)| {
        let left_over = if let Kind::Exit { left_over } = exit.kind { left_over } else { 0 };
        let is_in_the_middle = (tracks.end_ns / 4..tracks.end_ns / 4 * 3).contains(&exit.begin_ns);
        (left_over, rounds(thread, exit), is_in_the_middle, u64::MAX - (exit.end_ns - exit.begin_ns))
    })
}

fn rounds(thread: &Thread, exit: &Slice) -> usize {
    parts(thread, exit).filter(|slice| matches!(slice.kind, Kind::Round { .. })).count()
}

/// The exit and what lies in it.
fn parts<'a>(thread: &'a Thread, exit: &'a Slice) -> impl Iterator<Item = &'a Slice> {
    let is_in = |slice: &&Slice| slice.begin_ns >= exit.begin_ns && slice.end_ns <= exit.end_ns;
    thread.slices.iter().filter(is_in).filter(|slice| slice.depth >= exit.depth)
}

/// What is shown of the run: about the exit.
fn window(exit: Option<&Slice>, end_ns: u64) -> Range<u64> {
    let middle_ns = exit.map_or(end_ns / 2, |exit| exit.begin_ns);
    let begin_ns = middle_ns.saturating_sub(WINDOW_NS / 2).min(end_ns.saturating_sub(WINDOW_NS));
    begin_ns..(begin_ns + WINDOW_NS).min(end_ns.max(1))
}

struct Picture {
    root: Document,
    /// Where the next row begins.
    y: f64,
    /// The times that are drawn.
    window: Range<u64>,
    colors: HashMap<usize, &'static str>,
}

impl Picture {
    /// Draws rows, and before them the times, in a unit of so many nanoseconds, from `zero_ns` on.
    fn with_times(&mut self, unit: &str, unit_ns: f64, zero_ns: u64, draw: impl FnOnce(&mut Self)) {
        let step = step((self.window.end - self.window.start) / TICKS);
        let first = (self.window.start - zero_ns).next_multiple_of(step) + zero_ns;
        let times: Vec<_> = (first..self.window.end).step_by(step as usize).collect();
        let decimals = usize::from((step as f64) < unit_ns);
        self.y += 4.0;
        for (number, &at_ns) in times.iter().enumerate() {
            let unit = if number == 0 { format!(" {unit}") } else { String::new() };
            let label = format!("{:.decimals$}{unit}", (at_ns - zero_ns) as f64 / unit_ns);
            let text = Text::new(label).set("x", self.x_within(at_ns)).set("y", self.y + 6.0).set("fill", INK);
            self.root.append(text.set("text-anchor", "middle").set("font-size", 10));
        }
        self.y += 12.0;
        let top = self.y - 2.0;
        draw(self);
        for at_ns in times {
            let (x, bottom) = (self.x_within(at_ns), self.y - ROW + BAR + 2.0);
            let line = Line::new().set("x1", x).set("x2", x).set("y1", top).set("y2", bottom);
            self.root.append(line.set("stroke", FAINT).set("stroke-width", 0.6).set("stroke-opacity", 0.5));
        }
    }

    fn draw_cpus(&mut self, tracks: &Tracks) {
        for (number, cpu) in tracks.cpus.iter().enumerate() {
            self.row(&format!("CPU {number}"), 0.0);
            for run in &cpu.runs {
                let name = &tracks.threads[run.thread].name;
                self.bar(run.begin_ns, run.end_ns, self.color(run.thread), name, true);
            }
            self.y += ROW;
        }
    }

    fn draw_threads(&mut self, tracks: &Tracks, framed: Option<&Slice>) {
        let window = self.window.clone();
        let is_shown = |begin_ns: u64, end_ns: u64| begin_ns < window.end && end_ns > window.start;
        for (index, thread) in tracks.threads.iter().enumerate() {
            let runs = tracks.cpus.iter().flat_map(|cpu| &cpu.runs).filter(|run| run.thread == index);
            let runs: Vec<_> = runs.filter(|run| is_shown(run.begin_ns, run.end_ns)).collect();
            if runs.is_empty() {
                continue;
            }
            self.row(&thread.name, 0.0);
            self.line(thread.begin_ns, thread.end_ns);
            for run in runs {
                self.bar(run.begin_ns, run.end_ns, self.color(index), &thread.name, false);
            }
            for slice in thread.slices.iter().filter(|slice| matches!(slice.kind, Kind::Exit { .. })) {
                self.bar(slice.begin_ns, slice.end_ns, slice_color(slice), "exit", true);
                if framed.is_some_and(|framed| std::ptr::eq(framed, slice)) {
                    self.frame(slice);
                }
            }
            self.marks(thread);
            self.y += ROW;
        }
    }

    fn marks(&mut self, thread: &Thread) {
        for mark in &thread.marks {
            let Some(x) = self.x(mark.at_ns) else { continue };
            let middle = self.y + BAR / 2.0;
            match mark.what {
                Instant::Migrated { .. } => {
                    let ring = Circle::new().set("cx", x).set("cy", middle).set("r", 3.5);
                    self.root.append(ring.set("fill", "none").set("stroke", INK).set("stroke-width", 1.5));
                }
                Instant::Preempted => self.stroke(x, self.y - 2.0, self.y + BAR + 2.0, INK),
                Instant::LeftOver(_) | Instant::Killed => self.stroke(x, self.y - 2.0, self.y + BAR + 2.0, LEFT_OVER),
                _ => {}
            }
        }
    }

    fn draw_exit(&mut self, thread: &Thread, exit: &Slice) {
        for slice in parts(thread, exit) {
            let name = words(&slice.kind);
            self.row(&name, (slice.depth - exit.depth) as f64 * 10.0);
            self.line(exit.begin_ns, exit.end_ns);
            self.bar(slice.begin_ns, slice.end_ns, slice_color(slice), &name, false);
            self.y += ROW;
        }
        let left_over = thread.marks.iter().filter(|mark| self.window.contains(&mark.at_ns));
        for mark in left_over.cloned().collect::<Vec<_>>() {
            if let Instant::LeftOver(key) = mark.what {
                self.text(8.0, &format!("left over: {key}"), LEFT_OVER);
                self.bar(mark.at_ns, mark.at_ns + 1, LEFT_OVER, &key, false);
                self.y += ROW;
            }
        }
    }

    /// Where a time is drawn, if it is.
    fn x(&self, at_ns: u64) -> Option<f64> {
        self.window.contains(&at_ns).then(|| self.x_within(at_ns))
    }

    fn x_within(&self, at_ns: u64) -> f64 {
        let at_ns = at_ns.clamp(self.window.start, self.window.end) - self.window.start;
        let share = at_ns as f64 / (self.window.end - self.window.start) as f64;
        round(PLOT.start + share * (PLOT.end - PLOT.start))
    }

    fn bar(&mut self, begin_ns: u64, end_ns: u64, color: &str, name: &str, is_named: bool) {
        if begin_ns >= self.window.end || end_ns < self.window.start {
            return;
        }
        let (from, to) = (self.x_within(begin_ns), self.x_within(end_ns));
        let width = round((to - from).max(MIN_BAR));
        let bar = Rectangle::new().set("x", from).set("y", self.y).set("width", width).set("height", BAR);
        let micros = (end_ns - begin_ns) as f64 / 1e3;
        self.root.append(bar.set("fill", color).add(Title::new(format!("{name}: {micros:.1} µs"))));
        // Of "worker #12" the number is enough, for the colour tells the rest.
        let short = name.rsplit(" #").next().unwrap_or(name);
        if is_named && width >= MIN_NAMED && short.len() as f64 * 6.5 < width {
            let text = Text::new(short).set("x", round(from + width / 2.0)).set("y", self.y + BAR - 3.5);
            self.root.append(text.set("fill", "#fff").set("text-anchor", "middle").set("font-size", 10));
        }
    }

    fn line(&mut self, begin_ns: u64, end_ns: u64) {
        let (from, to, y) = (self.x_within(begin_ns), self.x_within(end_ns), self.y + BAR / 2.0);
        let line = Line::new().set("x1", from).set("x2", to).set("y1", y).set("y2", y);
        self.root.append(line.set("stroke", FAINT).set("stroke-width", 1));
    }

    /// A frame around an exit, wide enough to be seen.
    fn frame(&mut self, exit: &Slice) {
        let (from, to) = (self.x_within(exit.begin_ns) - 4.0, self.x_within(exit.end_ns) + 4.0);
        let frame = Rectangle::new().set("x", round(from)).set("y", self.y - 2.5).set("width", round(to - from));
        let frame = frame.set("height", BAR + 5.0).set("rx", 2).set("fill", "none");
        self.root.append(frame.set("stroke", slice_color(exit)).set("stroke-width", 1.8));
    }

    fn color(&self, thread: usize) -> &'static str {
        self.colors.get(&thread).copied().unwrap_or(INK)
    }

    fn stroke(&mut self, x: f64, from: f64, to: f64, color: &str) {
        let line = Line::new().set("x1", x).set("x2", x).set("y1", from).set("y2", to);
        self.root.append(line.set("stroke", color).set("stroke-width", 1.2));
    }

    fn row(&mut self, name: &str, indent: f64) {
        self.text(8.0 + indent, name, INK);
    }

    fn text(&mut self, x: f64, text: &str, color: &str) {
        self.root.append(Text::new(text).set("x", x).set("y", self.y + BAR - 3.0).set("fill", color));
    }

    fn heading(&mut self, text: &str) {
        self.y += HEADING - ROW;
        self.root
            .append(Text::new(text).set("x", 8.0).set("y", self.y + 6.0).set("fill", INK).set("font-weight", "bold"));
        self.y += ROW - 4.0;
    }

    fn finish(self) -> String {
        let height = self.y + 8.0;
        let root = self.root.set("viewBox", (0.0, 0.0, WIDTH, height)).set("width", WIDTH).set("height", height);
        format!("{}\n", root.set("font-family", "system-ui, sans-serif").set("font-size", 12))
    }
}

fn round(pixels: f64) -> f64 {
    (pixels * 10.0).round() / 10.0
}

/// The next of 1, 2, 5, 10, 20, … that is at least this.
fn step(least: u64) -> u64 {
    let power = 10_u64.pow(least.max(1).ilog10());
    [1, 2, 5, 10].into_iter().map(|digit| digit * power).find(|step| *step >= least).unwrap_or(power)
}

fn slice_color(slice: &Slice) -> &'static str {
    match slice.kind {
        Kind::Exit { left_over: 0 } => EXIT,
        Kind::Exit { .. } => LEFT_OVER,
        Kind::Round { .. } => ROUND,
        Kind::Destructor(_) | Kind::Function | Kind::Once { .. } => DESTRUCTOR,
    }
}

fn words(kind: &Kind) -> String {
    match kind {
        Kind::Exit { .. } => "exit".into(),
        Kind::Round { round, is_last_phase: false, .. } => format!("round {round}"),
        Kind::Round { round, .. } => format!("last phase {round}"),
        Kind::Destructor(key) => key.clone(),
        Kind::Function => "function".into(),
        Kind::Once { .. } => "once".into(),
    }
}
