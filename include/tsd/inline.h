/*
 * tsd_get(), inline where tsd/config.h, or the kernel's build, says how C code finds its thread. Part of <tsd.h>.
 *
 *     TSD_THREAD_POINTER          the register: fs or gs on x86_64; tpidr_el0, tpidr_el1 or sp_el0 on aarch64
 *     TSD_THREAD_POINTER_AT       if defined: at this offset from the register is a pointer, to be followed first
 *     TSD_THREAD_POINTER_OFFSET   the offset of the tsd_thread_t from there
 *
 * So `gs`, `0`, `64` is a kernel whose per-CPU area begins with a pointer to the current thread control block, which
 * has its tsd_thread_t at offset 64; `fs`, none, `64` one whose thread control block is at the base of fs. In such code
 * a thread must be current. The offsets are decimal literals. tsd_current() stays the hook of everything else.
 *
 * With TSD_NO_INLINE defined, tsd_get() is only declared.
 */
#ifndef TSD_INLINE_H
#define TSD_INLINE_H

#if !defined(TSD_THREAD_POINTER) || defined(TSD_NO_INLINE)

void *tsd_get(tsd_key_t key) TSD_SYMBOL(tsd_get);

#else

/* The table's entries: the first word of each is the tag of the key that lives there. */
extern tsd_slot_t tsd_table[TSD_KEYS] TSD_SYMBOL(tsd_table);

/* The smallest power of two that is not below `n`, less one, for n up to 4096. */
#define TSD_MASK_1_(n) ((n) | (n) >> 1)
#define TSD_MASK_2_(n) (TSD_MASK_1_(n) | TSD_MASK_1_(n) >> 2)
#define TSD_MASK_4_(n) (TSD_MASK_2_(n) | TSD_MASK_2_(n) >> 4)
#define TSD_MASK_(n) (TSD_MASK_4_(n) | TSD_MASK_4_(n) >> 8)

/* The bytes from the first slot to the key's: always within the table, whatever the key. */
static inline uintptr_t tsd_slot_offset(tsd_key_t key) {
    uintptr_t offset = key & (TSD_MASK_((TSD_KEYS) - 1) * sizeof(tsd_slot_t));
    /* No branch, so that a wild key does not leave the table even speculatively. Nothing where it is a power of two. */
    return offset * (offset < (TSD_KEYS) * sizeof(tsd_slot_t));
}

/* Volatile, all of the assembly: a function that switches threads gets another answer behind the switch. */
#if defined(__x86_64__) && !defined(TSD_THREAD_POINTER_AT)

/* The word `behind` the one at `offset` of the thread's structure, without having its address in a register. */
#define TSD_LOAD(word, offset, behind)                                                                                 \
    __asm__ volatile("movq %%" TSD_STRING(TSD_THREAD_POINTER) ":" behind "+" TSD_STRING(TSD_THREAD_POINTER_OFFSET)     \
                     "(%1), %0"                                                                                        \
                     : "=r"(word)                                                                                      \
                     : "r"(offset)                                                                                     \
                     : "memory")

#elif defined(__x86_64__) || defined(__aarch64__)

static inline const char *tsd_inline_thread(void) {
    const char *block;
#if defined(__x86_64__)
    __asm__ volatile("movq %%" TSD_STRING(TSD_THREAD_POINTER) ":" TSD_STRING(TSD_THREAD_POINTER_AT) ", %0"
                     : "=r"(block));
#else
    __asm__ volatile("mrs %0, " TSD_STRING(TSD_THREAD_POINTER) : "=r"(block));
#ifdef TSD_THREAD_POINTER_AT
    block = *(const char *const volatile *)(const volatile void *)(block + (TSD_THREAD_POINTER_AT));
#endif
#endif
    return block + (TSD_THREAD_POINTER_OFFSET);
}

#else
#error "tsd: tsd_get() can be inline on x86_64 and aarch64; undefine TSD_THREAD_POINTER or define TSD_NO_INLINE"
#endif

static inline void *tsd_get(tsd_key_t key) {
    const uintptr_t offset = tsd_slot_offset(key);
    uintptr_t tag, value, live;
    /*
     * Tag, value, table, in this order: an interrupt handler that sets the slot between any two of them makes the last
     * comparison fail, or leaves a value of the same key.
     */
#ifdef TSD_LOAD
    TSD_LOAD(tag, offset, "0");
    TSD_LOAD(value, offset, "8");
#else
    const volatile uintptr_t *slot = (const volatile uintptr_t *)(const volatile void *)(tsd_inline_thread() + offset);
    tag = slot[0];
    value = slot[1];
#endif
    live = *(const volatile uintptr_t *)(const volatile void *)((const char *)tsd_table + offset);
    return tag == live && (tsd_key_t)tag == key ? (void *)value : NULL;
}

#endif
#endif
