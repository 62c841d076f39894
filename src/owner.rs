//! What a typed key can hold: something that becomes a pointer, or a word, and is made of it again.

use core::ffi::c_void;
use core::mem;
use core::ptr;

use crate::arena::{self, ArenaMemory};
use crate::error::Error;
use crate::key::Destructor;

/// Something that owns a value and can be held as a pointer meanwhile: a box (feature `alloc`, or one from a pool of
/// heapless with feature `pool`), an exclusive reference to a static, a [`Word`].
///
/// It is `Send`, since an interrupt handler may take it while its thread is in the middle of anything, as another
/// thread would.
///
/// # Safety
///
/// [`into_raw`](Self::into_raw) must never give NULL, and [`from_raw`](Self::from_raw) must make of its pointer what
/// went in, on the same thread.
///
/// # Examples
///
/// A handle of a kernel's, which is given back when it is dropped:
///
/// ```
#[doc = include_str!("example_kernel.txt")]
/// use core::{ffi::c_void, mem, ptr};
/// use tsd::{OwnedKey, Owner};
///
/// struct Buffer(u16);
///
/// impl Drop for Buffer {
///     fn drop(&mut self) { /* gives it back */ }
/// }
///
/// // SAFETY: the pointer is not NULL, and the same number is made of it. Nothing is dropped in between.
/// unsafe impl Owner for Buffer {
///     fn into_raw(self) -> *mut c_void {
///         let number = usize::from(self.0);
///         mem::forget(self);
///         ptr::without_provenance_mut(number + 1)
///     }
///     unsafe fn from_raw(pointer: *mut c_void) -> Self {
///         Self((pointer.addr() - 1) as u16)
///     }
/// }
///
/// static BUFFER: OwnedKey<Buffer, Kernel> = OwnedKey::new(&KEYS);
/// BUFFER.replace(Buffer(0))?;
/// assert_eq!(BUFFER.with(|buffer| buffer.0), Some(0));
/// # Ok::<(), tsd::Error>(())
/// ```
///
/// What borrows is refused, for a thread's exit may come after the key was forgotten:
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
    /// Gives up ownership for a pointer. Called where a value is stored: in threads, destructors and interrupts.
    fn into_raw(self) -> *mut c_void;

    /// Takes ownership back. Called where a value is taken: in threads, destructors and interrupts, and by thread exit.
    ///
    /// # Safety
    ///
    /// `pointer` must be from [`into_raw`](Self::into_raw) of the same type and be used once.
    unsafe fn from_raw(pointer: *mut c_void) -> Self;
}

/// Something that owns a value, which can be lent while a key holds it as a pointer: for a
/// [`SharedKey`](crate::SharedKey). Each [`Owner`] here that is no [`Word`] is one, and [`Inline`].
///
/// # Safety
///
/// 1. What [`lend`](Self::lend) gives must stay valid until the pointer is given to [`discard`](Self::discard), also
///    while other references to it exist.
/// 2. [`store`](Self::store) must give no address below 2. Any pointer to a value does that which has a size.
pub unsafe trait SharedOwner: Sized + Send + 'static {
    /// What is lent.
    type Target: ?Sized;

    /// Gives up ownership for a pointer. `memory` is the thread's, where the port keeps some. Called where a value is
    /// initialised: in threads, destructors and interrupts.
    ///
    /// # Errors
    ///
    /// [`Error::ListFull`] if there is no room. The value is dropped.
    ///
    /// # Safety
    ///
    /// `memory` must be the calling thread's, and what it gives must not be used after that thread's exit.
    unsafe fn store(self, memory: Option<ArenaMemory<'_>>) -> Result<*mut c_void, Error>;

    /// Lends the value.
    ///
    /// # Safety
    ///
    /// `pointer` must be from [`store`](Self::store) of the same type, and the reference must be given up before the
    /// pointer is used by [`discard`](Self::discard).
    unsafe fn lend<'a>(pointer: *mut c_void) -> &'a Self::Target;

    /// Takes ownership back, and drops it. Called by thread exit, and for a value that was made too late for it.
    ///
    /// # Safety
    ///
    /// `pointer` must be from [`store`](Self::store) of the same type and be used once.
    unsafe fn discard(pointer: *mut c_void);
}

/// A value that lies in the thread control block, in the [`Arena`](crate::Arena) that the port gives
/// ([`Port::arena`](crate::Port::arena)): for a [`SharedKey`](crate::SharedKey) that needs no allocator.
///
/// # Examples
///
/// ```
/// use core::cell::Cell;
/// use tsd::{Arena, ArenaMemory, Inline, KeySpace, Port, SharedKey, Slots, ThreadsOnly};
///
/// struct Thread {
///     slots: Slots<8>,
///     arena: Arena<64>,
/// }
///
/// static THREAD: Thread = Thread { slots: Slots::new(), arena: Arena::new() };
/// struct Kernel;
///
/// // SAFETY: there is one thread.
/// unsafe impl Port for Kernel {
///     type Slots = Slots<8>;
///     unsafe fn current(&self) -> Option<&Slots<8>> { Some(&THREAD.slots) }
///     unsafe fn arena(&self) -> Option<ArenaMemory<'_>> { Some(THREAD.arena.as_memory()) }
/// }
/// // SAFETY: there are no handlers.
/// unsafe impl ThreadsOnly for Kernel {}
/// // SAFETY: the only key space of these threads.
/// static KEYS: KeySpace<Kernel> = unsafe { KeySpace::new(Kernel) };
///
/// static DEPTH: SharedKey<Inline<Cell<u32>>, Kernel> = SharedKey::for_threads(&KEYS);
///
/// DEPTH.with_or_init(|| Inline(Cell::new(1)), |depth| depth.set(depth.get() + 1))?;
/// assert_eq!(DEPTH.with(Cell::get), Some(2));
/// assert_eq!(THREAD.arena.as_memory().used(), size_of::<u32>());
/// # Ok::<(), tsd::Error>(())
/// ```
///
/// The memory of a value that an exit leaves over is used again, with no `drop` before.
#[derive(Clone, Copy, Debug, Default)]
pub struct Inline<T>(pub T);

// SAFETY: the value lies in the thread's arena, whose memory is at no such address, until the thread's exit is over.
unsafe impl<T: Send + 'static> SharedOwner for Inline<T> {
    type Target = T;

    unsafe fn store(self, memory: Option<ArenaMemory<'_>>) -> Result<*mut c_void, Error> {
        // SAFETY: the caller vouches for it.
        unsafe { arena::store(memory, self.0) }.map(<*mut T>::cast).ok_or(Error::ListFull)
    }

    unsafe fn lend<'a>(pointer: *mut c_void) -> &'a T {
        // SAFETY: the caller vouches for the pointer.
        unsafe { &*pointer.cast() }
    }

    unsafe fn discard(pointer: *mut c_void) {
        // SAFETY: the caller vouches that nobody else uses the value, which is not used afterwards.
        unsafe { ptr::drop_in_place(pointer.cast::<T>()) };
    }
}

/// How an [`Owner`] that is no word is a [`SharedOwner`].
macro_rules! lend_from_owner {
    ($target:ty) => {
        type Target = $target;

        unsafe fn store(self, _: Option<ArenaMemory<'_>>) -> Result<*mut c_void, Error> {
            const {
                assert!(size_of::<$target>() != 0, "a value without a size has no address to tell that it is there")
            };
            Ok(Owner::into_raw(self))
        }

        unsafe fn lend<'a>(pointer: *mut c_void) -> &'a $target {
            // SAFETY: the caller vouches for the pointer.
            unsafe { &*pointer.cast() }
        }

        unsafe fn discard(pointer: *mut c_void) {
            // SAFETY: the caller vouches that this is what went in.
            let _owner = unsafe { <Self as Owner>::from_raw(pointer) };
        }
    };
}

/// A value that fits into a slot itself, with no memory of its own: the integers of at most 32 bits (16 where pointers
/// have 32), `bool`, `char`, all `NonZero` integers that are no larger than a pointer, and functions.
///
/// `usize` is none, since a slot has to tell "no value" from each value that there is. [`OwnedKey::get`] reads a word
/// and leaves it where it is.
///
/// [`OwnedKey::get`]: crate::OwnedKey::get
///
/// # Safety
///
/// [`Owner::from_raw`] may be called any number of times for one pointer.
pub unsafe trait Word: Owner + Copy {}

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

// SAFETY: the value stays where it is, and has a size.
unsafe impl<T: Send> SharedOwner for &'static mut T {
    lend_from_owner!(T);
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

// SAFETY: the value lies in a block of the pool, which has a size, until the box is dropped.
#[cfg(feature = "pool")]
unsafe impl<B: heapless::pool::boxed::BoxPool<Data: Send> + 'static> SharedOwner for heapless::pool::boxed::Box<B> {
    lend_from_owner!(B::Data);
}

#[cfg(feature = "alloc")]
mod heap {
    use alloc::boxed::Box;
    #[cfg(target_has_atomic = "ptr")]
    use alloc::sync::Arc;
    use core::ffi::c_void;

    use super::{ArenaMemory, Error, Owner, SharedOwner};

    macro_rules! from_heap {
        ($owner:ident, $($bound:tt)*) => {
            // SAFETY: its pointer is not NULL, and the same owner is made of it.
            unsafe impl<T: $($bound)* + 'static> Owner for $owner<T> {
                fn into_raw(self) -> *mut c_void {
                    $owner::into_raw(self) as *mut c_void
                }

                unsafe fn from_raw(pointer: *mut c_void) -> Self {
                    // SAFETY: the caller vouches that this is what went in.
                    unsafe { $owner::from_raw(pointer.cast()) }
                }
            }

            // SAFETY: the value stays where it is until the owner is dropped, and has a size.
            unsafe impl<T: $($bound)* + 'static> SharedOwner for $owner<T> {
                lend_from_owner!(T);
            }
        };
    }

    from_heap!(Box, Send);
    #[cfg(target_has_atomic = "ptr")]
    from_heap!(Arc, Send + Sync);
}

/// Set in a word that is there, so that 0 is one, too.
const PRESENT: usize = 1 << (usize::BITS - 1);

macro_rules! words {
    ($($(#[$attribute:meta])* $type:ty, $value:ident => $word:expr, $found:ident => $back:expr;)*) => {$(
        $(#[$attribute])*
        // SAFETY: the word is not 0, and the value is made of it.
        unsafe impl Owner for $type {
            #[inline]
            fn into_raw(self) -> *mut c_void {
                let $value = self;
                ptr::without_provenance_mut($word)
            }

            #[inline]
            unsafe fn from_raw(pointer: *mut c_void) -> Self {
                let $found = pointer.addr();
                $back
            }
        }

        $(#[$attribute])*
        // SAFETY: a number is made of a number.
        unsafe impl Word for $type {}
    )*};
}

words! {
    bool, value => value as usize | PRESENT, word => word & 1 != 0;
    u8, value => value as usize | PRESENT, word => word as u8;
    i8, value => value as u8 as usize | PRESENT, word => word as i8;
    u16, value => value as usize | PRESENT, word => word as u16;
    i16, value => value as u16 as usize | PRESENT, word => word as i16;
    #[cfg(target_pointer_width = "64")]
    u32, value => value as usize | PRESENT, word => word as u32;
    #[cfg(target_pointer_width = "64")]
    i32, value => value as u32 as usize | PRESENT, word => word as i32;
    char, value => value as usize | PRESENT, word => {
        // SAFETY: the caller vouches that a character went in.
        unsafe { char::from_u32_unchecked((word & !PRESENT) as u32) }
    };
}

macro_rules! words_without_zero {
    ($($(#[$attribute:meta])* $integer:ty),*) => {words! {$(
        $(#[$attribute])*
        core::num::NonZero<$integer>, value => value.get() as usize, word => {
            // SAFETY: the caller vouches that one went in.
            unsafe { core::num::NonZero::new_unchecked(word as $integer) }
        };
    )*}};
}

words_without_zero! {
    u8, i8, u16, i16, u32, i32, usize, isize,
    #[cfg(target_pointer_width = "64")] u64, #[cfg(target_pointer_width = "64")] i64
}

macro_rules! functions {
    ($(($($argument:ident)*))*) => {$(
        functions!(@ fn($($argument),*) -> R, $($argument)*);
        functions!(@ unsafe fn($($argument),*) -> R, $($argument)*);
        functions!(@ extern "C" fn($($argument),*) -> R, $($argument)*);
        functions!(@ unsafe extern "C" fn($($argument),*) -> R, $($argument)*);
    )*};
    (@ $type:ty, $($argument:ident)*) => {
        // SAFETY: no function lies at NULL, and a pointer has room for a function's address.
        unsafe impl<R: 'static, $($argument: 'static),*> Owner for $type {
            #[inline]
            fn into_raw(self) -> *mut c_void {
                self as *mut c_void
            }

            #[inline]
            unsafe fn from_raw(pointer: *mut c_void) -> Self {
                // SAFETY: the caller vouches that it is this function's.
                unsafe { mem::transmute::<*mut c_void, Self>(pointer) }
            }
        }

        // SAFETY: a function's address is copied.
        unsafe impl<R: 'static, $($argument: 'static),*> Word for $type {}
    };
}

functions! { () (A) (A B) (A B C) }

/// The destructor of a key that holds an `O`; none if dropping it does nothing.
pub(crate) const fn destructor_of<O: Owner>() -> Option<Destructor> {
    if mem::needs_drop::<O>() { Some(drop_owner::<O>) } else { None }
}

unsafe extern "C-unwind" fn drop_owner<O: Owner>(value: *mut c_void) {
    // SAFETY: typed keys store what `into_raw` gave, and thread exit calls this once with it.
    drop(unsafe { O::from_raw(value) });
}
