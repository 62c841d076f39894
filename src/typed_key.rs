//! Keys that are created at run time and whose values have a type and an owner: no pointer casts, no `unsafe`, no heap.

use core::fmt;
use core::marker::PhantomData;

use crate::capacity::{Capacity, Supported};
use crate::error::Error;
use crate::event::Event;
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
///
/// # Examples
///
/// ```
#[doc = include_str!("example_kernel.txt")]
/// use tsd::{KeyOptions, TypedKey};
///
/// // A module's, from when it is loaded until it is unloaded.
/// let depth = TypedKey::<u8, Kernel>::new(&KEYS, KeyOptions::new().name("module: depth"))?;
/// assert_eq!((depth.replace(1)?, depth.replace(2)?), (None, Some(1)));
/// assert_eq!(depth.with(|depth| *depth += 1), Some(()));
/// assert_eq!((depth.take(), depth.take()), (Some(3), None));
///
/// drop(depth);
/// assert_eq!(KEYS.table().in_use(), 0);
/// # Ok::<(), tsd::Error>(())
/// ```
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
    /// Callable from threads, destructors and interrupts. As [`KeySpace::create`].
    ///
    /// # Errors
    ///
    /// [`Error::TableFull`], [`Error::TableWornOut`].
    ///
    /// # Examples
    ///
    /// ```
    #[doc = include_str!("example_kernel.txt")]
    /// use tsd::{Error, KeyOptions, TypedKey};
    ///
    /// let keys = [(); 8].map(|()| TypedKey::<u8, Kernel>::new(&KEYS, KeyOptions::new()));
    /// assert!(keys.iter().all(Result::is_ok));
    /// // The table has room for 8.
    /// assert_eq!(TypedKey::<u8, Kernel>::new(&KEYS, KeyOptions::new()).err(), Some(Error::TableFull));
    /// ```
    pub fn new(space: &'a KeySpace<P>, options: KeyOptions) -> Result<Self, Error> {
        let options = KeyOptions { destructor: destructor_of::<O>(), ..options };
        let tag = space.table.create_typed(options).inspect_err(|error| port::trace::<P>(Event::KeyRefused(*error)))?;
        port::trace::<P>(Event::KeyCreated(tag.key()));
        Ok(Self { space, tag, owner: PhantomData })
    }

    /// Stores the calling thread's value and returns the one that it had before.
    ///
    /// Callable from threads, destructors and interrupts. Wait-free.
    ///
    /// # Errors
    ///
    /// [`Error::NoThread`]; `value` is dropped.
    ///
    /// # Examples
    ///
    /// ```
    #[doc = include_str!("example_kernel.txt")]
    /// use tsd::{KeyOptions, TypedKey};
    ///
    /// let priority = TypedKey::<u8, Kernel>::new(&KEYS, KeyOptions::new())?;
    /// assert_eq!((priority.replace(4)?, priority.replace(5)?), (None, Some(4)));
    /// # Ok::<(), tsd::Error>(())
    /// ```
    pub fn replace(&self, value: O) -> Result<Option<O>, Error> {
        let slots = port::current(self.space.port()).ok_or(Error::NoThread)?;
        let old = location::swap::<P, N>(slots, self.tag, value.into_raw());
        // SAFETY: only `replace` stores under this key's tag, what `into_raw` gave, and the exchange made it ours.
        Ok((!old.is_null()).then(|| unsafe { O::from_raw(old) }))
    }

    /// Takes the calling thread's value, so that the thread has none. `None` if it has none, or no thread is current.
    ///
    /// Callable from threads, destructors and interrupts. Wait-free.
    ///
    /// # Examples
    ///
    /// ```
    #[doc = include_str!("example_kernel.txt")]
    /// use tsd::{KeyOptions, TypedKey};
    ///
    /// let priority = TypedKey::<u8, Kernel>::new(&KEYS, KeyOptions::new())?;
    /// priority.replace(0)?;
    /// assert_eq!((priority.take(), priority.take()), (Some(0), None));
    /// # Ok::<(), tsd::Error>(())
    /// ```
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
    /// Callable from threads, destructors and interrupts. An exchange each way.
    ///
    /// # Examples
    ///
    /// ```
    #[doc = include_str!("example_kernel.txt")]
    /// use tsd::{KeyOptions, TypedKey};
    ///
    /// let line = TypedKey::<&'static mut String, Kernel>::new(&KEYS, KeyOptions::new())?;
    /// assert_eq!(line.with(|line| line.push('a')), None); // there is none yet
    /// line.replace(Box::leak(Box::default()))?;
    /// line.with(|line| line.push('b'));
    /// assert_eq!(line.with(|line| line.len()), Some(1));
    /// # Ok::<(), tsd::Error>(())
    /// ```
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
        port::trace::<P>(Event::KeyDeleted(self.tag.key()));
    }
}

impl<O, P: Port> fmt::Debug for TypedKey<'_, O, P> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("TypedKey").field(&self.tag.key()).finish()
    }
}
