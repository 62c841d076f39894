//! The functions of FreeRTOS and of the board that the image uses. What FreeRTOS has as macros is spelled out.

use core::{
    arch::asm,
    ffi::{CStr, c_char, c_void},
    ptr,
};

/// FreeRTOS's `TaskHandle_t`.
pub(crate) type Handle = *mut c_void;

/// FreeRTOS's `portMAX_DELAY`.
const FOR_EVER: u32 = u32::MAX;
/// FreeRTOS's `eIncrement`.
const INCREMENT: u32 = 2;

unsafe extern "C" {
    fn xTaskCreate(
        code: extern "C" fn(*mut c_void),
        name: *const c_char,
        stack_words: u32,
        argument: *mut c_void,
        priority: u32,
        handle: *mut Handle,
    ) -> i32;
    fn vTaskDelete(task: Handle);
    fn vTaskSuspend(task: Handle);
    fn xTaskGenericNotify(task: Handle, index: u32, value: u32, action: u32, previous: *mut u32) -> i32;
    fn xTaskAbortDelay(task: Handle) -> i32;
    safe fn vTaskDelay(ticks: u32);
    safe fn ulTaskGenericNotifyTake(index: u32, clear: i32, ticks: u32) -> u32;
    pub(crate) safe fn xTaskGetTickCount() -> u32;
    pub(crate) safe fn xTaskGetCurrentTaskHandle() -> Handle;
    safe fn xTaskGetIdleTaskHandle() -> Handle;
    pub(crate) safe fn vTaskStartScheduler();
    safe fn vPortEnterCritical();
    safe fn vPortExitCritical();
    pub(crate) safe fn xPortGetFreeHeapSize() -> usize;
    safe fn pvPortMalloc(bytes: usize) -> *mut c_void;
    fn vPortFree(memory: *mut c_void);

    fn board_print(text: *const c_char);
    safe fn board_command_line() -> *const c_char;
    pub(crate) safe fn board_end(status: u32) -> !;
    pub(crate) safe fn board_draw_preemptions(seed: u32);
    pub(crate) safe fn board_interrupt();
    safe fn board_interrupts_are_enabled() -> i32;
}

pub(crate) use {
    board_draw_preemptions as draw_preemptions, board_end as end, board_interrupt as interrupt,
    vTaskStartScheduler as start_scheduler, xPortGetFreeHeapSize as free_heap_bytes,
    xTaskGetCurrentTaskHandle as current_task, xTaskGetTickCount as tick_count,
};

/// Creates a task that calls `code` with `argument`; `None` where memory is short.
pub(crate) fn create(
    code: extern "C" fn(*mut c_void),
    argument: *mut c_void,
    stack_bytes: usize,
    priority: u32,
) -> Option<Handle> {
    let mut handle = ptr::null_mut();
    let words = u32::try_from(stack_bytes / 4).expect("a stack is smaller than memory");
    // SAFETY: FreeRTOS copies the name; the task takes any argument.
    let created = unsafe { xTaskCreate(code, c"suite".as_ptr(), words, argument, priority, &raw mut handle) };
    (created == 1).then_some(handle)
}

/// Deletes the calling task.
pub(crate) fn delete_self() -> ! {
    // SAFETY: the task has ended.
    unsafe { vTaskDelete(ptr::null_mut()) };
    unreachable!("a deleted task runs");
}

/// Deletes another task.
///
/// # Safety
/// It lives, and nobody uses its stack or block any more.
pub(crate) unsafe fn delete(task: Handle) {
    // SAFETY: the caller's word.
    unsafe { vTaskDelete(task) }
}

/// Has the calling task never run again.
pub(crate) fn suspend_self() -> ! {
    loop {
        // SAFETY: the task itself lives.
        unsafe { vTaskSuspend(ptr::null_mut()) };
    }
}

/// Sees that another task does not run.
///
/// # Safety
/// It lives.
pub(crate) unsafe fn suspend(task: Handle) {
    // SAFETY: the caller's word.
    unsafe { vTaskSuspend(task) }
}

/// Wakes a task from [`await_notice`], now or when it calls that.
///
/// # Safety
/// It lives.
pub(crate) unsafe fn notify(task: Handle) {
    // SAFETY: the caller's word; the previous value is not wanted.
    unsafe { xTaskGenericNotify(task, 0, 0, INCREMENT, ptr::null_mut()) };
}

/// Sleeps until somebody calls [`notify`], or [`wake_early`] for this task.
pub(crate) fn await_notice() {
    ulTaskGenericNotifyTake(0, 1, FOR_EVER);
}

/// Ends a task's sleep, if it is asleep.
///
/// # Safety
/// It lives.
pub(crate) unsafe fn wake_early(task: Handle) {
    // SAFETY: the caller's word. That it is not asleep is no failure.
    unsafe { xTaskAbortDelay(task) };
}

/// Sleeps for so many ticks, which are milliseconds.
pub(crate) fn sleep(ticks: u32) {
    vTaskDelay(ticks.max(1));
}

/// Lets the next task of the same priority run.
pub(crate) fn yield_now() {
    const INTERRUPT_CONTROL: *mut u32 = ptr::without_provenance_mut(0xe000_ed04);
    const PEND_SWITCH: u32 = 1 << 28;
    // SAFETY: the register that FreeRTOS's own `portYIELD` writes; the barriers see that the switch is here.
    unsafe {
        INTERRUPT_CONTROL.write_volatile(PEND_SWITCH);
        asm!("dsb", "isb");
    }
}

/// Calls `work` with no task and no handler in between.
pub(crate) fn critical<R>(work: impl FnOnce() -> R) -> R {
    vPortEnterCritical();
    let result = work();
    vPortExitCritical();
    result
}

/// Whether the calling task is the idle task, which must not block.
pub(crate) fn is_idle_task() -> bool {
    current_task() == xTaskGetIdleTaskHandle()
}

/// Whether an interrupt handler runs.
pub(crate) fn is_in_handler() -> bool {
    let number: u32;
    // SAFETY: it reads a register.
    unsafe { asm!("mrs {}, ipsr", out(reg) number, options(nomem, nostack, preserves_flags)) };
    number != 0
}

/// The registers that the interrupted task finds again: r0 to r3, r12, lr, pc, xpsr.
pub(crate) fn interrupted_frame() -> *mut u32 {
    let frame;
    // SAFETY: it reads a register.
    unsafe { asm!("mrs {}, psp", out(reg) frame, options(nomem, nostack, preserves_flags)) };
    frame
}

/// Whether interrupts can come.
pub(crate) fn interrupts_are_enabled() -> bool {
    board_interrupts_are_enabled() != 0
}

/// Moves `value` into FreeRTOS's heap.
pub(crate) fn allocate<T>(value: T) -> Option<*mut T> {
    const { assert!(align_of::<T>() <= 8) };
    let memory = pvPortMalloc(size_of::<T>()).cast::<T>();
    if memory.is_null() {
        return None;
    }
    // SAFETY: it is new, large enough, and FreeRTOS aligns to 8 bytes.
    unsafe { memory.write(value) };
    Some(memory)
}

/// Gives memory back.
///
/// # Safety
/// It is of [`allocate`], and nobody uses it any more.
pub(crate) unsafe fn free<T>(memory: *mut T) {
    // SAFETY: the caller's word.
    unsafe { vPortFree(memory.cast()) }
}

/// Prints to the board's console.
pub(crate) fn print(text: &CStr) {
    // SAFETY: it ends with a zero byte.
    unsafe { board_print(text.as_ptr()) }
}

/// The words that QEMU was told.
pub(crate) fn command_line() -> &'static str {
    // SAFETY: the board keeps it, with a zero byte at its end.
    unsafe { CStr::from_ptr(board_command_line()) }.to_str().unwrap_or_default()
}
