/*
 * What the compiler's own libraries ask of a C library that is glibc: where the unwind tables of an address are, whether
 * there are threads, random numbers. The program is one object. The structure is glibc's.
 */
#include <elf.h>
#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

struct object {
    unsigned long long flags;
    const void *map_start;
    const void *map_end;
    void *link_map;
    const void *eh_frame;
    unsigned long long reserved[7];
};

/* Where the linker puts the file's header and the end of its data. */
extern const char __ehdr_start[], _end[];

int _dl_find_object(const void *address, struct object *result);

int _dl_find_object(const void *address, struct object *result) {
    const Elf64_Ehdr *header = (const Elf64_Ehdr *)(const void *)__ehdr_start;
    const Elf64_Phdr *segment = (const Elf64_Phdr *)(const void *)(__ehdr_start + header->e_phoff);
    const char *code = address;
    if (code < __ehdr_start || code >= _end) {
        return -1;
    }
    for (int i = 0; i < header->e_phnum; i++) {
        if (segment[i].p_type == PT_GNU_EH_FRAME) {
            *result = (struct object){.map_start = __ehdr_start, .map_end = _end};
            result->eh_frame = (const void *)segment[i].p_vaddr;
            return 0;
        }
    }
    return -1;
}

void *const __dso_handle = NULL;

int __pthread_key_create(pthread_key_t *key, void (*destructor)(void *));

/* glibc's second name. Where it exists, the runtimes take it that there are threads, and call the standard's names. */
int __pthread_key_create(pthread_key_t *key, void (*destructor)(void *)) { return pthread_key_create(key, destructor); }

/* Never said, so that reference counts are always counted atomically. */
char __libc_single_threaded = 0;

uint32_t arc4random(void);

/* The machine has no source of random numbers, and nothing else would be one. */
uint32_t arc4random(void) { abort(); }
