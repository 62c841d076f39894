//! Keys whose values have a type and an owner: no pointer casts, no `unsafe`, no heap.

use core::ffi::c_void;
use core::fmt;
use core::marker::PhantomData;
use core::ptr;

use crate::capacity::{Capacity, Supported};
use crate::error::Error;
use crate::index::Index;
use crate::key::KeyOptions;
use crate::key_space::KeySpace;
use crate::port::{self, Port};
use crate::slot_array::private::Sealed;
use crate::slots::Slots;
use crate::tag::Tag;

/// Something that owns a value and can be held as a pointer meanwhile: a box of the kernel's own, a box from a pool of
/// heapless (feature `pool`), an exclusive reference to a static.
///
/// # Safety
///
/// [`into_raw`](Self::into_raw) must never give NULL, and [`from_raw`](Self::from_raw) must make of its pointer what
/// went in, on the same thread.
///
/// It is `Send`, since an interrupt handler may take it while its thread is in the middle of anything, as another
/// thread would. It may borrow nothing, for a thread's exit may come after the key was forgotten:
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
pub unsafe trait Owner: Sized + Send + 'static {
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
unsafe impl<T: Send> Owner for &'static mut T {
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
unsafe impl<B: heapless::pool::boxed::BoxPool<Data: Send> + 'static> Owner for heapless::pool::boxed::Box<B> {
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
        let tag = space.table.create_typed(options.destructor(drop_owner::<O>))?;
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
        let (slot, value) = (slots.slot(Index::of_tag(self.tag)), value.into_raw());
        let old = if slot.tag() == self.tag {
            slot.swap(value)
        } else {
            slots.bind(self.tag, value, None).unwrap_or(ptr::null_mut())
        };
        // SAFETY: only `replace` stores under this key's tag, what `into_raw` gave, and the exchange made it ours.
        Ok((!old.is_null()).then(|| unsafe { O::from_raw(old) }))
    }

    /// Takes the calling thread's value, so that the thread has none.
    ///
    /// Callable from threads, destructors and interrupts. Wait-free.
    #[must_use]
    pub fn take(&self) -> Option<O> {
        let slot = port::current(self.space.port())?.slot(Index::of_tag(self.tag));
        if slot.tag() != self.tag {
            return None;
        }
        let value = slot.take();
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

/// The destructor of a typed key.
unsafe extern "C-unwind" fn drop_owner<O: Owner>(value: *mut c_void) {
    // SAFETY: `replace` stored what `into_raw` gave, and thread exit calls this once with it.
    drop(unsafe { O::from_raw(value) });
}
