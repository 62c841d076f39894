//! What QEMU laid into memory: an executable file of the ELF format, its header at the first address.
//!
//! References: System V ABI, chapter 4 "Object Files"; System V ABI, AMD64 supplement, 3.4.1 "Initial
//! Stack and Register State", which Linux follows on every CPU.

use core::str::SplitAsciiWhitespace;

use heapless::Vec;

use super::memory;
use crate::{
    core::{console::println, panic},
    machine::addresses::PROGRAM,
};

/// The stack of the program's first thread.
const STACK_BYTES: usize = 1 << 20;

/// The header of an ELF file of 64 bits.
#[repr(C)]
struct Header {
    magic: [u8; 4],
    _kind: [u8; 20],
    entry: usize,
    segments: usize,
    _sections: usize,
    _flags: u32,
    _header_bytes: u16,
    segment_bytes: u16,
    segment_count: u16,
}

/// Kinds of entries of the auxiliary vector. Reference: Linux, `include/uapi/linux/auxvec.h`.
mod auxiliary {
    pub(super) const END: usize = 0;
    pub(super) const SEGMENTS: usize = 3;
    pub(super) const SEGMENT_BYTES: usize = 4;
    pub(super) const SEGMENT_COUNT: usize = 5;
    pub(super) const PAGE_BYTES: usize = 6;
    pub(super) const USER: usize = 11;
    pub(super) const EFFECTIVE_USER: usize = 12;
    pub(super) const GROUP: usize = 13;
    pub(super) const EFFECTIVE_GROUP: usize = 14;
    pub(super) const IS_PRIVILEGED: usize = 23;
    pub(super) const RANDOM: usize = 25;
}

/// Arguments, their pointers' end, an empty environment, and the auxiliary vector.
const MAX_ARGUMENTS: usize = 64;
/// No argument is longer than the command line.
const MAX_ARGUMENT_BYTES: usize = 1024;
const MAX_WORDS: usize = 1 + MAX_ARGUMENTS + 2 + 2 * 12;

/// Builds the first thread's stack with `arguments`. Returns the stack pointer and the entry point.
pub(super) fn load(arguments: SplitAsciiWhitespace<'_>) -> (usize, usize) {
    // SAFETY: The memory is RAM that is used for nothing but a program, and any bytes make a header.
    let header = unsafe { &*(PROGRAM.start as *const Header) };
    if header.magic != *b"\x7fELF" || !PROGRAM.contains(&header.entry) {
        println!("tsd: kernel: no program lies at {:#x}", PROGRAM.start);
        panic::end(panic::STATUS_USAGE)
    }
    let bottom = memory::map(0, STACK_BYTES, memory::ACCESS, memory::ANONYMOUS).expect("nothing is mapped yet");
    let mut stack = Stack { pointer: bottom + STACK_BYTES };
    // "Random" bytes for the C library's guard against overflow: a run can be repeated exactly.
    let random = stack.push(&[0x5a; 16]);
    let mut words = Vec::<usize, MAX_WORDS>::new();
    let mut add = |word| words.push(word).expect("the host gives few arguments");
    add(arguments.clone().count());
    for argument in arguments {
        stack.push(&[0]);
        add(stack.push(&plain(argument)));
    }
    // The ends of the arguments and of an empty environment.
    add(0);
    add(0);
    let entries = [
        (auxiliary::SEGMENTS, PROGRAM.start + header.segments),
        (auxiliary::SEGMENT_BYTES, header.segment_bytes.into()),
        (auxiliary::SEGMENT_COUNT, header.segment_count.into()),
        (auxiliary::PAGE_BYTES, memory::PAGE),
        (auxiliary::USER, 0),
        (auxiliary::EFFECTIVE_USER, 0),
        (auxiliary::GROUP, 0),
        (auxiliary::EFFECTIVE_GROUP, 0),
        (auxiliary::IS_PRIVILEGED, 0),
        (auxiliary::RANDOM, random),
        (auxiliary::END, 0),
    ];
    for (kind, value) in entries {
        add(kind);
        add(value);
    }
    (stack.push_words(&words), header.entry)
}

/// Returns an argument as the program was given it, from a word of the command line: a percent sign and two hexadecimal
/// digits are a byte, and a percent sign alone is nothing. The host writes them
/// (`qemu/runner/src/program/arguments.rs`).
fn plain(word: &str) -> Vec<u8, MAX_ARGUMENT_BYTES> {
    let mut bytes = Vec::new();
    let mut rest = word.as_bytes();
    while let [first, after @ ..] = rest {
        let written = after.get(..2).filter(|_| *first == b'%').and_then(|digits| str::from_utf8(digits).ok());
        let byte = written.map_or(Some(*first), |digits| u8::from_str_radix(digits, 16).ok());
        rest = if written.is_some() { &after[2..] } else { after };
        if word != "%" {
            bytes.push(byte.expect("the host writes digits")).expect("no word is longer than the command line");
        }
    }
    bytes
}

/// A stack that is being filled.
struct Stack {
    pointer: usize,
}

impl Stack {
    /// Puts `bytes` on the stack and returns their address.
    fn push(&mut self, bytes: &[u8]) -> usize {
        self.pointer -= bytes.len();
        // SAFETY: The stack is mapped, belongs to nobody yet, and is larger than all that is pushed.
        unsafe { (self.pointer as *mut u8).copy_from_nonoverlapping(bytes.as_ptr(), bytes.len()) };
        self.pointer
    }

    /// Puts `words` on the stack, the first one at an address that a stack pointer may have.
    fn push_words(&mut self, words: &[usize]) -> usize {
        self.pointer = (self.pointer - size_of_val(words)) & !15;
        // SAFETY: As in `push`.
        unsafe { (self.pointer as *mut usize).copy_from_nonoverlapping(words.as_ptr(), words.len()) };
        self.pointer
    }
}
