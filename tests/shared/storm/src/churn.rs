//! Threads that create and delete keys, the board's and, now and then, as many as the table has.

use heapless::Vec;
use tsd_suite::KEYS;

use crate::{
    Storm, StormPlatform,
    keys::{RecordNumber, any_cell},
    random::Random,
};

/// The thread number `number` of those that make the storm.
pub(crate) fn body<W: StormPlatform>(number: usize) {
    let storm = W::storm();
    let mut random = storm.random(number as u64);
    while !storm.is_over() {
        match random.below(200) {
            0 => hoard::<W>(storm, &mut random),
            1..40 => race::<W>(storm, any_cell(&mut random)),
            40..60 => {
                // So often that a thread which looks at it twice sees two keys.
                let cell = any_cell(&mut random);
                (0..40).for_each(|_| replace::<W>(storm, cell, &mut random));
            }
            _ => replace::<W>(storm, any_cell(&mut random), &mut random),
        }
        match random.below(8) {
            0 => W::sleep_ms(1),
            1..5 => W::yield_now(),
            _ => {}
        }
    }
}

/// Deletes the key at a cell of the board and puts another one there.
fn replace<W: StormPlatform>(storm: &Storm, cell: usize, random: &mut Random) {
    let delete = |old: Option<RecordNumber>| old.into_iter().for_each(|key| storm.delete_key::<W>(key));
    if random.one_in(2) {
        delete(storm.keys.exchange(cell, None));
        // The new key is likely to get the index of the old one.
        let new = storm.create_key::<W>(random);
        delete(storm.keys.exchange(cell, new));
    } else {
        let new = storm.create_key::<W>(random);
        delete(storm.keys.exchange(cell, new));
    }
}

/// Deletes a key that stays on the board, where another thread may delete it at this moment.
fn race<W: StormPlatform>(storm: &Storm, cell: usize) {
    if let Some(key) = storm.keys.at(cell) {
        storm.race_to_delete::<W>(key);
        storm.keys.record(key).release();
    }
}

/// Creates keys until the table is full, and deletes them.
fn hoard<W: StormPlatform>(storm: &Storm, random: &mut Random) {
    let mut keys: Vec<RecordNumber, KEYS> = Vec::new();
    while let Some(key) = storm.create_key::<W>(random) {
        let pushed = keys.push(key);
        assert!(pushed.is_ok(), "storm: more keys than the table has room for");
    }
    W::yield_now();
    // By reference: a stack has no room for two of such lists in a kernel of many keys.
    keys.iter().for_each(|&key| storm.delete_key::<W>(key));
}
