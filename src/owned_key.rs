//! Keys whose values are taken out to be used: no references into the slot.

use core::fmt;
use core::marker::PhantomData;

use crate::capacity::{Capacity, Supported};
use crate::error::Error;
use crate::key::KeyOptions;
use crate::key_space::KeySpace;
use crate::location::{InTable, Lazy, Location, Static};
use crate::owner::{Owner, Word, destructor_of};
use crate::port::Port;
use crate::slots::Slots;
use crate::static_key::StaticKey;
use crate::sync::local::compiler_fence;
use crate::sync::{Ordering, const_fn};

/// A key that is a static, under which each thread may have one `O`: what is there is taken out, used, and put back.
///
/// The key is created when it is first used. A value may be taken and replaced from everywhere, also from an interrupt
/// that comes while the thread does the same: whoever takes it has it alone. For a value that stays where it is and is
/// lent by reference, there is [`SharedKey`](crate::SharedKey).
///
/// It is for statics: what is declared `const` is another key at each use.
///
/// Boxes from a pool of heapless are taken and given back with a lock where the CPU has no compare-exchange of two
/// words; such a key is not for interrupts there, whatever its calls say.
///
/// # Examples
///
/// ```
#[doc = include_str!("example_kernel.txt")]
/// use tsd::OwnedKey;
///
/// static LAST_ERROR: OwnedKey<i16, Kernel> = OwnedKey::new(&KEYS).name("last error");
///
/// assert_eq!(LAST_ERROR.get(), None);
/// assert_eq!(LAST_ERROR.replace(0)?, None);
/// assert_eq!(LAST_ERROR.get(), Some(0));
/// # Ok::<(), tsd::Error>(())
/// ```
pub struct OwnedKey<O, K: Location> {
    state: K::State,
    owner: PhantomData<fn(O) -> O>,
}

impl<O: Owner, P: Port<Slots = Slots<N>> + 'static, const N: usize> OwnedKey<O, P>
where
    Capacity<N>: Supported,
{
    const_fn! {
        /// Makes a key of `space`, which is created in its table when it is first used.
        #[must_use]
        pub fn new(space: &'static KeySpace<P>) -> Self {
            let options = KeyOptions { destructor: destructor_of::<O>(), ..KeyOptions::new() };
            Self { state: Lazy::new(space, options), owner: PhantomData }
        }
    }

    /// Names the key's owner, for listings and panic dumps.
    #[must_use]
    pub const fn name(mut self, name: &'static str) -> Self {
        self.state.options.name = name;
        self
    }

    /// Puts the key in the last phase of thread exit.
    #[must_use]
    pub const fn last_phase(mut self) -> Self {
        self.state.options.last_phase = true;
        self
    }
}

impl<O: Owner, P: Port<Slots = Slots<N>> + 'static, const N: usize, const NUMBER: usize> OwnedKey<O, Static<P, NUMBER>>
where
    Capacity<N>: Supported,
{
    /// What a static key of this type is created with.
    #[doc(hidden)]
    #[must_use]
    pub const fn options() -> KeyOptions {
        KeyOptions { destructor: destructor_of::<O>(), ..KeyOptions::new() }
    }

    /// For [`static_keys!`](crate::static_keys).
    ///
    /// # Safety
    ///
    /// `key` has this number in the table of `space`, and [`options`](Self::options)' destructor; no other key has its
    /// value.
    #[doc(hidden)]
    #[must_use]
    pub const unsafe fn in_table(space: &'static KeySpace<P>, key: StaticKey) -> Self {
        Self { state: InTable::new(space, key), owner: PhantomData }
    }
}

impl<O: Owner, K: Location> OwnedKey<O, K> {
    /// Stores the calling thread's value and returns the one that it had before.
    ///
    /// Callable from threads, destructors and interrupts. Wait-free once the key is created.
    ///
    /// # Errors
    ///
    /// [`Error::NoThread`]; at the first use also [`Error::TableFull`] and [`Error::TableWornOut`]. `value` is dropped.
    ///
    /// # Examples
    ///
    /// ```
    #[doc = include_str!("example_kernel.txt")]
    /// use tsd::OwnedKey;
    ///
    /// static PRIORITY: OwnedKey<u8, Kernel> = OwnedKey::new(&KEYS);
    ///
    /// assert_eq!(PRIORITY.replace(4)?, None);
    /// assert_eq!(PRIORITY.replace(5)?, Some(4));
    /// # Ok::<(), tsd::Error>(())
    /// ```
    pub fn replace(&self, value: O) -> Result<Option<O>, Error> {
        let raw = value.into_raw();
        // A handler that finds the pointer finds the value.
        compiler_fence(Ordering::Release);
        match K::swap(&self.state, raw) {
            // SAFETY: what is stored under this key came from `into_raw`, and the exchange made it ours.
            Ok(old) => Ok((!old.is_null()).then(|| unsafe { O::from_raw(old) })),
            Err(error) => {
                // SAFETY: it was stored nowhere.
                drop(unsafe { O::from_raw(raw) });
                Err(error)
            }
        }
    }

    /// Takes the calling thread's value, so that the thread has none. `None` if it has none, or no thread is current.
    ///
    /// Callable from threads, destructors and interrupts. Wait-free.
    ///
    /// # Examples
    ///
    /// ```
    #[doc = include_str!("example_kernel.txt")]
    /// use tsd::OwnedKey;
    ///
    /// static PRIORITY: OwnedKey<u8, Kernel> = OwnedKey::new(&KEYS);
    ///
    /// PRIORITY.replace(0)?;
    /// assert_eq!((PRIORITY.take(), PRIORITY.take()), (Some(0), None));
    /// # Ok::<(), tsd::Error>(())
    /// ```
    #[must_use]
    pub fn take(&self) -> Option<O> {
        let value = K::take(&self.state);
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
    /// use tsd::OwnedKey;
    ///
    /// static LINE: OwnedKey<&'static mut String, Kernel> = OwnedKey::new(&KEYS);
    ///
    /// assert_eq!(LINE.with(|line| line.push('a')), None); // there is none yet
    /// LINE.replace(Box::leak(Box::default()))?;
    /// LINE.with(|line| {
    ///     line.push('b');
    ///     assert!(LINE.take().is_none());
    /// });
    /// assert_eq!(LINE.with(|line| line.len()), Some(1));
    /// # Ok::<(), tsd::Error>(())
    /// ```
    pub fn with<R>(&self, use_value: impl FnOnce(&mut O) -> R) -> Option<R> {
        self.use_and_put_back(self.take()?, use_value).ok()
    }

    /// Calls `use_value` with the calling thread's value, which `initialise` makes if it has none.
    ///
    /// The thread has none while either runs: a call of this from inside them, or from an interrupt handler meanwhile,
    /// makes a value of its own, which is dropped when this one is put back.
    ///
    /// Callable from threads, destructors and interrupts. An exchange each way.
    ///
    /// # Errors
    ///
    /// Before `initialise` is called: [`Error::NoThread`]; [`Error::Exiting`] if the thread has no value and is in its
    /// exit; at the first use also [`Error::TableFull`] and [`Error::TableWornOut`].
    ///
    /// # Examples
    ///
    /// ```
    #[doc = include_str!("example_kernel.txt")]
    /// use tsd::OwnedKey;
    ///
    /// static LINE: OwnedKey<&'static mut String, Kernel> = OwnedKey::new(&KEYS);
    ///
    /// let add = |letter| {
    ///     LINE.with_or_init(|| Box::leak(Box::default()), |line| {
    ///         line.push(letter);
    ///         line.len()
    ///     })
    /// };
    /// assert_eq!((add('a')?, add('b')?), (1, 2));
    /// # Ok::<(), tsd::Error>(())
    /// ```
    pub fn with_or_init<R>(
        &self,
        initialise: impl FnOnce() -> O,
        use_value: impl FnOnce(&mut O) -> R,
    ) -> Result<R, Error> {
        self.with_or_try_init(|| Ok(initialise()), use_value)
    }

    /// Does as [`with_or_init`](Self::with_or_init), with an initialiser that may fail, as [`Error::ListFull`] when a
    /// pool is empty. The thread has no value then, and the next call tries again.
    ///
    /// Callable from threads, destructors and interrupts. An exchange each way.
    ///
    /// # Errors
    ///
    /// As [`with_or_init`](Self::with_or_init), and those of `initialise`.
    ///
    /// # Examples
    ///
    /// ```
    #[doc = include_str!("example_kernel.txt")]
    /// use tsd::{Error, OwnedKey};
    ///
    /// static LINE: OwnedKey<&'static mut String, Kernel> = OwnedKey::new(&KEYS);
    ///
    /// let result = LINE.with_or_try_init(|| Err(Error::ListFull), |line| line.len());
    /// assert_eq!(result, Err(Error::ListFull));
    /// let result = LINE.with_or_try_init(|| Ok::<_, Error>(Box::leak(Box::default())), |line| line.len());
    /// assert_eq!(result, Ok(0));
    /// ```
    pub fn with_or_try_init<R, E: From<Error>>(
        &self,
        initialise: impl FnOnce() -> Result<O, E>,
        use_value: impl FnOnce(&mut O) -> R,
    ) -> Result<R, E> {
        let value = match self.take() {
            Some(value) => value,
            None => {
                K::prepare(&self.state)?;
                initialise()?
            }
        };
        Ok(self.use_and_put_back(value, use_value)?)
    }

    fn use_and_put_back<R>(&self, mut value: O, use_value: impl FnOnce(&mut O) -> R) -> Result<R, Error> {
        let result = use_value(&mut value);
        self.replace(value)?;
        Ok(result)
    }
}

impl<O: Word, K: Location> OwnedKey<O, K> {
    /// Returns the calling thread's value, which stays; `None` if it has none, or no thread is current.
    ///
    /// Callable from threads, destructors and interrupts. Wait-free, writes nothing.
    #[inline]
    #[must_use]
    pub fn get(&self) -> Option<O> {
        let value = K::value(&self.state);
        // SAFETY: as in `replace`, and a word may be made of it any number of times.
        (!value.is_null()).then(|| unsafe { O::from_raw(value) })
    }
}

impl<O, K: Location> fmt::Debug for OwnedKey<O, K> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("OwnedKey").field(&self.state).finish()
    }
}
