//! Host side of the images: sets the machine up, builds the kernel, boots it and judges what it says.
//!
//! In the order in which a run uses them:
//! - [`cli`]        the command line: one [`cli::Command`] or one error
//! - [`setup`]      what is missing on this machine, and getting it
//! - [`toolchain`]  the compiler that can build for the bare-metal targets
//! - [`packages`]   which packages bring what is missing
//! - `apt`          which packages there are, and getting them
//! - [`private`]    packages that are unpacked instead of installed
//! - [`image`]      one build of the kernel
//! - [`install`]    the C archive and what goes with it
//! - `stamp`        what a file was made from, and whether that has changed
//! - [`tools`]      the tools that runs take
//! - [`machine`]    one virtual machine: QEMU's arguments, the image that it boots
//! - [`qemu`]       one boot: output line by line, time-outs, the verdict
//! - [`protocol`]   the lines that the kernel prints, and what they mean
//! - [`suite`]      the cases of a boot, each with its own result
//! - [`stepping`]   an interrupt at each instruction of each call
//! - [`gdb`]        a machine, a program or a core file under a debugger
//! - [`demo`]       the request server on each machine, figures side by side
//! - [`timeline`]   what the kernel wrote down meanwhile, as a trace and as a picture
//! - [`storm`]      threads and keys that come and go, on each machine
//! - [`one_boot`]   cases that run in one boot, of which the first that fails ends it
//! - [`freertos`]   the suite and the storm on FreeRTOS
//! - [`microbit`]   a CPU without compare-and-swap
//! - [`program`]    a user's C or C++ program in the images
//! - [`lint`]       clippy on the bare-metal targets
//! - [`evidence`]   what is checked beside the tests, and the table of its results
//!
//! Below them: [`command`] (external commands), [`workspace`] (folders), [`text_table`] (figures side by side),
//! [`error`] (one line and a status), [`status`] (the statuses), [`output`] (what is printed), [`progress`] (live lines),
//! [`interrupt`] (Ctrl-C). The binary `tsd` and the test driver `tests/drivers/images.rs` are two thin users of this
//! library.

#![forbid(unsafe_code)]

mod apt;
mod cargo_progress;
pub mod cli;
pub mod command;
pub mod demo;
pub mod error;
pub mod evidence;
pub mod freertos;
pub mod gdb;
pub mod image;
pub mod install;
pub mod interrupt;
pub mod lint;
pub mod machine;
pub mod microbit;
pub mod one_boot;
pub mod output;
pub mod packages;
pub mod private;
pub mod program;
pub mod progress;
pub mod protocol;
pub mod qemu;
pub mod setup;
mod stamp;
pub mod status;
pub mod stepping;
pub mod storm;
pub mod suite;
pub mod text_table;
pub mod timeline;
pub mod toolchain;
pub mod tools;
pub mod workspace;
