//! Ctrl-C: the terminal is put in order, and the process ends. Machines end with it ([`crate::command`]).

use std::{
    sync::{
        Arc, LazyLock,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    thread,
};

use signal_hook::{
    consts::{SIGINT, SIGTERM},
    flag,
    iterator::Signals,
};

use crate::{progress, status::Status};

/// Set by the signal itself.
static HAS_COME: LazyLock<Arc<AtomicBool>> = LazyLock::new(Arc::default);

/// Has the process end in order when it is interrupted or told to terminate, with the status that a shell has for that.
pub fn listen() {
    for signal in [SIGINT, SIGTERM] {
        // Where it can't be set, the system ends the process by itself.
        if flag::register(signal, HAS_COME.clone()).is_err() {
            return;
        }
    }
    let Ok(mut signals) = Signals::new([SIGINT, SIGTERM]) else { return };
    thread::spawn(move || {
        if let Some(signal) = signals.forever().next() {
            progress::end(Status::Signal(signal as u8), || ());
        }
    });
}

/// Returns unless the process was interrupted. A terminal interrupts programs that were started as well, and that they
/// have failed is nothing to report then.
pub(crate) fn wait_if_interrupted() {
    while HAS_COME.load(SeqCst) {
        thread::park();
    }
}
