//! QEMU's microbit, a Cortex-M0 with 16 KiB of memory and no compare-and-swap: the cases of tests/microbit, in one boot
//! (`microbit::interrupts::at_random`), and what the boot has counted.

use std::{sync::Arc, time::Duration};

use libtest_mimic::{Arguments, Failed, Trial};
use tsd_runner::{
    error::Result,
    microbit,
    one_boot::{OneBoot, Ran},
    protocol,
    qemu::Limits,
};

/// The cases of tests/microbit/src/cases/mod.rs.
const CASES: [&str; 20] = [
    "keys::until_the_table_is_full",
    "keys::deleted_key_reads_null",
    "keys::index_that_is_worn_out",
    "values::per_thread",
    "values::null_clears",
    "values::no_thread",
    "exit::rounds",
    "exit::phases",
    "exit::functions",
    "exit::functions_without_room",
    "exit::nothing_to_do",
    "typed::owned_word",
    "typed::shared_inline",
    "typed::static_keys",
    "typed::once",
    "sections::get_and_set_of_a_bound_slot_enter_none",
    "sections::typed_keys_enter_none_to_read",
    "sections::changes_enter_some",
    "sections::masked_interrupts_stay_masked",
    "interrupts::at_random",
];

/// What has to be more than 0.
const EVENTS: [&str; 10] = [
    "interrupts_in_create",
    "interrupts_in_set",
    "interrupts_in_get",
    "interrupts_in_delete",
    "interrupts_in_at_thread_exit",
    "interrupts_in_exit",
    "critical_sections",
    "values_destroyed",
    "values_taken",
    "stack_free_bytes",
];

const LIMITS: Limits = Limits { total: Duration::from_secs(120), silence: Duration::from_secs(90) };

fn main() {
    let arguments = Arguments::from_args();
    let boot = Arc::new(OneBoot::default());
    let trial = |name: &'static str| {
        let boot = boot.clone();
        Trial::test(format!("microbit::{name}"), move || Ok(ran(&boot)?.verdict_on(name)?))
    };
    let mut trials: Vec<_> = CASES.map(trial).into();
    trials.push(Trial::test("microbit::figures", move || figures(ran(&boot)?)));
    libtest_mimic::run(&arguments, trials).exit();
}

fn ran(boot: &OneBoot) -> Result<&Ran> {
    boot.run(|sink| microbit::boot(&microbit::build(&microbit::prepare(true)?)?, LIMITS, sink))
}

/// The timer has come in each call, and each value is accounted for.
fn figures(ran: &Ran) -> std::result::Result<(), Failed> {
    ran.outcome.verdict()?;
    assert_eq!(ran.names(), CASES, "the cases of the program and those of this driver");
    for (name, value) in protocol::figures(&ran.outcome.lines) {
        println!("microbit: {name} {value}");
    }
    for name in EVENTS {
        assert!(ran.figure(name)? > 0, "{name} is 0");
    }
    let ends = ["values_destroyed", "values_taken"];
    let ended: u32 = ends.iter().map(|name| ran.figure(name)).sum::<Result<_>>()?;
    assert_eq!(ended, ran.figure("values")?);
    Ok(())
}
