//! What the library asks of the kernel.

use spin::RelaxStrategy;

use crate::arena::ArenaMemory;
use crate::event::Event;
use crate::exit_functions::ExitFunctionList;
use crate::notifications::NotificationList;
use crate::slot_array::SlotArray;
use crate::sync::{AtomicU32, Relaxed};

/// The kernel's side: who the current thread is, and how a thread sleeps.
///
/// # Safety
///
/// 1. [`current`](Self::current), [`exit_functions`](Self::exit_functions) and [`arena`](Self::arena) give what belongs
///    to the calling thread and to no other, initialised. Whatever they give in a thread, they give until the thread's
///    exit hook has returned.
/// 2. In an interrupt handler they give what belongs to the interrupted thread, or `None`; `None` in one that critical
///    sections do not mask, where the CPU has no compare-and-swap.
/// 3. The thread's stack outlives its exit hook: a thread that is killed runs [`KeySpace::exit`](crate::KeySpace::exit)
///    itself, on its own stack, or [`KeySpace::reap`](crate::KeySpace::reap) is called for it before its stack is
///    freed.
///
/// # Examples
///
/// [`guide::ports`](crate::guide::ports) has the shortest one, which is enough for keys. This one has all but an arena;
/// a mutex and a condition variable of the host's stand for the scheduler:
///
/// ```
/// use core::sync::atomic::{AtomicU32, Ordering::Relaxed};
/// use std::sync::{Condvar, Mutex};
/// use tsd::{ExitFunctionList, ExitFunctions, KeySpace, NotificationList, Notifications, Once, Port, Slots};
///
/// struct Thread {
///     slots: Slots<128>,
///     exit_functions: ExitFunctions<16>,
/// }
///
/// # std::thread_local! {
/// #     static THREAD: &'static Thread =
/// #         Box::leak(Box::new(Thread { slots: Slots::new(), exit_functions: ExitFunctions::new() }));
/// # }
/// # fn this_thread() -> Option<&'static Thread> { THREAD.try_with(|thread| *thread).ok() }
/// #
/// static NOTIFICATIONS: Notifications<4> = Notifications::new();
/// static SCHEDULER: Mutex<()> = Mutex::new(());
/// static SLEEPERS: Condvar = Condvar::new();
///
/// struct Kernel;
///
/// // SAFETY: what `this_thread` gives is the calling thread's for ever, and each runs its exit itself.
/// unsafe impl Port for Kernel {
///     type Slots = Slots<128>;
///
///     unsafe fn current(&self) -> Option<&Slots<128>> {
///         this_thread().map(|thread| &thread.slots)
///     }
///
///     unsafe fn exit_functions(&self) -> Option<ExitFunctionList<'_>> {
///         this_thread().map(|thread| thread.exit_functions.as_list())
///     }
///
///     fn notifications(&self) -> Option<NotificationList<'_>> {
///         Some(NOTIFICATIONS.as_list())
///     }
///
///     fn wait(&self, word: &AtomicU32, expected: u32) {
///         let scheduler = SCHEDULER.lock().unwrap();
///         // `wake` takes the same lock, so it comes before the comparison, or when this thread sleeps.
///         if word.load(Relaxed) == expected {
///             drop(SLEEPERS.wait(scheduler).unwrap());
///         }
///     }
///
///     fn wake(&self, _word: &AtomicU32) {
///         let _scheduler = SCHEDULER.lock().unwrap();
///         SLEEPERS.notify_all();
///     }
/// }
///
/// // SAFETY: the only key space of these threads.
/// static KEYS: KeySpace<Kernel> = unsafe { KeySpace::new(Kernel) };
/// static DEVICES: Once = Once::new();
/// static PROBES: AtomicU32 = AtomicU32::new(0);
///
/// fn thread_main() -> Result<(), tsd::Error> {
///     KEYS.attach()?;
///     KEYS.once(&DEVICES, || drop(PROBES.fetch_add(1, Relaxed)))?;
///     assert_eq!(PROBES.load(Relaxed), 1);
///     // SAFETY: the last that the thread does.
///     assert!(unsafe { KEYS.exit() }.flags.is_empty());
///     Ok(())
/// }
///
/// // One of them probes; the other sleeps meanwhile.
/// let threads = [(); 2].map(|()| std::thread::spawn(thread_main));
/// assert!(threads.into_iter().all(|thread| matches!(thread.join(), Ok(Ok(())))));
/// ```
pub unsafe trait Port {
    /// [`Slots<N>`](crate::Slots), where `N` is PTHREAD_KEYS_MAX: 1 to 64, or a multiple of 64 up to 4096.
    type Slots: SlotArray;

    /// Returns the slots of the calling thread, or `None` where there is no thread: an interrupt handler, early boot.
    ///
    /// Nearly each call of the library begins with this one, so it must not wait, and its cost is part of every `get`.
    /// A thread may be preempted, and moved to another CPU, in the middle of every call: these are the thread's slots
    /// and not the CPU's. So what is kept for each CPU is read by one load, or with preemption off.
    ///
    /// # Safety
    ///
    /// For the library to call. What it returns must be used on the calling thread only, and not after the thread's
    /// exit: the reference says nothing of either.
    unsafe fn current(&self) -> Option<&Self::Slots>;

    /// Returns the thread-exit functions of the calling thread, where the kernel keeps such a list.
    ///
    /// Called by [`at_thread_exit`](crate::KeySpace::at_thread_exit), [`exit`](crate::KeySpace::exit) and their like,
    /// so from threads, destructors and interrupts. By default there is none.
    ///
    /// # Safety
    ///
    /// As [`current`](Self::current).
    unsafe fn exit_functions(&self) -> Option<ExitFunctionList<'_>> {
        None
    }

    /// Returns the memory of the calling thread for [`Inline`](crate::Inline) values, where the kernel keeps some: its
    /// [`Arena`](crate::Arena).
    ///
    /// Called where a value of a [`SharedKey`](crate::SharedKey) is initialised, so from threads, destructors and
    /// interrupts, and at the end of the thread's exit. By default there is none.
    ///
    /// # Safety
    ///
    /// As [`current`](Self::current).
    unsafe fn arena(&self) -> Option<ArenaMemory<'_>> {
        None
    }

    /// Returns the notifications that threads send at their start and end, where the kernel keeps such a list.
    ///
    /// Called by [`attach`](crate::KeySpace::attach) and by the exit of a thread that was attached. By default there
    /// are none.
    fn notifications(&self) -> Option<NotificationList<'_>> {
        None
    }

    /// Sends the detach notifications of a thread that was attached. A port that gets by with one list need not say
    /// more than [`notifications`](Self::notifications). Called by the thread's exit.
    fn detach(&self) {
        if let Some(notifications) = self.notifications() {
            notifications.detach();
        }
    }

    /// Blocks the calling thread while `word` holds `expected`, until [`wake`](Self::wake) is called for it.
    ///
    /// It may return early. The comparison and going to sleep must be one step as seen by `wake`, as with a futex, and
    /// this must not be a cancellation point. By default it spins until the word changes, which is for kernels that
    /// preempt without strict priorities: elsewhere a waiter would starve the thread that it waits for. A cooperative
    /// kernel yields here while the word is as expected. POSIX `pthread_once`.
    ///
    /// Called by [`once`](crate::KeySpace::once) in threads and destructors, where a thread is current.
    fn wait(&self, word: &AtomicU32, expected: u32) {
        // Relaxed: the caller looks at the word again, with the ordering that it needs.
        while word.load(Relaxed) == expected {
            spin::relax::Spin::relax();
        }
    }

    /// Wakes every thread that is blocked on `word`.
    ///
    /// Called when an initialiser for which a thread waits has ended, or is given back by a thread's exit. By default
    /// it does nothing, which suits a [`wait`](Self::wait) that looks at the word itself.
    fn wake(&self, word: &AtomicU32) {
        let _ = word;
    }

    /// What is told of each [`Event`] in the calls of a [`KeySpace`](crate::KeySpace) and of typed keys, for a timeline.
    ///
    /// Called from threads, destructors and interrupts, and where no thread is current, at places where an interrupt
    /// might come as well: it may do what an interrupt handler may, and its cost is part of the call. By default there is
    /// none, and nothing of it is compiled. Calls of a [`KeyTable`](crate::KeyTable) and of a
    /// [`StaticKey`](crate::StaticKey) have no port to ask.
    ///
    /// # Examples
    ///
    /// ```
    /// use tsd::{Event, KeyOptions, KeySpace, Port, Slots};
    ///
    /// struct Kernel;
    /// static SLOTS: Slots<8> = Slots::new();
    ///
    /// // SAFETY: the slots of the only thread.
    /// unsafe impl Port for Kernel {
    ///     type Slots = Slots<8>;
    ///     const TRACE: Option<fn(Event)> = Some(note);
    ///     unsafe fn current(&self) -> Option<&Slots<8>> {
    ///         Some(&SLOTS)
    ///     }
    /// }
    ///
    /// // SAFETY: the only key space of these slots.
    /// static KEYS: KeySpace<Kernel> = unsafe { KeySpace::new(Kernel) };
    ///
    /// /// A kernel writes into a buffer of its CPU, with the time and the thread.
    /// fn note(event: Event) {
    ///     // The name now: once the key is deleted, nothing has it any more.
    ///     let name = |key| KEYS.table().keys().find(|info| info.key == key).map_or("", |info| info.name);
    ///     match event {
    ///         Event::FirstSet(key) => println!("sets {}", name(key)),
    ///         event => println!("{event:?}"),
    ///     }
    /// }
    ///
    /// let key = KEYS.create_with(KeyOptions::new().name("log"))?; // KeyCreated(Key(0x1))
    /// // SAFETY: the key has no destructor.
    /// unsafe { KEYS.set(key, core::ptr::dangling_mut())? }; // sets log
    /// # Ok::<(), tsd::Error>(())
    /// ```
    const TRACE: Option<fn(Event)> = None;
}

/// A port whose interrupt handlers find no thread, so that nothing comes between two instructions of a thread and uses
/// its values: [`SharedKey::for_threads`](crate::SharedKey::for_threads) then takes values that are not `Sync`.
///
/// # Safety
///
/// [`current`](Port::current) gives `None` in whatever may run in the middle of a thread's code while the thread is
/// current: interrupt handlers, faults' handlers, signals' handlers.
pub unsafe trait ThreadsOnly: Port {}

/// The slots of the calling thread, for the length of one call of the library.
#[inline(always)]
pub(crate) fn current<P: Port>(port: &P) -> Option<&P::Slots> {
    // SAFETY: a call ends before its thread does, and hands the slots to no other.
    unsafe { port.current() }
}

/// The thread-exit functions of the calling thread, for the length of one call of the library.
pub(crate) fn exit_functions<P: Port>(port: &P) -> Option<ExitFunctionList<'_>> {
    // SAFETY: as above.
    unsafe { port.exit_functions() }
}

/// The arena of the calling thread, for the length of one call of the library.
pub(crate) fn arena<P: Port>(port: &P) -> Option<ArenaMemory<'_>> {
    // SAFETY: as above.
    unsafe { port.arena() }
}

/// Tells of an event, where the port wants to know.
#[inline(always)]
pub(crate) fn trace<P: Port>(event: Event) {
    if let Some(trace) = P::TRACE {
        trace(event);
    }
}
