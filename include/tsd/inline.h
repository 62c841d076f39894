/*
 * tsd_get(), inline where tsd/config.h says how C code finds its thread, as the archive does that was installed with
 * --thread-pointer, or where the kernel defines TSD_CURRENT(). Part of <tsd.h>.
 *
 *     TSD_THREAD_POINTER          the register: fs or gs on x86_64 and i686; tpidr_el0, tpidr_el1 or sp_el0 on aarch64;
 *                                 tpidrprw, tpidruro or tpidrurw on armv7a; tp on riscv64
 *     TSD_THREAD_POINTER_AT       if defined: at this offset from the register is a pointer, to be followed first
 *     TSD_THREAD_POINTER_OFFSET   the offset of the tsd_thread_t from there
 *
 * So `gs`, `0`, `64` is a kernel whose per-CPU area begins with a pointer to the current thread control block, which
 * has its tsd_thread_t at offset 64; `fs`, none, `64` one whose thread control block is at the base of fs. In such code
 * a thread must be current. The offsets are decimal literals.
 *
 * Following the pointer is an instruction of its own but on x86. So elsewhere the register must belong to the thread;
 * one of the CPU would be another CPU's by then if the thread is moved between the two.
 *
 * tsd_current() stays the hook of everything else. But an archive that was installed with --thread-pointer finds the
 * thread itself, and the kernel needs no hook: where the pointer is NULL there is no thread. (On x86 that takes a
 * pointer; the base of a segment can't be read everywhere, and such an archive has the hook.)
 *
 * A wrong offset would corrupt silently, so the kernel has the compiler check it against its own structure:
 * TSD_CHECK_THREAD_POINTER(struct thread, tsd); at file scope.
 *
 * Where the current thread is a variable, or what a function gives, the kernel defines TSD_CURRENT() in its place, before
 * it includes <tsd.h>: an expression of type tsd_thread_t *, with a thread current wherever it stands. It is evaluated
 * where tsd_get() is called, so the kernel's structure need not be known before that.
 *
 *     #define TSD_CURRENT() (&current->tsd)
 *
 * With TSD_NO_INLINE defined, tsd_get() is only declared, and static keys are used through tsd_current().
 *
 * It takes 8 instructions on x86_64, 10 on aarch64 and 11 on riscv64 where the number of keys is a power of two; one more
 * where a pointer is followed, one more on x86_64 where the kernel does not know its own address (-fPIE). With
 * TSD_CURRENT() the instructions that find the thread come on top, on aarch64 one more. On other CPUs it is plain C.
 */
#ifndef TSD_INLINE_H
#define TSD_INLINE_H

/* The smallest power of two that is not below `n`, less one, for n up to 4096. */
#define TSD_MASK_1_(n) ((n) | (n) >> 1)
#define TSD_MASK_2_(n) (TSD_MASK_1_(n) | TSD_MASK_1_(n) >> 2)
#define TSD_MASK_4_(n) (TSD_MASK_2_(n) | TSD_MASK_2_(n) >> 4)
#define TSD_MASK_(n) (TSD_MASK_4_(n) | TSD_MASK_4_(n) >> 8)

/* The bytes from the first slot to the key's: always within the table, whatever the key. */
static inline uintptr_t tsd_slot_offset(tsd_key_t key) {
    /* 32 bits, as the key: another width would need an instruction. */
    uint32_t offset = key & (uint32_t)(TSD_MASK_((TSD_KEYS) - 1) * sizeof(tsd_slot_t));
    /* No branch, so that a wild key does not leave the table even speculatively. Nothing where it is a power of two. */
    return offset * (offset < (TSD_KEYS) * sizeof(tsd_slot_t));
}

/* Asserts that the thread pointer leads to a member of the kernel's structure, if there is one. */
#ifdef TSD_THREAD_POINTER
#define TSD_CHECK_THREAD_POINTER(type, member)                                                                         \
    TSD_ASSERT(offsetof(type, member) == (TSD_THREAD_POINTER_OFFSET) &&                                                \
                   sizeof(((type *)0)->member) == sizeof(tsd_thread_t),                                                \
               the_thread_pointer_leads_to_##member)
#else
#define TSD_CHECK_THREAD_POINTER(type, member)                                                                         \
    TSD_ASSERT(sizeof(((type *)0)->member) == sizeof(tsd_thread_t), type_of_##member)
#endif

#if defined(TSD_NO_INLINE) || !(defined(TSD_CURRENT) || defined(TSD_THREAD_POINTER))

void *tsd_get(tsd_key_t key) TSD_SYMBOL(tsd_get);

static inline uintptr_t tsd_slot_load(uintptr_t offset) {
    const tsd_thread_t *thread = tsd_current();
    return thread ? *(const volatile uintptr_t *)(const volatile void *)((const char *)thread->slots + offset) : 0;
}

/* Only where tsd_slot_load() gave something else than 0, so there is a thread. */
static inline void tsd_slot_store(uintptr_t offset, uintptr_t word) {
    *(volatile uintptr_t *)(volatile void *)((char *)tsd_current()->slots + offset) = word;
}

#else

/*
 * What follows is assembly where a CPU has better than plain C, since compilers neither compare with volatile memory nor
 * load it in pairs. The order counts: the slot's tag, its value, the table's tag. An interrupt handler that sets the slot
 * between any two of them makes the last comparison fail, or leaves a value of the same key. All of it is volatile: a
 * function that switches threads gets another answer after the switch.
 */
static inline uintptr_t tsd_word_load(const char *address) {
    return *(const volatile uintptr_t *)(const volatile void *)address;
}

#ifdef TSD_CURRENT

void *tsd_get(tsd_key_t key) TSD_SYMBOL(tsd_get);

#define TSD_GET_ tsd_get_of(const tsd_thread_t *thread, tsd_key_t key)
#define tsd_get(key) tsd_get_of(TSD_CURRENT(), (key))
#define tsd_slot_load(offset) tsd_slot_load_of(TSD_CURRENT(), (offset))
#define tsd_static_store(key, offset, value) tsd_static_store_of(TSD_CURRENT(), (key), (offset), (value))

static inline uintptr_t tsd_slot_load_of(const tsd_thread_t *thread, uintptr_t offset) {
    return tsd_word_load((const char *)thread->slots + offset);
}

#else
#define TSD_GET_ tsd_get(tsd_key_t key)
#endif

/* ---- the thread's slots ---- */

#if defined(__x86_64__) || defined(__i386__)

/* The word `further` bytes after the one at %[offset] from the first slot, and the operands for that. */
#ifdef TSD_CURRENT
#define TSD_SLOT_(further) "%[slot_" further "]"
#define TSD_SLOT_WORD_(at) *(const uintptr_t *)(const void *)((const char *)thread->slots + (at))
#define TSD_SLOT_OPERANDS_(at) [offset] "r"(at), [slot_0] "m"(TSD_SLOT_WORD_(at)), [slot_8] "m"(TSD_SLOT_WORD_((at) + 8))
#elif defined(TSD_THREAD_POINTER_AT)
#define TSD_SLOT_(further) further "+" TSD_STRING(TSD_THREAD_POINTER_OFFSET) "(%[block],%[offset])"
#define TSD_SLOT_OPERANDS_(at) [offset] "r"(at), [block] "r"(tsd_inline_block())
static inline const char *tsd_inline_block(void) {
    const char *block;
    __asm__ volatile("mov %%" TSD_STRING(TSD_THREAD_POINTER) ":" TSD_STRING(TSD_THREAD_POINTER_AT) ", %0"
                     : "=r"(block));
    return block;
}
#else
#define TSD_SLOT_(further)                                                                                              \
    "%%" TSD_STRING(TSD_THREAD_POINTER) ":" further "+" TSD_STRING(TSD_THREAD_POINTER_OFFSET) "(%[offset])"
#define TSD_SLOT_OPERANDS_(at) [offset] "r"(at)
#endif

#ifndef TSD_CURRENT
/* The word at `offset` from the first slot: of a static key, whose tag need not be asked. */
static inline uintptr_t tsd_slot_load(uintptr_t offset) {
    uintptr_t word;
    __asm__ volatile("mov " TSD_SLOT_("0") ", %[word]" : [word] "=r"(word) : TSD_SLOT_OPERANDS_(offset) : "memory");
    return word;
}

static inline void tsd_slot_store(uintptr_t offset, uintptr_t word) {
    __asm__ volatile("mov %[word], " TSD_SLOT_("0") : : [word] "r"(word), TSD_SLOT_OPERANDS_(offset) : "memory");
}
#endif

#elif !defined(TSD_CURRENT)

/* The instruction that reads the register. On RISC-V it follows the pointer, if there is one. */
#if defined(__aarch64__)
#define TSD_READ_POINTER_ "mrs %0, " TSD_STRING(TSD_THREAD_POINTER)
#elif defined(__arm__) && defined(__ARM_ARCH_PROFILE) && __ARM_ARCH_PROFILE == 'A'
#define TSD_OPCODE_tpidrurw "2"
#define TSD_OPCODE_tpidruro "3"
#define TSD_OPCODE_tpidrprw "4"
#define TSD_OPCODE_OF_(name) TSD_OPCODE_##name
#define TSD_OPCODE_OF(name) TSD_OPCODE_OF_(name)
#define TSD_READ_POINTER_ "mrc p15, 0, %0, c13, c0, " TSD_OPCODE_OF(TSD_THREAD_POINTER)
#elif defined(__riscv) && __riscv_xlen == 64 && defined(TSD_THREAD_POINTER_AT)
#define TSD_READ_POINTER_ "ld %0, " TSD_STRING(TSD_THREAD_POINTER_AT) "(" TSD_STRING(TSD_THREAD_POINTER) ")"
#elif defined(__riscv) && __riscv_xlen == 64
#define TSD_READ_POINTER_ "mv %0, " TSD_STRING(TSD_THREAD_POINTER)
#else
#error "tsd: tsd_get() can be inline on x86_64, i686, aarch64, armv7a and riscv64; undefine TSD_THREAD_POINTER, or define TSD_CURRENT() or TSD_NO_INLINE"
#endif

static inline const char *tsd_inline_block(void) {
    const char *block;
    __asm__ volatile(TSD_READ_POINTER_ : "=r"(block));
#if defined(TSD_THREAD_POINTER_AT) && !defined(__riscv)
    block = (const char *)tsd_word_load(block + (TSD_THREAD_POINTER_AT));
#endif
    return block;
}

static inline uintptr_t tsd_slot_load(uintptr_t offset) {
    return tsd_word_load(tsd_inline_block() + (TSD_THREAD_POINTER_OFFSET) + offset);
}

static inline void tsd_slot_store(uintptr_t offset, uintptr_t word) {
    *(volatile uintptr_t *)(uintptr_t)(tsd_inline_block() + (TSD_THREAD_POINTER_OFFSET) + offset) = word;
}
#endif

/* ---- tsd_get() ---- */

#if defined(__x86_64__)

#if defined(__PIC__) || defined(__code_model_medium__) || defined(__code_model_large__)
#define TSD_ENTRY_ "(%[table],%[offset])"
#define TSD_ADDRESS_ "r"
#else
#define TSD_ENTRY_ "%c[table](%[offset])"
#define TSD_ADDRESS_ "i"
#endif

static inline void *TSD_GET_ {
    void *value;
    uintptr_t tag;
    /* A branch and no conditional move: the value need not wait for the table. */
    __asm__ volatile("movq " TSD_SLOT_("0") ", %[tag]\n\t"
                     "movq " TSD_SLOT_("8") ", %[value]\n\t"
                     "cmpq " TSD_ENTRY_ ", %[tag]\n\t"
                     "jne 1f\n\t"
                     "cmpl %[key], %k[tag]\n\t"
                     "je 2f\n"
                     "1:\txorl %k[value], %k[value]\n"
                     "2:"
                     : [tag] "=&r"(tag), [value] "=&r"(value)
                     : [key] "r"(key), TSD_SLOT_OPERANDS_(tsd_slot_offset(key)), [table] TSD_ADDRESS_(&tsd_table)
                     : "memory", "cc");
    return value;
}

#elif defined(__aarch64__)

static inline void *TSD_GET_ {
    const uintptr_t offset = tsd_slot_offset(key);
    void *value;
    uintptr_t tag, live;
#ifdef TSD_CURRENT
    const char *slot = (const char *)thread->slots + offset;
#define TSD_SLOT_ "[%[slot]]"
#else
    const char *slot = tsd_inline_block() + offset;
/* The pair of loads reaches so far. */
#if TSD_THREAD_POINTER_OFFSET > 504
    slot += (TSD_THREAD_POINTER_OFFSET);
#define TSD_SLOT_ "[%[slot]]"
#else
#define TSD_SLOT_ "[%[slot], #" TSD_STRING(TSD_THREAD_POINTER_OFFSET) "]"
#endif
#endif
    /* An interrupt comes before or after the pair, or the pair is loaded anew: no handler gets between the two. */
    __asm__ volatile("ldp %[tag], %[value], " TSD_SLOT_ "\n\t"
                     "ldr %[live], [%[table], %[offset]]\n\t"
                     "cmp %[tag], %[live]\n\t"
                     "ccmp %w[tag], %w[key], #0, eq\n\t"
                     "csel %[value], %[value], xzr, eq"
                     : [tag] "=&r"(tag), [value] "=&r"(value), [live] "=&r"(live)
                     : [key] "r"(key), [offset] "r"(offset), [slot] "r"(slot), [table] "r"(&tsd_table)
                     : "memory", "cc");
    return value;
}

#elif defined(__riscv) && __riscv_xlen == 64

static inline void *TSD_GET_ {
    const uintptr_t offset = tsd_slot_offset(key);
    const char *entry = (const char *)tsd_table.entries + offset;
    void *value;
    uintptr_t tag, live;
#ifdef TSD_CURRENT
    const char *slot = (const char *)thread->slots + offset;
#define TSD_SLOT_(further) further "(%[slot])"
#else
    const char *slot;
#ifdef TSD_THREAD_POINTER_AT
    slot = tsd_inline_block() + offset;
#else
    __asm__ volatile("add %0, " TSD_STRING(TSD_THREAD_POINTER) ", %1" : "=r"(slot) : "r"(offset));
#endif
/* A load reaches so far. */
#if TSD_THREAD_POINTER_OFFSET > 2032
    slot += (TSD_THREAD_POINTER_OFFSET);
#define TSD_SLOT_(further) further "(%[slot])"
#else
#define TSD_SLOT_(further) further "+" TSD_STRING(TSD_THREAD_POINTER_OFFSET) "(%[slot])"
#endif
#endif
    __asm__ volatile("ld %[tag], " TSD_SLOT_("0") "\n\t"
                     "ld %[value], " TSD_SLOT_("8") "\n\t"
                     "ld %[live], 0(%[entry])\n\t"
                     "bne %[tag], %[live], 1f\n\t"
                     "sext.w %[tag], %[tag]\n\t"
                     "beq %[tag], %[key], 2f\n"
                     "1:\tli %[value], 0\n"
                     "2:"
                     : [tag] "=&r"(tag), [value] "=&r"(value), [live] "=&r"(live)
                     : [key] "r"((intptr_t)(int32_t)key), [slot] "r"(slot), [entry] "r"(entry)
                     : "memory");
    return value;
}

#else

static inline void *TSD_GET_ {
    const uintptr_t offset = tsd_slot_offset(key);
#if defined(TSD_CURRENT)
    const char *const slots = (const char *)thread->slots;
#define TSD_SLOT_AT_(at) tsd_word_load(slots + (at))
#elif defined(__i386__)
#define TSD_SLOT_AT_(at) tsd_slot_load(at)
#else
    const char *const slots = tsd_inline_block() + (TSD_THREAD_POINTER_OFFSET);
#define TSD_SLOT_AT_(at) tsd_word_load(slots + (at))
#endif
    const uintptr_t tag = TSD_SLOT_AT_(offset);
    const uintptr_t value = TSD_SLOT_AT_(offset + offsetof(tsd_slot_t, value));
    const uintptr_t live = tsd_word_load((const char *)tsd_table.entries + offset);
    return tag == live && (uint32_t)tag == key ? (void *)value : NULL;
}

#endif

#endif
#endif
