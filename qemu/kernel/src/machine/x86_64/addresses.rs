//! Where things lie in the machine's address space.

use core::ops::Range;

/// Where a program lies, linked to these addresses. It may be executed.
pub(crate) const PROGRAM: Range<usize> = 128 << 20..192 << 20;
/// RAM for the pages that a program gets.
pub(crate) const FRAMES: Range<usize> = 192 << 20..448 << 20;
/// The addresses of those pages.
pub(crate) const SPACE: Range<usize> = 64 << 30..80 << 30;
