//! Keys whose values have a type and an owner: no pointer casts, no `unsafe`, no heap.

use core::ffi::c_void;
use core::fmt;
use core::marker::PhantomData;
use core::ptr;

use crate::capacity::{Capacity, Supported};
use crate::error::Error;
use crate::key::{Key, KeyOptions};
use crate::port::Port;
use crate::space::KeySpace;

/// Something that owns a value and can be held as a pointer meanwhile: a box of the kernel's own, a box from a pool of
/// heapless (feature `pool`), an exclusive reference to a static.
///
/// # Safety
///
/// [`into_raw`](Self::into_raw) must never give NULL, and [`from_raw`](Self::from_raw) must make of its pointer what
/// went in, on the same thread.
///
/// It may borrow nothing, for a thread's exit may come after the key was forgotten:
///
/// ```compile_fail,E0478
/// struct Borrowed<'a>(&'a i32);
///
/// unsafe impl<'a> tsd::Owner for Borrowed<'a> {
///     fn into_raw(self) -> *mut core::ffi::c_void {
///         core::ptr::from_ref(self.0).cast_mut().cast()
///     }
///     unsafe fn from_raw(pointer: *mut core::ffi::c_void) -> Self {
///         Self(unsafe { &*pointer.cast() })
///     }
/// }
/// ```
pub unsafe trait Owner: Sized + 'static {
    /// Gives up ownership for a pointer.
    fn into_raw(self) -> *mut c_void;

    /// Takes ownership back.
    ///
    /// # Safety
    ///
    /// `pointer` must be from [`into_raw`](Self::into_raw) of the same type and be used once.
    unsafe fn from_raw(pointer: *mut c_void) -> Self;
}

// SAFETY: a reference is not NULL, and the pointer is the reference.
unsafe impl<T> Owner for &'static mut T {
    fn into_raw(self) -> *mut c_void {
        ptr::from_mut(self).cast()
    }

    unsafe fn from_raw(pointer: *mut c_void) -> Self {
        // SAFETY: the caller vouches that this is the reference that went in.
        unsafe { &mut *pointer.cast() }
    }
}

// SAFETY: a box's pointer is not NULL, and heapless makes the same box of it.
#[cfg(feature = "pool")]
unsafe impl<B: heapless::pool::boxed::BoxPool + 'static> Owner for heapless::pool::boxed::Box<B> {
    fn into_raw(self) -> *mut c_void {
        heapless::pool::boxed::Box::into_raw(self).cast()
    }

    unsafe fn from_raw(pointer: *mut c_void) -> Self {
        // SAFETY: the caller vouches that this is the box that went in.
        unsafe { heapless::pool::boxed::Box::from_raw(pointer.cast()) }
    }
}

/// A key under which each thread may have one `O`, dropped at the thread's exit.
///
/// The key is deleted when this is dropped; what threads have stored then is not dropped, as POSIX has it for
/// `pthread_key_delete`.
pub struct TypedKey<'a, O, P, const N: usize>
where
    P: Port<N>,
    Capacity<N>: Supported,
{
    space: &'a KeySpace<P, N>,
    key: Key,
    owner: PhantomData<fn(O) -> O>,
}

impl<'a, O: Owner, P: Port<N>, const N: usize> TypedKey<'a, O, P, N>
where
    Capacity<N>: Supported,
{
    /// Creates a key; a destructor among the options is replaced by one that drops the `O`.
    ///
    /// # Errors
    ///
    /// [`Error::TableFull`], [`Error::TableWornOut`].
    pub fn new(space: &'a KeySpace<P, N>, options: KeyOptions) -> Result<Self, Error> {
        let key = space.create_with(options.destructor(drop_owner::<O>))?;
        Ok(Self { space, key, owner: PhantomData })
    }

    /// Stores the calling thread's value; the one that it had before.
    ///
    /// # Errors
    ///
    /// [`Error::NoThread`], or [`Error::DeletedKey`] if somebody deleted the key by its number; `value` is dropped.
    ///
    /// Callable from threads and destructors.
    pub fn replace(&self, value: O) -> Result<Option<O>, Error> {
        let old = self.take();
        let pointer = value.into_raw();
        // SAFETY: the key's destructor is `drop_owner` for this type, and the pointer is what it takes.
        match unsafe { self.space.set(self.key, pointer) } {
            Ok(()) => Ok(old),
            Err(error) => {
                // SAFETY: it was not stored, so it is still ours.
                drop(unsafe { O::from_raw(pointer) });
                Err(error)
            }
        }
    }

    /// Takes the calling thread's value, so that the thread has none.
    ///
    /// Callable from threads and destructors.
    #[must_use]
    pub fn take(&self) -> Option<O> {
        let pointer = self.space.get(self.key);
        if pointer.is_null() {
            return None;
        }
        // SAFETY: NULL gets no destructor.
        unsafe { self.space.set(self.key, ptr::null_mut()) }.ok()?;
        // SAFETY: only `replace` stores under this key, and clearing the slot made the value ours.
        Some(unsafe { O::from_raw(pointer) })
    }

    /// Calls `use_value` with the calling thread's value, if it has one.
    ///
    /// The thread has none while `use_value` runs, so that no second exclusive reference can exist; one that is
    /// stored meanwhile is dropped.
    ///
    /// Callable from threads and destructors.
    pub fn with<R>(&self, use_value: impl FnOnce(&mut O) -> R) -> Option<R> {
        let mut value = self.take()?;
        let result = use_value(&mut value);
        self.replace(value).ok()?;
        Some(result)
    }
}

impl<O, P: Port<N>, const N: usize> Drop for TypedKey<'_, O, P, N>
where
    Capacity<N>: Supported,
{
    fn drop(&mut self) {
        // Somebody may have deleted the key by its number; then there is nothing to do.
        let _ = self.space.delete(self.key);
    }
}

impl<O, P: Port<N>, const N: usize> fmt::Debug for TypedKey<'_, O, P, N>
where
    Capacity<N>: Supported,
{
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("TypedKey").field(&self.key).finish()
    }
}

/// The destructor of a typed key.
unsafe extern "C-unwind" fn drop_owner<O: Owner>(value: *mut c_void) {
    // SAFETY: `replace` stored what `into_raw` gave, and thread exit calls this once with it.
    drop(unsafe { O::from_raw(value) });
}
