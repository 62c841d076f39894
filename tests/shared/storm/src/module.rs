//! A thread that loads and unloads a module: code that creates keys with a destructor of its own, and may go away only
//! when no thread will run it again. The steps are those of [`KeyTable::purge`](tsd::KeyTable::purge).

use tsd_suite::atomic::{AtomicBool, Ordering::SeqCst};

use heapless::Vec;
use tsd::Slots;
use tsd_suite::wait_until;

use crate::{
    Event, Storm, StormPlatform,
    keys::{CELLS, Kind, MODULE_CELLS, RecordNumber},
    random::Random,
    worker_record::WorkerRecord,
};

/// The module's code.
#[derive(Debug)]
pub(crate) struct Module {
    is_gone: AtomicBool,
}

/// Any cell of the board that is for the module's keys.
pub(crate) fn any_cell(random: &mut Random) -> usize {
    CELLS + random.below(MODULE_CELLS)
}

impl Module {
    /// Code that is there.
    pub(crate) const fn new() -> Self {
        Self { is_gone: AtomicBool::new(false) }
    }

    /// The code, as the destructor of its keys runs it.
    pub(crate) fn run<W: StormPlatform>(&self, storm: &Storm, random: &mut Random) {
        storm.count(Event::ModuleCalls);
        self.expect_there();
        match random.below(4) {
            0 => W::sleep_ms(1),
            1 => W::yield_now(),
            _ => (0..random.below(3000)).for_each(|_| core::hint::spin_loop()),
        }
        self.expect_there();
    }

    fn expect_there(&self) {
        assert!(!self.is_gone.load(SeqCst), "storm: a destructor runs whose module is gone");
    }
}

/// The thread number `number` of those that make the storm.
pub(crate) fn body<W: StormPlatform>(number: usize) {
    let storm = W::storm();
    let mut random = storm.random(number as u64);
    while !storm.is_over() {
        storm.module.is_gone.store(false, SeqCst);
        for cell in CELLS..CELLS + MODULE_CELLS {
            // None where the table is full.
            let key = storm.create_key_of::<W>(Kind::Module);
            assert_eq!(storm.keys.exchange(cell, key), None, "storm: a key of the module that is gone");
        }
        W::sleep_ms(1 + random.below(4) as u32);
        unload::<W>(storm);
        // A thread that is late comes now.
        W::sleep_ms(1);
    }
}

fn unload<W: StormPlatform>(storm: &Storm) {
    let keys: Vec<RecordNumber, MODULE_CELLS> =
        (CELLS..CELLS + MODULE_CELLS).filter_map(|cell| storm.keys.exchange(cell, None)).collect();
    purge::<W>(storm, &keys);
    W::pass_barriers();
    storm.workers.iter().for_each(|worker| wait_for_exit::<W>(storm, worker));
    W::pass_barriers();
    storm.module.is_gone.store(true, SeqCst);
    storm.count(Event::Unloads);
}

/// Deletes the module's keys by the address of their destructor.
fn purge<W: StormPlatform>(storm: &Storm, keys: &[RecordNumber]) {
    let table = W::space().table();
    let Some(&first) = keys.first() else { return };
    let info = table.info(tsd::raw::index::<{ tsd_suite::KEYS }>(storm.keys.record(first).key()));
    let start = info.and_then(|info| info.destructor).expect("storm: the module's key lives") as *const ();
    keys.iter().for_each(|&key| storm.keys.record(key).begin_delete(storm.ticket()));
    let purged = table.purge(start..start.wrapping_byte_add(1));
    assert_eq!(purged, keys.len(), "storm: keys of the module that were purged");
    for &key in keys {
        let record = storm.keys.record(key);
        record.end_delete(storm.ticket());
        storm.count(Event::KeysDeleted);
        storm.expect_deleted::<W>(record.key());
        record.release();
    }
}

/// Waits until a worker has left its exit once, if it is in it.
fn wait_for_exit<W: StormPlatform>(storm: &Storm, worker: &WorkerRecord) {
    let number = worker.number();
    let is_in_exit = || worker.number() == number && worker.slots().is_some_and(Slots::is_exiting);
    if is_in_exit() {
        storm.count(Event::UnloadWaits);
        wait_until::<W>(|| !is_in_exit());
    }
}
