//! Each CPU's segments, and through its task state segment the stacks on which faults are handled.
//!
//! Reference: Intel SDM volume 3A, 7.14.5 "Interrupt Stack Table", 8.7 "Task Management in 64-bit Mode".

use core::{cell::UnsafeCell, mem::MaybeUninit};

use spin::Once;
use x86_64::{
    VirtAddr,
    instructions::tables::load_tss,
    registers::segmentation::{CS, SS, Segment},
    structures::{
        gdt::{Descriptor, GlobalDescriptorTable},
        tss::TaskStateSegment,
    },
};

use crate::machine::cpu_local::{FAULT_STACKS, MAX_CPUS};

/// The interrupt stack table's entry for faults in general.
pub(super) const FAULT_STACK: u16 = 0;
/// The one for what can come while a fault is handled.
pub(super) const LAST_STACK: u16 = 1;
/// The one on which interrupts arrive, before their entry goes on to the interrupted stack.
pub(super) const INTERRUPT_STACK: u16 = 2;

const LAST_STACK_BYTES: usize = 16 << 10;
/// Room for what the CPU and the entry store.
const INTERRUPT_STACK_BYTES: usize = 64;

#[repr(C, align(16))]
struct Stack<const BYTES: usize>(UnsafeCell<MaybeUninit<[u8; BYTES]>>);

// SAFETY: Only one CPU's entries use it, as a stack.
unsafe impl<const BYTES: usize> Sync for Stack<BYTES> {}

impl<const BYTES: usize> Stack<BYTES> {
    const fn new() -> Self {
        Self(UnsafeCell::new(MaybeUninit::uninit()))
    }

    fn top(&self) -> VirtAddr {
        VirtAddr::new((self.0.get().addr() + BYTES) as u64)
    }
}

static LAST_STACKS: [Stack<LAST_STACK_BYTES>; MAX_CPUS] = [const { Stack::new() }; MAX_CPUS];
static INTERRUPT_STACKS: [Stack<INTERRUPT_STACK_BYTES>; MAX_CPUS] = [const { Stack::new() }; MAX_CPUS];
static TASK_STATES: [Once<TaskStateSegment>; MAX_CPUS] = [const { Once::new() }; MAX_CPUS];
static SEGMENTS: [Once<GlobalDescriptorTable>; MAX_CPUS] = [const { Once::new() }; MAX_CPUS];

/// Makes `cpu`, which is the caller, use segments and fault stacks of its own.
pub(super) fn init_cpu(cpu: usize) {
    let task_state = TASK_STATES[cpu].call_once(|| {
        let mut state = TaskStateSegment::new();
        state.interrupt_stack_table[usize::from(FAULT_STACK)] = VirtAddr::new(FAULT_STACKS[cpu].top() as u64);
        state.interrupt_stack_table[usize::from(LAST_STACK)] = LAST_STACKS[cpu].top();
        state.interrupt_stack_table[usize::from(INTERRUPT_STACK)] = INTERRUPT_STACKS[cpu].top();
        state
    });
    let mut table = GlobalDescriptorTable::new();
    let code = table.append(Descriptor::kernel_code_segment());
    let data = table.append(Descriptor::kernel_data_segment());
    let task = table.append(Descriptor::tss_segment(task_state));
    SEGMENTS[cpu].call_once(|| table).load();
    // SAFETY: The selectors are those of the table that was just loaded: level 0 code and data, and a
    // task state segment that only this CPU loads. FS and GS are left alone, with their bases.
    unsafe {
        CS::set_reg(code);
        SS::set_reg(data);
        load_tss(task);
    }
}
