//! Where things lie in the machine's address space.

use core::ops::Range;

pub(super) const RAM_BASE: usize = 0x8000_0000;
/// Where a program lies, linked to these addresses. It may be executed.
pub(crate) const PROGRAM: Range<usize> = RAM_BASE + (128 << 20)..RAM_BASE + (192 << 20);
/// RAM for the pages that a program gets.
pub(crate) const FRAMES: Range<usize> = RAM_BASE + (192 << 20)..RAM_BASE + (448 << 20);
/// The addresses of those pages.
pub(crate) const SPACE: Range<usize> = 64 << 30..80 << 30;
