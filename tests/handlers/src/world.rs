//! A thread with its slots, a key space, and what they were when a run began.
//!
//! - `recorded`  the calls on them, each noted in the ledger
//! - `typed`  what can be done with typed keys

mod recorded;
mod typed;

use std::cell::{Cell, UnsafeCell};
use std::ptr;

use tsd::{
    Arena, ArenaMemory, Capacity, ExitFunctionList, ExitFunctions, Inline, Key, KeySpace, KeyTable, Once, OwnedKey,
    Port, SharedKey, Slots, Static, StaticKey, Supported, TypedKey,
};

use crate::destructors::Held;
use crate::ledger::{KeyRecord, Ledger, ledger};
use crate::machine::{Kind, Typed};
use crate::trace;
use typed::{Lending, Owning};

/// The kernel's side: one thread.
pub(crate) struct Kernel<const N: usize>
where
    Capacity<N>: Supported,
{
    slots: *const Slots<N>,
    functions: *const ExitFunctions<4>,
    arena: *const Arena<8>,
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

    unsafe fn arena(&self) -> Option<ArenaMemory<'_>> {
        // SAFETY: as above.
        Some(unsafe { &*self.arena }.as_memory())
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
    arena: Arena<8>,
    controls: [Once; 2],
    owned: Option<OwnedKey<Held, Kernel<N>>>,
    shared: Option<SharedKey<Held, Kernel<N>>>,
    inline: Option<SharedKey<Inline<Held>, Kernel<N>>>,
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
    owning: Cell<Option<&'static dyn Owning>>,
    lending: Cell<Option<&'static dyn Lending>>,
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
        let port = Kernel { slots: ptr::null(), functions: ptr::null(), arena: ptr::null() };
        let memory = Memory {
            // SAFETY: the slots are for this key space only.
            space: unsafe { KeySpace::with_table(port, table()) },
            slots: Slots::new(),
            functions: ExitFunctions::new(),
            arena: Arena::new(),
            controls: [Once::new(), Once::new()],
            owned: None,
            shared: None,
            inline: None,
        };
        let world: &'static mut Self = Box::leak(Box::new(Self {
            memory: UnsafeCell::new(memory),
            saved: Cell::new(None),
            static_key,
            owning: Cell::new(None),
            lending: Cell::new(None),
        }));
        let memory = world.memory.get_mut();
        let Memory { slots, functions, arena, .. } = &*memory;
        let port = Kernel { slots, functions, arena };
        // SAFETY: as above.
        memory.space = unsafe { KeySpace::with_table(port, table()) };
        let space = &raw const memory.space;
        // SAFETY: the world is never freed.
        let space: &'static KeySpace<Kernel<N>> = unsafe { &*space };
        (memory.owned, memory.shared) = (Some(OwnedKey::new(space)), Some(SharedKey::new(space)));
        memory.inline = Some(SharedKey::new(space));
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
        trace::name((&raw const memory.arena).addr(), size_of::<Arena<8>>(), "arena");
        trace::name((&raw const memory.controls).addr(), size_of::<[Once; 2]>(), "controls");
        world
    }

    fn memory(&self) -> &'static Memory<N> {
        // SAFETY: the world is never freed, and changed otherwise than through shared references only between runs.
        unsafe { &*self.memory.get() }
    }

    /// Makes the typed key of the case.
    fn set_typed(&self, kind: Typed) {
        let Memory { space, owned, shared, inline, .. } = self.memory();
        let in_table = || self.static_key.expect("the case has a static key");
        match kind {
            Typed::AtRunTime => {
                let key = TypedKey::new(space, tsd::KeyOptions::new()).expect("the table has room");
                self.owning.set(Some(Box::leak(Box::new(key))));
            }
            Typed::Owned => self.owning.set(owned.as_ref().map(|key| -> &dyn Owning { key })),
            Typed::Shared => self.lending.set(shared.as_ref().map(|key| -> &dyn Lending { key })),
            Typed::Inline => self.lending.set(inline.as_ref().map(|key| -> &dyn Lending { key })),
            Typed::StaticOwned => {
                // SAFETY: the key is the table's, with the destructor of its options, and has no other values.
                let key = unsafe { OwnedKey::<Held, Static<Kernel<N>, 0>>::in_table(space, in_table()) };
                self.owning.set(Some(Box::leak(Box::new(key))));
            }
            Typed::StaticShared => {
                // SAFETY: as above.
                let key = unsafe { SharedKey::<Held, Static<Kernel<N>, 0>>::in_table(space, in_table()) };
                self.lending.set(Some(Box::leak(Box::new(key))));
            }
            Typed::StaticInline => {
                // SAFETY: as above.
                let key = unsafe { SharedKey::<Inline<Held>, Static<Kernel<N>, 0>>::in_table(space, in_table()) };
                self.lending.set(Some(Box::leak(Box::new(key))));
            }
        }
    }

    fn owning(&self) -> &'static dyn Owning {
        self.owning.get().expect("the case has a key whose values are taken out")
    }

    fn lending(&self) -> &'static dyn Lending {
        self.lending.get().expect("the case has a key whose values are lent")
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
