//! The table of keys: which are live, and what runs for each at thread exit.
//!
//! Invariants, by the word that carries them:
//!
//! - `entries[i].tag` is odd exactly while the key at `i` is live. It is changed to odd by the one creator that owns
//!   the index, and to even by the one deleter whose compare-exchange succeeds.
//! - Below the tag an index belongs to one creator or one deleter alone, from when it is allocated to
//!   when it is freed.
//!
//! No call here waits for another: a thread that is stopped in the middle holds its own index and nothing else.

use core::ffi::c_void;
use core::ptr;

use crate::capacity::{Capacity, Supported};
use crate::entry::{Entry, Name};
use crate::error::Error;
use crate::event::{Event, silent};
use crate::index::Index;
use crate::index_allocator::IndexAllocator;
use crate::key::{Destructor, Key, KeyOptions};
use crate::parts::{self, STATIC_KEYS};
use crate::slots::Slots;
use crate::static_key::StaticKey;
use crate::sync::local::compiler_fence;
use crate::sync::{Acquire, Ordering, Relaxed, Release, array_of, const_fn, fence};
use crate::tag::{Generation, Phase, Tag};

/// PTHREAD_KEYS_MAX where the kernel names no other capacity.
pub const DEFAULT_KEYS: usize = 128;

/// PTHREAD_DESTRUCTOR_ITERATIONS where the kernel names no other number.
pub const DEFAULT_ROUNDS: u32 = 4;

/// The keys of one key space, at most `N` at a time. It lives in a static; there may be several.
///
/// `N` is PTHREAD_KEYS_MAX: 1 to 64, or a multiple of 64 up to 4096.
///
/// # Examples
///
/// ```
/// use tsd::{KeyTable, Slots};
///
/// static TABLE: KeyTable<8> = KeyTable::new();
/// let slots = Slots::<8>::new(); // in the thread control block
///
/// let key = TABLE.create(None)?;
/// let mut errno = 0i32;
/// // SAFETY: the key has no destructor.
/// unsafe { TABLE.set(&slots, key, (&raw mut errno).cast())? };
/// assert_eq!(TABLE.get(&slots, key), (&raw mut errno).cast());
///
/// TABLE.delete(key)?;
/// assert!(TABLE.get(&slots, key).is_null());
/// # Ok::<(), tsd::Error>(())
/// ```
// In C's layout with the entries first, so that C code can read a tag inline.
#[derive(Debug)]
#[repr(C)]
pub struct KeyTable<const N: usize = DEFAULT_KEYS>
where
    Capacity<N>: Supported,
{
    pub(crate) entries: [Entry; N],
    #[cfg(not(minimal))]
    names: [Name; N],
    pub(crate) indexes: IndexAllocator<N>,
    pub(crate) rounds: u32,
}

impl<const N: usize> KeyTable<N>
where
    Capacity<N>: Supported,
{
    /// The number of the last generation that an index can have: an index is used `LAST_GENERATION + 1` times at most.
    ///
    /// ```
    /// # #[cfg(target_pointer_width = "64")]
    /// assert_eq!(tsd::KeyTable::<128>::LAST_GENERATION, (1 << 55) - 1);
    /// ```
    pub const LAST_GENERATION: usize = Generation::last(N).0;

    const_fn! {
        /// Creates an empty table. It is all zero bytes but for the number of rounds.
        #[must_use]
        pub fn new() -> Self {
            Self {
                entries: array_of![Entry::new(Tag::NEVER_BOUND, None); N],
                #[cfg(not(minimal))]
                names: array_of![Name::new(""); N],
                indexes: IndexAllocator::new(),
                rounds: DEFAULT_ROUNDS,
            }
        }
    }

    /// Sets the number of destructor rounds a phase, PTHREAD_DESTRUCTOR_ITERATIONS. It is [`DEFAULT_ROUNDS`] otherwise.
    ///
    /// # Examples
    ///
    /// ```
    #[doc = include_str!("example_kernel.txt")]
    /// use tsd::{KeySpace, KeyTable};
    ///
    /// const TABLE: KeyTable<8> = KeyTable::new().with_rounds(1);
    /// // SAFETY: the only key space of this thread.
    /// static ONE_ROUND: KeySpace<Kernel> = unsafe { KeySpace::with_table(Kernel, TABLE) };
    /// ```
    #[must_use]
    pub const fn with_rounds(mut self, rounds: u32) -> Self {
        self.rounds = rounds;
        self
    }

    const_fn! {
        /// Starts every index at a later generation than 0, so that this table's first keys differ from those of other
        /// tables, or so that a test reaches the last generation. Call it before
        /// [`with_static_keys`](Self::with_static_keys). There is none after
        /// [`LAST_GENERATION`](Self::LAST_GENERATION).
        ///
        /// # Panics
        ///
        /// When the table has static keys already: at compile time, as tables are made.
        #[must_use]
        pub fn with_generation(mut self, generation: usize) -> Self {
            assert!(self.indexes.statics() == 0, "the first generation comes before the static keys");
            let last = Self::LAST_GENERATION;
            let first = Generation(if generation < last { generation } else { last });
            let mut index = 0;
            while index < N {
                self.entries[index] = Entry::new(Tag::at_generation(first, N), None);
                index += 1;
            }
            self
        }
    }

    const_fn! {
        /// Gives the first indexes to keys that are known at compile time.
        ///
        /// # Panics
        ///
        /// At compile time, when the keys are not numbered 0, 1, 2, … or are more than `N`, or the table has static
        /// keys already.
        #[must_use]
        pub fn with_static_keys(mut self, keys: &[StaticKey]) -> Self {
            assert!(self.indexes.statics() == 0, "the table has static keys already");
            assert!(STATIC_KEYS || keys.is_empty(), "the library was built without static keys");
            assert!(keys.len() <= N, "more static keys than the table has indexes");
            let mut index = 0;
            while index < keys.len() {
                let key = &keys[index];
                assert!(key.number() == index, "static keys must be numbered 0, 1, 2, ... in order");
                self.entries[index] = Entry::new(key.tag(), key.options.destructor);
                #[cfg(not(minimal))]
                {
                    self.names[index] = Name::new(key.options.name);
                }
                index += 1;
            }
            self.indexes.reserve_static(keys.len());
            self
        }
    }

    /// Creates a key that reads NULL in every thread.
    ///
    /// Callable from threads, destructors and interrupts. Lock-free; one word a 32 or 64 keys is looked at.
    /// POSIX `pthread_key_create`, C11 `tss_create`, Win32 `TlsAlloc`.
    ///
    /// # Errors
    ///
    /// [`Error::TableFull`] when N keys are live; [`Error::TableWornOut`] when fewer are, but each other index has used
    /// up its generations.
    ///
    /// # Examples
    ///
    /// ```
    /// use tsd::{Error, KeyTable};
    ///
    /// static TABLE: KeyTable<1> = KeyTable::new();
    ///
    /// let key = TABLE.create(None)?;
    /// assert_eq!(TABLE.create(None), Err(Error::TableFull));
    /// TABLE.delete(key)?;
    /// assert!(TABLE.create(None).is_ok());
    /// # Ok::<(), tsd::Error>(())
    /// ```
    pub fn create(&self, destructor: Option<Destructor>) -> Result<Key, Error> {
        self.create_with(KeyOptions { destructor, ..KeyOptions::new() })
    }

    /// Creates a key with a phase and a name; [`KeyOptions`] has an example.
    ///
    /// Callable from threads, destructors and interrupts. As [`create`](Self::create).
    ///
    /// # Errors
    ///
    /// As [`create`](Self::create).
    pub fn create_with(&self, options: KeyOptions) -> Result<Key, Error> {
        self.create_and_trace(options, silent)
    }

    /// [`create_with`](Self::create_with), which tells `trace` of the key, or that there is none.
    pub(crate) fn create_and_trace(&self, options: KeyOptions, trace: impl FnOnce(Event)) -> Result<Key, Error> {
        self.create_tag(options, false, trace).map(Tag::key)
    }

    /// Creates a key that only [`delete_tag`](Self::delete_tag) deletes; its tag.
    pub(crate) fn create_typed(&self, options: KeyOptions) -> Result<Tag, Error> {
        self.create_tag(options, true, silent)
    }

    fn create_tag(&self, options: KeyOptions, is_typed: bool, trace: impl FnOnce(Event)) -> Result<Tag, Error> {
        let index = match self.indexes.allocate() {
            Ok(index) => index,
            Err(error) => {
                trace(Event::KeyRefused(error));
                return Err(error);
            }
        };
        let entry = self.entry(index);
        entry.set_destructor(options.destructor);
        if let Some(name) = self.name(index) {
            name.set(&options, is_typed);
        }
        let phase = if options.last_phase { Phase::Last } else { Phase::Ordinary };
        // Relaxed: the index is this creator's, by the Acquire with which it was allocated.
        let tag = entry.tag(Relaxed).next_live(index.offset(), phase);
        entry.publish(tag);
        // Release: pairs with the fence in `verify`, so that a key that was handed over by a relaxed store is valid
        // wherever it is read.
        fence(Release);
        self.indexes.note_high_water();
        trace(Event::KeyCreated(tag.key()));
        Ok(tag)
    }

    /// Deletes a key: no thread reads a value under it any more, and values still set get no destructor.
    ///
    /// A thread exit on another CPU that has begun to take a value before still calls its destructor, and may enter it a moment
    /// after this returned: see [`purge`](Self::purge) for when its code may go away. A handler that deletes a key while
    /// the thread's own exit takes its value has that value if it has got it by `get` before, in the same handler: then it
    /// gets no destructor. Where `get` gives NULL the value is exit's, which calls the destructor.
    ///
    /// An interrupt handler that may have come in the exit of its own thread calls [`KeySpace::delete`](crate::KeySpace::delete) instead, by which
    /// that exit learns of it: else a value that the handler has got may get its destructor all the same.
    ///
    /// Callable from threads, destructors and interrupts. Lock-free; touches one entry, whatever the number of
    /// threads. POSIX `pthread_key_delete`, C11 `tss_delete`, Win32 `TlsFree`.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidKey`] and [`Error::DeletedKey`] when it is not live; [`Error::StaticKey`] and
    /// [`Error::TypedKey`] when it is not deleted by its number.
    ///
    /// # Examples
    ///
    /// ```
    /// use tsd::{Error, KeyTable};
    ///
    /// static TABLE: KeyTable<8> = KeyTable::new();
    ///
    /// let key = TABLE.create(None)?;
    /// TABLE.delete(key)?;
    /// let next = TABLE.create(None)?; // at the same index
    /// assert_eq!(TABLE.delete(key), Err(Error::DeletedKey));
    /// assert!(TABLE.is_live(next));
    /// # Ok::<(), tsd::Error>(())
    /// ```
    pub fn delete(&self, key: Key) -> Result<(), Error> {
        let index = Index::of_key(key);
        let tag = self.verify(key)?;
        if self.is_static(index) {
            return Err(Error::StaticKey);
        }
        if self.name(index).is_some_and(Name::is_typed) {
            return Err(Error::TypedKey);
        }
        self.delete_tag(tag)
    }

    /// Deletes the key of a tag that a caller has seen live.
    pub(crate) fn delete_tag(&self, tag: Tag) -> Result<(), Error> {
        let index = Index::of_tag(tag);
        let dead = tag.next_dead(N);
        if !self.entry(index).withdraw(tag, dead) {
            return Err(Error::DeletedKey);
        }
        if dead == Tag::RETIRED {
            self.indexes.retire()
        } else {
            self.indexes.free(index)
        }
        Ok(())
    }

    /// Returns the value that the slots' thread has under `key`; NULL if it set none or the key is not live.
    ///
    /// Callable from threads, destructors and interrupts. Wait-free, writes nothing.
    /// POSIX `pthread_getspecific`, C11 `tss_get`, Win32 `TlsGetValue`.
    #[inline]
    pub fn get(&self, slots: &Slots<N>, key: Key) -> *mut c_void {
        let index = Index::of_key(key);
        // The slot first: an interrupt handler that sets it between the tag, the value and the table's tag makes a
        // comparison fail or leaves a value of the same key.
        let (tag, value) = slots.slot(index).load();
        compiler_fence(Ordering::SeqCst);
        // Relaxed: the slot is this thread's own, and a thread that has set a value has seen the tag under which it
        // is stored.
        if self.entry(index).tag(Relaxed) != tag || tag.key() != key {
            // Keeps this a branch: conditional moves would be longer, and make the value wait for the table.
            compiler_fence(Ordering::SeqCst);
            // A static key's value counts whatever the slot's tag is (see `Slots::unbind_static`).
            let counts = self.is_static(index) && self.entry(index).tag(Relaxed).key() == key;
            return if counts { value } else { ptr::null_mut() };
        }
        value
    }

    /// Stores the value of the slots' thread under `key`. NULL clears; a replaced value gets no destructor.
    ///
    /// Callable from threads, destructors and interrupts. Wait-free.
    /// POSIX `pthread_setspecific`, C11 `tss_set`, Win32 `TlsSetValue`.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidKey`] and [`Error::DeletedKey`] when the key is not live; nothing is stored.
    ///
    /// # Safety
    ///
    /// 1. If the key has a destructor, it must be sound to call it with `value` on this thread, at its exit.
    /// 2. `slots` must be used with this table only, and belong to the calling thread.
    /// 3. No interrupt handler may delete the key in the middle of the call: a key that it creates then at the same
    ///    index, typed ones included, would get `value`.
    /// 4. The key must not be a typed key's, whose handle [`keys`](Self::keys) lists too: its values
    ///    are of another form.
    #[inline]
    pub unsafe fn set(&self, slots: &Slots<N>, key: Key, value: *mut c_void) -> Result<(), Error> {
        // SAFETY: the caller's word.
        unsafe { self.set_and_trace(slots, key, value, silent) }
    }

    /// [`set`](Self::set), which calls `trace` when it has bound the slot to the key.
    ///
    /// # Safety
    ///
    /// As `set`.
    #[inline]
    pub(crate) unsafe fn set_and_trace(
        &self,
        slots: &Slots<N>,
        key: Key,
        value: *mut c_void,
        trace: impl FnOnce(Event),
    ) -> Result<(), Error> {
        let index = Index::of_key(key);
        let slot = slots.slot(index);
        // Relaxed: where the tag is the key's, nothing else of the entry is read; else `verify` looks again.
        let tag = self.entry(index).tag(Relaxed);
        if slot.tag() == tag && is_tag_of(key, tag) {
            slot.store(value);
            return Ok(());
        }
        let set = self.set_first(slots, key, value);
        if set.is_ok() && !value.is_null() {
            trace(Event::FirstSet(key));
        }
        set
    }

    /// `set` where the slot is not bound to the key yet.
    #[cfg_attr(not(minimal), cold)]
    #[cfg_attr(minimal, inline(always))]
    fn set_first(&self, slots: &Slots<N>, key: Key, value: *mut c_void) -> Result<(), Error> {
        let tag = self.verify(key)?;
        let index = Index::of_key(key);
        if self.is_static(index) {
            // Also NULL: the value may be read although the slot is not bound (see `Slots::unbind_static`).
            slots.bind_static(tag, value);
        } else if !value.is_null() {
            slots.bind::<false>(tag, value, Some(self.entry(index).tag_word())).ok_or(Error::DeletedKey)?;
        }
        Ok(())
    }

    /// The tag of a live key.
    #[inline(always)]
    pub(crate) fn verify(&self, key: Key) -> Result<Tag, Error> {
        // Why it is refused is found out where somebody wants to know: in C all reasons are one number.
        let reason = |tag: Tag| if tag.has_outlived(key, N) { Error::DeletedKey } else { Error::InvalidKey };
        self.find(key).map_err(reason)
    }

    /// The tag of a live key, or the one that was found in its place.
    #[cfg_attr(minimal, inline(never))]
    fn find(&self, key: Key) -> Result<Tag, Tag> {
        let entry = self.entry(Index::of_key(key));
        if parts::IS_SHORT {
            // Acquire: as below, for each call.
            fence(Acquire);
        }
        // Acquire: pairs with the tag's Release when the key was published; the destructor is at least that new.
        let mut tag = entry.tag(Acquire);
        if !parts::IS_SHORT && !is_tag_of(key, tag) {
            // Acquire: pairs with the fence at the end of `create_tag`. Should the key have come here by a relaxed
            // load, this second look sees its tag; calls with a valid key that has arrived pay nothing.
            fence(Acquire);
            tag = entry.tag(Relaxed);
        }
        if is_tag_of(key, tag) { Ok(tag) } else { Err(tag) }
    }

    /// The entry at an index.
    #[inline(always)]
    pub(crate) fn entry(&self, index: Index<N>) -> &Entry {
        index.of(&self.entries)
    }

    /// The name at an index, where there are names.
    #[inline(always)]
    pub(crate) fn name(&self, index: Index<N>) -> Option<&Name> {
        #[cfg(not(minimal))]
        return Some(index.of(&self.names));
        #[cfg(minimal)]
        {
            let _ = index;
            None
        }
    }

    /// The tag of the static key at `index`, and its destructor if it has one. Whoever uses it does not look at the
    /// slot's tag.
    #[inline(always)]
    pub(crate) fn static_binding(&self, index: Index<N>) -> (Tag, Option<Destructor>) {
        let entry = self.entry(index);
        // Relaxed: neither ever changes.
        (entry.tag(Relaxed), entry.destructor())
    }

    /// Whether the index belongs to a static key.
    #[inline(always)]
    pub(crate) fn is_static(&self, index: Index<N>) -> bool {
        self.indexes.is_static(index)
    }
}

impl<const N: usize> Default for KeyTable<N>
where
    Capacity<N>: Supported,
{
    fn default() -> Self {
        Self::new()
    }
}

/// Whether `tag` is live and `key` its handle.
#[inline]
const fn is_tag_of(key: Key, tag: Tag) -> bool {
    tag.key().raw() == key.raw() && tag.is_live()
}

// C code finds the entries where the table begins.
const _: () = assert!(core::mem::offset_of!(KeyTable<1>, entries) == 0);
