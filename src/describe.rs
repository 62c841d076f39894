//! Keys, tables and threads in words, for panic dumps and for whoever asks who holds the keys of a full table.
//!
//! `src/gdb`, the script for debuggers, says the same facts in the same words. A test holds the one to the other.

use core::fmt;

use crate::capacity::{Capacity, Supported};
use crate::exit_functions::ExitFunctionList;
use crate::key::{Key, KeyFlags, KeyInfo};
use crate::pending::Flags;
use crate::slots::Slots;
use crate::table::KeyTable;

impl<const N: usize> KeyTable<N>
where
    Capacity<N>: Supported,
{
    /// Returns what says how many keys are in use, in a line of words: `2 of 128 keys in use, at most 5 at once, 0
    /// indexes retired`.
    ///
    /// The table's own [`Display`](fmt::Display) has a line for each live key after it.
    ///
    /// Callable from threads, destructors and interrupts. Wait-free, writes nothing.
    ///
    /// # Examples
    ///
    /// ```
    /// use tsd::KeyTable;
    ///
    /// static TABLE: KeyTable<8> = KeyTable::new();
    ///
    /// TABLE.delete(TABLE.create(None)?)?;
    /// assert_eq!(TABLE.usage().to_string(), "0 of 8 keys in use, at most 1 at once, 0 indexes retired");
    /// # Ok::<(), tsd::Error>(())
    /// ```
    pub fn usage(&self) -> impl fmt::Display {
        Usage { keys: N, in_use: self.in_use(), high_water: self.high_water(), retired: self.retired() }
    }

    /// Returns what says what a thread is at, in a line of words: whether it is exiting, the destructor in which it is,
    /// and how many thread-exit functions it has, where the kernel keeps some.
    ///
    /// The thread should be the caller or be stopped when the words are written.
    ///
    /// Callable from threads, destructors and interrupts. Wait-free, writes nothing; looks at all N entries for a
    /// thread that is in a destructor.
    ///
    /// # Examples
    ///
    /// ```
    #[doc = include_str!("example_kernel.txt")]
    /// use core::{ffi::c_void, ptr};
    ///
    /// unsafe extern "C-unwind" fn close(_file: *mut c_void) {
    ///     let state = KEYS.table().thread_state(&SLOTS, None).to_string();
    ///     assert_eq!(state, "exiting, in the destructor of key 0x1 \"\", round 1");
    /// }
    ///
    /// let key = KEYS.create(Some(close))?;
    /// // SAFETY: `close` takes anything.
    /// unsafe { KEYS.set(key, ptr::dangling_mut())? };
    /// assert_eq!(KEYS.table().thread_state(&SLOTS, None).to_string(), "not exiting");
    /// // SAFETY: the last that the thread does.
    /// assert_eq!(unsafe { KEYS.exit() }.calls, 1);
    /// # Ok::<(), tsd::Error>(())
    /// ```
    pub fn thread_state<'a>(
        &'a self,
        slots: &'a Slots<N>,
        functions: Option<ExitFunctionList<'a>>,
    ) -> impl fmt::Display + 'a {
        ThreadState { table: self, slots, functions }
    }
}

/// `key 0x9 "log buffer": index 0, generation 1, ordinary, run-time, destructor 0xffff800000012340`
impl fmt::Display for KeyInfo {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { key, index, generation, name, flags, destructor } = self;
        let phase = if flags.contains(KeyFlags::LAST_PHASE) { "last phase" } else { "ordinary" };
        let kind = if flags.contains(KeyFlags::STATIC) {
            "static"
        } else if flags.contains(KeyFlags::TYPED) {
            "typed"
        } else {
            "run-time"
        };
        write!(formatter, "key {:#x} \"{name}\": index {index}, generation {generation}, {phase}, {kind}", key.raw())?;
        match destructor {
            Some(destructor) => write!(formatter, ", destructor {:#x}", *destructor as usize),
            None => formatter.write_str(", no destructor"),
        }
    }
}

/// [`usage`](KeyTable::usage), and a line for each live key: who holds a table that is full. Keys that come or go
/// meanwhile may be left out.
///
/// ```
/// static TABLE: tsd::KeyTable<2> = tsd::KeyTable::new();
/// TABLE.create_with(tsd::KeyOptions::new().name("log buffer"))?;
/// let arena = TABLE.create_with(tsd::KeyOptions::new().name("arena").last_phase())?;
/// assert_eq!(TABLE.create(None), Err(tsd::Error::TableFull));
/// assert_eq!(
///     TABLE.to_string(),
///     "2 of 2 keys in use, at most 2 at once, 0 indexes retired\n\
///      key 0x1 \"log buffer\": index 0, generation 0, ordinary, run-time, no destructor\n\
///      key 0x13 \"arena\": index 1, generation 0, last phase, run-time, no destructor\n"
/// );
/// # assert_eq!(arena.raw(), 0x13);
/// # Ok::<(), tsd::Error>(())
/// ```
impl<const N: usize> fmt::Display for KeyTable<N>
where
    Capacity<N>: Supported,
{
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "{}", self.usage())?;
        self.keys().try_for_each(|info| writeln!(formatter, "{info}"))
    }
}

/// What [`KeyTable::usage`] says.
struct Usage {
    keys: usize,
    in_use: usize,
    high_water: usize,
    retired: usize,
}

impl fmt::Display for Usage {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { keys, in_use, high_water, retired } = self;
        let indexes = if *retired == 1 { "index" } else { "indexes" };
        write!(formatter, "{in_use} of {keys} keys in use, at most {high_water} at once, {retired} {indexes} retired")
    }
}

/// What [`KeyTable::thread_state`] says.
struct ThreadState<'a, const N: usize>
where
    Capacity<N>: Supported,
{
    table: &'a KeyTable<N>,
    slots: &'a Slots<N>,
    functions: Option<ExitFunctionList<'a>>,
}

impl<const N: usize> fmt::Display for ThreadState<'_, N>
where
    Capacity<N>: Supported,
{
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(if self.slots.is_exiting() { "exiting" } else { "not exiting" })?;
        if self.slots.pending.has_any(Flags::INITIALISING) {
            formatter.write_str(", in an initialiser")?;
        }
        match self.slots.progress.callee() {
            None => {}
            Some(key) if key == Key::default() => formatter.write_str(", in an exit function")?,
            Some(key) => self.write_destructor(formatter, key)?,
        }
        match self.functions.map(|list| list.len()) {
            Some(1) => formatter.write_str(", 1 exit function"),
            Some(count) => write!(formatter, ", {count} exit functions"),
            None => Ok(()),
        }
    }
}

impl<const N: usize> ThreadState<'_, N>
where
    Capacity<N>: Supported,
{
    fn write_destructor(&self, formatter: &mut fmt::Formatter<'_>, key: Key) -> fmt::Result {
        write!(formatter, ", in the destructor of key {:#x}", key.raw())?;
        match self.table.keys().find(|info| info.key == key) {
            Some(info) => write!(formatter, " \"{}\"", info.name)?,
            None => formatter.write_str(", which was deleted")?,
        }
        let round = self.slots.current_destructor().map_or(0, |(_, round)| round);
        write!(formatter, ", round {round}")
    }
}
