//! What code of a thread or a handler can do, whatever the capacity of the table.

use crate::calls::Value;

/// What code of a thread or a handler can do. Keys and values are the ledger's.
pub(crate) trait Machine {
    /// Creates a key; none where the table is full.
    fn create(&self, kind: Kind) -> Option<u8>;
    /// Creates a key that has the second index, though the first has none any more; the value of the one that it had is
    /// left in its slot.
    fn create_at_second(&self, kind: Kind, left: Value);
    /// Whether it was live.
    fn delete(&self, key: u8) -> bool;
    /// Whether it was done: the key was not deleted.
    fn set(&self, key: u8, value: Value) -> bool;
    fn get(&self, key: u8) -> Value;
    /// As another thread takes it.
    fn take(&self, key: u8) -> Value;
    /// As another thread takes a value that it has seen, if that is there still, and frees it.
    fn claim(&self, value: Value);
    fn static_set(&self, value: Value);
    fn static_get(&self) -> Value;
    /// Makes the typed key of the case, with the first index or with none yet.
    fn typed_create(&self, kind: Typed);
    fn typed_take(&self) -> Value;
    fn typed_replace(&self);
    fn typed_with(&self);
    fn lent_with(&self);
    fn lent_init(&self);
    fn once(&self, control: usize);
    fn at_thread_exit(&self);
    fn share(&self);
    fn exit(&self);
    /// The exit of a thread that has died.
    fn reap(&self);
    /// Fills the table, so that the next two keys have the first index and the last one but 63.
    fn fill_between(&self, before_last: usize);
    fn is_idle(&self) -> bool;
    /// How many keys the table says that it has.
    fn in_use(&self) -> usize;
    /// Creates keys until the table is full. That does not end if an index is lost: the table has room, and no bit for
    /// it.
    fn fill(&self);
    /// Makes what is now the beginning of each run.
    fn save(&self);
    /// Makes all as it was then.
    fn restore(&self);
}

/// What key to create.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Kind {
    pub(crate) is_last_phase: bool,
    pub(crate) has_destructor: bool,
}

/// The most common one.
pub(crate) const ORDINARY: Kind = Kind { is_last_phase: false, has_destructor: true };

/// What typed key to create.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Typed {
    /// A `TypedKey`.
    AtRunTime,
    /// An `OwnedKey`, created at its first use.
    Owned,
    /// A `SharedKey`, created at its first use.
    Shared,
    /// The same, whose value lies in the thread's arena.
    Inline,
    /// The world's static key.
    StaticOwned,
    /// The world's static key.
    StaticShared,
    /// The world's static key, whose value lies in the thread's arena.
    StaticInline,
}
