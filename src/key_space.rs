//! A key space: a table, and the kernel's port by which calls find the current thread.

use core::ffi::c_void;
use core::ptr;

use crate::capacity::{Capacity, Supported};
use crate::error::Error;
use crate::event::{Event, silent};
use crate::exit;
use crate::exit_duties::{ExitDuties, PortDuties};
use crate::exit_functions::ExitFunction;
use crate::exit_report::{ExitFlags, ExitReport};
use crate::key::{Destructor, Key, KeyOptions};
use crate::once::{self, OnceGuard};
use crate::once_control::{Once, OnceFrame};
use crate::parts;
use crate::pending::Flags;
use crate::port::{self, Port};
use crate::slot_array::private::Sealed;
use crate::slots::Slots;
use crate::sync::const_fn;
use crate::table::KeyTable;

/// The keys of a kernel, or of a process, for whichever thread calls. It lives in a static.
///
/// README shows a kernel that has one; its code is run by the tests.
///
/// # Examples
///
/// ```
#[doc = include_str!("example_kernel.txt")]
/// use core::ptr;
///
/// // With `static KEYS: KeySpace<Kernel>`:
/// let key = KEYS.create(None)?;
/// assert!(KEYS.get(key).is_null()); // on each thread
/// // SAFETY: the key has no destructor.
/// unsafe { KEYS.set(key, ptr::dangling_mut())? };
/// assert!(!KEYS.get(key).is_null()); // on this thread
///
/// KEYS.delete(key)?;
/// let next = KEYS.create(None)?; // at the same index
/// assert!(KEYS.get(key).is_null() && KEYS.get(next).is_null());
/// # Ok::<(), tsd::Error>(())
/// ```
// In C's layout with the table first: the address of one is that of the other.
#[derive(Debug)]
#[repr(C)]
pub struct KeySpace<P: Port> {
    pub(crate) table: <P::Slots as Sealed>::Table,
    port: P,
}

impl<P: Port<Slots = Slots<N>>, const N: usize> KeySpace<P>
where
    Capacity<N>: Supported,
{
    const_fn! {
        /// Creates a key space with an empty table.
        ///
        /// # Safety
        ///
        /// The slots and the arena that the port gives must be used with this key space only: a value that was stored
        /// under a key of one table must not be found under a key of another, and an exit frees its arena. A port that
        /// finds all threads of a kernel is for one key space.
        #[must_use]
        pub unsafe fn new(port: P) -> Self {
            Self { table: KeyTable::new(), port }
        }
    }

    /// Creates a key space with a table that has static keys, another number of rounds, or another first generation.
    ///
    /// # Safety
    ///
    /// As [`new`](Self::new).
    #[must_use]
    pub const unsafe fn with_table(port: P, table: KeyTable<N>) -> Self {
        Self { table, port }
    }

    /// Returns the table, for listings and counts.
    pub const fn table(&self) -> &KeyTable<N> {
        &self.table
    }

    /// Returns the kernel's port.
    pub const fn port(&self) -> &P {
        &self.port
    }

    /// Creates a key that reads NULL in every thread: [`KeyTable::create`].
    ///
    /// Callable from threads, destructors and interrupts. Lock-free; one word a 32 or 64 keys is looked at.
    /// POSIX `pthread_key_create`, C11 `tss_create`, Win32 `TlsAlloc`.
    ///
    /// # Errors
    ///
    /// [`Error::TableFull`], [`Error::TableWornOut`].
    pub fn create(&self, destructor: Option<Destructor>) -> Result<Key, Error> {
        self.table.create_and_trace(KeyOptions { destructor, ..KeyOptions::new() }, port::trace::<P>)
    }

    /// Creates a key with a phase and a name: [`KeyTable::create_with`].
    ///
    /// Callable from threads, destructors and interrupts. As [`create`](Self::create).
    ///
    /// # Errors
    ///
    /// [`Error::TableFull`], [`Error::TableWornOut`].
    pub fn create_with(&self, options: KeyOptions) -> Result<Key, Error> {
        self.table.create_and_trace(options, port::trace::<P>)
    }

    /// Deletes a key, which reads NULL in every thread from now on; no destructor is called: [`KeyTable::delete`].
    ///
    /// Callable from threads, destructors and interrupts. Lock-free; touches one entry, whatever the number of
    /// threads. POSIX `pthread_key_delete`, C11 `tss_delete`, Win32 `TlsFree`.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidKey`], [`Error::DeletedKey`], [`Error::StaticKey`], [`Error::TypedKey`].
    pub fn delete(&self, key: Key) -> Result<(), Error> {
        self.table.delete(key)?;
        if let Some(slots) = port::current(&self.port) {
            slots.disown(key);
        }
        port::trace::<P>(Event::KeyDeleted(key));
        Ok(())
    }

    /// Returns the calling thread's value under `key`; NULL if it set none, the key is not live, or no thread is
    /// current.
    ///
    /// Callable from threads, destructors and interrupts. Wait-free, writes nothing.
    /// POSIX `pthread_getspecific`, C11 `tss_get`, Win32 `TlsGetValue`.
    #[inline]
    pub fn get(&self, key: Key) -> *mut c_void {
        match port::current(&self.port) {
            Some(slots) => self.table.get(slots, key),
            None => ptr::null_mut(),
        }
    }

    /// Stores the calling thread's value under `key`. NULL clears; a replaced value gets no destructor.
    ///
    /// Callable from threads, destructors and interrupts. Wait-free.
    /// POSIX `pthread_setspecific`, C11 `tss_set`, Win32 `TlsSetValue`.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidKey`], [`Error::DeletedKey`], or [`Error::NoThread`]; nothing is stored.
    ///
    /// # Safety
    ///
    /// 1. If the key has a destructor, it must be sound to call it with `value` on this thread, at its exit.
    /// 2. No interrupt handler may delete the key in the middle of the call: a key that it creates then at the same
    ///    index, typed ones included, would get `value`.
    /// 3. The key must not be a typed key's, whose handle [`KeyTable::keys`] lists too: its values
    ///    are of another form.
    ///
    /// # Examples
    ///
    /// ```
    #[doc = include_str!("example_kernel.txt")]
    /// use core::ptr;
    /// use tsd::Error;
    ///
    /// let key = KEYS.create(None)?;
    /// let mut name = *b"idle";
    /// // SAFETY: the key has no destructor, here and below.
    /// unsafe { KEYS.set(key, name.as_mut_ptr().cast())? };
    /// unsafe { KEYS.set(key, ptr::null_mut())? };
    /// assert!(KEYS.get(key).is_null());
    ///
    /// KEYS.delete(key)?;
    /// assert_eq!(unsafe { KEYS.set(key, ptr::null_mut()) }, Err(Error::DeletedKey));
    /// # Ok::<(), tsd::Error>(())
    /// ```
    #[inline]
    pub unsafe fn set(&self, key: Key, value: *mut c_void) -> Result<(), Error> {
        let slots = port::current(&self.port).ok_or(Error::NoThread)?;
        // SAFETY: the caller vouches for the value, the port for the slots.
        unsafe { self.table.set_and_trace(slots, key, value, port::trace::<P>) }
    }

    /// Runs `initialiser` if no call with this control has completed; returns when one has.
    ///
    /// Where the initialiser panics, or its thread is killed, the control is as if never called.
    ///
    /// Callable from threads and destructors; from interrupts if completed. One load then. No lock is held while the
    /// initialiser runs, so that it may wait for other threads. POSIX `pthread_once`, C11 `call_once`.
    ///
    /// # Errors
    ///
    /// [`Error::Recursion`] when called from the control's own initialiser; [`Error::NoThread`] when it would have to
    /// wait where no thread is current.
    ///
    /// # Examples
    ///
    /// ```
    #[doc = include_str!("example_kernel.txt")]
    /// use tsd::Once;
    ///
    /// static DEVICES: Once = Once::new();
    ///
    /// let mut probes = 0;
    /// KEYS.once(&DEVICES, || probes += 1)?;
    /// KEYS.once(&DEVICES, || probes += 1)?;
    /// assert_eq!(probes, 1);
    /// # Ok::<(), tsd::Error>(())
    /// ```
    pub fn once(&self, control: &Once, initialiser: impl FnOnce()) -> Result<(), Error> {
        let mut frame = OnceFrame::new();
        if !control.is_complete() && control.begin(&self.port, &mut frame)? {
            let guard = OnceGuard::new(&self.port, &frame);
            initialiser();
            guard.finish();
        }
        Ok(())
    }

    /// Gives back `control`, as if never called, if the calling thread is in its initialiser; returns `false` if it is
    /// not. Before it, the controls of those initialisers that the thread began inside it are given back, too.
    ///
    /// For a thread that ends inside an initialiser and runs other code before its [`exit`](Self::exit), such as
    /// POSIX's cleanup handlers: `exit` gives back what was not given back by then.
    ///
    /// Callable from threads. No lock is held. The cost is proportional to the number of initialisers that the thread
    /// is in. POSIX `pthread_once`.
    ///
    /// # Safety
    ///
    /// The initialiser does not go on: nothing returns to it, and [`end_once`](crate::raw::end_once) is not called for
    /// it. Its frame, and those of the initialisers inside it, are still where they were.
    pub unsafe fn cancel_once(&self, control: &Once) -> bool {
        port::current(&self.port).is_some_and(|slots| once::abandon_through(&self.port, slots, control))
    }

    /// Registers a function to run at the calling thread's exit, before those registered earlier and before the keys'
    /// destructors.
    ///
    /// Callable from threads, destructors and interrupts. Lock-free. Itanium C++ ABI `__cxa_thread_atexit`.
    ///
    /// # Errors
    ///
    /// [`Error::ListFull`], which the thread's exit reports as well; [`Error::NoThread`] when no thread is current or
    /// the port keeps no such list.
    ///
    /// # Safety
    ///
    /// It must be sound to call `function` with `argument` on this thread, at its exit.
    ///
    /// # Examples
    ///
    /// ```
    #[doc = include_str!("example_kernel.txt")]
    /// use core::sync::atomic::{AtomicUsize, Ordering::Relaxed};
    /// use core::{ffi::c_void, ptr};
    ///
    /// static DESTROYED: AtomicUsize = AtomicUsize::new(0);
    ///
    /// unsafe extern "C-unwind" fn destroy(object: *mut c_void) {
    ///     DESTROYED.store(10 * DESTROYED.load(Relaxed) + object.addr(), Relaxed);
    /// }
    ///
    /// // SAFETY: `destroy` takes anything, here and below.
    /// unsafe { KEYS.at_thread_exit(destroy, ptr::without_provenance_mut(1))? };
    /// unsafe { KEYS.at_thread_exit(destroy, ptr::without_provenance_mut(2))? };
    /// // SAFETY: the last that the thread does.
    /// assert_eq!(unsafe { KEYS.exit() }.functions, 2);
    /// assert_eq!(DESTROYED.load(Relaxed), 21);
    /// # Ok::<(), tsd::Error>(())
    /// ```
    pub unsafe fn at_thread_exit(&self, function: ExitFunction, argument: *mut c_void) -> Result<(), Error> {
        let slots = port::current(&self.port).ok_or(Error::NoThread)?;
        let functions = port::exit_functions(&self.port).ok_or(Error::NoThread)?;
        // First, so that the thread's exit looks at the list wherever the thread is killed: a function that it passed
        // over would wait for the next thread with this control block. An empty list costs that exit a look.
        slots.pending.set_flags(Flags::FUNCTIONS);
        // SAFETY: the caller vouches for it.
        unsafe { functions.push(function, argument) }
    }

    /// Runs the calling thread's exit functions, the last registered first, and nothing else of its exit; returns how
    /// many there were.
    ///
    /// For the end of a process: C++ destroys the objects of the thread that ends it before `atexit`'s functions run,
    /// while no key's destructor is called. The thread goes on as it was.
    ///
    /// Callable from threads and destructors. No lock is held while a function runs. C++17 `[basic.start.term]`.
    ///
    /// # Safety
    ///
    /// What still runs on the thread must not use what these functions destroy.
    ///
    /// # Examples
    ///
    /// ```
    #[doc = include_str!("example_kernel.txt")]
    /// use core::{ffi::c_void, ptr};
    ///
    /// unsafe extern "C-unwind" fn destroy(_object: *mut c_void) {}
    ///
    /// // SAFETY: `destroy` takes anything.
    /// unsafe { KEYS.at_thread_exit(destroy, ptr::null_mut())? };
    /// // SAFETY: nobody uses what it destroys.
    /// let count = unsafe { (KEYS.run_exit_functions(), KEYS.run_exit_functions()) };
    /// assert_eq!(count, (1, 0));
    /// # Ok::<(), tsd::Error>(())
    /// ```
    pub unsafe fn run_exit_functions(&self) -> u32 {
        let Some(slots) = port::current(&self.port) else { return 0 };
        let Some(list) = port::exit_functions(&self.port) else { return 0 };
        let count = exit::run_functions(slots, &list, port::trace::<P>);
        if list.has_refused() {
            // For the thread's exit to report.
            slots.pending.set_flags(Flags::FUNCTIONS);
        }
        count
    }

    /// Sends the attach notifications. The kernel calls it once on each thread, before the thread's own code.
    ///
    /// A thread that never called it gets no detach notifications either; a kernel whose port keeps no notifications
    /// need not call it.
    ///
    /// Callable from threads. The cost is that of the notifications; with debug assertions also a look at each slot.
    /// Win32 `DLL_THREAD_ATTACH`.
    ///
    /// # Errors
    ///
    /// [`Error::NoThread`]. [`Error::NotInitialised`] when the thread is attached already or in its exit, or its
    /// control block was taken into use again with no exit between; in builds with debug assertions also when a value
    /// is left in memory that was not initialised. No notification is sent then.
    ///
    /// # Examples
    ///
    /// ```
    #[doc = include_str!("example_kernel.txt")]
    /// use tsd::Error;
    ///
    /// KEYS.attach()?; // first on each thread
    /// assert_eq!(KEYS.attach(), Err(Error::NotInitialised));
    /// // SAFETY: the last that the thread does. Detach notifications are sent.
    /// let _ = unsafe { KEYS.exit() };
    /// # Ok::<(), tsd::Error>(())
    /// ```
    pub fn attach(&self) -> Result<(), Error> {
        let slots = port::current(&self.port).ok_or(Error::NoThread)?;
        if slots.is_exiting() || cfg!(debug_assertions) && !slots.is_clean() {
            return Err(Error::NotInitialised);
        }
        let notifications = self.port.notifications();
        if notifications.is_some() && slots.pending.test_and_set(Flags::ATTACHED) {
            return Err(Error::NotInitialised);
        }
        port::trace::<P>(Event::Attached);
        if let Some(notifications) = notifications {
            notifications.attach();
        }
        Ok(())
    }

    /// Runs the calling thread's exit: notifications, thread-exit functions, destructors. The kernel calls it last on
    /// each thread that ends, with the thread current and its stack whole, before a joiner is woken.
    ///
    /// A call from inside the thread's own exit does nothing and says so. Values that an interrupt handler sets after
    /// the last look of this call, some instructions before it returns, or later, stay for the next thread with the
    /// same slots; [`Slots::is_exiting`] is over by then. So the kernel sees to it that handlers set none on a thread
    /// that has called this, or initialises the slots again with [`Slots::init`], and the arena with
    /// [`Arena::init`](crate::Arena::init).
    ///
    /// Callable from threads. No lock is held while anything runs, and interrupts are as the thread had them. The cost
    /// is proportional to the number of values set; one comparison when there are none. POSIX `pthread_exit`, C11
    /// `thrd_exit`, Win32 `DLL_THREAD_DETACH`.
    ///
    /// # Safety
    ///
    /// Nothing that still runs on the thread afterwards may use a value that it has now, and none of the initialisers
    /// that it is in ([`once`](Self::once)) goes on: they are given back.
    ///
    /// # Examples
    ///
    /// ```
    #[doc = include_str!("example_kernel.txt")]
    /// use core::{ffi::c_void, ptr};
    ///
    /// unsafe extern "C-unwind" fn close(_file: *mut c_void) {}
    ///
    /// let key = KEYS.create(Some(close))?;
    /// // SAFETY: `close` takes anything.
    /// unsafe { KEYS.set(key, ptr::dangling_mut())? };
    /// // SAFETY: the last that the thread does.
    /// let report = unsafe { KEYS.exit() };
    /// assert_eq!((report.rounds, report.calls, report.left_over), (1, 1, 0));
    /// assert!(SLOTS.is_idle()); // for the next thread
    /// # Ok::<(), tsd::Error>(())
    /// ```
    #[inline]
    pub unsafe fn exit(&self) -> ExitReport {
        match port::current(&self.port) {
            // A report of its own, so that it is written once and where the caller wants it.
            Some(slots) if slots.is_idle() => ExitReport::default(),
            _ => {
                let mut report = ExitReport::default();
                self.exit_with_work(&mut report);
                report
            }
        }
    }

    /// Runs the exit of a thread that will never run again, on behalf of it: one that another thread has deleted, or
    /// that was killed where it stood, be it inside its own exit. Whoever buries it calls this before its stack is
    /// freed, while the port gives the dead thread's slots, functions and arena to this call and to the destructors that it
    /// runs.
    ///
    /// An exit that was cut short is finished: what it had not taken gets its destructor now, in new rounds. A value
    /// whose destructor had begun, or was about to, is named in the report with [`ExitFlags::INTERRUPTED`]; no
    /// destructor runs twice. Detach notifications that it had begun to send are not sent again.
    ///
    /// A thread may be killed between any two instructions of its own code, of `get`, `set` and typed keys, of its
    /// destructors and its exit. One that is killed inside [`create`](Self::create) or [`delete`](Self::delete) may
    /// take one index with it; inside [`once`](Self::once) before its initialiser is called, the control; inside
    /// [`TypedKey::with`], the value that was taken out; inside [`attach`](Self::attach), detach notifications are sent
    /// though attach notifications may not have been.
    ///
    /// Callable from threads. As [`exit`](Self::exit), and where one was cut short, a look at each slot.
    ///
    /// # Safety
    ///
    /// 1. As `exit`; and the thread never runs again, on any CPU.
    /// 2. The port gives the dead thread's slots, functions and arena, all three, to the calling thread only, from before this call until
    ///    it has returned: with preemption off, or as a part of the caller that is switched with it.
    /// 3. Its values may be destroyed on this thread.
    ///
    /// # Examples
    ///
    /// ```
    #[doc = include_str!("example_kernel.txt")]
    /// # use core::{ffi::c_void, ptr};
    /// # unsafe extern "C-unwind" fn close(_: *mut c_void) {}
    /// # let key = KEYS.create(Some(close))?;
    /// # // SAFETY: `close` takes anything.
    /// # unsafe { KEYS.set(key, ptr::dangling_mut())? };
    /// // The port gives the slots of a thread that was deleted where it stood. It had one value.
    /// // SAFETY: it never runs again; its values may be destroyed here.
    /// let report = unsafe { KEYS.reap() };
    /// assert_eq!((report.calls, report.left_over), (1, 0));
    /// assert!(!report.flags.contains(tsd::ExitFlags::INTERRUPTED)); // not inside its exit
    /// # Ok::<(), tsd::Error>(())
    /// ```
    ///
    /// [`TypedKey::with`]: crate::TypedKey::with
    pub unsafe fn reap(&self) -> ExitReport {
        let mut report = ExitReport::default();
        self.reap_with_work(&mut report);
        report
    }

    #[cold]
    pub(crate) fn exit_with_work(&self, report: &mut ExitReport) {
        self.exit_with(&PortDuties(&self.port), report);
    }

    #[inline]
    pub(crate) fn exit_with(&self, duties: &impl ExitDuties<N>, report: &mut ExitReport) {
        let Some(slots) = port::current(&self.port) else {
            report.flags = ExitFlags::NO_THREAD;
            return;
        };
        // In short code an exit with nothing to do is what comes of it by itself.
        if !parts::IS_SHORT && slots.is_idle() {
            return;
        }
        match P::TRACE {
            None => exit::run(&self.table, slots, duties, report, silent),
            Some(trace) => exit::run(&self.table, slots, duties, report, trace),
        }
    }

    #[cold]
    pub(crate) fn reap_with_work(&self, report: &mut ExitReport) {
        self.resume_exit(port::exit_functions(&self.port).is_some(), report);
        self.exit_with_work(report);
    }

    /// Makes ready for another exit a thread that died inside its own, and that may have thread-exit functions.
    #[inline]
    pub(crate) fn resume_exit(&self, has_functions: bool, report: &mut ExitReport) {
        if let Some(slots) = port::current(&self.port).filter(|slots| slots.is_interrupted()) {
            exit::resume(&self.table, slots, has_functions, report);
        }
    }
}
