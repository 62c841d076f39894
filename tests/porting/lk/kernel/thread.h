/* Stands in for LK's headers: what the glue uses of <kernel/thread.h> and <kernel/wait.h>, to be compiled and not run. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <tsd.h>

typedef int status_t;
typedef unsigned int lk_time_t;
typedef unsigned long arch_interrupt_saved_state_t;
typedef struct {
    volatile unsigned long value;
} spin_lock_t;

#define NO_ERROR 0
#define INFINITE_TIME UINT32_MAX

struct list_node {
    struct list_node *prev, *next;
};

typedef struct wait_queue {
    uint32_t magic;
    int count;
    struct list_node list;
} wait_queue_t;

#define WAIT_QUEUE_INITIAL_VALUE(q)                                                                                    \
    { 0x77616974, 0, {&(q).list, &(q).list} }

typedef struct thread {
    uint32_t magic;
    uintptr_t tls[1];
    tsd_thread_t tsd; /* the member that the page adds */
} thread_t;

thread_t *get_current_thread(void);
status_t wait_queue_block(wait_queue_t *queue, lk_time_t timeout);
int wait_queue_wake_all(wait_queue_t *queue, status_t error);

extern spin_lock_t thread_lock;
arch_interrupt_saved_state_t spin_lock_irqsave(spin_lock_t *lock);
void spin_unlock_irqrestore(spin_lock_t *lock, arch_interrupt_saved_state_t state);
#define THREAD_LOCK(state) arch_interrupt_saved_state_t state = spin_lock_irqsave(&thread_lock)
#define THREAD_UNLOCK(state) spin_unlock_irqrestore(&thread_lock, state)
