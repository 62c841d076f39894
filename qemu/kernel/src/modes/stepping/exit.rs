//! `exit`: every value is destroyed once or reported as left over, but for those that were replaced or whose key is
//! dead; what a handler sets while the exit is under way is destroyed by it, reported by it, or left for the next exit.

use core::{
    ffi::c_void,
    sync::atomic::{AtomicUsize, Ordering::SeqCst},
};

use spin::Mutex;
use tsd::{DEFAULT_ROUNDS, Error, ExitFlags, ExitReport};

use super::{
    action::{Action, DELETE, END, READ_AND_SET, RECREATE},
    keys::Script,
    ledger,
    name::Name,
    routine::{Routine, Run},
    space::SPACE,
    state::{self, Controls, State, Step},
    stepper,
};
use crate::core::{console::println, interrupt};

pub(super) static ROUTINE: Routine =
    Routine::new("exit", &STATES, &[READ_AND_SET, ACTIONS, END, DELETE, RECREATE, RECREATE_MORE], begin, check)
        .with_pairs()
        .exiting();

const ACTIONS: &[Action] = &[
    Action::Set(Name::Last),
    Action::Set(Name::Static),
    Action::Set(Name::StaticLast),
    Action::Clear(Name::Key),
    Action::Take(Name::Key),
    Action::Take(Name::Last),
    Action::Take(Name::Static),
    Action::Take(Name::StaticLast),
    Action::TakeShared(Name::Key),
    Action::Swap(Name::Key),
    Action::Swap(Name::Last),
    Action::Swap(Name::Static),
    Action::Swap(Name::StaticLast),
    Action::Register,
];
const RECREATE_MORE: &[Action] = &[Action::Recreate(Name::Key, 2), Action::Recreate(Name::Key, 3)];

fn begin() -> (usize, *mut c_void) {
    ledger::begin_exit();
    // SAFETY: The run's own, and no exit has begun.
    unsafe { *Controls::current().report.get() = ExitReport::default() };
    (0, Controls::current().report.get().cast())
}

const fn state(
    name: &'static str,
    steps: &'static [Step],
    script: Script,
    (calls, functions, left_over): (u32, u32, u32),
) -> State {
    State { script, exit: (calls, functions, left_over), ..State::new(name, exit, steps) }
}

static STATES: [State; 26] = {
    use Name::{Key, Last, Other, Static, StaticLast};
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
        state("static value", &[Create(Key), Create(Other), Set(Static)], none, (1, 0, 0)),
        state("static value set to NULL", &[Create(Key), Create(Other), Set(Static), Clear(Static)], none, (0, 0, 0)),
        state(
            "static values of both phases, one more",
            &[Create(Key), Create(Other), Set(Static), Set(StaticLast), Set(Key)],
            none,
            (3, 0, 0),
        ),
        state("destructor sets its static key", &[Create(Key), Create(Other), Set(Static)], Script::SetOwn, (R, 0, 1)),
        state(
            "destructor sets a static key",
            &[Create(Key), Create(Other), Set(Key), Set(Static)],
            Script::SetStatic,
            (3, 0, 0),
        ),
        state(
            "other threads may take, two values",
            &[Create(Key), Create(Other), Share, Set(Key), Set(Other), Set(Static)],
            none,
            (3, 0, 0),
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
    // SAFETY: `begin` gave a pointer to a report, which nobody else uses meanwhile: a thread that dies leaves what it
    // wrote. The values are numbers.
    unsafe { tsd::raw::exit_into(&SPACE, &mut *report.cast::<ExitReport>()) };
    0
}

fn check(run: &Run<'_>) -> usize {
    let report = report();
    assert!(report.rounds <= DEFAULT_ROUNDS && report.last_phase_rounds <= DEFAULT_ROUNDS, "{report:?}");
    assert_eq!(report.flags.contains(ExitFlags::LEFT_OVER), report.left_over > 0, "{report:?}");
    assert_eq!(report.flags - ExitFlags::LEFT_OVER, ExitFlags::empty(), "{report:?}");
    if run.actions.iter().all(|action| *action == Action::Get) {
        assert_eq!((report.calls, report.functions, report.left_over), run.state.exit, "{report:?}");
    }
    let is_attached = run.state.steps.iter().any(|step| matches!(step, Step::Attach));
    assert_eq!(state::detached(), usize::from(is_attached), "detach notifications");
    if is_in_initialiser(run.state) {
        assert!(is_given_back(), "an initialiser that was abandoned was not given back");
    }
    run.result
}

fn is_in_initialiser(state: &State) -> bool {
    state.steps.iter().any(|step| matches!(step, Step::Begin))
}

/// Whether the initialiser that was under way can be called again.
fn is_given_back() -> bool {
    static RESULT: Mutex<Result<(), Error>> = Mutex::new(Ok(()));
    static RUNS: AtomicUsize = AtomicUsize::new(0);

    let control = &Controls::current().once;
    assert!(!control.is_complete(), "an initialiser that was abandoned counts as complete");
    RUNS.store(0, SeqCst);
    // With no current thread it is refused instead of waiting for ever.
    interrupt::call_without_thread(
        |_| *RESULT.lock() = SPACE.once(&Controls::current().once, || RUNS.store(1, SeqCst)),
        0,
    );
    let result = *RESULT.lock();
    assert!(matches!(result, Ok(()) | Err(Error::NoThread)), "once gave {result:?}");
    assert_eq!(RUNS.load(SeqCst), usize::from(result.is_ok()), "runs of an initialiser that was abandoned");
    result.is_ok()
}

/// The same where the thread has died in its exit: it may do so between the step that takes the frame of the
/// initialiser off and the one that gives the control back, and takes the control along. No other instruction may be
/// such a one.
pub(super) fn check_initialiser_of_dead(state: &State) {
    /// The instructions between the two.
    const MOST: usize = 8;
    static LOST_BEFORE: Mutex<heapless::Vec<usize, MOST>> = Mutex::new(heapless::Vec::new());

    if is_in_initialiser(state) && !is_given_back() {
        let (_, address) = stepper::acted_at().last().expect("it was an action by which the thread died");
        let mut addresses = LOST_BEFORE.lock();
        if !addresses.contains(&address) {
            println!("stepping: a control is lost with a thread that dies before {address:#x}");
            addresses.push(address).expect("no more instructions lie between the two steps");
        }
    }
}
