//! A thread with its slots, a key space, and what they were when a run began.
//!
//! - `recorded`  the calls on them, each noted in the ledger

mod recorded;

use std::cell::{Cell, UnsafeCell};
use std::ptr;

use tsd::{
    Capacity, ExitFunctionList, ExitFunctions, Key, KeySpace, KeyTable, Once, Port, Slots, StaticKey, Supported,
    TypedKey,
};

use crate::destructors::Held;
use crate::ledger::{KeyRecord, Ledger, ledger};
use crate::machine::Kind;
use crate::trace;

/// The kernel's side: one thread.
pub(crate) struct Kernel<const N: usize>
where
    Capacity<N>: Supported,
{
    slots: *const Slots<N>,
    functions: *const ExitFunctions<4>,
}

// SAFETY: there is one thread, and the pointers are to what is never freed.
unsafe impl<const N: usize> Port for Kernel<N>
where
    Capacity<N>: Supported,
{
    type Slots = Slots<N>;

    unsafe fn current(&self) -> Option<&Slots<N>> {
        // SAFETY: `World::new` put a pointer there to what is never freed.
        Some(unsafe { &*self.slots })
    }

    unsafe fn exit_functions(&self) -> Option<ExitFunctionList<'_>> {
        // SAFETY: as above.
        Some(unsafe { &*self.functions }.as_list())
    }
}

/// All that a run changes.
struct Memory<const N: usize>
where
    Capacity<N>: Supported,
{
    space: KeySpace<Kernel<N>>,
    slots: Slots<N>,
    functions: ExitFunctions<4>,
    controls: [Once; 2],
}

/// The bytes of the memory, and the ledger.
type Saved = (Box<[u8]>, Box<Ledger>);

/// One thread, its key space, and what they were when a run began.
pub(crate) struct World<const N: usize>
where
    Capacity<N>: Supported,
{
    memory: UnsafeCell<Memory<N>>,
    saved: Cell<Option<Saved>>,
    static_key: Option<StaticKey>,
    typed: Cell<Option<&'static TypedKey<'static, Held, Kernel<N>>>>,
}

impl<const N: usize> World<N>
where
    Capacity<N>: Supported,
{
    /// A world that is never freed. A static key has the first index.
    pub(crate) fn new(static_key: Option<StaticKey>) -> &'static Self {
        let table = || match static_key {
            Some(key) => KeyTable::new().with_static_keys(&[key]),
            None => KeyTable::new(),
        };
        let port = Kernel { slots: ptr::null(), functions: ptr::null() };
        let memory = Memory {
            // SAFETY: the slots are for this key space only.
            space: unsafe { KeySpace::with_table(port, table()) },
            slots: Slots::new(),
            functions: ExitFunctions::new(),
            controls: [Once::new(), Once::new()],
        };
        let world: &'static mut Self = Box::leak(Box::new(Self {
            memory: UnsafeCell::new(memory),
            saved: Cell::new(None),
            static_key,
            typed: Cell::new(None),
        }));
        let memory = world.memory.get_mut();
        let port = Kernel { slots: &raw const memory.slots, functions: &raw const memory.functions };
        // SAFETY: as above.
        memory.space = unsafe { KeySpace::with_table(port, table()) };
        if let Some(key) = static_key {
            ledger(|ledger| {
                let number = ledger.new_key();
                ledger.keys[usize::from(number)] = KeyRecord {
                    handle: key.key(),
                    index: 0,
                    is_live: true,
                    is_last_phase: false,
                    has_destructor: true,
                };
                ledger.current[0] = number;
            });
        }
        // Slots and entries come first, two words each.
        let (slots, table) = ((&raw const memory.slots).addr(), (&raw const memory.space).addr());
        trace::name(slots, size_of::<Slots<N>>(), "slots");
        trace::name(table, size_of::<KeyTable<N>>(), "table");
        for (at, name) in ["slot 0 tag", "slot 0 value", "slot 1 tag", "slot 1 value"].into_iter().enumerate() {
            trace::name(slots + at * size_of::<usize>(), size_of::<usize>(), name);
        }
        for (at, name) in
            ["entry 0 tag", "entry 0 destructor", "entry 1 tag", "entry 1 destructor"].into_iter().enumerate()
        {
            trace::name(table + at * size_of::<usize>(), size_of::<usize>(), name);
        }
        trace::name((&raw const memory.functions).addr(), size_of::<ExitFunctions<4>>(), "functions");
        trace::name((&raw const memory.controls).addr(), size_of::<[Once; 2]>(), "controls");
        world
    }

    fn memory(&self) -> &'static Memory<N> {
        // SAFETY: the world is never freed, and changed otherwise than through shared references only between runs.
        unsafe { &*self.memory.get() }
    }

    fn typed(&self) -> &'static TypedKey<'static, Held, Kernel<N>> {
        self.typed.get().expect("the case creates a typed key")
    }

    fn note_key(number: u8, handle: Key, kind: Kind) {
        let index = tsd::raw::index::<N>(handle);
        ledger(|ledger| {
            ledger.keys[usize::from(number)] = KeyRecord {
                handle,
                index,
                is_live: true,
                is_last_phase: kind.is_last_phase,
                has_destructor: kind.has_destructor,
            };
            ledger.current[usize::from(index != 0)] = number;
        });
    }
}
