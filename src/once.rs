//! One-time initialisation that waits in the scheduler, not in a loop, and survives the death of the initialiser.
//!
//! Each initialiser that runs has a [`Frame`] on its thread's stack, linked from the thread's slots. By it a control
//! knows that its own thread called it again, and thread exit knows which controls to give back when a thread is
//! killed inside.

use core::ptr;

use crate::capacity::{Capacity, Supported};
use crate::error::Error;
use crate::port::Port;
use crate::slots::{INITIALISING, Slots};
use crate::sync::{AcqRel, Acquire, AtomicU32, Relaxed, Release, const_fn};

/// The state of one initialisation; POSIX `pthread_once_t`, C11 `once_flag`. All zero bytes: never called.
#[derive(Debug, Default)]
#[repr(transparent)]
pub struct Once {
    state: AtomicU32,
}

const NEVER_CALLED: u32 = 0;
/// An initialiser runs.
const RUNNING: u32 = 1;
/// An initialiser runs, and somebody waits for it.
const AWAITED: u32 = 2;
const COMPLETE: u32 = 3;

/// An initialiser that runs on a thread, in the order of their calls.
#[derive(Debug)]
pub(crate) struct Frame {
    control: *const Once,
    outer: *mut Frame,
}

impl Once {
    const_fn! {
        /// A control whose initialiser was never called.
        #[must_use]
        pub fn new() -> Self {
            Self { state: AtomicU32::new(NEVER_CALLED) }
        }
    }

    /// Whether an initialiser has returned; what it wrote is visible then.
    #[inline]
    #[must_use]
    pub fn is_complete(&self) -> bool {
        // Acquire: pairs with the Release in `Running::finish`.
        self.state.load(Acquire) == COMPLETE
    }

    /// Runs `initialiser` unless one has completed, or waits for the one that runs.
    pub(crate) fn call<P, const N: usize>(&self, port: &P, initialiser: impl FnOnce()) -> Result<(), Error>
    where
        P: Port<N>,
        Capacity<N>: Supported,
    {
        let slots = port.current();
        loop {
            // Acquire on both: whoever completed or gave up before has its writes seen.
            match self.state.compare_exchange(NEVER_CALLED, RUNNING, Acquire, Acquire) {
                Ok(_) => break,
                Err(COMPLETE) => return Ok(()),
                Err(running) => self.wait(port, slots.ok_or(Error::NoThread)?, running)?,
            }
        }
        let mut frame = Frame { control: self, outer: ptr::null_mut() };
        let running = Running::begin(self, port, slots, &mut frame);
        initialiser();
        running.finish();
        Ok(())
    }

    /// Waits until the state is no longer `running`.
    fn wait<P, const N: usize>(&self, port: &P, slots: &Slots<N>, running: u32) -> Result<(), Error>
    where
        P: Port<N>,
        Capacity<N>: Supported,
    {
        if frames(slots).any(|frame| ptr::eq(frame.control, self)) {
            return Err(Error::Recursion);
        }
        // Relaxed: the caller reads the state again with Acquire before it believes anything.
        if running == AWAITED || self.state.compare_exchange(RUNNING, AWAITED, Relaxed, Relaxed).is_ok() {
            port.wait(&self.state, AWAITED);
        }
        Ok(())
    }

    /// Ends an initialisation and wakes those who wait for it.
    fn end<P, const N: usize>(&self, port: &P, state: u32)
    where
        P: Port<N>,
        Capacity<N>: Supported,
    {
        // AcqRel: Release hands the initialiser's writes to the Acquire loads in `call` and `is_complete`; Acquire
        // orders what follows behind the waiter's mark.
        if self.state.swap(state, AcqRel) == AWAITED {
            port.wake(&self.state);
        }
    }
}

/// The calling thread is in the initialiser of `control`. Dropped without `finish`, by unwinding, the control is as
/// if never called.
struct Running<'a, P: Port<N>, const N: usize>
where
    Capacity<N>: Supported,
{
    control: &'a Once,
    port: &'a P,
    slots: Option<&'a Slots<N>>,
    outer: *mut Frame,
    end: u32,
}

impl<'a, P: Port<N>, const N: usize> Running<'a, P, N>
where
    Capacity<N>: Supported,
{
    fn begin(control: &'a Once, port: &'a P, slots: Option<&'a Slots<N>>, frame: &'a mut Frame) -> Self {
        let mut outer = ptr::null_mut();
        if let Some(slots) = slots {
            // Relaxed: of this thread and its interrupts only. An interrupt handler that comes between these two
            // has taken its own frame off again when it returns. Release: it finds the frame filled.
            outer = slots.frames.load(Relaxed);
            frame.outer = outer;
            slots.frames.store(frame, Release);
            slots.raise(INITIALISING);
        }
        Self { control, port, slots, outer, end: NEVER_CALLED }
    }

    fn finish(mut self) {
        self.end = COMPLETE;
    }
}

impl<P: Port<N>, const N: usize> Drop for Running<'_, P, N>
where
    Capacity<N>: Supported,
{
    fn drop(&mut self) {
        if let Some(slots) = self.slots {
            leave(slots, self.outer);
        }
        self.control.end(self.port, self.end);
    }
}

/// Gives back every control whose initialiser the calling thread is in, as if never called: POSIX's rule for a thread
/// that is cancelled inside.
pub(crate) fn abandon<P, const N: usize>(port: &P, slots: &Slots<N>)
where
    P: Port<N>,
    Capacity<N>: Supported,
{
    while let Some(frame) = frames(slots).next() {
        let Frame { control, outer } = *frame;
        leave(slots, outer);
        // SAFETY: the frame is linked, so its call has not returned; the call borrows the control.
        unsafe { &*control }.end(port, NEVER_CALLED);
    }
}

/// Takes the innermost frame of a thread off.
fn leave<const N: usize>(slots: &Slots<N>, outer: *mut Frame)
where
    Capacity<N>: Supported,
{
    // Relaxed: of this thread and its interrupts only.
    slots.frames.store(outer, Relaxed);
    if outer.is_null() {
        slots.lower(INITIALISING);
    }
}

/// The frames of a thread, the innermost first.
fn frames<const N: usize>(slots: &Slots<N>) -> impl Iterator<Item = &Frame>
where
    Capacity<N>: Supported,
{
    let mut next = slots.frames.load(Relaxed);
    core::iter::from_fn(move || {
        // SAFETY: a linked frame is on this thread's stack, below the present call: `Running` takes it off before
        // its call ends, and a killed thread runs its exit hook on the same stack (`Port`, duty 3).
        let frame = unsafe { next.as_ref()? };
        next = frame.outer;
        Some(frame)
    })
}
