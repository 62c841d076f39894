//! Where typed keys find a thread's value: the steps that all of them are made of.
//!
//! There are two kinds of [`Location`]. A port `P` stands for a key that is created when it is first used; its slot
//! counts while its tag is the key's. [`Static`] is a key that is part of the table; its slot counts always.

use core::ffi::c_void;
use core::fmt;
use core::ptr;

use crate::capacity::{Capacity, Supported};
use crate::error::Error;
use crate::event::Event;
use crate::index::Index;
use crate::key::KeyOptions;
use crate::key_space::KeySpace;
use crate::port::{self, Port};
use crate::slot_array::private::Sealed;
use crate::slots::Slots;
use crate::static_key::StaticKey;
use crate::sync::{Acquire, AtomicUsize, Relaxed, Release, const_fn};
use crate::tag::Tag;

/// Where a typed key finds the calling thread's value: a port, for a key that is created at its first use, or
/// [`Static`]. A type parameter of [`OwnedKey`](crate::OwnedKey) and [`SharedKey`](crate::SharedKey); no other type
/// implements it.
///
/// # Examples
///
/// ```
#[doc = include_str!("example_kernel.txt")]
/// use tsd::{Location, OwnedKey};
///
/// /// For a key that is created at its first use, and for one of `static_keys!`.
/// fn next_number<K: Location>(count: &OwnedKey<u16, K>) -> Result<u16, tsd::Error> {
///     let number = count.get().unwrap_or(0);
///     count.replace(number + 1)?;
///     Ok(number)
/// }
///
/// static COUNT: OwnedKey<u16, Kernel> = OwnedKey::new(&KEYS);
/// assert_eq!((next_number(&COUNT)?, next_number(&COUNT)?), (0, 1));
/// # Ok::<(), tsd::Error>(())
/// ```
pub trait Location: private::Steps {}

impl<K: private::Steps> Location for K {}

/// The location of the static key with this number. [`static_keys!`](crate::static_keys) writes it.
pub struct Static<P, const NUMBER: usize>(core::marker::PhantomData<fn() -> P>);

pub(crate) mod private {
    use core::ffi::c_void;
    use core::fmt::Debug;

    use crate::error::Error;
    use crate::port::Port;

    /// The steps. Each is one as seen by an interrupt handler, or is as if it had begun after the handler.
    pub trait Steps {
        /// The kernel's side.
        type Port: Port;
        /// What the key's static holds.
        type State: Debug;

        /// The kernel's side of the key's space.
        fn port(state: &Self::State) -> &Self::Port;

        /// The calling thread's value; NULL if it has none or no thread is current.
        fn value(state: &Self::State) -> *mut c_void;

        /// Takes the value, so that the thread has none.
        fn take(state: &Self::State) -> *mut c_void;

        /// Stores a value; the one before.
        fn swap(state: &Self::State, value: *mut c_void) -> Result<*mut c_void, Error>;

        /// Stores a value if there is none, and gives NULL; else gives the one that there is.
        fn store_if_vacant(state: &Self::State, value: *mut c_void) -> Result<*mut c_void, Error>;

        /// Stores `new` where `old` is; whether it did.
        fn replace(state: &Self::State, old: *mut c_void, new: *mut c_void) -> bool;

        /// Makes sure that a value can be stored, and that the thread is not in its exit.
        fn prepare(state: &Self::State) -> Result<(), Error>;
    }
}

/// A key that is created when it is first used.
pub struct Lazy<P: Port + 'static> {
    space: &'static KeySpace<P>,
    pub(crate) options: KeyOptions,
    /// The key's tag; until it is created [`Tag::RETIRED`], which no slot has.
    tag: AtomicUsize,
}

impl<P: Port + 'static> Lazy<P> {
    const_fn! {
        pub(crate) fn new(space: &'static KeySpace<P>, options: KeyOptions) -> Self {
            Self { space, options, tag: AtomicUsize::new(Tag::RETIRED.word()) }
        }
    }

    /// The tag; that of no slot if the key was never used.
    #[inline(always)]
    fn seen(&self) -> Tag {
        // Relaxed: a thread whose slot has the tag has stored it there, and seen what belongs to it.
        Tag::from_word(self.tag.load(Relaxed))
    }

    /// The tag if the key was created, with all that belongs to it.
    fn created(&self) -> Option<Tag> {
        // Acquire: pairs with the Release in `create`. The table's entry is at least as new as the tag.
        Some(Tag::from_word(self.tag.load(Acquire))).filter(|tag| tag.is_live())
    }
}

impl<P: Port<Slots = Slots<N>> + 'static, const N: usize> Lazy<P>
where
    Capacity<N>: Supported,
{
    fn current(&self) -> Result<&Slots<N>, Error> {
        port::current(self.space.port()).ok_or(Error::NoThread)
    }

    /// The tag, of a key that is created now if there is none.
    fn tag(&self) -> Result<Tag, Error> {
        match self.created() {
            Some(tag) => Ok(tag),
            None => self.create(),
        }
    }

    /// Creates the key. Of several that are created at once, by CPUs or by handlers, the first to be stored is the key,
    /// and the others are deleted by those who created them.
    #[cold]
    fn create(&self) -> Result<Tag, Error> {
        let table = self.space.table();
        // Whoever has taken the last index may have taken it for this key.
        let tag = table
            .create_typed(self.options)
            .or_else(|error| self.created().ok_or(error))
            .inspect_err(|error| port::trace::<P>(Event::KeyRefused(*error)))?;
        // Release: hands the table's entry to the Acquire in `created`. Acquire: the same for the one that was first.
        match self.tag.compare_exchange(Tag::RETIRED.word(), tag.word(), Release, Acquire) {
            Ok(_) => {
                port::trace::<P>(Event::KeyCreated(tag.key()));
                Ok(tag)
            }
            Err(first) => {
                <Slots<N>>::delete_tag(table, tag);
                Ok(Tag::from_word(first))
            }
        }
    }
}

impl<P: Port + 'static> Drop for Lazy<P> {
    fn drop(&mut self) {
        if let Some(tag) = self.created() {
            P::Slots::delete_tag(&self.space.table, tag);
            port::trace::<P>(Event::KeyDeleted(tag.key()));
        }
    }
}

impl<P: Port + 'static> fmt::Debug for Lazy<P> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.created().map(Tag::key).fmt(formatter)
    }
}

/// Stores the value of a key that nobody deletes meanwhile; the one before.
pub(crate) fn swap<P: Port, const N: usize>(slots: &Slots<N>, tag: Tag, value: *mut c_void) -> *mut c_void
where
    Capacity<N>: Supported,
{
    let slot = slots.slot(Index::of_tag(tag));
    if slot.tag() == tag {
        return slot.swap(value);
    }
    let old = slots.bind::<false>(tag, value, None).unwrap_or(ptr::null_mut());
    port::trace::<P>(Event::FirstSet(tag.key()));
    old
}

/// Takes the value of a key that nobody deletes meanwhile.
pub(crate) fn take<const N: usize>(slots: &Slots<N>, tag: Tag) -> *mut c_void
where
    Capacity<N>: Supported,
{
    let slot = slots.slot(Index::of_tag(tag));
    if slot.tag() == tag { slot.take() } else { ptr::null_mut() }
}

/// Fails on a thread that is in its exit, where what is initialised might be so again and again.
fn check_alive<const N: usize>(slots: &Slots<N>) -> Result<(), Error>
where
    Capacity<N>: Supported,
{
    if slots.is_exiting() { Err(Error::Exiting) } else { Ok(()) }
}

impl<P: Port<Slots = Slots<N>> + 'static, const N: usize> private::Steps for P
where
    Capacity<N>: Supported,
{
    type Port = P;
    type State = Lazy<P>;

    fn port(state: &Lazy<P>) -> &P {
        state.space.port()
    }

    #[inline]
    fn value(state: &Lazy<P>) -> *mut c_void {
        let Some(slots) = port::current(state.space.port()) else { return ptr::null_mut() };
        let tag = state.seen();
        let (found, value) = slots.slot(Index::of_tag(tag)).load();
        if found == tag { value } else { ptr::null_mut() }
    }

    fn take(state: &Lazy<P>) -> *mut c_void {
        state.current().map_or(ptr::null_mut(), |slots| take(slots, state.seen()))
    }

    fn swap(state: &Lazy<P>, value: *mut c_void) -> Result<*mut c_void, Error> {
        let slots = state.current()?;
        Ok(swap::<P, N>(slots, state.tag()?, value))
    }

    fn store_if_vacant(state: &Lazy<P>, value: *mut c_void) -> Result<*mut c_void, Error> {
        let slots = state.current()?;
        check_alive(slots)?;
        let tag = state.tag()?;
        let found = slots.bind::<true>(tag, value, None).unwrap_or(ptr::null_mut());
        if found.is_null() {
            port::trace::<P>(Event::FirstSet(tag.key()));
        }
        Ok(found)
    }

    fn replace(state: &Lazy<P>, old: *mut c_void, new: *mut c_void) -> bool {
        state.current().is_ok_and(|slots| {
            let slot = slots.slot(Index::of_tag(state.seen()));
            slot.tag() == state.seen() && slot.replace(old, new)
        })
    }

    fn prepare(state: &Lazy<P>) -> Result<(), Error> {
        check_alive(state.current()?)?;
        state.tag().map(drop)
    }
}

/// A static key of the table of a key space.
pub struct InTable<P: Port + 'static> {
    space: &'static KeySpace<P>,
    key: StaticKey,
}

impl<P: Port + 'static> InTable<P> {
    pub(crate) const fn new(space: &'static KeySpace<P>, key: StaticKey) -> Self {
        Self { space, key }
    }
}

impl<P: Port + 'static> fmt::Debug for InTable<P> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        Some(self.key.key()).fmt(formatter)
    }
}

/// Binds the slot of a static key, at a thread's first store.
#[cold]
fn bind_static<const N: usize>(slots: &Slots<N>, tag: Tag)
where
    Capacity<N>: Supported,
{
    slots.bind_static_slot(tag);
}

impl<P: Port<Slots = Slots<N>> + 'static, const N: usize, const NUMBER: usize> private::Steps for Static<P, NUMBER>
where
    Capacity<N>: Supported,
{
    type Port = P;
    type State = InTable<P>;

    fn port(state: &InTable<P>) -> &P {
        state.space.port()
    }

    #[inline(always)]
    fn value(state: &InTable<P>) -> *mut c_void {
        match (port::current(state.space.port()), Index::new(NUMBER)) {
            (Some(slots), Some(index)) => slots.slot(index).value(),
            _ => ptr::null_mut(),
        }
    }

    fn take(state: &InTable<P>) -> *mut c_void {
        match (port::current(state.space.port()), Index::new(NUMBER)) {
            (Some(slots), Some(index)) => slots.slot(index).take(),
            _ => ptr::null_mut(),
        }
    }

    #[inline]
    fn swap(state: &InTable<P>, value: *mut c_void) -> Result<*mut c_void, Error> {
        let slots = port::current(state.space.port()).ok_or(Error::NoThread)?;
        let (tag, slot) = (state.key.tag(), slots.slot(Index::of_tag(state.key.tag())));
        if slot.tag() != tag {
            bind_static(slots, tag);
            port::trace::<P>(Event::FirstSet(tag.key()));
        }
        Ok(slot.swap(value))
    }

    fn store_if_vacant(state: &InTable<P>, value: *mut c_void) -> Result<*mut c_void, Error> {
        let slots = port::current(state.space.port()).ok_or(Error::NoThread)?;
        check_alive(slots)?;
        let slot = slots.bind_static_slot(state.key.tag());
        if slot.replace(ptr::null_mut(), value) {
            port::trace::<P>(Event::FirstSet(state.key.tag().key()));
            return Ok(ptr::null_mut());
        }
        // A handler has stored a value since.
        Ok(slot.value())
    }

    fn replace(state: &InTable<P>, old: *mut c_void, new: *mut c_void) -> bool {
        let slots = port::current(state.space.port());
        slots.is_some_and(|slots| slots.slot(Index::of_tag(state.key.tag())).replace(old, new))
    }

    fn prepare(state: &InTable<P>) -> Result<(), Error> {
        check_alive(port::current(state.space.port()).ok_or(Error::NoThread)?)
    }
}
