/*
 * What the compiler's C++ runtime asks of a C library that is glibc: where the unwind tables of an address are, and which
 * object registers a function for the program's end. The program is one object. The structure is glibc's.
 */
#include <elf.h>
#include <stddef.h>

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
