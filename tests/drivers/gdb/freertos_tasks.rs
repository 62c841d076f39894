//! FreeRTOS, stopped in a destructor of a task that another task has deleted: each of both has values.

use libtest_mimic::Failed;
use tsd_runner::{
    freertos::{self, Image},
    gdb,
};

use crate::{same, transcript_of, with_script};

/// A destructor of one case, on the task that has deleted the other.
const STOP: &str = "blocks_and_looks";

/// What gdb prints there.
const TRANSCRIPT: &str = include_str!("freertos_tasks.txt");

pub(crate) fn check() -> Result<(), Failed> {
    let kernel = Image::Tasks.build(&freertos::prepare(true)?)?;
    let wanted = transcript_of(TRANSCRIPT);
    let commands: Vec<_> = wanted.iter().map(|(command, _)| command.as_str()).collect();
    let mut qemu = Image::Tasks.command(&kernel, "");
    let (printed, _) = gdb::at_function_of(&mut qemu, "freertos", &kernel, STOP, &with_script(&commands))?;
    // The first command has read the script.
    same(&wanted, &printed[1..])
}
