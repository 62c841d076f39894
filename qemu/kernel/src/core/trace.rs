//! What happens on each CPU, for a timeline: in kernels that are built with the feature `trace`. In others nothing is
//! written, and nothing of this is compiled.
//!
//! Each CPU has a ring of its own, to which it alone writes, with interrupts masked: from threads, destructors and
//! interrupts alike. Where a ring is full, its oldest events are lost. [`dump`] stops the recording and prints all.

use core::{
    fmt::{self, Display, Write},
    sync::atomic::{AtomicBool, Ordering},
};

use heapless::{HistoryBuf, Vec};
use spin::Mutex;
use tsd::Event;

use crate::{
    core::{
        clock,
        console::println,
        cpu,
        port::SPACE,
        scheduler::{control_block::Thread, control_block::ThreadIndex, locked::is_idle, sleep},
    },
    machine::{cpu_local::MAX_CPUS, interrupts::without_interrupts},
};

/// Whether anything is written.
pub(crate) const IS_ON: bool = cfg!(feature = "trace");

/// How many events a CPU keeps.
const ROOM: usize = if IS_ON { 1 << 15 } else { 1 };

/// How many events are printed on a line: interrupts are masked meanwhile.
const PRINTED_AT_ONCE: usize = 16;

/// What happened.
#[derive(Clone, Copy, Debug)]
pub(crate) enum What {
    /// In a call of the library, on this thread.
    Library(Event),
    /// The thread was created, with this name.
    Created(&'static str),
    /// The CPU goes on with the thread.
    Runs,
    /// The thread has lost its CPU to another one without asking.
    Preempted,
    /// The thread begins to end because it was killed.
    Killed,
    /// The thread has ended.
    Ended,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    at_ns: u64,
    /// None in an interrupt without a thread.
    thread: Option<ThreadIndex>,
    what: What,
}

struct Ring {
    entries: HistoryBuf<Entry, ROOM>,
    written: usize,
}

/// Locked with interrupts masked only: by its CPU, or by `dump` when no CPU writes any more.
static RINGS: [Mutex<Ring>; MAX_CPUS] =
    [const { Mutex::new(Ring { entries: HistoryBuf::new(), written: 0 }) }; MAX_CPUS];

static IS_STOPPED: AtomicBool = AtomicBool::new(false);

/// What the library is to tell of its events.
pub(crate) const HOOK: Option<fn(Event)> = if IS_ON { Some(note) } else { None };

/// Notes what happened in a call of the library.
fn note(event: Event) {
    write(Thread::current().map(Thread::index), What::Library(event));
}

/// Notes what happened to `thread`.
#[inline(always)]
pub(crate) fn note_of(thread: ThreadIndex, what: What) {
    if IS_ON {
        write(Some(thread), what);
    }
}

fn write(thread: Option<ThreadIndex>, what: What) {
    without_interrupts(|| {
        if !IS_STOPPED.load(Ordering::SeqCst) {
            let mut ring = RINGS[cpu::id()].lock();
            ring.entries.write(Entry { at_ns: clock::now_ns(), thread, what });
            ring.written += 1;
        }
    });
}

/// Prints the names of all live keys: a deleted key has none.
pub(crate) fn print_keys() {
    for info in SPACE.table().keys() {
        println!("tsd: trace: key {:x} {}", info.key.raw(), info.name);
    }
}

/// Ends the recording, and prints it. On a thread.
pub(crate) fn dump() {
    IS_STOPPED.store(true, Ordering::SeqCst);
    // Whoever did not see that has written by then.
    sleep::sleep_ns(clock::TICK_NS);
    for (cpu, ring) in RINGS.iter().enumerate().take(cpu::online()) {
        let ring = ring.lock();
        println!("tsd: trace: cpu {cpu} {} {}", ring.entries.len(), ring.written - ring.entries.len());
        let mut entries = ring.entries.oldest_ordered().copied().peekable();
        let mut before_ns = 0;
        while entries.peek().is_some() {
            let line: Vec<Entry, PRINTED_AT_ONCE> = entries.by_ref().take(PRINTED_AT_ONCE).collect();
            println!("tsd: trace: events {cpu}{}", Line { before_ns, entries: &line });
            before_ns = line.last().map_or(before_ns, |entry| entry.at_ns);
        }
    }
}

/// Events as they are printed, each after a blank: the nanoseconds since the event before, a capital letter, the number
/// of the thread unless there is none, and for some an argument or two, each after a point. Numbers are hexadecimal.
struct Line<'a> {
    before_ns: u64,
    entries: &'a [Entry],
}

impl Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut before_ns = self.before_ns;
        for Entry { at_ns, thread, what } in self.entries {
            write!(f, " {:x}{}", at_ns.saturating_sub(before_ns), letter(*what, *thread))?;
            before_ns = *at_ns;
            if let Some(thread) = thread {
                write!(f, "{thread:x}")?;
            }
            match what {
                What::Library(event) => print_arguments(f, *event)?,
                What::Created(name) => {
                    f.write_char('.')?;
                    // Blanks separate the events.
                    name.chars().try_for_each(|c| f.write_char(if c == ' ' { '_' } else { c }))?;
                }
                What::Runs | What::Preempted | What::Killed | What::Ended => {}
            }
        }
        Ok(())
    }
}

fn letter(what: What, thread: Option<ThreadIndex>) -> char {
    match what {
        What::Created(_) => 'S',
        What::Runs if thread.is_some_and(is_idle) => 'I',
        What::Runs => 'R',
        What::Preempted => 'P',
        What::Killed => 'K',
        What::Ended => 'X',
        What::Library(event) => match event {
            Event::KeyCreated(_) => 'C',
            Event::KeyDeleted(_) => 'Z',
            Event::KeyRefused(_) => 'B',
            Event::FirstSet(_) => 'F',
            Event::Attached => 'A',
            Event::ExitBegan => 'E',
            Event::ExitEnded => 'Q',
            Event::RoundBegan { .. } => 'N',
            Event::RoundEnded { .. } => 'O',
            Event::DestructorBegan(_) => 'D',
            Event::DestructorEnded(_) => 'T',
            Event::FunctionBegan => 'G',
            Event::FunctionEnded => 'H',
            Event::LeftOver(_) => 'L',
            Event::OnceBegan { .. } => 'V',
            Event::OnceEnded { .. } => 'W',
            _ => 'U',
        },
    }
}

fn print_arguments(f: &mut fmt::Formatter<'_>, event: Event) -> fmt::Result {
    match event {
        Event::KeyCreated(key)
        | Event::KeyDeleted(key)
        | Event::FirstSet(key)
        | Event::DestructorBegan(key)
        | Event::DestructorEnded(key)
        | Event::LeftOver(key) => write!(f, ".{:x}", key.raw()),
        Event::RoundBegan { round, last_phase } => write!(f, ".{round:x}.{}", u8::from(last_phase)),
        Event::RoundEnded { calls } => write!(f, ".{calls:x}"),
        Event::OnceBegan { control } => write!(f, ".{control:x}"),
        Event::OnceEnded { control, is_complete } => write!(f, ".{control:x}.{}", u8::from(is_complete)),
        _ => Ok(()),
    }
}
