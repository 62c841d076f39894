/*
 * Static keys: they exist before anything runs, have their slots in every thread from the start, and are never
 * deleted. To get one's value is one load at an address that the compiler knows. Part of <tsd.h>.
 *
 * The kernel has one list of them, in a header of its own; the parts of the kernel can each have a list, of which it is
 * made up:
 *
 *     #define HEAP_KEYS(KEY) KEY(heap_arena, release_arena, TSD_KEY_LAST_PHASE)
 *     #define KERNEL_KEYS(KEY) KEY(current_error, NULL, 0) HEAP_KEYS(KEY)
 *     TSD_STATIC_KEYS(KERNEL_KEYS);
 *
 * and one file makes the table from it: TSD_STATIC_KEY_TABLE(KERNEL_KEYS); at file scope. KEY's arguments are a name,
 * which listings show too, a destructor or NULL, and 0 or TSD_KEY_LAST_PHASE. No linker script is asked for.
 *
 * The name is a constant, the tsd_key_t that every call takes. tsd_key_delete() refuses it with TSD_EINVAL. Run-time keys
 * get the indexes that static keys leave. All files must see the same list, as they must see the same structures.
 */
#ifndef TSD_STATIC_H
#define TSD_STATIC_H

/* The calling thread's value of a static key; NULL if it set none. As tsd_get(). */
#define tsd_static_get(name)                                                                                           \
    (tsd_static_want_table(), (void *)tsd_slot_load(TSD_STATIC_OFFSET_(name) + offsetof(tsd_slot_t, value)))

/* tsd_set() for a static key; a few instructions where the thread has set it before. */
#define tsd_static_set(name, value) tsd_static_store((name), TSD_STATIC_OFFSET_(name), (value))

/* Of the file with the table. Where this is an undefined symbol, no file has TSD_STATIC_KEY_TABLE. */
int tsd_static_set_first(tsd_key_t key, const void *value) TSD_SYMBOL(tsd_static_set_first)
    __attribute__((visibility("hidden")));

/*
 * Makes that symbol wanted wherever a value is read, since a get calls nothing and asks for no tag: without the table it
 * would read what a run-time key has there. No instruction: a mark of the linker's that keeps one word a file, which
 * names the symbol. (The mark itself does not do: lld lets it name what does not exist.)
 */
static inline void tsd_static_want_table(void) {
    __asm__ volatile(".ifndef .Ltsd_static_table_wanted\n\t"
                     ".pushsection .rodata.tsd_static_table_wanted,\"a\",%progbits\n\t"
                     ".balign 4\n\t"
                     ".hidden " TSD_LINKER_NAME(tsd_static_set_first) "\n"
                     ".Ltsd_static_table_wanted:\n\t"
                     ".long " TSD_LINKER_NAME(tsd_static_set_first) " - .\n\t"
                     ".popsection\n\t"
                     ".endif\n\t"
                     ".reloc ., BFD_RELOC_NONE, .Ltsd_static_table_wanted");
}

/* A static key's tag is the key: the first generation. */
#ifdef tsd_static_store
static inline int tsd_static_store_of(tsd_thread_t *thread, tsd_key_t key, uintptr_t offset, const void *value) {
    volatile uintptr_t *word = (volatile uintptr_t *)(volatile void *)((char *)thread->slots + offset);
    if (*word != key) {
        return tsd_static_set_first(key, value);
    }
    word[offsetof(tsd_slot_t, value) / sizeof *word] = (uintptr_t)value;
    return 0;
}
#else
static inline int tsd_static_store(tsd_key_t key, uintptr_t offset, const void *value) {
    if (tsd_slot_load(offset) != key) {
        return tsd_static_set_first(key, value);
    }
    tsd_slot_store(offset + offsetof(tsd_slot_t, value), (uintptr_t)value);
    return 0;
}
#endif

#define TSD_STATIC_OFFSET_(name) (tsd_static_place_##name * sizeof(tsd_slot_t))

#ifdef TSD_MINIMAL
#define TSD_STATIC_KEYS(LIST) TSD_ASSERT(0, an_archive_of_install_minimal_has_no_static_keys)
#define TSD_STATIC_KEY_TABLE(LIST) TSD_STATIC_KEYS(LIST)
#else
/* Declares the keys of a list. */
#define TSD_STATIC_KEYS(LIST)                                                                                          \
    enum { LIST(TSD_STATIC_PLACE_) tsd_static_count };                                                                 \
    enum { LIST(TSD_STATIC_KEY_) tsd_static_end };                                                                     \
    LIST(TSD_STATIC_FLAGS_)                                                                                            \
    TSD_ASSERT(tsd_static_count <= (TSD_KEYS), more_static_keys_than_the_table_has_places)

/* In the order of the list; bit 0 says that the key lives, bit 1 that it belongs to the last phase. */
#define TSD_STATIC_PLACE_(name, destructor, flags) tsd_static_place_##name,
#define TSD_STATIC_KEY_(name, destructor, flags)                                                                       \
    name = TSD_STATIC_OFFSET_(name) | ((flags) == 0 ? 1 : 3),
#define TSD_STATIC_FLAGS_(name, destructor, flags)                                                                     \
    TSD_ASSERT((flags) == 0 || (flags) == TSD_KEY_LAST_PHASE, flags_of_##name);

/* Defines the table with the keys of the list, in place of the archive's. `used`: what assembly names, optimisers of the
   whole program do not see. */
#define TSD_STATIC_KEY_TABLE(LIST)                                                                                     \
    __attribute__((used)) int tsd_static_set_first(tsd_key_t key, const void *value) {                                                       \
        return tsd_set(key, value);                                                                                    \
    }                                                                                                                  \
    tsd_table_t tsd_table = {                                                                                          \
        {LIST(TSD_STATIC_ENTRY_)}, {LIST(TSD_STATIC_NAME_)}, {0}, tsd_static_count, 0, tsd_static_count,               \
        tsd_static_count,          TSD_ROUNDS}
#define TSD_STATIC_ENTRY_(name, destructor, flags) {name, destructor},
#define TSD_STATIC_NAME_(name, destructor, flags) {#name, sizeof(#name) - 1},
#endif

#endif
