//! One-time initialisation that waits in the scheduler, not in a loop, and survives the death of the initialiser.
//!
//! Each initialiser that runs has a [`OnceFrame`] on its thread's stack, linked from the thread's slots. By it a
//! control knows that its own thread called it again, and thread exit knows which controls to give back when a thread
//! is killed inside.

use core::ptr;

use crate::capacity::{Capacity, Supported};
use crate::error::Error;
use crate::event::Event;
use crate::once_control::{AWAITED, COMPLETE, NEVER_CALLED, Once, OnceFrame, RUNNING};
use crate::pending::Flags;
use crate::port::{self, Port};
use crate::slots::Slots;
use crate::sync::local::compiler_fence;
use crate::sync::{Acquire, Ordering, Relaxed, Release};

impl Once {
    /// Takes it upon the calling thread to run the initialiser, with `frame` linked: true. Or false if one has
    /// completed, perhaps after a wait.
    pub(crate) fn begin<P, const N: usize>(&self, port: &P, frame: &mut OnceFrame) -> Result<bool, Error>
    where
        P: Port<Slots = Slots<N>>,
        Capacity<N>: Supported,
    {
        let slots = port::current(port);
        loop {
            // Acquire on both: whoever completed or gave up before has its writes seen.
            match self.state.compare_exchange(NEVER_CALLED, RUNNING, Acquire, Acquire) {
                Ok(_) => break,
                Err(COMPLETE) => return Ok(false),
                Err(observed) => self.wait(port, slots.ok_or(Error::NoThread)?, observed)?,
            }
        }
        frame.control = self;
        // Where a thread becomes current before the initialiser ends, it is in no other.
        frame.outer = ptr::null_mut();
        if let Some(slots) = slots {
            // Relaxed: of this thread and its interrupts only. An interrupt handler that comes between these two
            // has taken its own frame off again when it returns. It finds the frame filled.
            frame.outer = slots.frames.load(Relaxed);
            compiler_fence(Ordering::SeqCst);
            slots.frames.store(frame, Relaxed);
            slots.pending.set_flags(Flags::INITIALISING);
        }
        port::trace::<P>(Event::OnceBegan { control: ptr::from_ref(self).addr() });
        Ok(true)
    }

    /// Waits until the state is no longer the one observed.
    fn wait<P, const N: usize>(&self, port: &P, slots: &Slots<N>, observed: u32) -> Result<(), Error>
    where
        P: Port<Slots = Slots<N>>,
        Capacity<N>: Supported,
    {
        if frames(slots).any(|frame| ptr::eq(frame.control, self)) {
            return Err(Error::Recursion);
        }
        // Relaxed: the caller reads the state again with Acquire before it believes anything.
        if observed == AWAITED || self.state.compare_exchange(RUNNING, AWAITED, Relaxed, Relaxed).is_ok() {
            port.wait(&self.state, AWAITED);
        }
        Ok(())
    }

    /// Ends an initialisation and wakes those who wait for it.
    fn end<P, const N: usize>(&self, port: &P, state: u32)
    where
        P: Port<Slots = Slots<N>>,
        Capacity<N>: Supported,
    {
        // Release: hands the initialiser's writes to the Acquire loads in `begin` and `is_complete`. Not Acquire: a
        // waiter's mark brings nothing with it, and `wake` orders itself against `wait` (`Port::wait`).
        if self.state.swap(state, Release) == AWAITED {
            port.wake(&self.state);
        }
    }
}

/// The calling thread is in an initialiser. Dropped without `finish`, by unwinding, the control is as if never called.
pub(crate) struct OnceGuard<'a, P: Port<Slots = Slots<N>>, const N: usize>
where
    Capacity<N>: Supported,
{
    port: &'a P,
    frame: &'a OnceFrame,
    state: u32,
}

impl<'a, P: Port<Slots = Slots<N>>, const N: usize> OnceGuard<'a, P, N>
where
    Capacity<N>: Supported,
{
    /// What ends the initialiser of `frame`, which [`Once::begin`] has linked.
    pub(crate) fn new(port: &'a P, frame: &'a OnceFrame) -> Self {
        Self { port, frame, state: NEVER_CALLED }
    }

    /// The initialiser has returned.
    pub(crate) fn finish(mut self) {
        self.state = COMPLETE;
    }
}

impl<P: Port<Slots = Slots<N>>, const N: usize> Drop for OnceGuard<'_, P, N>
where
    Capacity<N>: Supported,
{
    fn drop(&mut self) {
        if let Some(slots) = port::current(self.port) {
            leave(slots, self.frame.outer);
        }
        // SAFETY: `begin` has put a reference there, for a call that has not returned.
        unsafe { &*self.frame.control }.end(self.port, self.state);
        let is_complete = self.state == COMPLETE;
        port::trace::<P>(Event::OnceEnded { control: self.frame.control.addr(), is_complete });
    }
}

/// Gives back the control whose initialiser is the innermost that the calling thread is in: an exception is about to
/// leave it.
pub(crate) fn abandon_innermost<P, const N: usize>(port: &P, slots: &Slots<N>) -> bool
where
    P: Port<Slots = Slots<N>>,
    Capacity<N>: Supported,
{
    let innermost = frames(slots).next();
    if let Some(frame) = innermost {
        // Dropped unfinished.
        let _ = OnceGuard::new(port, frame);
    }
    innermost.is_some()
}

/// Gives back `control`, and before it the controls of the initialisers that the calling thread began inside its own;
/// false if the thread is not in its initialiser.
pub(crate) fn abandon_through<P, const N: usize>(port: &P, slots: &Slots<N>, control: &Once) -> bool
where
    P: Port<Slots = Slots<N>>,
    Capacity<N>: Supported,
{
    let is_inside = || frames(slots).any(|frame| ptr::eq(frame.control, control));
    let was_inside = is_inside();
    while is_inside() {
        abandon_innermost(port, slots);
    }
    was_inside
}

/// Gives back every control whose initialiser the calling thread is in, as if never called: POSIX's rule for a thread
/// that is cancelled inside.
pub(crate) fn abandon<P, const N: usize>(port: &P, slots: &Slots<N>)
where
    P: Port<Slots = Slots<N>>,
    Capacity<N>: Supported,
{
    while abandon_innermost(port, slots) {}
    // The thread may have been killed after it took its last frame off, and before it cleared this.
    slots.pending.test_and_clear(Flags::INITIALISING);
}

/// Takes the innermost frame of a thread off.
fn leave<const N: usize>(slots: &Slots<N>, outer: *mut OnceFrame)
where
    Capacity<N>: Supported,
{
    // Relaxed: of this thread and its interrupts only.
    slots.frames.store(outer, Relaxed);
    if outer.is_null() {
        slots.pending.clear_flags(Flags::INITIALISING);
    }
}

/// The frames of a thread, the innermost first.
fn frames<const N: usize>(slots: &Slots<N>) -> impl Iterator<Item = &OnceFrame>
where
    Capacity<N>: Supported,
{
    let mut next = slots.frames.load(Relaxed);
    core::iter::from_fn(move || {
        // SAFETY: a linked frame is on this thread's stack, below the present call: `OnceGuard` takes it off before
        // its call ends, and a killed thread runs its exit hook on the same stack (`Port`, duty 3).
        let frame = unsafe { next.as_ref()? };
        next = frame.outer;
        Some(frame)
    })
}
