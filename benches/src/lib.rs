//! What tsd costs, as figures that are checked in: instructions and memory. Times are `cargo bench`'s.
//!
//! | File | What it owns |
//! |---|---|
//! | `api.rs` | docs/public-api.txt, and the check against it |
//! | `build.rs` | the archive and the C programs that are measured |
//! | `trace.rs` | counting instructions by single steps |
//! | `instructions.rs` | docs/instructions.md, the check against it, and docs/hot-paths.s |
//! | `images.rs` | docs/instructions-images.md, and the check against it |
//! | `page.rs` | what the pages of figures that depend on the compiler have in common |
//! | `sizes.rs` | docs/sizes.md |
//! | `machines.rs` | docs/machines.md, and the check against it |

pub mod api;
pub mod build;
pub mod images;
pub mod instructions;
pub mod machines;
pub mod page;
pub mod sizes;
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
pub mod trace;
