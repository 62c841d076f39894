//! The storm on the host, in its quick form: threads that come and go while keys are created and deleted.
//!
//! The variables `TSD_STORM_SECONDS` and `TSD_STORM_SEED` make it another one. Kills come at safe points only here; the
//! images' storms kill anywhere.

use std::{env, thread, time::Duration};

use tsd_host::{Host, failure};
use tsd_storm::StormPlatform;

const QUICK_SECONDS: u32 = 2;

fn number(variable: &str, default: u32) -> u32 {
    env::var(variable).map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{variable} wants a number")))
}

#[test]
fn storm() {
    let (seconds, seed) = (number("TSD_STORM_SECONDS", QUICK_SECONDS), number("TSD_STORM_SEED", 1));
    println!("again: TSD_STORM_SECONDS={seconds} TSD_STORM_SEED={seed} cargo test --test storm");
    failure::begin();
    let storm = Host::storm();
    let thread = thread::spawn(move || storm.run::<Host>(1000 * u64::from(seconds), seed));
    // A thread that spins in a call of the library is never joined.
    while !thread.is_finished() && !failure::is_overdue() {
        thread::sleep(Duration::from_millis(20));
    }
    let hangs = !thread.is_finished();
    if !hangs && let Err(payload) = thread.join() {
        failure::note(&*payload);
    }
    for (name, count) in storm.figures::<Host>() {
        println!("{name} {count}");
    }
    assert_eq!(failure::message(), None);
    assert!(!hangs, "the storm hangs");
    assert_eq!(storm.missing::<Host>().collect::<Vec<_>>(), []);
}
