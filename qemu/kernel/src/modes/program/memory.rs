//! Addresses for the program: a bit for each page of the space says whether it is mapped, another one whether it may be
//! accessed.
//!
//! To map costs no RAM: pages get it when they are first accessed (`pages`), and keep it, so that what a program
//! accesses at different addresses may be as much as there is RAM for. What is mapped anew is zero. Protection is
//! all or nothing, and only a page that was not accessed before is protected from it. Guard pages are such pages.
//!
//! The lock is held, with interrupts masked, while bits are changed, not while pages are cleared or copied.

use core::{
    ops::Range,
    ptr,
    sync::atomic::{AtomicUsize, Ordering},
};

use spin::Mutex;

use super::{
    errno::{EFAULT, EINVAL, ENOMEM, ENOSYS, Errno, Result},
    local, pages,
};
pub(super) use crate::machine::layout::PAGE;
use crate::machine::{
    addresses::{PROGRAM, SPACE},
    interrupts::without_interrupts,
};

/// The bits of protection that allow an access: to read, to write, to execute.
pub(super) const ACCESS: usize = 1 | 2 | 4;
/// The flag of `mmap` for memory that is no file's.
pub(super) const ANONYMOUS: usize = 0x20;
/// The flag for memory at an address that the program chooses.
const FIXED: usize = 0x10;
/// The flag of `mremap` that lets it choose another address.
const MAY_MOVE: usize = 1;
/// The advice of `madvise` that the pages shall be zero.
const DONT_NEED: usize = 4;

const PAGES: usize = (SPACE.end - SPACE.start) / PAGE;
const BITS: usize = usize::BITS as usize;

/// A bit for each page. Changed under the lock.
struct Bits([AtomicUsize; PAGES / BITS]);

static MAPPED: Bits = Bits::new();
static OPEN: Bits = Bits::new();

/// The number of a page below which none is free. The first page is never given out, so that the lowest stack has an
/// end.
static FIRST_FREE: Mutex<usize> = Mutex::new(1);

impl Bits {
    const fn new() -> Self {
        Self([const { AtomicUsize::new(0) }; PAGES / BITS])
    }

    /// Returns the words with bits of `pages`, and which bits.
    fn words(&self, pages: Range<usize>) -> impl Iterator<Item = (&AtomicUsize, usize)> {
        (pages.start / BITS..pages.end.div_ceil(BITS)).map(move |word| {
            let from = pages.start.saturating_sub(word * BITS);
            let to = (pages.end - word * BITS).min(BITS);
            (&self.0[word], usize::MAX << from & usize::MAX >> (BITS - to))
        })
    }

    fn has(&self, page: usize) -> bool {
        self.0[page / BITS].load(Ordering::SeqCst) & 1 << (page % BITS) != 0
    }

    fn have_all(&self, pages: Range<usize>) -> bool {
        self.words(pages).all(|(word, mask)| word.load(Ordering::SeqCst) & mask == mask)
    }

    fn have_none(&self, pages: Range<usize>) -> bool {
        self.words(pages).all(|(word, mask)| word.load(Ordering::SeqCst) & mask == 0)
    }

    fn set(&self, pages: Range<usize>, value: bool) {
        for (word, mask) in self.words(pages) {
            let before = word.load(Ordering::SeqCst);
            word.store(if value { before | mask } else { before & !mask }, Ordering::SeqCst);
        }
    }

    /// Finds `count` clear bits in a row, from `first` on.
    fn find(&self, count: usize, mut first: usize) -> Option<usize> {
        let mut page = first;
        while page - first < count {
            if page >= PAGES {
                return None;
            }
            let rest = self.0[page / BITS].load(Ordering::SeqCst) >> (page % BITS);
            if rest == 0 {
                page = (page / BITS + 1) * BITS;
            } else if rest & 1 == 0 {
                page += rest.trailing_zeros() as usize;
            } else {
                page += rest.trailing_ones() as usize;
                first = page;
            }
        }
        Some(first)
    }
}

fn with_lock<T>(work: impl FnOnce(&mut usize) -> T) -> T {
    without_interrupts(|| work(&mut FIRST_FREE.lock()))
}

/// Takes `count` pages in a row, not to be accessed yet.
fn take(count: usize) -> core::result::Result<Range<usize>, Errno> {
    with_lock(|first_free| {
        let first = MAPPED.find(count, *first_free).ok_or(ENOMEM)?;
        MAPPED.set(first..first + count, true);
        if first == *first_free {
            *first_free += count;
        }
        Ok(first..first + count)
    })
}

fn free(pages: Range<usize>) {
    with_lock(|first_free| {
        *first_free = pages.start.clamp(1, *first_free);
        OPEN.set(pages.clone(), false);
        MAPPED.set(pages, false);
    });
}

fn address_of(page: usize) -> usize {
    SPACE.start + page * PAGE
}

fn addresses_of(pages: &Range<usize>) -> Range<usize> {
    address_of(pages.start)..address_of(pages.end)
}

/// Clears pages that were just mapped, and lets them be accessed if they may.
fn begin(pages: Range<usize>, access: usize) {
    // SAFETY: They are mapped by the program, which has not been told yet or has asked for it.
    unsafe { pages::clear(addresses_of(&pages)) };
    with_lock(|_| OPEN.set(pages, access & ACCESS != 0));
}

/// Returns the pages from `address` on, which must be a page's, with at least `bytes`.
fn pages(address: usize, bytes: usize) -> core::result::Result<Range<usize>, Errno> {
    let is_page = address.is_multiple_of(PAGE) && SPACE.contains(&address);
    let fits = bytes != 0 && bytes <= SPACE.end.saturating_sub(address);
    if !is_page || !fits {
        return Err(EINVAL);
    }
    let first = (address - SPACE.start) / PAGE;
    Ok(first..first + bytes.div_ceil(PAGE))
}

/// Returns whether the program may access `address`, as far as its pages are concerned.
pub(super) fn is_open(address: usize) -> bool {
    SPACE.contains(&address) && OPEN.has((address - SPACE.start) / PAGE)
}

/// Gives the page at `address` RAM if it may be accessed; returns whether it may. Called on a CPU's fault stack, for
/// the program or for the kernel on its behalf.
///
/// # Errors
///
/// [`ENOMEM`]: there is no RAM left.
pub(super) fn touch(address: usize) -> core::result::Result<bool, Errno> {
    if !is_open(address) {
        return Ok(false);
    }
    if with_lock(|_| pages::give(address)) { Ok(true) } else { Err(ENOMEM) }
}

/// `mmap` of `bytes`, at `address` if the flags say so, else anywhere.
pub(super) fn map(address: usize, bytes: usize, access: usize, flags: usize) -> Result {
    if flags & ANONYMOUS == 0 {
        return Err(ENOSYS);
    }
    if bytes == 0 {
        return Err(EINVAL);
    }
    let pages = if flags & FIXED == 0 {
        take(bytes.div_ceil(PAGE))?
    } else {
        let pages = pages(address, bytes)?;
        with_lock(|_| MAPPED.set(pages.clone(), true));
        pages
    };
    begin(pages.clone(), access);
    Ok(address_of(pages.start))
}

/// `munmap`. The stack that the caller runs on is given back when its thread has left it.
pub(super) fn unmap(address: usize, bytes: usize) -> Result {
    let pages = pages(address, bytes)?;
    let here = ptr::from_ref(&pages).addr();
    if addresses_of(&pages).contains(&here) {
        local::unmap_at_end(address, bytes);
    } else {
        free(pages);
    }
    Ok(0)
}

/// `mprotect`.
pub(super) fn protect(address: usize, bytes: usize, access: usize) -> Result {
    // The program's own code and data stay as they are; so does nothing at all.
    if PROGRAM.contains(&address) || bytes == 0 {
        return Ok(0);
    }
    let pages = pages(address, bytes)?;
    with_lock(|_| {
        if !MAPPED.have_all(pages.clone()) {
            return Err(ENOMEM);
        }
        OPEN.set(pages, access & ACCESS != 0);
        Ok(0)
    })
}

/// `madvise`. Advice that changes no contents is not needed.
pub(super) fn advise(address: usize, bytes: usize, advice: usize) -> Result {
    if advice == DONT_NEED && bytes != 0 {
        let pages = pages(address, bytes)?;
        if !MAPPED.have_all(pages.clone()) {
            return Err(ENOMEM);
        }
        // SAFETY: The program has said that it does not need what is there.
        unsafe { pages::clear(addresses_of(&pages)) };
    }
    Ok(0)
}

/// `mremap`.
pub(super) fn resize(address: usize, old_bytes: usize, new_bytes: usize, flags: usize) -> Result {
    let old = pages(address, old_bytes)?;
    if new_bytes == 0 {
        return Err(EINVAL);
    }
    let count = new_bytes.div_ceil(PAGE);
    if !MAPPED.have_all(old.clone()) {
        return Err(EFAULT);
    }
    if count <= old.len() {
        free(old.start + count..old.end);
        return Ok(address);
    }
    let access = if OPEN.has(old.start) { ACCESS } else { 0 };
    let more = old.end..old.start + count;
    let grows = with_lock(|_| {
        let is_free = more.end <= PAGES && MAPPED.have_none(more.clone());
        if is_free {
            MAPPED.set(more.clone(), true);
        }
        is_free
    });
    if grows {
        begin(more, access);
        return Ok(address);
    }
    if flags & MAY_MOVE == 0 {
        return Err(ENOMEM);
    }
    let moved = map(0, new_bytes, access, ANONYMOUS)?;
    // SAFETY: The old pages are the program's, which asked to move them; the new ones are not in use yet.
    unsafe { pages::copy(addresses_of(&old), moved) };
    free(old);
    Ok(moved)
}
