//! The way of each CPU from where it starts to 64-bit Rust code.
//!
//! The first CPU comes from QEMU through the PVH note: 32-bit protected mode, no paging. The others
//! come from their reset through [`trampoline`], a copy of which lies in low memory: 16-bit real mode.
//! Both go through the same switch to long mode, on a map of two levels that is replaced later by
//! `memory`'s.
//!
//! References: Xen, "x86/HVM direct boot ABI" (PVH); Intel SDM volume 3A, 10.8.5 "Initializing IA-32e
//! Mode", 9.4.4 "MP Initialization Example".

use core::arch::global_asm;

/// Physical addresses of the first 4 GiB are mapped one to one, until `memory` has built its tables:
/// three pages of 1 GiB for RAM, one for the devices below 4 GiB.
const RAM_PAGE: u64 = PRESENT | WRITABLE | LARGE;
const DEVICE_PAGE: u64 = RAM_PAGE | NOT_CACHED;
const PRESENT: u64 = 1 << 0;
const WRITABLE: u64 = 1 << 1;
const NOT_CACHED: u64 = 1 << 4;
const LARGE: u64 = 1 << 7;

/// Physical address extension, global pages, FXSAVE with SSE, SSE exceptions, FSGSBASE.
const CR4: u32 = 1 << 5 | 1 << 7 | 1 << 9 | 1 << 10 | 1 << 16;
/// Protection, FPU present and reporting by exception, write protection at level 0, paging.
const CR0: u32 = 1 << 0 | 1 << 1 | 1 << 5 | 1 << 16 | 1 << 31;
const EFER: u32 = 0xc000_0080;
/// Long mode, no-execute pages.
const EFER_BITS: u32 = 1 << 8 | 1 << 11;

/// CPUID leaf 0x8000_0001, EDX: no-execute pages, 1 GiB pages.
const EXTENDED_FEATURES: u32 = 1 << 20 | 1 << 26;
/// CPUID leaf 7, EBX.
const FSGSBASE: u32 = 1 << 0;

/// The selectors of the initial segments. The last one tells the size of their table.
const CODE32: u16 = 8;
const CODE64: u16 = 16;
const DATA: u16 = 24;

unsafe extern "C" {
    static trampoline_begin: u8;
    static trampoline_end: u8;
}

/// Returns the code that a further CPU starts with, to be copied to a page below 1 MiB. It can run on
/// any page there: it finds its data relative to its code segment.
pub(super) fn trampoline() -> &'static [u8] {
    let begin = &raw const trampoline_begin;
    let end = &raw const trampoline_end;
    // SAFETY: The two symbols enclose constant code of the image.
    unsafe { core::slice::from_raw_parts(begin, end.addr() - begin.addr()) }
}

// All of the assembly below is in AT&T syntax, which has explicit operand sizes for far jumps and table
// loads out of 16-bit code.

// QEMU reads the entry point as a word of 8 bytes out of a 64-bit file. 18: XEN_ELFNOTE_PHYS32_ENTRY.
global_asm!(
    ".pushsection .note.pvh, \"a\", @note",
    ".balign 4",
    ".long 4, 8, 18",
    ".asciz \"Xen\"",
    ".quad entry",
    ".popsection",
    options(att_syntax),
);

// The initial map and segments. In a writable section, since loading a selector marks the descriptor.
global_asm!(
    ".pushsection .data.entry, \"aw\"",
    ".balign 4096",
    "initial_directory:",
    ".quad {ram_page}, {ram_page} + 0x40000000, {ram_page} + 0x80000000, {device_page} + 0xc0000000",
    ".fill 508, 8, 0",
    ".global initial_root",
    "initial_root:",
    ".quad initial_directory + {present} + {writable}",
    ".fill 511, 8, 0",
    // Null, 32-bit code, 64-bit code, data; each over the whole address space.
    ".global initial_segments",
    "initial_segments:",
    ".quad 0, 0x00cf9a000000ffff, 0x00af9a000000ffff, 0x00cf92000000ffff",
    ".popsection",
    ram_page = const RAM_PAGE,
    device_page = const DEVICE_PAGE,
    present = const PRESENT,
    writable = const WRITABLE,
    options(att_syntax),
);

// From 32-bit protected mode to Rust. EBX says where to go on in long mode, EDI is kept.
global_asm!(
    ".pushsection .init.entry, \"ax\"",
    ".code32",
    // The first CPU. EBX holds the address of the start-up information.
    ".global entry",
    "entry:",
    "cld",
    "xor %eax, %eax",
    "mov $bss_begin, %edi",
    "mov $bss_end, %ecx",
    "sub %edi, %ecx",
    "shr $2, %ecx",
    "rep stosl",
    "mov %ebx, %edi",
    // A CPU without what is used below would hang with no word. The others are like the first.
    "mov $0x80000001, %eax",
    "cpuid",
    "and ${extended_features}, %edx",
    "cmp ${extended_features}, %edx",
    "jne unfit",
    "mov $7, %eax",
    "xor %ecx, %ecx",
    "cpuid",
    "test ${fsgsbase}, %ebx",
    "jz unfit",
    "mov $first_cpu_long_mode, %ebx",
    "lgdtl initial_segments_pointer",
    "jmp enter_long_mode",
    // A further CPU. Its data segments are still those of real mode: no memory is accessed with them.
    ".global enter_secondary",
    "enter_secondary:",
    "mov $secondary_long_mode, %ebx",
    "enter_long_mode:",
    "mov ${cr4}, %eax",
    "mov %eax, %cr4",
    "mov $initial_root, %eax",
    "mov %eax, %cr3",
    "mov ${efer}, %ecx",
    "rdmsr",
    "or ${efer_bits}, %eax",
    "wrmsr",
    "mov ${cr0}, %eax",
    "mov %eax, %cr0",
    "ljmpl ${code64}, $1f",
    ".code64",
    "1:",
    "mov ${data}, %eax",
    "mov %eax, %ds",
    "mov %eax, %es",
    "mov %eax, %ss",
    "xor %eax, %eax",
    "mov %eax, %fs",
    "mov %eax, %gs",
    // The upper halves of registers are undefined after the change of mode: these writes clear them.
    "mov %edi, %edi",
    "mov %ebx, %ebx",
    // No caller, for a debugger.
    "xor %ebp, %ebp",
    "jmp *%rbx",
    "first_cpu_long_mode:",
    "mov $boot_stack_end, %esp",
    "call {first_cpu}",
    "secondary_long_mode:",
    "mov {secondary_stack_top}, %rsp",
    "call {secondary_cpu}",
    // Says why on the serial port and ends QEMU.
    ".code32",
    "unfit:",
    "mov $unfit_text, %esi",
    "mov $unfit_text_end - unfit_text, %ecx",
    "mov ${uart}, %edx",
    "rep outsb",
    "mov $2, %eax",
    "mov ${exit_port}, %edx",
    "out %eax, %dx",
    "hlt",
    "unfit_text:",
    ".ascii \"tsd: kernel: the CPU lacks FSGSBASE, NX or 1 GiB pages\\ntsd: end: status 2\\n\"",
    "unfit_text_end:",
    ".code64",
    ".popsection",
    cr4 = const CR4,
    cr0 = const CR0,
    efer = const EFER,
    efer_bits = const EFER_BITS,
    extended_features = const EXTENDED_FEATURES,
    fsgsbase = const FSGSBASE,
    uart = const super::console::UART,
    exit_port = const super::power::PORT,
    code64 = const CODE64,
    data = const DATA,
    first_cpu = sym super::start::first_cpu,
    secondary_cpu = sym super::start::secondary_cpu,
    secondary_stack_top = sym super::start::SECONDARY_STACK_TOP,
    options(att_syntax),
);

// The trampoline. A start-up interrupt for page n enters with n in the middle of CS, so that offset 0 of
// the code segment is the start of the page.
global_asm!(
    ".pushsection .init.trampoline, \"ax\"",
    ".code16",
    ".global trampoline_begin, trampoline_end",
    "trampoline_begin:",
    "cli",
    "lgdtl %cs:(initial_segments_pointer - trampoline_begin)",
    "mov %cr0, %eax",
    "or $1, %eax",
    "mov %eax, %cr0",
    "ljmpl ${code32}, $enter_secondary",
    // In the copied part, for the reach of the 16-bit code segment.
    ".global initial_segments_pointer",
    "initial_segments_pointer:",
    ".word {data} + 8 - 1",
    ".long initial_segments",
    "trampoline_end:",
    ".code64",
    ".popsection",
    code32 = const CODE32,
    data = const DATA,
    options(att_syntax),
);
