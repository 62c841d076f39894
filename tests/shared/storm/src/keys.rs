//! What is known of each key, and the board on which threads find keys.
//!
//! A record belongs to one key of one generation. Its references are counted: the board's or the key's owner's, that of
//! each value that was stored under the key, and those of threads that use it at the moment; without any it is free.

use core::ffi::c_void;
use tsd_suite::atomic::{
    AtomicU32, AtomicUsize,
    Ordering::{Relaxed, SeqCst},
};

use tsd::{Destructor, Error, Key, KeyOptions};
use tsd_suite::KEYS;

use crate::{Event, Storm, StormPlatform, destructors, random::Random};

/// The number of cells on the board, apart from those for the module's keys.
pub(crate) const CELLS: usize = 24;
/// More than can be referred to: the live keys, and those of each value of each worker.
const RECORDS: usize = if KEYS > 2048 { 2 * KEYS } else { 4096 };
/// Further cells, for the module's keys.
pub(crate) const MODULE_CELLS: usize = 4;

/// Any cell of the board, the first ones more often: some keys are to be used and replaced at the same time.
pub(crate) fn any_cell(random: &mut Random) -> usize {
    random.below(CELLS).min(random.below(CELLS))
}

/// What the destructor of a key does, beyond checking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub(crate) enum Kind {
    /// There is none.
    None,
    /// Nothing.
    Plain,
    /// Sets its value again, once or more.
    Again,
    /// Sets its value again each time, so that it is left over.
    Endless,
    /// Sets another key.
    Other,
    /// Takes its time, and creates and deletes a key, registers functions, calls `once`.
    Busy,
    /// Nothing, in the last phase.
    Last,
    /// Sets its value again, in the last phase.
    LastAgain,
    /// Takes its time, and is code of the module that comes and goes.
    Module,
    /// Does not return: the thread dies in it.
    Deadly,
}

impl Kind {
    const ALL: [Self; 10] = [
        Self::None,
        Self::Plain,
        Self::Again,
        Self::Endless,
        Self::Other,
        Self::Busy,
        Self::Last,
        Self::LastAgain,
        Self::Module,
        Self::Deadly,
    ];
    /// Those that any thread creates: all but the last two.
    const USUAL: usize = Self::ALL.len() - 2;

    /// Whether its destructor runs in the last phase.
    pub(crate) fn is_last_phase(self) -> bool {
        matches!(self, Self::Last | Self::LastAgain)
    }

    /// The destructor: one function for each kind, so that each can tell whether the value is one of its own.
    fn destructor<W: StormPlatform>(self) -> Option<Destructor> {
        match self {
            Self::None => None,
            Self::Plain => Some(destructors::plain::<W>),
            Self::Again => Some(destructors::again::<W>),
            Self::Endless => Some(destructors::endless::<W>),
            Self::Other => Some(destructors::other::<W>),
            Self::Busy => Some(destructors::busy::<W>),
            Self::Last => Some(destructors::last::<W>),
            Self::LastAgain => Some(destructors::last_again::<W>),
            Self::Module => Some(destructors::module::<W>),
            Self::Deadly => Some(destructors::deadly::<W>),
        }
    }
}

/// What is known of one key.
#[derive(Debug)]
pub(crate) struct KeyRecord {
    references: AtomicU32,
    raw: AtomicU32,
    kind: AtomicU32,
    /// Tickets from before and after its deletion; 0 until then.
    delete_began: AtomicUsize,
    delete_ended: AtomicUsize,
}

impl KeyRecord {
    const fn new() -> Self {
        Self {
            references: AtomicU32::new(0),
            raw: AtomicU32::new(0),
            kind: AtomicU32::new(0),
            delete_began: AtomicUsize::new(0),
            delete_ended: AtomicUsize::new(0),
        }
    }

    pub(crate) fn key(&self) -> Key {
        // Relaxed: the number alone must be enough for every call.
        Key::from_raw(self.raw.load(Relaxed))
    }

    pub(crate) fn kind(&self) -> Kind {
        Kind::ALL[self.kind.load(SeqCst) as usize]
    }

    /// The ticket from before its deletion, if that has begun.
    pub(crate) fn delete_began(&self) -> Option<usize> {
        Some(self.delete_began.load(SeqCst)).filter(|&ticket| ticket != 0)
    }

    /// The ticket from after its deletion, if that has ended.
    pub(crate) fn delete_ended(&self) -> Option<usize> {
        Some(self.delete_ended.load(SeqCst)).filter(|&ticket| ticket != 0)
    }

    /// Notes that its deletion is about to begin.
    pub(crate) fn begin_delete(&self, ticket: usize) {
        // It fails where another thread has begun: the earlier ticket stays.
        let _ = self.delete_began.compare_exchange(0, ticket, SeqCst, SeqCst);
    }

    /// Notes that its deletion is over.
    pub(crate) fn end_delete(&self, ticket: usize) {
        let before = self.delete_ended.swap(ticket, SeqCst);
        assert_eq!(before, 0, "storm: two threads have deleted one key");
    }

    /// Adds a reference to a record that is not free.
    pub(crate) fn refer(&self) -> bool {
        self.references.fetch_update(SeqCst, SeqCst, |count| (count != 0).then_some(count + 1)).is_ok()
    }

    /// Takes a reference off.
    pub(crate) fn release(&self) {
        let before = self.references.fetch_sub(1, SeqCst);
        assert!(before != 0, "storm: a key's record has lost a reference");
    }
}

/// The records and the board.
#[derive(Debug)]
pub(crate) struct Keys {
    /// A record's number and one, or 0.
    board: [AtomicU32; CELLS + MODULE_CELLS],
    records: [KeyRecord; RECORDS],
    /// Where the search for a free record begins.
    next: AtomicUsize,
}

/// The number of a key's record.
pub(crate) type RecordNumber = u32;

impl Keys {
    pub(crate) const fn new() -> Self {
        Self {
            board: [const { AtomicU32::new(0) }; CELLS + MODULE_CELLS],
            records: [const { KeyRecord::new() }; RECORDS],
            next: AtomicUsize::new(0),
        }
    }

    pub(crate) fn record(&self, number: RecordNumber) -> &KeyRecord {
        &self.records[number as usize]
    }

    /// The key at a cell of the board, with a reference to its record for the caller.
    pub(crate) fn at(&self, cell: usize) -> Option<RecordNumber> {
        loop {
            let entry = self.board[cell].load(SeqCst);
            let number = entry.checked_sub(1)?;
            let record = self.record(number);
            if record.refer() {
                // Else the record may have gone to another key in between.
                if self.board[cell].load(SeqCst) == entry {
                    return Some(number);
                }
                record.release();
            }
        }
    }

    /// Puts another key, or none, on the board, and gives the one that was there. References go along.
    pub(crate) fn exchange(&self, cell: usize, number: Option<RecordNumber>) -> Option<RecordNumber> {
        self.board[cell].swap(number.map_or(0, |number| number + 1), SeqCst).checked_sub(1)
    }

    /// Takes a free record.
    fn allocate(&self) -> RecordNumber {
        for _ in 0..RECORDS {
            let number = self.next.fetch_add(1, SeqCst) % RECORDS;
            if self.records[number].references.compare_exchange(0, 1, SeqCst, SeqCst).is_ok() {
                return number as RecordNumber;
            }
        }
        panic!("storm: there are fewer records than keys that are referred to");
    }

    /// How many records are not free.
    pub(crate) fn referred_to(&self) -> usize {
        self.records.iter().filter(|record| record.references.load(SeqCst) != 0).count()
    }
}

impl Storm {
    /// Creates a key of any kind, whose record the caller refers to; none if the table is full. The caller is not
    /// killed meanwhile.
    pub(crate) fn create_key<W: StormPlatform>(&self, random: &mut Random) -> Option<RecordNumber> {
        self.create_key_of::<W>(Kind::ALL[random.below(Kind::USUAL)])
    }

    /// The same for a key of this kind.
    pub(crate) fn create_key_of<W: StormPlatform>(&self, kind: Kind) -> Option<RecordNumber> {
        let options =
            KeyOptions { destructor: kind.destructor::<W>(), last_phase: kind.is_last_phase(), name: "storm" };
        let key = match W::space().create_with(options) {
            Ok(key) => key,
            Err(error) => {
                assert_eq!(error, Error::TableFull, "storm: a create was refused");
                self.count(Event::KeysRefused);
                return None;
            }
        };
        assert!(W::space().get(key).is_null(), "storm: a new key has a value");
        let number = self.keys.allocate();
        let record = self.keys.record(number);
        record.delete_began.store(0, SeqCst);
        record.delete_ended.store(0, SeqCst);
        record.kind.store(kind as u32, SeqCst);
        record.raw.store(key.raw(), SeqCst);
        self.count(Event::KeysCreated);
        Some(number)
    }

    /// Deletes a key, and gives the reference of the board or of the key's owner back. The caller is not killed
    /// meanwhile.
    pub(crate) fn delete_key<W: StormPlatform>(&self, number: RecordNumber) {
        self.race_to_delete::<W>(number);
        let record = self.keys.record(number);
        self.expect_deleted::<W>(record.key());
        record.release();
    }

    /// Deletes a key, unless another thread does so at the same time.
    pub(crate) fn race_to_delete<W: StormPlatform>(&self, number: RecordNumber) {
        let record = self.keys.record(number);
        record.begin_delete(self.ticket());
        match W::space().delete(record.key()) {
            Ok(()) => {
                record.end_delete(self.ticket());
                self.count(Event::KeysDeleted);
            }
            Err(error) => {
                assert_eq!(error, Error::DeletedKey, "storm: a delete was refused");
                self.count(Event::DeleteRaces);
            }
        }
    }

    /// Checks that every call refuses a key that was deleted.
    pub(crate) fn expect_deleted<W: StormPlatform>(&self, key: Key) {
        assert_eq!(W::space().delete(key), Err(Error::DeletedKey), "storm: a key was deleted twice");
        self.count(Event::DeletesRefused);
        assert!(W::space().get(key).is_null(), "storm: a deleted key has a value");
        let value = core::ptr::from_ref(self).cast_mut().cast::<c_void>();
        // SAFETY: no destructor gets it, since it is not stored: the key is deleted.
        let set = unsafe { W::space().set(key, value) };
        assert_eq!(set, Err(Error::DeletedKey), "storm: a deleted key was set");
        self.count(Event::SetsRefused);
    }
}
