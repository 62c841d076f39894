/*
 * Stands in for ThreadX's header, since no package brings its sources: what the glue and its test use of it, by the names,
 * types and order of members that the documentation has. host.c has the functions.
 */
#ifndef TX_API_H
#define TX_API_H

#ifdef TX_INCLUDE_USER_DEFINE_FILE
#include "tx_user.h"
#endif

typedef void VOID;
typedef char CHAR;
typedef unsigned int UINT;
typedef unsigned long ULONG;

#ifndef TX_THREAD_USER_EXTENSION
#define TX_THREAD_USER_EXTENSION
#endif

#define TX_SUCCESS 0u
#define TX_CALLER_ERROR 0x13u
#define TX_FEATURE_NOT_ENABLED 0xFFu
#define TX_DONT_START 0u
#define TX_AUTO_START 1u
#define TX_NO_TIME_SLICE 0ul
#define TX_COMPLETED 1u
#define TX_TERMINATED 2u
#define TX_SUSPENDED 3u
#define TX_THREAD_ENTRY 0u
#define TX_THREAD_EXIT 1u

typedef struct TX_THREAD_STRUCT {
    UINT tx_thread_state;
    CHAR *tx_thread_name;
    VOID (*tx_thread_entry)(ULONG input);
    ULONG tx_thread_entry_parameter;
    VOID (*tx_thread_entry_exit_notify)(struct TX_THREAD_STRUCT *thread, UINT what);
    TX_THREAD_USER_EXTENSION
} TX_THREAD;

UINT tx_thread_create(TX_THREAD *thread, CHAR *name, VOID (*entry)(ULONG input), ULONG input, VOID *stack,
                      ULONG stack_size, UINT priority, UINT threshold, ULONG time_slice, UINT auto_start);
UINT tx_thread_entry_exit_notify(TX_THREAD *thread, VOID (*notify)(TX_THREAD *thread, UINT what));
UINT tx_thread_resume(TX_THREAD *thread);
UINT tx_thread_suspend(TX_THREAD *thread);
UINT tx_thread_terminate(TX_THREAD *thread);
UINT tx_thread_reset(TX_THREAD *thread);
UINT tx_thread_sleep(ULONG ticks);
TX_THREAD *tx_thread_identify(VOID);

#endif
