//! Who owns the keys: counts, the live keys, the values of one thread, for panic dumps and debuggers; and the purge of
//! those that a module has left.
//!
//! Nothing here stops or is stopped by the calls of [`table`](crate::table); what is listed was true at some moment
//! during the call.

use core::ffi::c_void;
use core::ops::Range;

use crate::capacity::{Capacity, Supported};
use crate::entry::Name;
use crate::index::Index;
use crate::key::{Key, KeyFlags, KeyInfo};
use crate::slots::Slots;
use crate::sync::Acquire;
use crate::table::KeyTable;
use crate::tag::Phase;

impl<const N: usize> KeyTable<N>
where
    Capacity<N>: Supported,
{
    /// Returns the number of live keys, static ones included. One that another CPU is creating or deleting may count.
    ///
    /// Callable from threads, destructors and interrupts. Wait-free, writes nothing.
    #[must_use]
    pub fn in_use(&self) -> usize {
        self.indexes.in_use()
    }

    /// Returns the largest number of keys that were ever live at once.
    ///
    /// Callable from threads, destructors and interrupts. One load.
    #[must_use]
    pub fn high_water(&self) -> usize {
        self.indexes.high_water()
    }

    /// Returns the number of indexes that have used up their generations, and have no key any more.
    ///
    /// Callable from threads, destructors and interrupts. One load.
    #[must_use]
    pub fn retired(&self) -> usize {
        self.indexes.retired()
    }

    /// Returns `true` if the key is live at this moment.
    ///
    /// Callable from threads, destructors and interrupts. Wait-free, writes nothing.
    #[must_use]
    pub fn is_live(&self, key: Key) -> bool {
        self.verify(key).is_ok()
    }

    /// Returns an iterator over the live keys, by index. Keys that come or go meanwhile may be left out.
    ///
    /// Callable from threads, destructors and interrupts. Wait-free, writes nothing; looks at all N entries.
    ///
    /// # Examples
    ///
    /// ```
    #[doc = include_str!("example_kernel.txt")]
    /// use tsd::KeyOptions;
    ///
    /// KEYS.create_with(KeyOptions::new().name("allocator"))?;
    /// KEYS.create_with(KeyOptions::new().name("network"))?;
    /// let names: Vec<_> = KEYS.table().keys().map(|key| key.name).collect();
    /// assert_eq!(names, ["allocator", "network"]);
    /// # Ok::<(), tsd::Error>(())
    /// ```
    pub fn keys(&self) -> impl Iterator<Item = KeyInfo> {
        (0..N).filter_map(|index| self.info(index))
    }

    /// Returns an iterator over the values that a thread has under live keys, by index: for a panic dump or a debugger.
    ///
    /// The thread should be the caller or be stopped. A key under which it has NULL is left out.
    ///
    /// Callable from threads, destructors and interrupts. Wait-free, writes nothing; looks at all N entries.
    ///
    /// # Examples
    ///
    /// ```
    #[doc = include_str!("example_kernel.txt")]
    /// use core::ptr;
    ///
    /// let key = KEYS.create(None)?;
    /// assert_eq!(KEYS.table().values(&SLOTS).count(), 0);
    ///
    /// let value = ptr::without_provenance_mut(7);
    /// // SAFETY: the key has no destructor.
    /// unsafe { KEYS.set(key, value)? };
    /// let values: Vec<_> = KEYS.table().values(&SLOTS).map(|(info, value)| (info.key, value)).collect();
    /// assert_eq!(values, [(key, value)]);
    /// # Ok::<(), tsd::Error>(())
    /// ```
    pub fn values<'a>(&'a self, slots: &'a Slots<N>) -> impl Iterator<Item = (KeyInfo, *mut c_void)> + 'a {
        self.keys().filter_map(|info| {
            let value = self.get(slots, info.key);
            (!value.is_null()).then_some((info, value))
        })
    }

    /// Deletes every key whose destructor lies in an address range, such as those that an unloaded module has left, and
    /// returns how many there were. Static and typed keys stay.
    ///
    /// Another CPU may be in one of the destructors, or about to enter it. Their code and data may go away after these
    /// steps:
    ///
    /// 1. See that nothing creates such keys any more, then call this.
    /// 2. Have each CPU pass a memory barrier; an interrupt to each will do. A thread whose exit begins later finds the
    ///    keys deleted, and one whose exit began before can be told.
    /// 3. Wait until each thread for which [`Slots::is_exiting`] says so has left its exit once. One that died in its
    ///    exit is in it until it was reaped.
    /// 4. Have each CPU pass a memory barrier again: `is_exiting` orders nothing, and what a destructor wrote last may
    ///    arrive after it is seen to be over.
    ///
    /// Keys with no destructor stay, whatever the range. Thread-exit functions and notifications of the module's are
    /// not looked for, and an Fls index whose callback lies there is gone with no callback for its values.
    ///
    /// Callable from threads, destructors and interrupts. Lock-free; looks at all N entries.
    ///
    /// # Examples
    ///
    /// ```
    #[doc = include_str!("example_kernel.txt")]
    /// use core::ffi::c_void;
    ///
    /// unsafe extern "C-unwind" fn close(_: *mut c_void) {}
    ///
    /// // All of a module's code; here, one function that is said to have a byte.
    /// let start = close as *const ();
    /// let module = start..start.wrapping_byte_add(1);
    /// let (of_module, other) = (KEYS.create(Some(close))?, KEYS.create(None)?);
    /// assert_eq!(KEYS.table().purge(module), 1);
    /// assert_eq!((KEYS.table().is_live(of_module), KEYS.table().is_live(other)), (false, true));
    /// # Ok::<(), tsd::Error>(())
    /// ```
    pub fn purge(&self, destructors: Range<*const ()>) -> usize {
        let is_inside = |info: &KeyInfo| {
            let other_ways = KeyFlags::STATIC | KeyFlags::TYPED;
            let is_there = info.destructor.is_some_and(|it| destructors.contains(&(it as *const ())));
            is_there && !info.flags.intersects(other_ways)
        };
        self.keys().filter(is_inside).filter(|info| self.delete(info.key).is_ok()).count()
    }

    /// Returns what is known of the live key at `index`, read as one; `None` if there is no such key, or it comes or
    /// goes.
    ///
    /// Callable from threads, destructors and interrupts. Wait-free, writes nothing.
    #[must_use]
    pub fn info(&self, index: usize) -> Option<KeyInfo> {
        let index = Index::new(index)?;
        let (entry, name) = (self.entry(index), self.name(index));
        // Acquire: pairs with the tag's Release when the key was published.
        let tag = entry.tag(Acquire);
        let destructor = entry.destructor();
        let (start, length) = name.map_or(("".as_ptr(), 0), Name::parts);
        let is_typed = name.is_some_and(Name::is_typed);
        if !tag.is_live() || entry.tag_after_destructor() != tag {
            return None;
        }
        let mut flags = KeyFlags::empty();
        flags.set(KeyFlags::LAST_PHASE, tag.is_of(Phase::Last));
        flags.set(KeyFlags::STATIC, self.is_static(index));
        flags.set(KeyFlags::TYPED, is_typed);
        flags.set(KeyFlags::HAS_DESTRUCTOR, destructor.is_some());
        // SAFETY: the tag did not change between, so both words are those of one `&'static str`.
        let name = unsafe { core::str::from_utf8_unchecked(core::slice::from_raw_parts(start, length)) };
        let (index, generation) = (index.number(), tag.generation(N).0);
        Some(KeyInfo { key: tag.key(), index, generation, name, flags, destructor })
    }
}
