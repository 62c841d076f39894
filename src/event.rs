//! What a port is told of while the library works, for a timeline: [`Port::TRACE`](crate::Port::TRACE).

use crate::error::Error;
use crate::key::Key;

/// What has just happened in a call of the library: [`Port::TRACE`](crate::Port::TRACE) is told.
///
/// Which thread it happened on, where, and when, the port knows itself. What began ends on the same thread, the last one
/// first, unless an initialiser, a destructor or a function unwinds or its thread is killed.
///
/// # Examples
///
/// ```
/// use tsd::{Event, Key};
///
/// fn depth(event: Event) -> i32 {
///     match event {
///         Event::ExitBegan | Event::RoundBegan { .. } | Event::DestructorBegan(_) => 1,
///         Event::ExitEnded | Event::RoundEnded { .. } | Event::DestructorEnded(_) => -1,
///         _ => 0,
///     }
/// }
///
/// assert_eq!(depth(Event::ExitBegan) + depth(Event::KeyCreated(Key::default())) + depth(Event::ExitEnded), 0);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Event {
    /// A key was created.
    KeyCreated(Key),
    /// A key was deleted.
    KeyDeleted(Key),
    /// A key was refused: [`Error::TableFull`] or [`Error::TableWornOut`], `EAGAIN` in POSIX. The port may say who holds the
    /// others: [`KeyTable`](crate::KeyTable) implements `Display`.
    KeyRefused(Error),
    /// The thread has stored a value under a key under which it had none yet. Of a typed key that makes its value when
    /// it is wanted, this comes before the value is made, and again where none was.
    FirstSet(Key),
    /// The thread starts: [`KeySpace::attach`](crate::KeySpace::attach), before it sends its notifications.
    Attached,
    /// The thread's exit begins. One that has nothing to do tells nothing.
    ExitBegan,
    /// It is over.
    ExitEnded,
    /// A round of destructors begins: its number in its phase, from 1.
    RoundBegan {
        /// The number.
        round: u32,
        /// Whether it is the last phase.
        last_phase: bool,
    },
    /// It is over.
    RoundEnded {
        /// How many destructors it called. Where it was none, a report counts no round.
        calls: u32,
    },
    /// The destructor of a key is called.
    DestructorBegan(Key),
    /// It has returned.
    DestructorEnded(Key),
    /// A thread-exit function is called.
    FunctionBegan,
    /// It has returned.
    FunctionEnded,
    /// A value under this key is left over: it was cleared and gets no destructor. So is what the port stores now, and
    /// exit does not end as long as it stores something each time.
    LeftOver(Key),
    /// The initialiser of a [`Once`](crate::Once) is called.
    OnceBegan {
        /// The address of the `Once`.
        control: usize,
    },
    /// It is over.
    OnceEnded {
        /// The address of the `Once`.
        control: usize,
        /// Whether it has returned; else it was left or given back.
        is_complete: bool,
    },
}

/// Tells nobody, where there is no port, or one that does not want to know: of one type for all, so that what gets it is
/// compiled once.
#[inline(always)]
pub(crate) fn silent(_event: Event) {}
