/*
 * ThreadX's thread services, as far as they matter to the glue: a thread that is resumed runs at once, as one of higher priority
 * does, until it completes or suspends itself, which it does once.
 *
 * As in ThreadX, tx_thread_create() clears the control block; the notifications come with the state already changed, that of a
 * terminated thread on the thread that terminates it, and with preemption disabled, so that nobody can sleep in them.
 */
#include <setjmp.h>
#include <string.h>

#include "tx_api.h"

static TX_THREAD *current;
static UINT preempt_disable;
static jmp_buf suspended;

TX_THREAD *tx_thread_identify(VOID) { return current; }

UINT tx_thread_sleep(ULONG ticks) {
    (void)ticks;
    return preempt_disable || !current ? TX_CALLER_ERROR : TX_SUCCESS;
}

static VOID send(TX_THREAD *thread, UINT what) {
    if (thread->tx_thread_entry_exit_notify) {
        thread->tx_thread_entry_exit_notify(thread, what);
    }
}

static VOID end(TX_THREAD *thread, UINT state) {
    thread->tx_thread_state = state;
    preempt_disable++;
    send(thread, TX_THREAD_EXIT);
    preempt_disable--;
}

UINT tx_thread_resume(TX_THREAD *thread) {
    TX_THREAD *volatile before = current;
    current = thread;
    if (setjmp(suspended) == 0) {
        send(thread, TX_THREAD_ENTRY);
        thread->tx_thread_entry(thread->tx_thread_entry_parameter);
        end(thread, TX_COMPLETED);
    }
    current = before;
    return TX_SUCCESS;
}

UINT tx_thread_suspend(TX_THREAD *thread) {
    thread->tx_thread_state = TX_SUSPENDED;
    longjmp(suspended, 1);
}

UINT tx_thread_create(TX_THREAD *thread, CHAR *name, VOID (*entry)(ULONG input), ULONG input, VOID *stack,
                      ULONG stack_size, UINT priority, UINT threshold, ULONG time_slice, UINT auto_start) {
    (void)stack, (void)stack_size, (void)priority, (void)threshold, (void)time_slice;
    memset(thread, 0, sizeof *thread);
    thread->tx_thread_name = name;
    thread->tx_thread_entry = entry;
    thread->tx_thread_entry_parameter = input;
    thread->tx_thread_state = TX_SUSPENDED;
    return auto_start == TX_AUTO_START ? tx_thread_resume(thread) : TX_SUCCESS;
}

UINT tx_thread_entry_exit_notify(TX_THREAD *thread, VOID (*notify)(TX_THREAD *thread, UINT what)) {
#ifdef TX_DISABLE_NOTIFY_CALLBACKS
    (void)thread, (void)notify;
    return TX_FEATURE_NOT_ENABLED;
#else
    thread->tx_thread_entry_exit_notify = notify;
    return TX_SUCCESS;
#endif
}

UINT tx_thread_terminate(TX_THREAD *thread) {
    if (thread->tx_thread_state != TX_COMPLETED && thread->tx_thread_state != TX_TERMINATED) {
        end(thread, TX_TERMINATED);
    }
    return TX_SUCCESS;
}

UINT tx_thread_reset(TX_THREAD *thread) {
    thread->tx_thread_state = TX_SUSPENDED;
    return TX_SUCCESS;
}
