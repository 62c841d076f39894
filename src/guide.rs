//! The library by its ideas, a page each. What a call does in every case is with the call.
//!
//! - [`ports`]: what a kernel gives, and where its hooks go
//! - [`keys`]: which kind of key for which value
//! - [`exit`]: what happens to values, in which order
//! - [`interrupts`]: what handlers may do
//! - [`once`]: one-time initialisation that sleeps
//! - [`safety`]: who promises what to whom
//! - [`from_pthreads`], [`from_std`]: what you know already, by its name here

pub mod ports {
    //! A port is one type of the kernel's. It says which [`Slots`](crate::Slots) belong to the thread that calls.
    //!
    //! Slots lie in the thread control block. They are as many as there can be keys: 128 take 2.1 KiB. A port for a
    //! kernel whose CPUs keep a pointer to the current thread is one read of a register:
    //!
    //! ```
    //! # use core::cell::Cell;
    //! use tsd::{KeySpace, Port, Slots};
    //!
    //! struct Thread {
    //!     slots: Slots<128>,
    //! }
    //!
    //! # static BOOT: Thread = Thread { slots: Slots::new() };
    //! # fn thread_pointer() -> *const Thread { &BOOT }
    //! struct Kernel;
    //!
    //! // SAFETY: the pointer is to the block of the thread that runs on this CPU, and is valid until that has exited.
    //! unsafe impl Port for Kernel {
    //!     type Slots = Slots<128>;
    //!
    //!     unsafe fn current(&self) -> Option<&Slots<128>> {
    //!         // SAFETY: as above; NULL before there are threads.
    //!         unsafe { thread_pointer().as_ref() }.map(|thread| &thread.slots)
    //!     }
    //! }
    //!
    //! // SAFETY: the only key space of these threads.
    //! static KEYS: KeySpace<Kernel> = unsafe { KeySpace::new(Kernel) };
    //! # assert!(KEYS.create(None).is_ok());
    //! ```
    //!
    //! | Where in the kernel | What to call | What for |
    //! |---|---|---|
    //! | a thread control block is made | [`Slots::new`](crate::Slots::new), [`Slots::init`](crate::Slots::init) | memory that held something else reads as values |
    //! | a thread starts | [`attach`](crate::KeySpace::attach), if there are [`Notifications`](crate::Notifications) | those who want to know of threads |
    //! | a thread ends, last, before a joiner wakes | [`exit`](crate::KeySpace::exit) | destructors |
    //! | a thread was deleted where it stood | [`reap`](crate::KeySpace::reap), before its stack is freed | its destructors, on its behalf |
    //! | a panic | [`KeyTable::keys`](crate::KeyTable::keys), [`Slots::current_destructor`](crate::Slots::current_destructor) | who owns which key, and what was being destroyed |
    //!
    //! `current` may give `None`: in early boot, on a CPU's idle loop, in an interrupt. Calls then read NULL and store
    //! nothing ([`Error::NoThread`](crate::Error::NoThread)). The other methods of [`Port`](crate::Port) have defaults,
    //! and matter to kernels that use [`once`](super::once), thread-exit functions or notifications.
}

pub mod keys {
    //! A key is the same for all threads; each has a value of its own under it.
    //!
    //! | The value | The key | Its cost |
    //! |---|---|---|
    //! | a number, a flag, a function | [`OwnedKey<u16, _>`](crate::OwnedKey), read by `get` | the slot itself |
    //! | is lent by reference, made at its first use, stays until the thread ends | [`SharedKey`](crate::SharedKey) | the key's tag is compared |
    //! | is taken out to be changed, and put back | [`OwnedKey`](crate::OwnedKey) | an exchange each way |
    //! | either, and the kernel knows its keys when it is compiled | [`static_keys!`](crate::static_keys) | one load |
    //! | either, and the key comes and goes with a module or a subsystem | [`TypedKey`](crate::TypedKey) | as `OwnedKey` |
    //! | a pointer whose meaning is C's, or another language's | [`KeySpace::create`](crate::KeySpace::create), `get`, `set` | the table is asked whether the key lives |
    //!
    //! All but the last are safe to use, and drop what they hold when the thread ends. Where the value lies is the
    //! type's to say:
    //!
    //! | The key's type | Where the value lies |
    //! |---|---|
    //! | `OwnedKey<u16>`, any [`Word`](crate::Word) | in the slot |
    //! | `SharedKey<Inline<T>>` | in the thread control block: [`Inline`](crate::Inline), [`Arena`](crate::Arena) |
    //! | `OwnedKey<Box<T>>`, `SharedKey<Arc<T>>` | on the kernel's heap: feature `alloc` |
    //! | heapless' `Box` of a pool | in a static pool: feature `pool` |
    //! | `&'static mut T` | where you say |
    //!
    //! Keys are few: as many as the slots of a thread. A value of more parts is one key to a structure, and a field
    //! each.
    //!
    //! Deleting a key touches no thread. What threads have stored under it reads NULL from then on, gets no destructor,
    //! and does not come back under a later key, though that may have the same slot.
}

pub mod exit {
    //! A thread's exit runs the destructors of its values, on the thread itself.
    //!
    //! 1. Detach notifications, in reverse order of registration. All values are still there.
    //! 2. Thread-exit functions ([`at_thread_exit`](crate::KeySpace::at_thread_exit)), the last registered first, until
    //!    none is left; and again before each round that follows.
    //! 3. Ordinary keys, in rounds. A value is taken out of its slot, then destroyed. What destructors store is
    //!    destroyed in this round or the next, but there are at most four rounds (`KeyTable::with_rounds`).
    //! 4. Keys of the last phase, likewise. Allocators, logs and language runtimes belong here: what ordinary
    //!    destructors need must outlive them.
    //! 5. What is left is reported, not destroyed: [`ExitReport`](crate::ExitReport) names the keys.
    //!
    //! ```
    #![doc = include_str!("example_kernel.txt")]
    //! unsafe extern "C-unwind" fn close(_: *mut core::ffi::c_void) {}
    //!
    //! let key = KEYS.create(Some(close))?;
    //! // SAFETY: the destructor takes anything.
    //! unsafe { KEYS.set(key, core::ptr::without_provenance_mut(1))? };
    //! // SAFETY: the last that the thread does.
    //! let report = unsafe { KEYS.exit() };
    //! assert_eq!((report.rounds, report.calls, report.left_over), (1, 1, 0));
    //! # Ok::<(), tsd::Error>(())
    //! ```
    //!
    //! A thread that stored nothing pays one comparison. No lock is held while anything runs, so a destructor may
    //! create keys, wait and start threads. A [`SharedKey`](crate::SharedKey) makes no values in an exit; an
    //! [`OwnedKey`](crate::OwnedKey) stores what it is given, as `set` does.
}

pub mod interrupts {
    //! A handler runs between two instructions of a thread, and the port decides whether it finds that thread.
    //!
    //! If the port gives the interrupted thread's slots, a handler reads and stores that thread's values; if it gives
    //! `None`, there is nothing. Either way no call waits, so a handler can't be stuck because of the thread that it
    //! interrupts.
    //!
    //! | In a handler | |
    //! |---|---|
    //! | `get`, `set`, `create`, `delete`, `at_thread_exit` | as in a thread |
    //! | [`OwnedKey`](crate::OwnedKey)'s `take`, `replace`, `with` | as in a thread; while the thread has the value out, there is none |
    //! | [`SharedKey::with`](crate::SharedKey::with) | as in a thread, also while the thread uses the value |
    //! | [`SharedKey::with_or_init`](crate::SharedKey::with_or_init) | the same; [`Error::Recursion`](crate::Error::Recursion) while the thread makes it |
    //! | boxes from a pool of heapless | only where the CPU has a compare-exchange of two words; elsewhere their pool takes a lock |
    //! | `once` | only if it has completed |
    //! | `exit`, `reap` | no |
    //!
    //! A value that a handler may use in the middle of its thread's own use is `Sync`. A port that gives handlers
    //! nothing can say so ([`ThreadsOnly`](crate::ThreadsOnly)), and then `Cell` and `RefCell` will do.
    //!
    //! One combination is for the kernel to avoid, as in POSIX: a handler that deletes a key and creates another, while
    //! the thread is inside a `set` of the first. Typed keys are not deleted while anybody can use them.
}

pub mod once {
    //! [`Once`](crate::Once) runs an initialiser once for all threads: [`KeySpace::once`](crate::KeySpace::once).
    //!
    //! ```
    #![doc = include_str!("example_kernel.txt")]
    //! use tsd::Once;
    //!
    //! static DEVICES_FOUND: Once = Once::new();
    //!
    //! let mut probes = 0;
    //! KEYS.once(&DEVICES_FOUND, || probes += 1)?;
    //! KEYS.once(&DEVICES_FOUND, || unreachable!())?;
    //! assert_eq!(probes, 1);
    //! # Ok::<(), tsd::Error>(())
    //! ```
    //!
    //! Threads that come meanwhile sleep in the port's [`wait`](crate::Port::wait). If the initialiser's thread is
    //! killed, or the initialiser panics, the next of them runs it. An initialiser that asks for itself gets
    //! [`Error::Recursion`](crate::Error::Recursion) instead of waiting for ever.
    //!
    //! For a value a thread, there is [`SharedKey::with_or_init`](crate::SharedKey::with_or_init).
}

pub mod safety {
    //! A kernel writes a few `unsafe` lines, and all the code above is safe.
    //!
    //! | Unsafe | The promise |
    //! |---|---|
    //! | `impl Port` | slots are the calling thread's, as long as it lives |
    //! | [`KeySpace::new`](crate::KeySpace::new) | nobody else uses these slots |
    //! | [`exit`](crate::KeySpace::exit) | the thread uses none of its values afterwards |
    //! | `impl ThreadsOnly`, if wanted | handlers find no thread |
    //!
    //! Safe code can then do nothing undefined, from threads, destructors or interrupts. It can leak: a key that is
    //! deleted first, a thread that is never ended, more rounds than there are.
    //!
    //! `docs/safety.md` in the repository has the argument, with what the compiler rejects.
}

pub mod from_pthreads {
    //! | POSIX | Here | What is different |
    //! |---|---|---|
    //! | `pthread_key_create` | [`KeySpace::create`](crate::KeySpace::create) | from interrupts, too; a key is never 0 |
    //! | `pthread_key_delete` | [`KeySpace::delete`](crate::KeySpace::delete) | a later key does not inherit values; a handle that is kept too long is refused |
    //! | `pthread_getspecific` | [`KeySpace::get`](crate::KeySpace::get) | NULL for a deleted key, and not undefined |
    //! | `pthread_setspecific` | [`KeySpace::set`](crate::KeySpace::set) | refused for a deleted key |
    //! | `PTHREAD_KEYS_MAX` | `N` of [`Slots<N>`](crate::Slots) | yours: 1 to 4096 |
    //! | `PTHREAD_DESTRUCTOR_ITERATIONS` | [`KeyTable::with_rounds`](crate::KeyTable::with_rounds) | for each of two phases |
    //! | `pthread_exit`'s destructors | [`KeySpace::exit`](crate::KeySpace::exit) | you call it; it reports what was left |
    //! | `pthread_once` | [`KeySpace::once`](crate::KeySpace::once) | recursion is an error, not a deadlock |
    //! | `pthread_cleanup_push` | [`KeySpace::at_thread_exit`](crate::KeySpace::at_thread_exit) | runs at the exit only, as `__cxa_thread_atexit` |
    //! | `EAGAIN`, `EINVAL`, … | [`Error::errno`](crate::Error::errno) | the error tells more than the number |
    //!
    //! The C archive has these functions under their own names: `<tsd/pthread.h>`.
}

pub mod from_std {
    //! | `std::thread_local!` | Here | What is different |
    //! |---|---|---|
    //! | `static X: Cell<u16>` | [`OwnedKey<u16, Kernel>`](crate::OwnedKey) | `get` gives an `Option`: nothing is there before it is stored |
    //! | `static X: T = init()` | [`SharedKey<Box<T>, Kernel>`](crate::SharedKey) | the initialiser is told with the call; memory is yours to choose |
    //! | `LocalKey::with` | `with_or_init(init, f)` | gives a `Result` and does not panic |
    //! | `LocalKey::try_with` | `with(f)` | never initialises |
    //! | `AccessError` | [`Error::Exiting`](crate::Error::Exiting) | also for a value that was never made |
    //! | `T` need not be `Send` or `Sync` | `Send`; `Sync`, or [`ThreadsOnly`](crate::ThreadsOnly) | a thread can be buried by another, and interrupted by a handler |
    //! | `LocalKey::take`, `replace` | [`OwnedKey::take`](crate::OwnedKey::take), [`replace`](crate::OwnedKey::replace) | one exchange; handlers may do the same |
    //! | an initialiser that uses its own key recurses without end | [`Error::Recursion`](crate::Error::Recursion) | |
    //! | order of destructors: unspecified | ascending index, in rounds; the last phase after that | see [`exit`](super::exit) |
    //! | `const { … }`, `#[thread_local]` | [`static_keys!`](crate::static_keys) | a load from the thread control block; no linker section |
    //!
    //! A counter for each thread, three ways. With std:
    //!
    //! ```
    //! use std::cell::Cell;
    //!
    //! thread_local!(static COUNT: Cell<u32> = const { Cell::new(0) });
    //!
    //! COUNT.with(|count| count.set(count.get() + 1));
    //! # assert_eq!(COUNT.get(), 1);
    //! ```
    //!
    //! With a key as POSIX has it, where the type, the first use and the destructor are yours:
    //!
    //! ```
    #![doc = include_str!("example_kernel.txt")]
    //! use core::cell::Cell;
    //! use core::ffi::c_void;
    //!
    //! unsafe extern "C-unwind" fn free(count: *mut c_void) {
    //!     // SAFETY: what is stored under the key is such a box.
    //!     drop(unsafe { Box::<Cell<u32>>::from_raw(count.cast()) });
    //! }
    //!
    //! let key = KEYS.create(Some(free))?;
    //!
    //! if KEYS.get(key).is_null() {
    //!     // SAFETY: the destructor takes such a box.
    //!     unsafe { KEYS.set(key, Box::into_raw(Box::new(Cell::new(0u32))).cast())? };
    //! }
    //! // SAFETY: it is the box above, which stays until the thread's exit.
    //! let count: &Cell<u32> = unsafe { &*KEYS.get(key).cast() };
    //! count.set(count.get() + 1);
    //! # assert_eq!(count.get(), 1);
    //! # // SAFETY: the last that the thread does.
    //! # assert_eq!(unsafe { KEYS.exit() }.calls, 1);
    //! # Ok::<(), tsd::Error>(())
    //! ```
    //!
    //! With a typed key, whose value lies in the thread control block:
    //!
    //! ```
    #![doc = include_str!("example_kernel.txt")]
    //! use core::cell::Cell;
    //! use tsd::{Inline, SharedKey};
    //!
    //! # // SAFETY: there are no interrupt handlers.
    //! # unsafe impl tsd::ThreadsOnly for Kernel {}
    //! static COUNT: SharedKey<Inline<Cell<u32>>, Kernel> = SharedKey::for_threads(&KEYS);
    //!
    //! COUNT.with_or_init(|| Inline(Cell::new(0)), |count| count.set(count.get() + 1))?;
    //! # assert_eq!(COUNT.with(Cell::get), Some(1));
    //! # Ok::<(), tsd::Error>(())
    //! ```
}
