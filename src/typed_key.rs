//! Keys that are created at run time and whose values have a type and an owner: no pointer casts, no `unsafe`, no heap.

use core::fmt;
use core::marker::PhantomData;

use crate::capacity::{Capacity, Supported};
use crate::error::Error;
use crate::key::KeyOptions;
use crate::key_space::KeySpace;
use crate::location;
use crate::owner::{Owner, destructor_of};
use crate::port::{self, Port};
use crate::slot_array::private::Sealed;
use crate::slots::Slots;
use crate::tag::Tag;

/// A key under which each thread may have one `O`, dropped at the thread's exit. One that lives in a static, and is
/// created when it is first used, is an [`OwnedKey`](crate::OwnedKey).
///
/// The key is deleted when this is dropped, and in no other way; what threads have stored then is not dropped, as POSIX
/// has it for `pthread_key_delete`.
// While this lives, its key does. So a slot with its tag can't be bound to another key by an interrupt handler, and one
// exchange of the value is all that it takes to own it.
pub struct TypedKey<'a, O, P: Port> {
    space: &'a KeySpace<P>,
    tag: Tag,
    owner: PhantomData<fn(O) -> O>,
}

impl<'a, O: Owner, P: Port<Slots = Slots<N>>, const N: usize> TypedKey<'a, O, P>
where
    Capacity<N>: Supported,
{
    /// Creates a key; a destructor among the options is replaced by one that drops the `O`.
    ///
    /// # Errors
    ///
    /// [`Error::TableFull`], [`Error::TableWornOut`].
    pub fn new(space: &'a KeySpace<P>, options: KeyOptions) -> Result<Self, Error> {
        let tag = space.table.create_typed(KeyOptions { destructor: destructor_of::<O>(), ..options })?;
        Ok(Self { space, tag, owner: PhantomData })
    }

    /// Stores the calling thread's value; the one that it had before.
    ///
    /// # Errors
    ///
    /// [`Error::NoThread`]; `value` is dropped.
    ///
    /// Callable from threads, destructors and interrupts. Wait-free.
    pub fn replace(&self, value: O) -> Result<Option<O>, Error> {
        let slots = port::current(self.space.port()).ok_or(Error::NoThread)?;
        let old = location::swap(slots, self.tag, value.into_raw());
        // SAFETY: only `replace` stores under this key's tag, what `into_raw` gave, and the exchange made it ours.
        Ok((!old.is_null()).then(|| unsafe { O::from_raw(old) }))
    }

    /// Takes the calling thread's value, so that the thread has none.
    ///
    /// Callable from threads, destructors and interrupts. Wait-free.
    #[must_use]
    pub fn take(&self) -> Option<O> {
        let value = location::take(port::current(self.space.port())?, self.tag);
        // SAFETY: as in `replace`.
        (!value.is_null()).then(|| unsafe { O::from_raw(value) })
    }

    /// Calls `use_value` with the calling thread's value, if it has one.
    ///
    /// The thread has none while `use_value` runs, so that no second exclusive reference can exist; one that is
    /// stored meanwhile is dropped.
    ///
    /// Callable from threads, destructors and interrupts.
    pub fn with<R>(&self, use_value: impl FnOnce(&mut O) -> R) -> Option<R> {
        let mut value = self.take()?;
        let result = use_value(&mut value);
        self.replace(value).ok()?;
        Some(result)
    }
}

impl<O, P: Port> Drop for TypedKey<'_, O, P> {
    fn drop(&mut self) {
        P::Slots::delete_tag(&self.space.table, self.tag);
    }
}

impl<O, P: Port> fmt::Debug for TypedKey<'_, O, P> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("TypedKey").field(&self.tag.key()).finish()
    }
}
