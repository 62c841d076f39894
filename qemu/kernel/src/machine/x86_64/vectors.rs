//! The entries of interrupts and exceptions.
//!
//! An interrupt is handled on the stack of the thread that it interrupts, so that the handler can
//! switch threads and leave the frame there. It arrives on a stack of the CPU first, because code that
//! is not the kernel's may keep data below its stack pointer. An exception is a fault, a single step, or the
//! first access to a page of a program, and is handled on a stack of the CPU: the thread's own may be what overflowed.
//!
//! Reference: Intel SDM volume 3A, chapter 6 "Interrupt and Exception Handling".

use core::arch::naked_asm;

use spin::Once;
use x86_64::{
    VirtAddr,
    instructions::tables::lidt,
    structures::{
        DescriptorTablePointer,
        idt::{Entry, HandlerFunc},
    },
};

use super::{
    apic::{RESCHEDULE, SPURIOUS, TIMER},
    descriptors::{FAULT_STACK, INTERRUPT_STACK, LAST_STACK},
    handlers::{handle_fault, handle_interrupt, handle_page_fault},
    step::handle_step,
    system_call::RED_ZONE_BYTES,
};

const DEBUG: usize = 1;
const PAGE_FAULT: usize = 14;
const EXCEPTIONS: usize = 32;
const VECTORS: usize = 48;
/// The distance from one exception's entry to the next one's.
const ENTRY_BYTES: usize = 16;

/// The vectors that push an error code, a bit each.
const WITH_ERROR_CODE: u32 = 1 << 8 | 0b11111 << 10 | 1 << 17 | 1 << 21 | 0b11 << 29;
/// Non-maskable interrupt, double fault, machine check: they can come while a fault is handled.
const ON_LAST_STACK: u32 = 1 << 2 | 1 << 8 | 1 << 18;

type Table = [Entry<HandlerFunc>; VECTORS];

static TABLE: Once<Table> = Once::new();

/// Makes this CPU use the entries. Its segments are set already.
pub(super) fn install() {
    let table = TABLE.call_once(build);
    let pointer = DescriptorTablePointer { limit: (size_of::<Table>() - 1) as u16, base: VirtAddr::from_ptr(table) };
    // SAFETY: The table is never changed, and each of its handlers is an entry of this file.
    unsafe { lidt(&pointer) };
}

fn build() -> Table {
    let mut table = [const { Entry::missing() }; VECTORS];
    for (vector, entry) in table.iter_mut().take(EXCEPTIONS).enumerate() {
        let address = exception_entries as *const () as usize + vector * ENTRY_BYTES;
        let stack = if ON_LAST_STACK >> vector & 1 == 1 { LAST_STACK } else { FAULT_STACK };
        // SAFETY: `exception_entries` has one of its entries there. The task state segment has the stack.
        unsafe { entry.set_handler_addr(VirtAddr::new(address as u64)).set_stack_index(stack) };
    }
    // SAFETY: The function is an entry of an exception. The task state segment has the stack.
    unsafe { table[DEBUG].set_handler_addr(VirtAddr::from_ptr(step_entry as *const ())).set_stack_index(FAULT_STACK) };
    let page_fault = VirtAddr::from_ptr(page_fault_entry as *const ());
    // SAFETY: As above.
    unsafe { table[PAGE_FAULT].set_handler_addr(page_fault).set_stack_index(FAULT_STACK) };
    let interrupts = [
        (TIMER, interrupt_entry::<TIMER> as *const ()),
        (RESCHEDULE, interrupt_entry::<RESCHEDULE> as *const ()),
        (SPURIOUS, spurious_entry as *const ()),
    ];
    for (vector, address) in interrupts {
        // SAFETY: The functions are entries of interrupts. The task state segment has the stack.
        unsafe {
            table[usize::from(vector)].set_handler_addr(VirtAddr::from_ptr(address)).set_stack_index(INTERRUPT_STACK)
        };
    }
    table
}

/// Pushes what a call may change, but for RAX and RCX, which are pushed before.
macro_rules! push_the_others {
    () => {
        "push rdx; push rsi; push rdi; push r8; push r9; push r10; push r11"
    };
}

/// Pops all of them.
macro_rules! pop_all {
    () => {
        "pop r11; pop r10; pop r9; pop r8; pop rdi; pop rsi; pop rdx; pop rcx; pop rax"
    };
}

/// Pops all of them, and goes back to the code that the exception came into.
macro_rules! pop_and_go_back {
    () => {
        concat!(pop_all!(), "; iretq")
    };
}

/// Saves what a call may change, calls the handler, and goes back to the interrupted code.
///
/// Vector registers are not saved: the kernel is built without them, so no handler changes them, and
/// a switch of threads inside the handler keeps them with the thread.
#[unsafe(naked)]
unsafe extern "C" fn interrupt_entry<const VECTOR: u8>() {
    naked_asm!(
        "push rax",
        "push rcx",
        // Copy these two and the CPU's five words to the interrupted stack, below what a function may
        // use there.
        "mov rax, [rsp + 40]",
        "sub rax, {red_zone}",
        "and rax, -16",
        "mov rcx, [rsp + 48]",
        "mov [rax - 8], rcx",
        "mov rcx, [rsp + 40]",
        "mov [rax - 16], rcx",
        "mov rcx, [rsp + 32]",
        "mov [rax - 24], rcx",
        "mov rcx, [rsp + 24]",
        "mov [rax - 32], rcx",
        "mov rcx, [rsp + 16]",
        "mov [rax - 40], rcx",
        "mov rcx, [rsp + 8]",
        "mov [rax - 48], rcx",
        "mov rcx, [rsp]",
        "mov [rax - 56], rcx",
        "lea rsp, [rax - 56]",
        // With the seven words, these seven make the stack pointer a multiple of 16 again, as a call
        // wants it.
        push_the_others!(),
        "cld",
        "mov edi, {vector}",
        "call {handler}",
        pop_and_go_back!(),
        red_zone = const RED_ZONE_BYTES,
        vector = const VECTOR,
        handler = sym handle_interrupt,
    )
}

/// Goes back at once: there is nothing to handle and nothing to end.
#[unsafe(naked)]
unsafe extern "C" fn spurious_entry() {
    naked_asm!("iretq")
}

/// Saves what a call may change in the layout of `step::Frame`, calls the handler, and goes back to the code that is
/// stepped through. With the CPU's five words, the nine make the stack pointer a multiple of 16.
#[unsafe(naked)]
unsafe extern "C" fn step_entry() {
    naked_asm!(
        "push rax",
        "push rcx",
        push_the_others!(),
        "mov rdi, rsp",
        "cld",
        "call {handler}",
        pop_and_go_back!(),
        handler = sym handle_step,
    )
}

/// Asks whether the access can be done again. If not, goes on as every other exception does.
#[unsafe(naked)]
unsafe extern "C" fn page_fault_entry() {
    naked_asm!(
        "push rax",
        "push rcx",
        push_the_others!(),
        // The error code. With it and the CPU's five words, the nine make the stack pointer an odd multiple of 8.
        "mov rdi, [rsp + 72]",
        "sub rsp, 8",
        "cld",
        "call {handler}",
        "add rsp, 8",
        // The flags hold the answer: POP does not change them.
        "test al, al",
        pop_all!(),
        "jz {exceptions} + {entry}",
        "add rsp, 8",
        "iretq",
        handler = sym handle_page_fault,
        exceptions = sym exception_entries,
        entry = const PAGE_FAULT * ENTRY_BYTES,
    )
}

/// An entry for each exception, of [`ENTRY_BYTES`] each. They complete an `ExceptionFrame` and go on
/// to the handler, which does not return.
#[unsafe(naked)]
unsafe extern "C" fn exception_entries() {
    naked_asm!(
        ".set exception_vector, 0",
        ".rept {exceptions}",
        ".balign {entry_bytes}",
        ".if ({with_error_code} >> exception_vector & 1) == 0",
        "push 0",
        ".endif",
        // PUSH with a byte, spelled out since the assembler takes a symbol for an address.
        ".byte 0x6a, exception_vector",
        "jmp 2f",
        ".set exception_vector, exception_vector + 1",
        ".endr",
        "2:",
        "mov rdi, rsp",
        // The ABI wants a multiple of 16 at a call, and the direction flag clear.
        "and rsp, -16",
        "cld",
        "call {handler}",
        exceptions = const EXCEPTIONS,
        entry_bytes = const ENTRY_BYTES,
        with_error_code = const WITH_ERROR_CODE,
        handler = sym handle_fault,
    )
}
