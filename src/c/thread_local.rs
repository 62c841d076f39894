//! `thread_local` variables of a kernel without thread-local storage in its ELF format: the compiler's emulation, as
//! LLVM and GCC call it (`-femulated-tls`).
//!
//! The compiler has a [`Variable`] for each, and asks for its address at each use. A thread's blocks are found from one
//! key of the last phase, so that C++ destructors and those of ordinary keys are called before the blocks go. What a
//! thread uses after that is made anew, and freed in a later round.
//!
//! A thread and its interrupt handlers may ask for the same variable: whoever is first to store a block has made it. That
//! is not so of a thread's first [`Segment`], since the value of a key is stored plainly. So a handler's use must not be
//! the first on its thread.

use core::ffi::{CStr, c_int, c_void};
use core::ptr;
use core::sync::atomic::Ordering::{Acquire, Relaxed, Release};

use tsd::errno::{ENOMEM, ESRCH};

use crate::calls;
use crate::hooks::{tsd_allocate, tsd_free, tsd_thread_local_failed};
use crate::port::current;
use crate::sync::{AtomicPtr, AtomicU32, AtomicUsize};

/// What the compiler has for each variable: `__emutls_v.NAME`.
#[derive(Debug)]
#[repr(C)]
pub struct Variable {
    size: usize,
    alignment: usize,
    /// Counted from 1 in the order of first uses; 0 before.
    number: AtomicUsize,
    /// What a thread's block begins as; NULL for zeros.
    template: *const u8,
}

impl Variable {
    /// Where the variable's block is found. Two that number it at once take two numbers, of which one stays unused.
    fn index(&self) -> usize {
        static NUMBERS: AtomicUsize = AtomicUsize::new(0);
        // Relaxed, all of them: only the number counts.
        let mut number = self.number.load(Relaxed);
        if number == 0 {
            number = NUMBERS.fetch_add(1, Relaxed) + 1;
            if let Err(first) = self.number.compare_exchange(0, number, Relaxed, Relaxed) {
                number = first;
            }
        }
        number - 1
    }

    /// A new block of the variable.
    fn block(&self) -> Result<*mut u8, c_int> {
        let block = allocate(self.size, self.alignment)?;
        // SAFETY: the block is new, and the compiler vouches for the template.
        unsafe { fill(block, self.template, self.size, self.alignment) };
        Ok(block)
    }
}

const WORD: usize = size_of::<usize>();

/// Addresses of blocks, of one thread. All zero bytes are an empty one.
#[repr(C)]
struct Segment {
    next: AtomicPtr<Segment>,
    blocks: [AtomicPtr<u8>; Segment::LENGTH],
}

impl Segment {
    const LENGTH: usize = 15;

    fn new() -> Result<*mut Self, c_int> {
        let segment = allocate(size_of::<Self>(), WORD)?;
        // SAFETY: it is new, and all zero bytes are a segment.
        unsafe { fill(segment, ptr::null(), size_of::<Self>(), WORD) };
        Ok(segment.cast())
    }

    /// The place for the block at `index`; or the last segment, if that is too short.
    fn place(&self, mut index: usize) -> Result<&AtomicPtr<u8>, &Self> {
        let mut segment = self;
        loop {
            if let Some(place) = segment.blocks.get(index) {
                return Ok(place);
            }
            index -= Self::LENGTH;
            // Relaxed: of this thread and its interrupts only, as all that is below.
            // SAFETY: NULL, or a segment that is there until the thread's exit.
            segment = unsafe { segment.next.load(Relaxed).as_ref() }.ok_or(segment)?;
        }
    }
}

/// The key under which each thread has its first segment, or 0.
static KEY: AtomicU32 = AtomicU32::new(0);

/// The address of the calling thread's block of a variable: `__emutls_get_address`, which compilers call.
///
/// # Safety
///
/// `variable` is valid for the rest of the program.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tsd___emutls_get_address(variable: *const Variable) -> *mut c_void {
    // SAFETY: the caller's word.
    let variable = unsafe { &*variable };
    // Relaxed: a thread finds nothing under a key that it has not seen as `key` does.
    let first = calls::tsd_get(KEY.load(Relaxed)).cast::<Segment>();
    // SAFETY: the key's values are segments.
    if let Some(Ok(place)) = unsafe { first.as_ref() }.map(|first| first.place(variable.index())) {
        let block = place.load(Relaxed);
        if !block.is_null() {
            return block.cast();
        }
    }
    match make(variable) {
        Ok(block) => block.cast(),
        Err(error) => tsd_thread_local_failed(error, variable.size, variable.alignment),
    }
}

/// Makes the calling thread's block of a variable.
#[cold]
#[inline(never)]
fn make(variable: &Variable) -> Result<*mut u8, c_int> {
    let first = first_segment()?;
    let place = loop {
        match first.place(variable.index()) {
            Ok(place) => break place,
            Err(last) => {
                store_first(&last.next, Segment::new()?);
            }
        }
    };
    Ok(store_first(place, variable.block()?))
}

/// Stores what was allocated, unless a handler was faster; what is there.
fn store_first<T>(place: &AtomicPtr<T>, new: *mut T) -> *mut T {
    match place.compare_exchange(ptr::null_mut(), new, Relaxed, Relaxed) {
        Ok(_) => new,
        Err(first) => {
            // SAFETY: nobody else has it.
            unsafe { free(new.cast()) };
            first
        }
    }
}

/// The calling thread's first segment, which it has from here on.
fn first_segment() -> Result<&'static Segment, c_int> {
    let key = key()?;
    if current().is_none() {
        return Err(ESRCH);
    }
    let mut first = calls::tsd_get(key).cast::<Segment>();
    if first.is_null() {
        first = Segment::new()?;
        // SAFETY: the key's destructor takes segments.
        let status = unsafe { calls::tsd_set(key, first.cast()) };
        if status != 0 {
            // SAFETY: it was stored nowhere.
            unsafe { free(first.cast()) };
            return Err(status);
        }
    }
    // SAFETY: it is there until the thread's exit, which runs when this call has returned.
    Ok(unsafe { &*first })
}

/// The key, which the first to ask creates.
fn key() -> Result<u32, c_int> {
    // As C's listings have it.
    const NAME: &CStr = c"thread_local";
    // Acquire, in all loads: pairs with the Release below, so that the key is seen as created.
    let known = KEY.load(Acquire);
    if known != 0 {
        return Ok(known);
    }
    let mut created = 0;
    // SAFETY: a local variable; the destructor takes what is stored; the name is a constant.
    let status = unsafe {
        calls::tsd_key_create_from(&mut created, Some(free_all), true, NAME.as_ptr().cast(), NAME.count_bytes())
    };
    if status != 0 {
        // The last index may have become this very key.
        let known = KEY.load(Acquire);
        return if known == 0 { Err(status) } else { Ok(known) };
    }
    KEY.compare_exchange(0, created, Release, Acquire).map_or_else(
        |known| {
            calls::tsd_key_delete(created);
            Ok(known)
        },
        |_| Ok(created),
    )
}

/// The key's destructor.
///
/// # Safety
///
/// `first` is the first segment of the calling thread, or of the one that it reaps.
unsafe extern "C-unwind" fn free_all(first: *mut c_void) {
    // A destructor of the last phase that came before this one has made C++ objects: their destructors are called in the
    // next round, and want the blocks.
    if current().is_some_and(|thread| !thread.functions.as_list().is_empty()) {
        // SAFETY: the key's destructor takes segments. Where no round is left, they are reported.
        let status = unsafe { calls::tsd_set(KEY.load(Relaxed), first) };
        if status == 0 {
            return;
        }
    }
    let mut segment = first.cast::<Segment>();
    while !segment.is_null() {
        // SAFETY: segments and blocks are of `allocate`, and nobody finds them any more.
        unsafe {
            for block in &(*segment).blocks {
                let block = block.load(Relaxed);
                if !block.is_null() {
                    free(block);
                }
            }
            let next = (*segment).next.load(Relaxed);
            free(segment.cast());
            segment = next;
        }
    }
}

/// Takes memory of the kernel, which has it aligned for pointers, and aligns it. The word in front of what this gives
/// has the address to be freed.
fn allocate(size: usize, alignment: usize) -> Result<*mut u8, c_int> {
    let alignment = alignment.max(WORD);
    let start = tsd_allocate(size.checked_add(alignment).ok_or(ENOMEM)?).cast::<u8>();
    if start.is_null() {
        return Err(ENOMEM);
    }
    let to_first_word = start.wrapping_add(WORD);
    let padding = to_first_word.addr().wrapping_neg() & (alignment - 1);
    // SAFETY: the start is aligned for a word, so the padding is a word less than the alignment at most.
    unsafe {
        let block = to_first_word.add(padding);
        block.cast::<*mut u8>().sub(1).write(start);
        Ok(block)
    }
}

/// Gives back what `allocate` gave.
///
/// # Safety
///
/// It did, and nobody uses it any more.
unsafe fn free(block: *mut u8) {
    // SAFETY: the word in front has the start.
    unsafe { tsd_free(block.cast::<*mut c_void>().sub(1).read()) };
}

/// Writes `size` bytes: those of `template`, or zeros if that is NULL.
///
/// With volatile stores, because the compiler makes calls to memcpy and memset of plain ones, which the kernel may not
/// have.
///
/// # Safety
///
/// The bytes are valid for writes, those of the template for reads, and both are aligned so.
unsafe fn fill(block: *mut u8, template: *const u8, size: usize, alignment: usize) {
    let words = if alignment >= WORD { size / WORD } else { 0 };
    for index in 0..words {
        // SAFETY: inside, by the caller's word, and aligned.
        unsafe {
            let word = if template.is_null() { 0 } else { template.cast::<usize>().add(index).read() };
            block.cast::<usize>().add(index).write_volatile(word);
        }
    }
    for index in words * WORD..size {
        // SAFETY: inside, by the caller's word.
        unsafe { block.add(index).write_volatile(if template.is_null() { 0 } else { template.add(index).read() }) };
    }
}
