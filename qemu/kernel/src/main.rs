//! The test kernel.
fn main() {}
