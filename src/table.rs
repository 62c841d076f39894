//! The table of keys: which are live, and what runs for each at thread exit.
//!
//! Invariants, by the word that carries them:
//!
//! - `entries[i].tag` is odd exactly while the key at `i` is live. It is changed to odd by the one creator that owns
//!   the index, and to even by the one deleter whose compare-exchange succeeds.
//! - Below the tag an index belongs to one creator or one deleter alone, from when it is taken in [`places`](crate::places)
//!   to when it is given back there.
//!
//! No call here waits for another: a thread that is stopped in the middle holds its own index and nothing else.

use core::ffi::c_void;
use core::ptr;

use crate::capacity::{Capacity, Supported};
use crate::error::Error;
use crate::key::{Destructor, Key, KeyOptions, from_pointer, tag, to_pointer};
use crate::pending::CONTESTED;
use crate::places::Places;
use crate::slots::Slots;
use crate::statics::StaticKey;
use crate::sync::own::compiler_fence;
use crate::sync::{Acquire, AtomicPtr, AtomicUsize, Ordering, Relaxed, Release, array_of, const_fn, fence};

/// PTHREAD_KEYS_MAX where the kernel names no other capacity.
pub const DEFAULT_KEYS: usize = 128;

/// PTHREAD_DESTRUCTOR_ITERATIONS where the kernel names no other number.
pub const DEFAULT_ROUNDS: u32 = 4;

/// What `get`, `set` and thread exit read of a key. As large as a slot.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Entry {
    pub(crate) tag: AtomicUsize,
    pub(crate) destructor: AtomicPtr<()>,
}

impl Entry {
    /// The destructor. It is the one of the key whose tag a slot has, if [`tag_after_destructor`](Self::tag_after_destructor)
    /// gives this tag afterwards.
    #[inline(always)]
    pub(crate) fn destructor(&self) -> Option<Destructor> {
        // Relaxed: it is not older than the slot's tag, by the Acquire in `verify` before the slot was bound.
        from_pointer(self.destructor.load(Relaxed))
    }

    /// The tag, read after the destructor.
    #[inline(always)]
    pub(crate) fn tag_after_destructor(&self) -> usize {
        // Acquire: pairs with the destructor's Release in `create_with`. If the destructor is a later key's, so is the tag,
        // or it is a dead one.
        fence(Acquire);
        self.tag.load(Relaxed)
    }
}

/// In the length of a key's name, which is never so long: a [`TypedKey`](crate::TypedKey) owns the key.
pub(crate) const TYPED: usize = 1 << (usize::BITS - 1);

/// A key's name: a `&'static str` in two words, and the mark above. Valid while the entry's tag is live.
#[derive(Debug)]
pub(crate) struct Name {
    pub(crate) start: AtomicPtr<u8>,
    pub(crate) length: AtomicUsize,
}

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
    pub(crate) names: [Name; N],
    pub(crate) places: Places<N>,
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
    pub const LAST_GENERATION: usize = tag::last_generation(N);

    const_fn! {
        /// An empty table. It is all zero bytes but for the number of rounds.
        #[must_use]
        pub fn new() -> Self {
            Self {
                entries: array_of![
                    Entry { tag: AtomicUsize::new(0), destructor: AtomicPtr::new(ptr::null_mut()) }; N],
                names: array_of![
                    Name { start: AtomicPtr::new(ptr::null_mut()), length: AtomicUsize::new(0) }; N],
                places: Places::new(),
                rounds: DEFAULT_ROUNDS,
            }
        }
    }

    /// Sets the number of destructor rounds a phase, PTHREAD_DESTRUCTOR_ITERATIONS.
    #[must_use]
    pub const fn with_rounds(mut self, rounds: u32) -> Self {
        self.rounds = rounds;
        self
    }

    const_fn! {
        /// Starts every index at a later generation than 0, so that this table's first keys differ from those of
        /// other tables, or so that a test comes to the last generation. Call it before
        /// [`with_static_keys`](Self::with_static_keys).
        #[must_use]
        pub fn with_generation(mut self, generation: usize) -> Self {
            let mut index = 0;
            while index < N {
                self.entries[index].tag = AtomicUsize::new(tag::at_generation(generation, N));
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
        /// At compile time, when the keys are not numbered 0, 1, 2, … or are more than `N`.
        #[must_use]
        pub fn with_static_keys(mut self, keys: &[StaticKey]) -> Self {
            assert!(keys.len() <= N, "more static keys than the table has places");
            let mut index = 0;
            while index < keys.len() {
                let key = &keys[index];
                assert!(key.index() == index, "static keys must be numbered 0, 1, 2, ... in order");
                self.entries[index] = Entry {
                    tag: AtomicUsize::new(key.tag()),
                    destructor: AtomicPtr::new(to_pointer(key.options.destructor)),
                };
                self.names[index] = Name {
                    start: AtomicPtr::new(key.options.name.as_ptr().cast_mut()),
                    length: AtomicUsize::new(key.options.name.len()),
                };
                index += 1;
            }
            self.places.own_statics(keys.len());
            self
        }
    }

    /// Creates a key that reads NULL in every thread.
    ///
    /// # Errors
    ///
    /// [`Error::TableFull`] when N keys are live; [`Error::TableWornOut`] when free places are left but each has used
    /// up its generations.
    ///
    /// Callable from threads, destructors and interrupts. Lock-free; one word a 32 or 64 keys is looked at.
    /// POSIX `pthread_key_create`, C11 `tss_create`, Win32 `TlsAlloc`.
    pub fn create(&self, destructor: Option<Destructor>) -> Result<Key, Error> {
        self.create_with(KeyOptions { destructor, ..KeyOptions::new() })
    }

    /// [`create`](Self::create) with a phase and a name.
    ///
    /// # Errors
    ///
    /// As [`create`](Self::create).
    pub fn create_with(&self, options: KeyOptions) -> Result<Key, Error> {
        self.create_tag(options, 0).map(|tag| Key::from_raw(tag::handle(tag)))
    }

    /// Creates a key that only [`delete_tag`](Self::delete_tag) deletes; its tag.
    pub(crate) fn create_typed(&self, options: KeyOptions) -> Result<usize, Error> {
        self.create_tag(options, TYPED)
    }

    /// Creates a key with `mark` in the length of its name; its tag.
    fn create_tag(&self, options: KeyOptions, mark: usize) -> Result<usize, Error> {
        let index = self.places.take()?;
        let entry = &self.entries[index];
        // Release, three times: whoever reads one of these and then fences must see that the predecessor's tag is gone
        // (see `tag_after_destructor`).
        entry.destructor.store(to_pointer(options.destructor), Release);
        self.names[index].start.store(options.name.as_ptr().cast_mut(), Release);
        self.names[index].length.store(options.name.len() | mark, Release);
        // Relaxed: the index is this creator's, by `claim`'s Acquire.
        let tag = tag::born(entry.tag.load(Relaxed), index, options.last_phase);
        // Release: pairs with the Acquire in `verify`.
        entry.tag.store(tag, Release);
        // Release: pairs with the fence in `verify`, so that a key that was handed over by a relaxed store is valid
        // wherever it is read.
        fence(Release);
        self.places.note_high_water();
        Ok(tag)
    }

    /// Deletes a key: no thread reads a value under it any more, and values still set get no destructor.
    ///
    /// A thread exit on another CPU that has taken a value before still calls its destructor, and may enter it a moment after
    /// this returned: see [`purge`](Self::purge) for when its code may go away.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidKey`] and [`Error::DeletedKey`] when it is not live; [`Error::StaticKey`] and [`Error::TypedKey`]
    /// when it is not deleted by its number.
    ///
    /// Callable from threads, destructors and interrupts. Lock-free; touches one entry, whatever the number of
    /// threads. POSIX `pthread_key_delete`, C11 `tss_delete`, Win32 `TlsFree`.
    pub fn delete(&self, key: Key) -> Result<(), Error> {
        let index = Self::index(key);
        let tag = self.verify(key)?;
        if self.is_static(index) {
            return Err(Error::StaticKey);
        }
        // Relaxed: if this mark is a later key's, the tag is not `tag` any more, and nothing is deleted. It is not an earlier
        // one's, by the Acquire in `verify`.
        if self.names[index].length.load(Relaxed) & TYPED != 0 {
            return Err(Error::TypedKey);
        }
        self.delete_tag(tag)
    }

    /// Deletes the key of a tag that a caller has seen live.
    pub(crate) fn delete_tag(&self, tag: usize) -> Result<(), Error> {
        let index = tag::index(tag, N);
        let dead = tag::dead(tag, N);
        // Relaxed: nothing is done with the value, and what this key's creator wrote came before, by the Acquire with which
        // the tag was seen. With the Release when the index is freed, it comes before what the next one writes.
        if self.entries[index].tag.compare_exchange(tag, dead, Relaxed, Relaxed).is_err() {
            return Err(Error::DeletedKey);
        }
        if dead == tag::RETIRED {
            self.places.retire()
        } else {
            self.places.give_back(index)
        }
        Ok(())
    }

    /// The value that the slots' thread has under `key`; NULL if it set none or the key is not live.
    ///
    /// Callable from threads, destructors and interrupts. Wait-free, writes nothing.
    /// POSIX `pthread_getspecific`, C11 `tss_get`, Win32 `TlsGetValue`.
    #[inline]
    pub fn get(&self, slots: &Slots<N>, key: Key) -> *mut c_void {
        let offset = Self::offset(key);
        self.value_under(key, offset, slots.at(offset).load())
    }

    /// The value that was loaded from a slot at `offset`, if it was stored under `key` and the key is live.
    ///
    /// It is called after the slot was read: an interrupt handler that sets the slot between the tag, the value and
    /// the table's tag makes a comparison fail or leaves a value of the same key.
    #[inline]
    pub(crate) fn value_under(&self, key: Key, offset: usize, (tag, value): (usize, *mut c_void)) -> *mut c_void {
        compiler_fence(Ordering::SeqCst);
        // Relaxed: the slot is this thread's own, and a thread that has set a value has seen the tag under which it
        // is stored.
        if self.at(offset).tag.load(Relaxed) != tag || tag::handle(tag) != key.raw() {
            // Keeps this a branch: conditional moves would be longer, and make the value wait for the table.
            compiler_fence(Ordering::SeqCst);
            // A static key's value counts whatever the slot's tag is (see `Slots::unbind_static`).
            let counts =
                self.is_static(offset >> tag::SHIFT) && tag::handle(self.at(offset).tag.load(Relaxed)) == key.raw();
            return if counts { value } else { ptr::null_mut() };
        }
        value
    }

    /// Stores the value of the slots' thread under `key`. NULL clears; a replaced value gets no destructor.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidKey`] and [`Error::DeletedKey`] when the key is not live; nothing is stored.
    ///
    /// # Safety
    ///
    /// 1. If the key has a destructor, it must be sound to call it with `value` on this thread, at its exit.
    /// 2. `slots` must be used with this table only, and belong to the calling thread.
    ///
    /// Callable from threads, destructors and interrupts. Wait-free.
    /// POSIX `pthread_setspecific`, C11 `tss_set`, Win32 `TlsSetValue`.
    #[inline]
    pub unsafe fn set(&self, slots: &Slots<N>, key: Key, value: *mut c_void) -> Result<(), Error> {
        let offset = Self::offset(key);
        let slot = slots.at(offset);
        // Relaxed: where the tag is the key's, nothing else of the entry is read; else `verify` looks again.
        let tag = self.at(offset).tag.load(Relaxed);
        if slot.tag.load(Relaxed) == tag && is_tag_of(key, tag) {
            slot.value.store(value, Relaxed);
            return Ok(());
        }
        self.set_first(slots, key, value)
    }

    /// Takes the value that `slots` has under `key`: the thread has none afterwards. NULL if there was none.
    ///
    /// The slots may be another thread's, even one that exits meanwhile: its exit or this call gets the value, not
    /// both. Their thread must have called [`Slots::share`], else this gives NULL. The caller must keep the slots
    /// alive and the key from being deleted until the call returns, and keep the value's owner from storing another
    /// one.
    ///
    /// Callable from threads, destructors and interrupts. Wait-free. For what deletes a key together with its values,
    /// Win32 `FlsFree`.
    #[must_use]
    pub fn take(&self, slots: &Slots<N>, key: Key) -> *mut c_void {
        let value = self.get(slots, key);
        if value.is_null() || !slots.pending.has(CONTESTED) {
            return ptr::null_mut();
        }
        // Relaxed: what orders the value's content between threads is the business of who takes it.
        slots.all()[Self::index(key)].value.swap(ptr::null_mut(), Relaxed)
    }

    /// `set` where the slot is not bound to the key yet.
    #[cold]
    fn set_first(&self, slots: &Slots<N>, key: Key, value: *mut c_void) -> Result<(), Error> {
        let tag = self.verify(key)?;
        let offset = Self::offset(key);
        if self.is_static(Self::index(key)) {
            // Also NULL: the value may be read although the slot is not bound (see `Slots::unbind_static`).
            slots.bind_static(tag, value);
        } else if !value.is_null() {
            slots.bind(tag, value, Some(&self.at(offset).tag)).ok_or(Error::DeletedKey)?;
        }
        Ok(())
    }

    /// The tag to which the slot of a run-time key at `index` is bound, and the key's destructor if it is live and has one.
    #[inline(always)]
    pub(crate) fn binding(&self, slots: &Slots<N>, index: usize) -> (usize, Option<Destructor>) {
        let entry = &self.entries[index];
        let tag = slots.all()[index].tag.load(Relaxed);
        compiler_fence(Ordering::SeqCst);
        let destructor = entry.destructor();
        (tag, if entry.tag_after_destructor() == tag { destructor } else { None })
    }

    /// The tag of the static key at `index`, and its destructor if it has one. Whoever uses it does not look at the slot's tag.
    #[inline(always)]
    pub(crate) fn static_binding(&self, index: usize) -> (usize, Option<Destructor>) {
        let entry = &self.entries[index];
        // Relaxed: neither ever changes.
        (entry.tag.load(Relaxed), entry.destructor())
    }

    /// How many static keys there are; their indexes are the first.
    pub(crate) fn statics(&self) -> usize {
        self.places.statics()
    }

    /// The bits of a word of `bound` that belong to static keys.
    #[inline(always)]
    pub(crate) fn statics_of(&self, word: usize) -> usize {
        self.places.statics_of(word)
    }

    /// Whether the index belongs to a static key.
    #[inline(always)]
    pub(crate) fn is_static(&self, index: usize) -> bool {
        self.places.is_static(index)
    }

    /// The index that `key` names: always one of the table's, whatever the number, so that a structure beside the
    /// table can be indexed with it before the key is known to be live.
    #[inline]
    #[must_use]
    pub fn index(key: Key) -> usize {
        Self::offset(key) >> tag::SHIFT
    }

    /// The index that `key` names, in bytes from the first slot or entry.
    #[inline]
    pub(crate) fn offset(key: Key) -> usize {
        let offset = (key.raw() & tag::index_mask(N) as u32) as usize;
        // Without a branch, so that a wild key does not even speculatively leave the table. Nothing is left of it
        // where N is a power of two. The compiler sees from it that no index needs another check.
        offset.min((N - 1) << tag::SHIFT)
    }

    /// The entry at an offset that [`offset`](Self::offset) gave.
    #[inline]
    pub(crate) fn at(&self, offset: usize) -> &Entry {
        debug_assert!(offset.is_multiple_of(1 << tag::SHIFT) && offset >> tag::SHIFT < N);
        // SAFETY: `offset` gives multiples of an entry's size, the largest being that of the last entry. Indexing
        // does the same with two instructions more on aarch64.
        unsafe { &*self.entries.as_ptr().byte_add(offset) }
    }

    /// The tag of a live key.
    pub(crate) fn verify(&self, key: Key) -> Result<usize, Error> {
        let entry = &self.entries[Self::index(key)];
        // Acquire: pairs with the tag's Release in `create_with`; the destructor is at least that new.
        let mut tag = entry.tag.load(Acquire);
        if !is_tag_of(key, tag) {
            // Acquire: pairs with the fence at the end of `create_with`. Should the key have come here by a relaxed
            // load, this second look sees its tag; calls with a valid key that has arrived pay nothing.
            fence(Acquire);
            tag = entry.tag.load(Relaxed);
        }
        if is_tag_of(key, tag) {
            Ok(tag)
        } else if tag::was_handle(key.raw(), tag, N) {
            Err(Error::DeletedKey)
        } else {
            Err(Error::InvalidKey)
        }
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
const fn is_tag_of(key: Key, tag: usize) -> bool {
    tag::handle(tag) == key.raw() && tag & tag::LIVE != 0
}

// An entry is found by the same offset as a slot. Loom's atomics are larger.
#[cfg(not(loom))]
const _: () = assert!(size_of::<Entry>() == 1 << tag::SHIFT && core::mem::offset_of!(KeyTable<1>, entries) == 0);
