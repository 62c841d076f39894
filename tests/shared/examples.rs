//! The programs in `examples/`, for each place that runs them.

// Each has the kernel to itself, as when it is a program.
#![allow(clippy::duplicate_mod)]

#[path = "../../examples/errno.rs"]
pub(crate) mod errno;
#[path = "../../examples/inline_context.rs"]
pub(crate) mod inline_context;
#[path = "../../examples/log_context.rs"]
pub(crate) mod log_context;
#[path = "../../examples/scratch_arena.rs"]
pub(crate) mod scratch_arena;
#[path = "../../examples/span_stack.rs"]
pub(crate) mod span_stack;
#[path = "../../examples/std_backend.rs"]
pub(crate) mod std_backend;
#[path = "../../examples/thread_cache.rs"]
pub(crate) mod thread_cache;

/// Calls a macro with all their names, in the order of the folder.
macro_rules! with_each_example {
    ($with:ident) => {
        $with! { errno inline_context log_context scratch_arena span_stack std_backend thread_cache }
    };
}

macro_rules! cases {
    ($($name:ident)*) => {
        /// The case that each is in an image, and what it does.
        pub(crate) const CASES: &[(&str, fn())] = &[$((concat!("example::", stringify!($name)), $name::main)),*];
    };
}

with_each_example!(cases);
