//! One thread's values.
//!
//! [`Slots`] lives in the thread control block. Only its thread, and interrupts that stop that thread, write to it,
//! so all orderings here are relaxed; what matters is the order of instructions, which [`compiler_fence`] keeps.
//!
//! Invariant: a slot that is bound to a key has its bit in `touched`, and the bit's word its bit in `work`; only thread
//! exit holds bits of its own while it visits their slots. It finds what was set by those bits alone, in time
//! proportional to what was set; where `work` is 0 it has nothing to do.

use core::ffi::c_void;
use core::{hint, ptr};

use crate::capacity::{Capacity, Supported, private::Bits};
use crate::key::{Key, tag};
use crate::once::OnceFrame;
use crate::own;
use crate::sync::Ordering::{self, Relaxed};
use crate::sync::own::{AtomicPtr, AtomicU32, AtomicUsize, compiler_fence};

/// The value of one key in one thread. It counts only while `tag` is the tag of a live key.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Slot {
    pub(crate) tag: AtomicUsize,
    pub(crate) value: AtomicPtr<c_void>,
}

impl Slot {
    /// The tag and the value, loaded in this order: a value that is newer than the tag is one of the tag's key, or of
    /// another one with which the table does not agree either.
    #[inline]
    pub(crate) fn load(&self) -> (usize, *mut c_void) {
        let tag = self.tag.load(Relaxed);
        compiler_fence(Ordering::SeqCst);
        (tag, self.value.load(Relaxed))
    }

    /// Ends the binding to the key of `tag`, where other threads or a static key's owner may look at the value; the value.
    ///
    /// The value is looked at on both sides of that: a handler that comes before has stored into the slot as it was bound,
    /// one that comes behind has bound it anew, and its value stays.
    #[inline(never)]
    pub(crate) fn unbind(&self, tag: usize) -> *mut c_void {
        let before = self.value.load(Relaxed);
        compiler_fence(Ordering::SeqCst);
        // Relaxed: of this thread and its interrupts only. In one step: a handler may have bound the slot to a later key, and
        // then has raised its bit.
        if !own::replace(&self.tag, tag, tag::UNBOUND) {
            return ptr::null_mut();
        }
        compiler_fence(Ordering::SeqCst);
        let behind = self.value.load(Relaxed);
        compiler_fence(Ordering::SeqCst);
        if self.tag.load(Relaxed) != tag::UNBOUND {
            return before;
        }
        // Relaxed: as above; and what orders the value's content between threads is the business of who takes it. It fails
        // where a handler has bound the slot since, or another thread has taken the value.
        let is_left = behind.is_null()
            || self.value.compare_exchange(behind, ptr::null_mut(), Relaxed, Relaxed).is_ok()
            || self.tag.load(Relaxed) != tag::UNBOUND;
        if is_left { behind } else { ptr::null_mut() }
    }
}

/// One thread's values for a table of `N` keys, to be embedded in the thread control block.
///
/// All zero bytes are a valid initial state, the same as [`Slots::new`]. Memory that held anything else must be
/// initialised before the thread starts: with `new`, or in place with [`Slots::init`].
///
/// Its size is `2 * N` words, a bit a key, two words and eight bytes.
#[derive(Debug)]
#[repr(C)]
pub struct Slots<const N: usize>
where
    Capacity<N>: Supported,
{
    pub(crate) slots: [Slot; N],
    /// What thread exit must look at: the flags below, and from bit `FLAGS` on a bit for each run of `WORDS_PER_BIT`
    /// words of `touched`.
    work: AtomicUsize,
    /// The key whose destructor runs, or 0.
    running: AtomicU32,
    /// The round in which it runs, from 1.
    round: AtomicU32,
    /// The innermost `once` initialiser that this thread is in.
    pub(crate) frames: AtomicPtr<OnceFrame>,
    touched: <Capacity<N> as Bits>::Own,
}

/// Detach notifications are due.
pub(crate) const ATTACHED: usize = 1 << 0;
/// Thread exit is under way.
pub(crate) const EXITING: usize = 1 << 1;
/// Thread-exit functions were registered.
pub(crate) const FUNCTIONS: usize = 1 << 2;
/// The thread is in a `once` initialiser.
pub(crate) const INITIALISING: usize = 1 << 3;
/// Other threads may take values.
pub(crate) const SHARED: usize = 1 << 4;
/// Slots were bound to keys of the last phase.
pub(crate) const LAST: usize = tag::LAST_PHASE << LAST_SHIFT;
/// From a tag to the flag.
const LAST_SHIFT: u32 = 4;
/// The number of flags in `work`.
const FLAGS: usize = 6;

const BITS: usize = usize::BITS as usize;

impl<const N: usize> Slots<N>
where
    Capacity<N>: Supported,
{
    /// The number of words of `touched` for which one bit of `work` stands: 1 up to 3712 keys (832 on 32-bit targets).
    const WORDS_PER_BIT: usize = Self::WORDS.div_ceil(BITS - FLAGS);

    /// Whether the bit in `work` of a word of `touched` is its alone, so that a visit may lower it. If not, it stays, and a
    /// word that has none costs a look.
    pub(crate) const IS_GROUP_OF_ONE: bool = Self::WORDS_PER_BIT == 1;

    /// The number of words of `touched`.
    const WORDS: usize = N.div_ceil(BITS);

    /// Slots in which every key reads NULL.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            slots: [const { Slot { tag: AtomicUsize::new(0), value: AtomicPtr::new(ptr::null_mut()) } }; N],
            work: AtomicUsize::new(0),
            running: AtomicU32::new(0),
            round: AtomicU32::new(0),
            frames: AtomicPtr::new(ptr::null_mut()),
            touched: <Capacity<N> as Bits>::NONE_OWN,
        }
    }

    /// Initialises slots in place, whatever the memory held, with no copy on the stack.
    ///
    /// # Safety
    ///
    /// `slots` must be valid for writes and aligned, and no other thread may use it meanwhile.
    pub const unsafe fn init(slots: *mut Self) {
        // SAFETY: the caller vouches for the pointer; all zero bytes are a valid `Slots`.
        unsafe { ptr::write_bytes(slots, 0, 1) };
    }

    /// The slot at an offset that [`KeyTable::offset`](crate::KeyTable::offset) gave.
    #[inline]
    pub(crate) fn at(&self, offset: usize) -> &Slot {
        debug_assert!(offset.is_multiple_of(1 << tag::SHIFT) && offset >> tag::SHIFT < N);
        // SAFETY: `offset` gives multiples of a slot's size, the largest being that of the last slot.
        unsafe { &*self.slots.as_ptr().byte_add(offset) }
    }

    /// The destructor that this thread is in: its key and the round, counted from 1. For panic dumps.
    #[must_use]
    pub fn running_destructor(&self) -> Option<(Key, u32)> {
        let key = self.running.load(Relaxed);
        (key != 0).then(|| (Key::from_raw(key), self.round.load(Relaxed)))
    }

    /// Whether thread exit is under way on this thread.
    #[must_use]
    pub fn is_exiting(&self) -> bool {
        self.has(EXITING)
    }

    /// Whether thread exit would have nothing to do.
    #[inline]
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.work.load(Relaxed) == 0
    }

    /// Whether thread exit, which is under way, has nothing to look at.
    #[inline(always)]
    pub(crate) fn is_settled(&self) -> bool {
        !self.has(!(EXITING | SHARED | LAST))
    }

    /// Whether every value reads NULL and no work is left, as it must be when a thread starts.
    pub(crate) fn is_clean(&self) -> bool {
        let reads_null = |slot: &Slot| slot.tag.load(Relaxed) == tag::UNBOUND || slot.value.load(Relaxed).is_null();
        self.is_idle() && self.slots.iter().all(reads_null)
    }

    /// Whether a flag is set.
    pub(crate) fn has(&self, flag: usize) -> bool {
        self.work.load(Relaxed) & flag != 0
    }

    /// Sets flags.
    #[inline]
    pub(crate) fn set(&self, flags: usize) {
        own::set_bits(&self.work, flags);
    }

    /// Clears flags.
    #[inline]
    pub(crate) fn clear(&self, flags: usize) {
        own::clear_bits(&self.work, flags);
    }

    /// Sets a flag; false if it was set.
    pub(crate) fn raise(&self, flag: usize) -> bool {
        // A handler that sets the flag between the two has done what was to be done here, as if it had come after.
        let was_clear = !self.has(flag);
        self.set(flag);
        was_clear
    }

    /// Clears a flag; false if it was clear.
    pub(crate) fn lower(&self, flag: usize) -> bool {
        let was_set = self.has(flag);
        if was_set {
            self.clear(flag);
        }
        was_set
    }

    /// Lets other threads take values from these slots with [`KeyTable::take`](crate::KeyTable::take), until the
    /// calling thread, whose slots these must be, has exited.
    ///
    /// Thread exit takes values by exchanges from here on, which are whole steps for other threads too.
    pub fn share(&self) {
        self.set(SHARED);
    }

    /// Whether other threads may take values.
    pub(crate) fn is_shared(&self) -> bool {
        self.has(SHARED)
    }

    /// Ends what [`share`](Self::share) began: there is nothing left to take.
    pub(crate) fn unshare(&self) {
        self.lower(SHARED);
    }

    /// Notes the round in which the destructors run that are noted next.
    pub(crate) fn note_round(&self, round: u32) {
        self.round.store(round, Relaxed);
    }

    /// Notes the destructor that is about to run, or that none is (key 0).
    pub(crate) fn note_running(&self, key: u32) {
        self.running.store(key, Relaxed);
    }

    /// The bits of a word of `touched` that stand for indexes beyond that of the key whose destructor runs.
    pub(crate) fn bits_beyond_running(&self, word: usize) -> usize {
        let running = self.running.load(Relaxed);
        let first = word * BITS;
        let index = (running as usize & tag::index_mask(N)) >> tag::SHIFT;
        if running == 0 || index < first { usize::MAX } else { above((index - first) as u32) }
    }

    /// Binds the slot at `index` to the key of `tag` and stores its first value.
    ///
    /// The order of the stores is what an interrupt handler between any two of them relies on: the old value is gone
    /// before the new tag is there, and the slot can be found by thread exit before it has a value.
    pub(crate) fn bind(&self, index: usize, tag: usize, value: *mut c_void) {
        self.put_bits(index / BITS, 1 << (index % BITS), (tag & tag::LAST_PHASE) << LAST_SHIFT);
        let slot = &self.slots[index];
        compiler_fence(Ordering::SeqCst);
        slot.value.store(ptr::null_mut(), Relaxed);
        compiler_fence(Ordering::SeqCst);
        slot.tag.store(tag, Relaxed);
        compiler_fence(Ordering::SeqCst);
        slot.value.store(value, Relaxed);
    }

    /// The index that a bit of `touched` stands for.
    #[inline(always)]
    fn index_of_bit(word: usize, bit: u32) -> usize {
        let index = word * BITS + bit as usize;
        // SAFETY: `bind` sets the bits of slots that there are, and nothing else sets any.
        unsafe { hint::assert_unchecked(index < N) };
        index
    }

    /// Forgets every value and which slots were touched: the slots are as new. Calls `visit` with the index, the tag and
    /// the value of each that was.
    ///
    /// What an interrupt handler sets meanwhile is visited too, or keeps its slot with both its bits.
    pub(crate) fn forget(&self, mut visit: impl FnMut(usize, usize, *mut c_void)) {
        self.lower(LAST);
        self.for_each_word(|word| {
            let mut bits = self.take_bits(word, word.is_multiple_of(Self::WORDS_PER_BIT));
            while bits != 0 {
                let index = Self::index_of_bit(word, bits.trailing_zeros());
                let slot = &self.slots[index];
                let tag = slot.tag.load(Relaxed);
                visit(index, tag, slot.unbind(tag));
                bits &= bits - 1;
            }
        });
    }

    /// Takes the bits of a word of `touched`, and out of `work` the bit of its group if that is `done` with.
    #[inline(never)]
    pub(crate) fn take_bits(&self, word: usize, done: bool) -> usize {
        // The bit in `work` first: a handler that binds a slot from here on raises it again, at worst for a slot whose bit
        // is taken below.
        if done {
            self.clear(Self::group(word));
        }
        // A slot that a handler touches between these two keeps its bit, unless it is among those taken.
        let touched = self.touched(word);
        let bits = touched.load(Relaxed);
        own::clear_bits(touched, bits);
        bits
    }

    /// Puts bits into a word of `touched`, and the one of its group and flags into `work`.
    #[inline(never)]
    pub(crate) fn put_bits(&self, word: usize, bits: usize, flags: usize) {
        own::set_bits(self.touched(word), bits);
        self.set(Self::group(word) | flags);
    }

    /// Whether the slot at an offset has its bit in `touched`.
    pub(crate) fn is_touched(&self, offset: usize) -> bool {
        let index = offset >> tag::SHIFT;
        self.touched(index / BITS).load(Relaxed) >> (index % BITS) & 1 != 0
    }

    #[inline(always)]
    pub(crate) fn touched(&self, word: usize) -> &AtomicUsize {
        // SAFETY: it is the word of an index below N, or comes from `for_each_word`.
        unsafe { hint::assert_unchecked(word < Self::WORDS) };
        &self.touched.as_ref()[word]
    }

    /// The bit of `work` that stands for a word of `touched`.
    #[inline(always)]
    pub(crate) const fn group(word: usize) -> usize {
        1 << (FLAGS + word / Self::WORDS_PER_BIT)
    }

    /// Calls `visit` with the number of each word of `touched` that may have bits.
    pub(crate) fn for_each_word(&self, mut visit: impl FnMut(usize)) {
        let mut groups = self.work.load(Relaxed) >> FLAGS;
        while groups != 0 {
            let group = groups.trailing_zeros();
            if Self::IS_GROUP_OF_ONE {
                visit(group as usize);
            } else {
                let first = group as usize * Self::WORDS_PER_BIT;
                (first..Self::WORDS).take(Self::WORDS_PER_BIT).for_each(&mut visit);
            }
            groups = self.work.load(Relaxed) >> FLAGS & above(group);
        }
    }
}

impl<const N: usize> Default for Slots<N>
where
    Capacity<N>: Supported,
{
    fn default() -> Self {
        Self::new()
    }
}

/// A mask of the bits above `bit`.
const fn above(bit: u32) -> usize {
    (usize::MAX << bit) << 1
}

// A slot is found by an offset that the key holds already.
const _: () = assert!(size_of::<Slot>() == 1 << tag::SHIFT);

// What a thread pays: 2.1 KiB for 128 keys where pointers have 64 bits, 100 bytes for 8 keys where they have 32.
#[cfg(target_pointer_width = "64")]
const _: () = assert!(size_of::<Slots<128>>() <= 2150);
#[cfg(target_pointer_width = "32")]
const _: () = assert!(size_of::<Slots<8>>() <= 100);
