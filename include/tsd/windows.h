/*
 * tsd's Win32 families: Tls and Fls indexes, and the last error.
 *
 * The functions are declared with the prefix tsd_. Where the archive has plain names, those are declared too, with
 * Win32's type names unless an SDK's headers have defined them.
 *
 * Indexes are keys: 32 bits, not small numbers, never 0. Attach and detach notifications, DllMain's
 * DLL_THREAD_ATTACH and DLL_THREAD_DETACH, are in <tsd.h>, of which this header declares nothing.
 */
#ifndef TSD_WINDOWS_H
#define TSD_WINDOWS_H

#include <stdint.h>

#include "symbols.h"

#ifdef __cplusplus
extern "C" {
#endif

#define TSD_TLS_OUT_OF_INDEXES UINT32_C(0xFFFFFFFF)
#define TSD_FLS_OUT_OF_INDEXES UINT32_C(0xFFFFFFFF)

#define TSD_ERROR_SUCCESS UINT32_C(0)
#define TSD_ERROR_NOT_ENOUGH_MEMORY UINT32_C(8) /* FlsAlloc: no index is left */
#define TSD_ERROR_INVALID_PARAMETER UINT32_C(87)
#define TSD_ERROR_NO_MORE_ITEMS UINT32_C(259) /* TlsAlloc: no index is left */

/* The calling thread's last error; 0 where no thread is current. */
uint32_t tsd_GetLastError(void) TSD_FAMILY_SYMBOL(GetLastError);
void tsd_SetLastError(uint32_t error) TSD_FAMILY_SYMBOL(SetLastError);

/*
 * Tls. A fresh index reads NULL in every thread. Functions that fail return TLS_OUT_OF_INDEXES, 0 or NULL and set the
 * last error; TlsGetValue sets it to 0 when it succeeds, so that a stored NULL can be told; the others leave it alone.
 * Costs and contexts: those of tsd_key_create(), tsd_key_delete(), tsd_get() and tsd_set() in <tsd.h>.
 */
uint32_t tsd_TlsAlloc(void) TSD_FAMILY_SYMBOL(TlsAlloc);
int tsd_TlsFree(uint32_t index) TSD_FAMILY_SYMBOL(TlsFree);
void *tsd_TlsGetValue(uint32_t index) TSD_FAMILY_SYMBOL(TlsGetValue);
int tsd_TlsSetValue(uint32_t index, void *value) TSD_FAMILY_SYMBOL(TlsSetValue);

/*
 * Fls: Tls with a callback, which runs for a thread's value at its exit, or when the index is freed.
 *
 * FlsFree() runs it, on the calling thread, for every thread's value that is still set; each value gets one call, be it
 * from there or from its own thread's exit, which may be at it still when FlsFree() returns. It looks at the threads
 * that have set an Fls value once for each value that it finds.
 *
 * FlsSetValue(), FlsFree() and the exit of a thread that has called either take a lock, the library's only one, and so
 * does tsd_thread_init() while any thread has an Fls value. It sleeps by tsd_wait(); no callback runs under it; but a
 * thread of low priority that is preempted while it has the lock makes others wait. So none of these may be called from
 * an interrupt handler. FlsAlloc() and FlsGetValue() take none. An index of FlsAlloc() is set by FlsSetValue() alone: a
 * value of TlsSetValue() or tsd_set() is seen by FlsFree() only where the thread has called FlsSetValue() before.
 *
 * A thread may be killed at any instruction of FlsSetValue(), FlsFree() and the callbacks. Its tsd_thread_exit(), or
 * tsd_thread_reap() for it, gives back the lock if it has it and finishes FlsFree(), before its own values are
 * destroyed: the other values get their callbacks there. Until then whoever wants the lock waits. What is lost is one
 * value, if the thread is killed in the few instructions between taking it and its callback; and the index, inside
 * tsd_key_delete(), with which FlsFree() ends.
 *
 * A thread that ends with neither must not lose its structure's memory as long as others use the family: they look at
 * it. tsd_thread_init() forgets it, whatever the memory holds by then. An index that it was freeing is one again, and
 * is to be freed once more. Where no thread is current, whoever calls can't be killed: nobody's exit would find the
 * lock.
 */
typedef void (*tsd_fls_callback_t)(void *value);
uint32_t tsd_FlsAlloc(tsd_fls_callback_t callback) TSD_FAMILY_SYMBOL(FlsAlloc);
int tsd_FlsFree(uint32_t index) TSD_FAMILY_SYMBOL(FlsFree);
void *tsd_FlsGetValue(uint32_t index) TSD_FAMILY_SYMBOL(FlsGetValue);
int tsd_FlsSetValue(uint32_t index, void *value) TSD_FAMILY_SYMBOL(FlsSetValue);

#if defined(TSD_PLAIN_NAMES) && !defined(_WINDEF_) && !defined(_MINWINDEF_)

typedef uint32_t DWORD;
typedef int BOOL;
typedef void *PVOID;
typedef void *LPVOID;
typedef tsd_fls_callback_t PFLS_CALLBACK_FUNCTION;
#ifndef WINAPI
#define WINAPI
#endif
#ifndef TRUE
#define TRUE 1
#define FALSE 0
#endif
#define TLS_OUT_OF_INDEXES TSD_TLS_OUT_OF_INDEXES
#define FLS_OUT_OF_INDEXES TSD_FLS_OUT_OF_INDEXES
#define ERROR_SUCCESS TSD_ERROR_SUCCESS
#define ERROR_NOT_ENOUGH_MEMORY TSD_ERROR_NOT_ENOUGH_MEMORY
#define ERROR_INVALID_PARAMETER TSD_ERROR_INVALID_PARAMETER
#define ERROR_NO_MORE_ITEMS TSD_ERROR_NO_MORE_ITEMS
/* TSD_THREAD_ATTACH and TSD_THREAD_DETACH. */
#define DLL_THREAD_ATTACH 2u
#define DLL_THREAD_DETACH 3u

DWORD GetLastError(void);
void SetLastError(DWORD error);
DWORD TlsAlloc(void);
BOOL TlsFree(DWORD index);
LPVOID TlsGetValue(DWORD index);
BOOL TlsSetValue(DWORD index, LPVOID value);
DWORD FlsAlloc(PFLS_CALLBACK_FUNCTION callback);
BOOL FlsFree(DWORD index);
PVOID FlsGetValue(DWORD index);
BOOL FlsSetValue(DWORD index, PVOID value);

#endif

#ifdef __cplusplus
}
#endif
#endif
