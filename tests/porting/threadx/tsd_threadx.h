/* ThreadX's part of the library. */
#ifndef TSD_THREADX_H
#define TSD_THREADX_H

#include <tx_api.h>

/* To be called between tx_thread_create(..., TX_DONT_START) and tx_thread_resume(). */
UINT tsd_threadx_watch(TX_THREAD *thread);

#endif
