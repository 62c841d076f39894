//! The programs in `examples/`, as cases of the suite. What they have for a kernel is this one: `examples/kernel/image.rs`.
//! Nothing else here allocates.

mod heap;
#[path = "../../../../../tests/shared/examples.rs"]
mod list;

pub(crate) use heap::init;
pub(crate) use list::CASES;
