//! The visit of thread exit to the slots of one word of `touched`, in one round.
//!
//! It holds the word's bits while it lasts. A slot whose value is due is bound to no key any more before the destructor
//! has it: the key reads NULL from then on, and nothing has to be stored over the value. So neither a later round nor the
//! end of the exit looks at the slot again, unless it was bound anew. The value is read on both sides of that step: a
//! handler that sets the key before replaces it, one that sets the key behind has found NULL, and both values are due.
//!
//! A destructor or an interrupt handler that binds a slot meanwhile raises the bit in `work` that was lowered when the
//! visit began. That word is asked before a binding ends and behind; in it stand all reasons why a plain store would not do
//! to end it.
//!
//! As in [`slots`](crate::slots), what is relaxed here is of one thread and its interrupts only, but where a comment says
//! who else looks.

use core::ffi::c_void;

use crate::capacity::{Capacity, Supported};
use crate::key::{Destructor, tag};
use crate::own;
use crate::slots::{EXITING, LAST, SHARED, Slots};
use crate::sync::Ordering::{self, Relaxed};
use crate::sync::own::compiler_fence;
use crate::table::KeyTable;

/// A value that is due, and what destroys it.
pub(crate) struct Due {
    pub(crate) destructor: Destructor,
    pub(crate) value: *mut c_void,
}

impl Due {
    /// None if there is no value.
    #[inline(always)]
    fn new(destructor: Destructor, value: *mut c_void) -> Option<Self> {
        if value.is_null() { None } else { Some(Self { destructor, value }) }
    }
}

/// The bits of one word, and how far the visit has come.
///
/// When it is dropped, be it by a destructor that unwinds, they are back in their word, but for those whose slots are not
/// bound any more.
pub(crate) struct Visit<'a, const N: usize>
where
    Capacity<N>: Supported,
{
    table: &'a KeyTable<N>,
    slots: &'a Slots<N>,
    word: usize,
    /// `tag::LAST_PHASE` if that is the phase, else 0.
    phase: usize,
    /// How many of the word's keys are static, or more.
    statics: u32,
    /// Bits of slots that were not visited yet.
    ahead: usize,
    /// Bits of slots that stay touched.
    kept: usize,
    /// Flags of `work` under which the next value is not taken plainly.
    obstacles: usize,
}

// What is common is inlined; what is not gets no reference to the visit, so that all of it is in registers.
impl<'a, const N: usize> Visit<'a, N>
where
    Capacity<N>: Supported,
{
    #[inline(always)]
    pub(crate) fn begin(table: &'a KeyTable<N>, slots: &'a Slots<N>, word: usize, phase: usize) -> Self {
        let statics = table.places.statics().saturating_sub(word * usize::BITS as usize) as u32;
        let ahead = slots.take_bits(word, Slots::<N>::IS_GROUP_OF_ONE);
        Self { table, slots, word, phase, statics, ahead, kept: 0, obstacles: Self::obstacles(word, statics, ahead) }
    }

    /// Takes the next value that is due, in ascending order of the indexes.
    #[inline(always)]
    pub(crate) fn next(&mut self) -> Option<Due> {
        loop {
            if let Some(due) = self.take_plainly() {
                return Some(due);
            }
            seldom();
            if self.slots.touched(self.word).load(Relaxed) != 0 {
                // Perhaps the next slot, so that what was read of it is old. With what was bound by now out of the way, what
                // is bound later was bound by a handler, which `bound_again` must tell from a destructor.
                self.take_later();
            } else if self.ahead == 0 {
                return None;
            } else if let Some(due) = self.take_carefully() {
                return Some(due);
            }
        }
    }

    /// Takes the next value with plain loads and stores; none if there is none, or something stands in the way.
    #[inline(always)]
    fn take_plainly(&mut self) -> Option<Due> {
        while self.ahead != 0 {
            let offset = self.offset();
            let (slot, entry) = (self.slots.at(offset), self.table.at(offset));
            let tag = slot.tag.load(Relaxed);
            let destructor = entry.destructor()?;
            // Before the binding ends: what a handler has bound the slot to since, if the key is dead for longer, could not
            // be told any more.
            if entry.tag_behind_destructor() != tag {
                return None;
            }
            compiler_fence(Ordering::SeqCst);
            if self.slots.has(self.obstacles) {
                return None;
            }
            self.ahead &= self.ahead - 1;
            let before = slot.value.load(Relaxed);
            compiler_fence(Ordering::SeqCst);
            slot.tag.store(tag::UNBOUND, Relaxed);
            compiler_fence(Ordering::SeqCst);
            let behind = slot.value.load(Relaxed);
            self.slots.note_running(tag::handle(tag));
            if self.slots.has(self.obstacles) {
                seldom();
                return bound_again(self.table, self.slots, offset, tag, destructor, before, behind);
            }
            if let Some(due) = Due::new(destructor, behind) {
                return Some(due);
            }
            seldom();
        }
        None
    }

    /// Takes the value of the next slot, where others may look at it, too; none if it is not due.
    #[inline(always)]
    fn take_carefully(&mut self) -> Option<Due> {
        let offset = self.offset();
        let (slot, entry) = (self.slots.at(offset), self.table.at(offset));
        let rest = self.ahead & (self.ahead - 1);
        let bit = self.ahead ^ rest;
        self.ahead = rest;
        self.obstacles = Self::obstacles(self.word, self.statics, rest);
        let tag = slot.tag.load(Relaxed);
        let destructor = entry.destructor();
        if tag & tag::LAST_PHASE == self.phase
            && entry.tag_behind_destructor() == tag
            && let Some(destructor) = destructor
        {
            self.slots.note_running(tag::handle(tag));
            return Due::new(destructor, slot.unbind(tag));
        }
        // Other keys' destructors may still want to read it.
        self.kept |= bit;
        None
    }

    /// Takes the bits of slots that were touched since the visit began.
    #[inline(always)]
    fn take_later(&mut self) {
        (self.ahead, self.kept) = with_later(self.slots, self.word, self.ahead, self.kept);
        self.obstacles = Self::obstacles(self.word, self.statics, self.ahead);
    }

    /// What stands in the way of a plain step: a slot that was bound since the visit began, other threads that take values,
    /// values of another phase; and as long as a static key is next, whose owner does not look at the tag, a flag that is
    /// always set.
    #[inline(always)]
    fn obstacles(word: usize, statics: u32, ahead: usize) -> usize {
        Slots::<N>::group(word) | SHARED | LAST | if ahead.trailing_zeros() < statics { EXITING } else { 0 }
    }

    /// The offset of the next slot.
    #[inline(always)]
    fn offset(&self) -> usize {
        (self.word * usize::BITS as usize + self.ahead.trailing_zeros() as usize) << tag::SHIFT
    }
}

impl<const N: usize> Drop for Visit<'_, N>
where
    Capacity<N>: Supported,
{
    #[inline(always)]
    fn drop(&mut self) {
        let bits = self.ahead | self.kept;
        if bits != 0 {
            self.slots.put_bits(self.word, bits, 0);
        }
    }
}

/// `ahead` and `kept` with the bits of slots that were touched since: those beyond the key whose destructor ran last are
/// visited in this round.
#[cold]
#[inline(never)]
fn with_later<const N: usize>(slots: &Slots<N>, word: usize, ahead: usize, kept: usize) -> (usize, usize)
where
    Capacity<N>: Supported,
{
    let bits = slots.take_bits(word, Slots::<N>::IS_GROUP_OF_ONE);
    let beyond = slots.bits_beyond_running(word);
    (ahead | bits & beyond, kept | bits & !beyond)
}

/// What is due where a handler may have bound the slot while its binding to the key of `tag` was ended: the value `before`
/// that, or the one `behind`.
#[cold]
#[inline(never)]
fn bound_again<const N: usize>(
    table: &KeyTable<N>,
    slots: &Slots<N>,
    offset: usize,
    tag: usize,
    destructor: Destructor,
    before: *mut c_void,
    behind: *mut c_void,
) -> Option<Due>
where
    Capacity<N>: Supported,
{
    let slot = slots.at(offset);
    if !slots.is_touched(offset) {
        return Due::new(destructor, behind);
    }
    if slot.tag.load(Relaxed) != tag::UNBOUND {
        // Behind: the key had read NULL then, and the handler's value is still to be visited.
        return Due::new(destructor, before);
    }
    // Before, to a later key at this index: the value is dead. If it was the next key, it is that one's binding that was ended.
    let now = table.at(offset).tag_behind_destructor();
    if tag::is_next(tag, now, N) {
        own::replace(&slot.tag, tag::UNBOUND, now);
    }
    None
}

/// Says to the compiler that the calling branch is seldom taken.
#[cold]
#[inline(always)]
fn seldom() {}
