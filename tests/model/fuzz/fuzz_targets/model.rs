//! Sequences of calls, led by coverage, against the model that tests/drivers/model.rs uses with random ones.

#![no_main]

use libfuzzer_sys::fuzz_target;
use tsd_model::{ACTIONS, Call, TABLES, THREADS, World};

fuzz_target!(|bytes: &[u8]| {
    // Two bytes say how soon the tables wear out; four more are a call.
    let Some(([first, second], rest)) = bytes.split_first_chunk() else { return };
    let generations_left = [1 + usize::from(first % 8), 1 + usize::from(second % 40)];
    World::run(generations_left, rest.as_chunks::<4>().0.iter().map(call));
});

fn call(bytes: &[u8; 4]) -> (usize, Call) {
    let [kind, thread, number, value] = *bytes;
    let (thread, key) = (usize::from(thread) % THREADS, usize::from(number));
    let call = match kind / 2 % 16 {
        0..=3 => Call::Create { action: action(value), last_phase: number % 2 == 1 },
        4..=5 => Call::Delete { key },
        6 => Call::Get { thread, key },
        7..=10 => Call::Set { thread, key, value: 1 + usize::from(value % 63) },
        11 => Call::Clear { thread, key },
        12..=13 => Call::Exit { thread },
        14 => Call::Wild { thread, raw: u32::from_le_bytes([number, value, bytes[1], kind]) },
        _ => Call::Foreign { thread, key },
    };
    (usize::from(kind) % TABLES, call)
}

/// One time in nine the key has no destructor.
fn action(value: u8) -> Option<usize> {
    let number = usize::from(value) % (ACTIONS + 1);
    (number < ACTIONS).then_some(number)
}
