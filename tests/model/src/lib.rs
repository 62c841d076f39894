//! Calls on real tables and slots with a naive model beside them, over several threads and two tables.
//!
//! The threads are simulated: each is its own `Slots`. The model numbers keys without bound and keeps a value for each
//! pair of thread and key; the tables begin a few generations before their last, so that indexes wear out all the time.
//! Destructors act: they set, clear, create, delete and exit. Their order within a round is the library's own affair;
//! all else is checked at each call.

mod model;

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::ffi::c_void;
use std::ptr;

use model::{Model, ModelExit, ModelKey};
use tsd::{DEFAULT_ROUNDS, Destructor, Error, ExitFlags, ExitReport, Key, KeyOptions, KeyTable, Slots};

/// The keys that a table has room for.
const KEYS: usize = 3;
/// The number of tables.
pub const TABLES: usize = 2;
/// The number of threads, each of which has slots for each table.
pub const THREADS: usize = 3;
const LAST_GENERATION: usize = KeyTable::<KEYS>::LAST_GENERATION;

/// What a destructor does besides being called. Its value says to which key: a number among all that there ever were.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Action {
    Nothing,
    SetOwn,
    SetOther,
    ClearOther,
    DeleteOwn,
    DeleteOther,
    CreateAndSet,
    Exit,
}

use Action::*;

/// How many actions there are for a key's destructor.
pub const ACTIONS: usize = DESTRUCTORS.len();

/// What a key's destructor can be told to do.
const DESTRUCTORS: [(Action, Destructor); 8] = [
    (Nothing, destructor::<0>),
    (SetOwn, destructor::<1>),
    (SetOther, destructor::<2>),
    (ClearOther, destructor::<3>),
    (DeleteOwn, destructor::<4>),
    (DeleteOther, destructor::<5>),
    (CreateAndSet, destructor::<6>),
    (Exit, destructor::<7>),
];

/// One call. Keys are numbers among all handles that the table ever gave out, threads and actions are remainders.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "variants and fields have the names of what they call")]
pub enum Call {
    Create { action: Option<usize>, last_phase: bool },
    Delete { key: usize },
    Get { thread: usize, key: usize },
    Set { thread: usize, key: usize, value: usize },
    Clear { thread: usize, key: usize },
    Exit { thread: usize },
    Wild { thread: usize, raw: u32 },
    Foreign { thread: usize, key: usize },
}

/// The real tables and slots with the models beside them.
pub struct World {
    tables: [KeyTable<KEYS>; TABLES],
    slots: [[Slots<KEYS>; THREADS]; TABLES],
    models: [RefCell<Model>; TABLES],
    generations_left: [usize; TABLES],
    /// The table whose exit is under way.
    exiting: Cell<usize>,
}

thread_local! {
    /// The world in which destructors act.
    static WORLD: Cell<*const World> = const { Cell::new(ptr::null()) };
}

unsafe extern "C-unwind" fn destructor<const ACTION: usize>(value: *mut c_void) {
    // SAFETY: `World::exit` has put it there and is still running.
    let world = unsafe { &*WORLD.get() };
    world.act(DESTRUCTORS[ACTION].0, value.addr());
}

impl World {
    /// Makes `calls`, each on one of the tables, and lets every thread exit; all is compared with the models each time.
    pub fn run(generations_left: [usize; TABLES], calls: impl IntoIterator<Item = (usize, Call)>) {
        let world = Self::new(generations_left);
        for (table, call) in calls {
            world.call(table, &call);
            world.check();
        }
        for table in 0..TABLES {
            (0..THREADS).for_each(|thread| world.exit(table, thread));
        }
        world.check();
    }

    fn new(generations_left: [usize; TABLES]) -> Self {
        Self {
            tables: generations_left.map(|left| KeyTable::new().with_generation(LAST_GENERATION + 1 - left)),
            slots: Default::default(),
            models: Default::default(),
            generations_left,
            exiting: Cell::new(usize::MAX),
        }
    }

    /// The handle that is meant by this number: half the time one of the last few, which may be live, else any that
    /// there ever was; none's if there was none.
    fn handle(&self, table: usize, number: usize) -> Key {
        let model = self.models[table].borrow();
        let number = if number.is_multiple_of(2) { number / 2 % (KEYS + 1) } else { number };
        match model.keys.len() {
            0 => Key::default(),
            handles => model.keys[handles - 1 - number % handles].handle,
        }
    }

    fn create(&self, table: usize, action: Option<usize>, last_phase: bool) -> Option<Key> {
        let options = action.map_or(KeyOptions::new(), |action| KeyOptions::new().destructor(DESTRUCTORS[action].1));
        let created = self.tables[table].create_with(if last_phase { options.last_phase() } else { options });
        let mut model = self.models[table].borrow_mut();
        let retired = self.tables[table].retired();
        match created {
            Ok(handle) => {
                assert!(model.live() + retired < KEYS, "more keys than the table has room for");
                assert!(!model.was(handle), "a handle came again");
                let action = action.map(|action| DESTRUCTORS[action].0);
                model.keys.push(ModelKey { handle, action, last_phase, live: true });
            }
            Err(error) => {
                assert_eq!(model.live() + retired, KEYS, "refused with an index free");
                assert_eq!(error, if retired == 0 { Error::TableFull } else { Error::TableWornOut });
            }
        }
        created.ok()
    }

    fn delete(&self, table: usize, handle: Key) {
        let result = self.tables[table].delete(handle);
        let mut model = self.models[table].borrow_mut();
        match model.find(handle) {
            Some(number) => {
                assert_eq!(result, Ok(()));
                model.delete(number);
            }
            None => expect_refusal(result, model.was(handle)),
        }
    }

    fn set(&self, table: usize, thread: usize, handle: Key, value: usize) {
        let pointer = ptr::without_provenance_mut(value);
        // SAFETY: every destructor takes any number.
        let result = unsafe { self.tables[table].set(&self.slots[table][thread], handle, pointer) };
        let mut model = self.models[table].borrow_mut();
        match model.find(handle) {
            Some(number) => {
                assert_eq!(result, Ok(()));
                model.set(thread, number, value);
            }
            None => expect_refusal(result, model.was(handle)),
        }
    }

    fn get(&self, table: usize, thread: usize, handle: Key) {
        let value = self.tables[table].get(&self.slots[table][thread], handle).addr();
        let model = self.models[table].borrow();
        let expected = model.find(handle).and_then(|number| model.values.get(&(thread, number)).copied());
        assert_eq!(value, expected.unwrap_or(0));
    }

    fn exit_table(&self, table: usize, thread: usize) -> ExitReport {
        // SAFETY: the values are numbers; each table has slots of its own.
        unsafe { self.tables[table].exit(&self.slots[table][thread]) }
    }

    fn exit(&self, table: usize, thread: usize) {
        {
            let mut model = self.models[table].borrow_mut();
            let pending = model.due(thread, false);
            model.exit = Some(ModelExit { thread, round: 1, pending, ..ModelExit::default() });
        }
        WORLD.set(self);
        self.exiting.set(table);
        let report = self.exit_table(table, thread);
        self.exiting.set(usize::MAX);

        let mut model = self.models[table].borrow_mut();
        let exit = model.exit.take().unwrap();
        assert!(exit.pending.is_empty(), "a round left out {:?}", exit.pending);
        assert_eq!((report.calls, [report.rounds, report.last_phase_rounds]), (exit.calls, exit.rounds));
        let left_over = [false, true].map(|last_phase| model.due(thread, last_phase));
        for (phase, left_over) in left_over.iter().enumerate() {
            let too_late = phase == 0 && exit.rounds[1] > 0;
            assert!(left_over.is_empty() || exit.rounds[phase] == DEFAULT_ROUNDS || too_late, "ended too early");
        }
        assert_eq!(report.left_over as usize, left_over.iter().map(BTreeSet::len).sum::<usize>());
        assert_eq!(report.flags.contains(ExitFlags::LEFT_OVER), report.left_over != 0);
        for &key in report.left_over_keys.iter() {
            let number = model.find(key).expect("a dead key was left over");
            assert!(left_over.iter().any(|keys| keys.contains(&number)));
        }
        model.values.retain(|&(owner, _), _| owner != thread);
    }

    /// What a destructor does, in the table and in the model alike.
    fn act(&self, action: Action, value: usize) {
        let table = self.exiting.get();
        let (thread, own) = {
            let mut model = self.models[table].borrow_mut();
            let thread = model.exit.as_ref().expect("a destructor outside of an exit").thread;
            let (key, round) = self.slots[table][thread].current_destructor().unwrap();
            let number = model.called(key, round, action, value);
            (thread, model.keys[number].handle)
        };
        self.get(table, thread, own);
        let other = self.handle(table, value);
        match action {
            Nothing => {}
            SetOwn => self.set(table, thread, own, value),
            SetOther => self.set(table, thread, other, value),
            ClearOther => self.set(table, thread, other, 0),
            DeleteOwn => self.delete(table, own),
            DeleteOther => self.delete(table, other),
            CreateAndSet => {
                if let Some(key) = self.create(table, Some(value % ACTIONS), value.is_multiple_of(2)) {
                    self.set(table, thread, key, value);
                }
            }
            Exit => {
                let report = self.exit_table(table, thread);
                assert_eq!((report.flags, report.calls), (ExitFlags::ALREADY_EXITING, 0));
            }
        }
        self.check_values(table, thread);
    }

    /// Every handle that there ever was reads as the model says.
    fn check_values(&self, table: usize, thread: usize) {
        let handles: Vec<Key> = self.models[table].borrow().keys.iter().map(|key| key.handle).collect();
        for handle in handles {
            self.get(table, thread, handle);
        }
    }

    fn check(&self) {
        for table in 0..TABLES {
            for thread in 0..THREADS {
                self.check_values(table, thread);
                assert_eq!(self.slots[table][thread].current_destructor(), None);
                assert!(!self.slots[table][thread].is_exiting());
            }
            let model = self.models[table].borrow();
            let real = &self.tables[table];
            assert_eq!(real.in_use(), model.live());
            let listed: BTreeSet<Key> = real.keys().map(|info| info.key).collect();
            let expected = model.keys.iter().filter(|key| key.live).map(|key| key.handle).collect();
            assert_eq!(listed, expected);
            // An index is worn out after so many keys and not before.
            let generations = self.generations_left[table];
            assert!(real.retired() * generations <= model.keys.len());
            assert!(model.keys.len() <= KEYS * generations);
        }
    }

    fn call(&self, table: usize, call: &Call) {
        match *call {
            Call::Create { action, last_phase } => drop(self.create(table, action, last_phase)),
            Call::Delete { key } => self.delete(table, self.handle(table, key)),
            Call::Get { thread, key } => self.get(table, thread, self.handle(table, key)),
            Call::Set { thread, key, value } => self.set(table, thread, self.handle(table, key), value),
            Call::Clear { thread, key } => self.set(table, thread, self.handle(table, key), 0),
            Call::Exit { thread } => self.exit(table, thread),
            Call::Wild { thread, raw } => {
                let wild = Key::from_raw(raw);
                self.get(table, thread, wild);
                self.set(table, thread, wild, 1);
                self.delete(table, wild);
            }
            Call::Foreign { thread, key } => {
                let foreign = self.handle((table + 1) % TABLES, key);
                self.get(table, thread, foreign);
                self.set(table, thread, foreign, 1);
            }
        }
    }
}

/// A call with a handle that is not live was refused, as deleted where it was one.
fn expect_refusal(result: Result<(), Error>, was: bool) {
    let error = result.expect_err("a call with a dead key");
    assert_eq!(error.errno(), tsd::errno::EINVAL);
    assert!(!was || error == Error::DeletedKey, "a deleted key was not known as one");
}
