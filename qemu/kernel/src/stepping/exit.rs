//! `exit`: every value is destroyed once or reported as left over, but for those that were replaced or whose key is dead;
//! what a handler sets while the exit is under way is destroyed by it, reported by it, or left for the next exit.

use core::ffi::c_void;

use tsd::{DEFAULT_ROUNDS, ExitFlags, ExitReport};

use super::{
    action::Action,
    keys::{Name, Script},
    ledger,
    routine::{Routine, Run},
    state::{self, Controls, State, Step},
};
use crate::port::{self, SPACE};

pub(super) static ROUTINE: Routine = Routine {
    name: "exit",
    states: &STATES,
    actions: &[
        Action::Get,
        Action::Set(Name::Key),
        Action::Set(Name::Other),
        Action::Clear(Name::Key),
        Action::Register,
        Action::Exit,
        Action::Delete(Name::Key),
        Action::DeleteCreate(Name::Key),
        Action::DeleteCreateSet(Name::Key),
    ],
    begin: || {
        ledger::begin_exit();
        (0, Controls::current().report.get().cast())
    },
    check,
    is_exit: true,
};

const fn state(
    name: &'static str,
    steps: &'static [Step],
    script: Script,
    (calls, functions, left_over): (u32, u32, u32),
) -> State {
    State { script, exit: (calls, functions, left_over), ..State::new(name, exit, steps) }
}

static STATES: [State; 20] = {
    use Name::{Key, Last, Other};
    use Step::{Attach, Begin, Clear, Create, Delete, Fill, Recreate, Register, Set, Share};
    const R: u32 = DEFAULT_ROUNDS;
    let none = Script::Nothing;
    [
        state("nothing set", &[Create(Key), Create(Other)], none, (0, 0, 0)),
        state("one value", &[Create(Key), Create(Other), Set(Key)], none, (1, 0, 0)),
        state("two values", &[Create(Key), Create(Other), Set(Key), Set(Other)], none, (2, 0, 0)),
        state("two values, far apart", &[Create(Key), Fill(100), Create(Other), Set(Key), Set(Other)], none, (2, 0, 0)),
        state("value set to NULL", &[Create(Key), Create(Other), Set(Key), Clear(Key)], none, (0, 0, 0)),
        state("stale slot", &[Create(Key), Create(Other), Set(Key), Recreate(Key), Set(Other)], none, (1, 0, 0)),
        state(
            "re-used index, value set",
            &[Create(Key), Create(Other), Set(Key), Recreate(Key), Set(Key)],
            none,
            (1, 0, 0),
        ),
        state("deleted key", &[Create(Key), Create(Other), Set(Key), Delete(Key)], none, (0, 0, 0)),
        state("other threads may take", &[Create(Key), Create(Other), Share, Set(Key)], none, (1, 0, 0)),
        state("attached", &[Create(Key), Create(Other), Attach, Set(Key)], none, (1, 0, 0)),
        state("two functions", &[Create(Key), Create(Other), Set(Key), Register(2)], none, (1, 2, 0)),
        state("inside of once", &[Create(Key), Create(Other), Begin, Set(Key)], none, (1, 0, 0)),
        state("destructor sets its key", &[Create(Key), Create(Other), Set(Key)], Script::SetOwn, (R, 0, 1)),
        state("destructor sets its key once", &[Create(Key), Create(Other), Set(Key)], Script::SetOwnOnce, (2, 0, 0)),
        state(
            "destructors set each other",
            &[Create(Key), Create(Other), Set(Key)],
            Script::SetEachOther,
            (2 * R, 0, 1),
        ),
        state(
            "last phase",
            &[Create(Key), Create(Other), Create(Last), Set(Key), Set(Last)],
            Script::SetLast,
            (2, 0, 0),
        ),
        state("destructor creates and sets", &[Create(Key), Create(Other), Set(Key)], Script::CreateAndSet, (2, 0, 0)),
        state("destructor deletes its key", &[Create(Key), Create(Other), Set(Key)], Script::DeleteOwn, (1, 0, 0)),
        state(
            "destructor deletes another key",
            &[Create(Key), Create(Other), Set(Key), Set(Other)],
            Script::DeleteOther,
            (1, 0, 0),
        ),
        state(
            "destructor and function register",
            &[Create(Key), Create(Other), Set(Key), Register(1)],
            Script::Register,
            (1, 3, 0),
        ),
    ]
};

/// What the last exit did.
pub(super) fn report() -> ExitReport {
    // SAFETY: The call has returned, and nothing else writes there.
    unsafe { &*Controls::current().report.get() }.clone()
}

extern "C" fn exit(_: usize, report: *mut c_void) -> usize {
    // SAFETY: `begin` gave the place of a report, which nobody else uses meanwhile.
    unsafe { report.cast::<ExitReport>().write(port::exit()) };
    0
}

fn check(run: &Run<'_>) -> usize {
    let report = report();
    assert!(report.rounds <= DEFAULT_ROUNDS && report.last_phase_rounds <= DEFAULT_ROUNDS, "{report:?}");
    assert_eq!(report.flags.contains(ExitFlags::LEFT_OVER), report.left_over > 0, "{report:?}");
    assert_eq!(report.flags - ExitFlags::LEFT_OVER, ExitFlags::empty(), "{report:?}");
    if matches!(run.action, None | Some(Action::Get)) {
        assert_eq!((report.calls, report.functions, report.left_over), run.state.exit, "{report:?}");
    }
    let has = |wanted: fn(&Step) -> bool| run.state.steps.iter().any(wanted);
    assert_eq!(state::detached(), usize::from(has(|step| matches!(step, Step::Attach))), "detach notifications");
    if has(|step| matches!(step, Step::Begin)) {
        let (control, mut runs) = (&Controls::current().once, 0);
        assert!(!control.is_complete(), "an initialiser that was abandoned counts as complete");
        assert_eq!(SPACE.once(control, || runs += 1), Ok(()));
        assert_eq!(runs, 1, "an initialiser that was abandoned was not called again");
    }
    run.result
}
