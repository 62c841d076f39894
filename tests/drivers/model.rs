//! Random sequences of calls against a naive model, bounded: the fuzz target in tests/model/fuzz makes them without
//! end.

use proptest::prelude::*;
use tsd_model::{ACTIONS, Call, TABLES, THREADS, World};

fn calls() -> impl Strategy<Value = Vec<(usize, Call)>> {
    let action = proptest::option::weighted(0.8, 0..ACTIONS);
    let call = prop_oneof![
        4 => (action, any::<bool>()).prop_map(|(action, last_phase)| Call::Create { action, last_phase }),
        3 => any::<usize>().prop_map(|key| Call::Delete { key }),
        2 => (0..THREADS, any::<usize>()).prop_map(|(thread, key)| Call::Get { thread, key }),
        8 => (0..THREADS, any::<usize>(), 1..64_usize)
            .prop_map(|(thread, key, value)| Call::Set { thread, key, value }),
        1 => (0..THREADS, any::<usize>()).prop_map(|(thread, key)| Call::Clear { thread, key }),
        2 => (0..THREADS).prop_map(|thread| Call::Exit { thread }),
        1 => (0..THREADS, any::<u32>()).prop_map(|(thread, raw)| Call::Wild { thread, raw }),
        1 => (0..THREADS, any::<usize>()).prop_map(|(thread, key)| Call::Foreign { thread, key }),
    ];
    proptest::collection::vec((0..TABLES, call), 1..150)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 800, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn sequences_agree_with_the_model(
        generations_left in [1..8_usize, 1..40_usize],
        calls in calls(),
    ) {
        World::run(generations_left, calls);
    }
}
