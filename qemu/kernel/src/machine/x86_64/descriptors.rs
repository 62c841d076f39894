//! Each CPU's segments, and through its task state segment the stacks on which faults are handled.
//!
//! Reference: Intel SDM volume 3A, 7.14.5 "Interrupt Stack Table", 8.7 "Task Management in 64-bit Mode".

use core::{
    cell::UnsafeCell,
    mem::MaybeUninit,
    sync::atomic::{AtomicUsize, Ordering},
};

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

use crate::cpu::{CpuLocal, MAX_CPUS};

/// The interrupt stack table's entry for faults in general.
pub(super) const FAULT_STACK: u16 = 0;
/// The one for what can come while a fault is handled.
pub(super) const LAST_STACK: u16 = 1;

const LAST_STACK_BYTES: usize = 16 << 10;

#[repr(C, align(16))]
struct LastStack(UnsafeCell<MaybeUninit<[u8; LAST_STACK_BYTES]>>);

// SAFETY: Only one CPU's exception entries use it, as a stack.
unsafe impl Sync for LastStack {}

static LAST_STACKS: [LastStack; MAX_CPUS] = [const { LastStack(UnsafeCell::new(MaybeUninit::uninit())) }; MAX_CPUS];
static TASK_STATES: [Once<TaskStateSegment>; MAX_CPUS] = [const { Once::new() }; MAX_CPUS];
static SEGMENTS: [Once<GlobalDescriptorTable>; MAX_CPUS] = [const { Once::new() }; MAX_CPUS];

/// Makes `cpu`, which is the caller, use segments and fault stacks of its own.
pub(super) fn init_cpu(cpu: usize, local: &CpuLocal) {
    let task_state = TASK_STATES[cpu].call_once(|| {
        let last_stack = LAST_STACKS[cpu].0.get() as usize + LAST_STACK_BYTES;
        let mut state = TaskStateSegment::new();
        state.interrupt_stack_table[usize::from(FAULT_STACK)] = stack_top(&local.fault_stack_top);
        state.interrupt_stack_table[usize::from(LAST_STACK)] = VirtAddr::new(last_stack as u64);
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

fn stack_top(word: &AtomicUsize) -> VirtAddr {
    // Relaxed: the CPU that reads is the one that wrote.
    VirtAddr::new(word.load(Ordering::Relaxed) as u64)
}
