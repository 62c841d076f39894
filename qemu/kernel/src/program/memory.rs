//! Pages for the program: a bit for each page of the region says whether it is in use.
//!
//! What is given out is always zero. The lock is held, with interrupts masked, while bits are looked at
//! and changed, not while pages are cleared or copied.

use core::{ops::Range, ptr};

use spin::Mutex;

use super::{
    call::{EFAULT, EINVAL, ENOMEM, ENOSYS, Errno, Result},
    thread,
};
use crate::machine::{interrupts, program::HEAP};

pub(super) const PAGE: usize = 4096;
/// The flag of `mmap` for memory that is no file's.
pub(super) const ANONYMOUS: usize = 0x20;
/// The flag for memory at an address that the program chooses.
const FIXED: usize = 0x10;
/// The flag of `mremap` that lets it choose another address.
const MAY_MOVE: usize = 1;

const PAGES: usize = (HEAP.end - HEAP.start) / PAGE;
const BITS: usize = usize::BITS as usize;

struct Pages {
    used: [usize; PAGES / BITS],
    /// No page below is free.
    first_free: usize,
}

static POOL: Mutex<Pages> = Mutex::new(Pages { used: [0; PAGES / BITS], first_free: 1 });

impl Pages {
    fn is_used(&self, page: usize) -> bool {
        self.used[page / BITS] & 1 << (page % BITS) != 0
    }

    fn set(&mut self, pages: Range<usize>, used: bool) {
        for page in pages {
            let bit = 1 << (page % BITS);
            if used {
                self.used[page / BITS] |= bit;
            } else {
                self.used[page / BITS] &= !bit;
                self.first_free = self.first_free.min(page);
            }
        }
    }

    fn are_free(&self, mut pages: Range<usize>) -> bool {
        pages.end <= PAGES && pages.all(|page| !self.is_used(page))
    }

    /// Finds and takes `count` pages in a row. The first page of the region is never given out, so that
    /// the lowest stack has an end.
    fn take(&mut self, count: usize) -> Option<usize> {
        while self.is_used(self.first_free) && self.first_free + 1 < PAGES {
            self.first_free += 1;
        }
        let mut first = self.first_free;
        while first + count <= PAGES {
            match (first..first + count).rev().find(|&page| self.is_used(page)) {
                Some(used) => first = used + 1,
                None => {
                    self.set(first..first + count, true);
                    return Some(first);
                }
            }
        }
        None
    }
}

fn with_pool<T>(work: impl FnOnce(&mut Pages) -> T) -> T {
    let state = interrupts::save_and_disable();
    let result = work(&mut POOL.lock());
    // SAFETY: The state is from above, on the same CPU since interrupts were masked.
    unsafe { interrupts::restore(state) };
    result
}

fn address_of(page: usize) -> usize {
    HEAP.start + page * PAGE
}

/// Returns the pages from `address` on, which must be a page's, with at least `bytes`.
fn pages(address: usize, bytes: usize) -> core::result::Result<Range<usize>, Errno> {
    let is_page = address.is_multiple_of(PAGE) && HEAP.contains(&address);
    let fits = bytes != 0 && bytes <= HEAP.end.saturating_sub(address);
    if !is_page || !fits {
        return Err(EINVAL);
    }
    let first = (address - HEAP.start) / PAGE;
    Ok(first..first + bytes.div_ceil(PAGE))
}

/// `mmap` of `bytes` anywhere.
pub(super) fn map(bytes: usize, flags: usize) -> Result {
    if flags & ANONYMOUS == 0 || flags & FIXED != 0 {
        return Err(ENOSYS);
    }
    if bytes == 0 {
        return Err(EINVAL);
    }
    let count = bytes.div_ceil(PAGE);
    let first = with_pool(|pool| pool.take(count)).ok_or(ENOMEM)?;
    clear(first..first + count);
    Ok(address_of(first))
}

fn clear(pages: Range<usize>) {
    // SAFETY: Pages that were just taken, so nobody else's.
    unsafe { (address_of(pages.start) as *mut u8).write_bytes(0, pages.len() * PAGE) };
}

/// `munmap`. The stack that the caller runs on is given back when its thread has left it.
pub(super) fn unmap(address: usize, bytes: usize) -> Result {
    let pages = pages(address, bytes)?;
    let here = ptr::from_ref(&pages).addr();
    if (address..address + bytes).contains(&here) {
        thread::unmap_at_end(address, bytes);
    } else {
        with_pool(|pool| pool.set(pages, false));
    }
    Ok(0)
}

/// `mremap`.
pub(super) fn resize(address: usize, old_bytes: usize, new_bytes: usize, flags: usize) -> Result {
    let old = pages(address, old_bytes)?;
    let new = pages(address, new_bytes).map_err(|_| ENOMEM)?;
    let done = with_pool(|pool| {
        if !old.clone().all(|page| pool.is_used(page)) {
            return Err(EFAULT);
        }
        if new.end <= old.end {
            pool.set(new.end..old.end, false);
        } else if pool.are_free(old.end..new.end) {
            pool.set(old.end..new.end, true);
        } else {
            return Ok(false);
        }
        Ok(true)
    })?;
    if done {
        if new.end > old.end {
            clear(old.end..new.end);
        }
        return Ok(address);
    }
    if flags & MAY_MOVE == 0 {
        return Err(ENOMEM);
    }
    let moved = map(new_bytes, ANONYMOUS)?;
    // SAFETY: The old pages are the program's, which asked to move them; the new ones are not in use yet.
    unsafe { (moved as *mut u8).copy_from_nonoverlapping(address as *const u8, old.len() * PAGE) };
    with_pool(|pool| pool.set(old, false));
    Ok(moved)
}
