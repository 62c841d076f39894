/* What each task has of tsd, and how FreeRTOS keeps it: for FreeRTOSConfig.h. */
#ifndef TSD_FREERTOS_H
#define TSD_FREERTOS_H
/* Some ports include FreeRTOS's configuration in assembly. */
#ifndef __ASSEMBLER__

#include <tsd.h>

/* A task's own; `seen` is where its calls look: at this, or at that of a deleted task whose exit it finishes. */
struct tsd_freertos {
    tsd_thread_t thread;
    struct tsd_freertos *seen;
};

/* The running task's, and where its calls look: the same but while it finishes a deleted task's exit. */
extern struct tsd_freertos *volatile tsd_freertos_own;
extern struct tsd_freertos *volatile tsd_freertos_seen;

void tsd_freertos_init(struct tsd_freertos *block);
void tsd_freertos_bury(struct tsd_freertos *block);
void tsd_freertos_task_exit(void);

#define configUSE_C_RUNTIME_TLS_SUPPORT 1
#define configTLS_BLOCK_TYPE struct tsd_freertos
#define configINIT_TLS_BLOCK(block, top) tsd_freertos_init(&(block))
#define configSET_TLS_BLOCK(block) (tsd_freertos_own = &(block), tsd_freertos_seen = (block).seen)
#define configDEINIT_TLS_BLOCK(block) tsd_freertos_bury(&(block))

#endif
#endif
