//! The keys of a run by the part that each plays, their handles, and which of them live.

use core::sync::atomic::{AtomicBool, AtomicU32, Ordering::SeqCst};

use tsd::{Key, KeyOptions, StaticKey};

/// The part that a key plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub(super) enum Name {
    /// The one that the call is about.
    Key,
    /// Another one.
    Other,
    /// One of the last phase.
    Last,
    /// One that the call, or a destructor, creates.
    Created,
    /// One that another CPU creates, most often at the index of `Key`.
    Successor,
    /// One that comes after that.
    Heir,
    /// The static one.
    Static,
    /// The static one of the last phase.
    StaticLast,
}

/// The indexes of the static keys.
pub(super) const STATIC_INDEX: usize = 0;
pub(super) const STATIC_LAST_INDEX: usize = 1;

pub(super) const NAMES: usize = 8;

impl Name {
    pub(super) const ALL: [Self; NAMES] = [
        Self::Key,
        Self::Other,
        Self::Last,
        Self::Created,
        Self::Successor,
        Self::Heir,
        Self::Static,
        Self::StaticLast,
    ];

    /// The static key that it is, but for its name and its destructor, of which get and set know nothing.
    pub(super) const fn as_static(self) -> Option<StaticKey> {
        match self {
            Self::Static => Some(StaticKey::new(STATIC_INDEX, KeyOptions::new())),
            Self::StaticLast => Some(StaticKey::new(STATIC_LAST_INDEX, KeyOptions::new().last_phase())),
            _ => None,
        }
    }
}

static HANDLES: [AtomicU32; NAMES] = [const { AtomicU32::new(0) }; NAMES];
static IS_LIVE: [AtomicBool; NAMES] = [const { AtomicBool::new(false) }; NAMES];
/// The handle of `name`, which may be dead; before its creation one that was never valid.
pub(super) fn handle(name: Name) -> Key {
    name.as_static().map_or_else(|| Key::from_raw(HANDLES[name as usize].load(SeqCst)), |key| key.key())
}

pub(super) fn is_live(name: Name) -> bool {
    name.as_static().is_some() || IS_LIVE[name as usize].load(SeqCst)
}

/// Whether `name` was ever created in this run.
pub(super) fn was_created(name: Name) -> bool {
    name.as_static().is_some() || HANDLES[name as usize].load(SeqCst) != 0
}

/// Notes that `name` was created.
pub(super) fn created(name: Name, key: Key) {
    HANDLES[name as usize].store(key.raw(), SeqCst);
    IS_LIVE[name as usize].store(true, SeqCst);
}

/// Notes that `name` is dead.
pub(super) fn deleted(name: Name) {
    IS_LIVE[name as usize].store(false, SeqCst);
}

/// Forgets the handle of `name`, which is dead.
pub(super) fn forget(name: Name) {
    HANDLES[name as usize].store(0, SeqCst);
}
