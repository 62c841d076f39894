//! Keys whose values stay where they are while their thread lives, and are lent by reference.

use core::ffi::c_void;
use core::fmt;
use core::marker::PhantomData;
use core::mem;
use core::ptr;

use crate::capacity::{Capacity, Supported};
use crate::error::Error;
use crate::key::KeyOptions;
use crate::key_space::KeySpace;
use crate::location::{InTable, Lazy, Location, Static};
use crate::owner::SharedOwner;
use crate::port::{self, Port, ThreadsOnly};
use crate::slots::Slots;
use crate::static_key::StaticKey;
use crate::sync::local::compiler_fence;
use crate::sync::{Ordering, const_fn};

/// What a slot holds while the thread initialises its value: an address at which no value lies.
const INITIALISING: *mut c_void = ptr::without_provenance_mut(1);

/// A key that is a static, under which each thread may have one value that an `O` owns: made at its first use, lent by
/// reference, dropped at the thread's exit.
///
/// A value that was initialised is never moved, replaced or taken while its thread lives. So a reference to it is good
/// also where an interrupt handler uses the same key; and a handler uses it in the middle of anything that its thread
/// does with it, as another thread would. So a value is `Sync`, or the port promises by [`ThreadsOnly`] that handlers
/// find no thread.
///
/// Once the thread's exit has taken the value, the key has none: in the value's own `drop`, in later destructors and
/// in handlers that interrupt them, [`with`](Self::with) gives `None` and [`with_or_init`](Self::with_or_init) fails.
/// Nothing is initialised on a thread in its exit. A thread that ends in its initialiser has a mark for a value, which
/// its exit counts as one and a listing shows as 1.
///
/// It is for statics: what is declared `const` is another key at each use.
///
/// # Examples
///
/// ```
#[doc = include_str!("example_kernel.txt")]
/// use core::sync::atomic::{AtomicU32, Ordering::Relaxed};
/// use tsd::SharedKey;
///
/// static COUNT: SharedKey<&'static mut AtomicU32, Kernel> = SharedKey::new(&KEYS);
///
/// let count = || COUNT.with_or_init(|| Box::leak(Box::default()), |count| count.fetch_add(1, Relaxed));
/// assert_eq!((count()?, count()?), (0, 1));
/// # Ok::<(), tsd::Error>(())
/// ```
pub struct SharedKey<O, K: Location> {
    state: K::State,
    owner: PhantomData<fn(O) -> O>,
}

impl<O: SharedOwner, P: Port<Slots = Slots<N>> + 'static, const N: usize> SharedKey<O, P>
where
    Capacity<N>: Supported,
{
    const_fn! {
        /// Makes a key of `space`, which is created in its table when it is first used. Threads and their interrupt
        /// handlers may use it.
        #[must_use]
        pub fn new(space: &'static KeySpace<P>) -> Self
        where
            O::Target: Sync,
        {
            Self { state: Lazy::new(space, options_of::<O>()), owner: PhantomData }
        }
    }

    const_fn! {
        /// Makes a key for values that are not `Sync`, such as a `RefCell`, where handlers find no thread.
        #[must_use]
        pub fn for_threads(space: &'static KeySpace<P>) -> Self
        where
            P: ThreadsOnly,
        {
            Self { state: Lazy::new(space, options_of::<O>()), owner: PhantomData }
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

impl<O: SharedOwner, P: Port<Slots = Slots<N>> + 'static, const N: usize, const NUMBER: usize>
    SharedKey<O, Static<P, NUMBER>>
where
    Capacity<N>: Supported,
{
    /// What a static key of this type is created with.
    #[doc(hidden)]
    #[must_use]
    pub const fn options() -> KeyOptions {
        options_of::<O>()
    }

    /// For [`static_keys!`](crate::static_keys).
    ///
    /// # Safety
    ///
    /// `key` has this number in the table of `space`, and [`options`](Self::options)' destructor; no other key has its
    /// value.
    #[doc(hidden)]
    #[must_use]
    pub const unsafe fn in_table(space: &'static KeySpace<P>, key: StaticKey) -> Self
    where
        O::Target: Sync,
    {
        Self { state: InTable::new(space, key), owner: PhantomData }
    }

    /// For [`static_keys!`](crate::static_keys), with values that are not `Sync`.
    ///
    /// # Safety
    ///
    /// As [`in_table`](Self::in_table).
    #[doc(hidden)]
    #[must_use]
    pub const unsafe fn in_table_for_threads(space: &'static KeySpace<P>, key: StaticKey) -> Self
    where
        P: ThreadsOnly,
    {
        Self { state: InTable::new(space, key), owner: PhantomData }
    }
}

impl<O: SharedOwner, K: Location> SharedKey<O, K> {
    /// Calls `use_value` with the calling thread's value; returns `None` if it has none, is initialising it, or no
    /// thread is current.
    ///
    /// Callable from threads, destructors and interrupts. Wait-free, writes nothing.
    ///
    /// # Examples
    ///
    /// ```
    #[doc = include_str!("example_kernel.txt")]
    /// use tsd::{Inline, SharedKey};
    ///
    /// static LINE: SharedKey<Inline<[u8; 8]>, Kernel> = SharedKey::new(&KEYS);
    ///
    /// assert_eq!(LINE.with(|line| line[0]), None); // there is none yet
    /// LINE.with_or_init(|| Inline([7; 8]), |_| ())?;
    /// assert_eq!(LINE.with(|line| line[0]), Some(7));
    ///
    /// // SAFETY: the last that the thread does.
    /// let _ = unsafe { KEYS.exit() };
    /// assert_eq!(LINE.with(|line| line[0]), None);
    /// # Ok::<(), tsd::Error>(())
    /// ```
    #[inline]
    pub fn with<R>(&self, use_value: impl FnOnce(&O::Target) -> R) -> Option<R> {
        let value = K::value(&self.state);
        compiler_fence(Ordering::Acquire);
        // SAFETY: it came from `store`, for no other address is stored but those two, and goes to `discard` at the
        // thread's exit, when the slot does not have it any more: not before `use_value` has returned.
        is_value(value).then(|| use_value(unsafe { O::lend(value) }))
    }

    /// Calls `use_value` with the calling thread's value, which `initialise` makes if it has none.
    ///
    /// Callable from threads, destructors and interrupts. As [`with`](Self::with) where there is a value. No lock is
    /// held while either runs. A thread that is killed in `initialise` has no value.
    ///
    /// # Errors
    ///
    /// - [`Error::NoThread`] if no thread is current.
    /// - [`Error::Exiting`] if the thread has no value, or not any more, and is in its exit, or has been through it in the
    ///   middle of `initialise`.
    /// - [`Error::Recursion`] in `initialise` itself, and in a handler that interrupts it, for the same key.
    /// - [`Error::TableFull`], [`Error::TableWornOut`] at the key's first use.
    ///
    /// `initialise` is not called then. [`Error::ListFull`] if the thread has no room for an
    /// [`Inline`](crate::Inline) value, which is dropped.
    ///
    /// # Examples
    ///
    /// ```
    #[doc = include_str!("example_kernel.txt")]
    /// use tsd::{Error, Inline, SharedKey};
    ///
    /// static LINE: SharedKey<Inline<[u8; 8]>, Kernel> = SharedKey::new(&KEYS);
    ///
    /// let first = LINE.with_or_init(
    ///     || {
    ///         assert_eq!(LINE.with_or_init(|| Inline([0; 8]), |line| line[0]), Err(Error::Recursion));
    ///         Inline([1; 8])
    ///     },
    ///     |line| line[0],
    /// );
    /// assert_eq!(first, Ok(1));
    /// assert_eq!(LINE.with_or_init(|| unreachable!(), |line| line[0]), Ok(1));
    /// ```
    #[inline]
    pub fn with_or_init<R>(
        &self,
        initialise: impl FnOnce() -> O,
        use_value: impl FnOnce(&O::Target) -> R,
    ) -> Result<R, Error> {
        self.with_or_try_init(|| Ok(initialise()), use_value)
    }

    /// Does as [`with_or_init`](Self::with_or_init), with an initialiser that may fail, as [`Error::ListFull`] when a
    /// pool is empty. The thread has no value then, and the next call tries again.
    ///
    /// Callable from threads, destructors and interrupts. As [`with`](Self::with) where there is a value. No lock is
    /// held while either runs.
    ///
    /// # Errors
    ///
    /// As [`with_or_init`](Self::with_or_init), and those of `initialise`.
    ///
    /// # Examples
    ///
    /// ```
    #[doc = include_str!("example_kernel.txt")]
    /// use tsd::{Error, Inline, SharedKey};
    ///
    /// static LINE: SharedKey<Inline<[u8; 8]>, Kernel> = SharedKey::new(&KEYS);
    ///
    /// let empty = LINE.with_or_try_init(|| Err(Error::ListFull), |line| line[0]);
    /// assert_eq!(empty, Err(Error::ListFull));
    /// assert_eq!(LINE.with_or_try_init(|| Ok::<_, Error>(Inline([1; 8])), |line| line[0]), Ok(1));
    /// ```
    #[inline]
    pub fn with_or_try_init<R, E: From<Error>>(
        &self,
        initialise: impl FnOnce() -> Result<O, E>,
        use_value: impl FnOnce(&O::Target) -> R,
    ) -> Result<R, E> {
        let mut value = K::value(&self.state);
        if !is_value(value) {
            value = self.initialise(initialise)?;
        }
        compiler_fence(Ordering::Acquire);
        // SAFETY: as in `with`.
        Ok(use_value(unsafe { O::lend(value) }))
    }

    #[cold]
    fn initialise<E: From<Error>>(&self, initialise: impl FnOnce() -> Result<O, E>) -> Result<*mut c_void, E> {
        let found = K::store_if_vacant(&self.state, INITIALISING)?;
        if found == INITIALISING {
            return Err(Error::Recursion.into());
        }
        if !found.is_null() {
            // A handler has made one since.
            return Ok(found);
        }
        let unfinished = Unfinished::<K>(&self.state);
        // SAFETY: the port gives the calling thread's memory, and exit takes the value out of the slot.
        let value = unsafe { initialise()?.store(port::arena(K::port(&self.state))) }?;
        mem::forget(unfinished);
        // A handler that finds the pointer finds the value.
        compiler_fence(Ordering::Release);
        if !K::replace(&self.state, INITIALISING, value) {
            // The thread has been through its exit meanwhile, though the initialiser goes on.
            // SAFETY: it was stored nowhere.
            unsafe { O::discard(value) };
            return Err(Error::Exiting.into());
        }
        Ok(value)
    }
}

impl<O, K: Location> fmt::Debug for SharedKey<O, K> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("SharedKey").field(&self.state).finish()
    }
}

/// An initialiser that has not given a value. Dropped, by its failure or by unwinding, the thread has none.
struct Unfinished<'a, K: Location>(&'a K::State);

impl<K: Location> Drop for Unfinished<'_, K> {
    fn drop(&mut self) {
        K::replace(self.0, INITIALISING, ptr::null_mut());
    }
}

/// Whether it is neither NULL nor the mark of an initialiser that runs.
#[inline(always)]
fn is_value(value: *mut c_void) -> bool {
    value.addr() > INITIALISING.addr()
}

const fn options_of<O: SharedOwner>() -> KeyOptions {
    let options = KeyOptions::new();
    if mem::needs_drop::<O>() { options.destructor(drop_shared::<O>) } else { options }
}

unsafe extern "C-unwind" fn drop_shared<O: SharedOwner>(value: *mut c_void) {
    // A thread that was killed in its initialiser has no value.
    if is_value(value) {
        // SAFETY: `initialise` stored what `store` gave, and thread exit calls this once with it.
        unsafe { O::discard(value) };
    }
}
