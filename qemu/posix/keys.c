/*
 * The program's keys in the report of a fault: the kernel calls a function of the program that goes through them, since
 * the table is the program's own.
 */
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <tsd.h>

/* The kernel's own call: SET_KEYS in qemu/kernel/src/modes/program/call.rs. */
enum { SET_KEYS = 0x74736401 };

/* As in qemu/kernel/src/modes/program/report.rs. */
struct entry {
    uint32_t cursor;
    tsd_key_t key;
    const char *name;
    void *value;
};

int __tsd_next_key(struct entry *entry);

/* The next live key, with the value of the calling thread. 1, or 0 at the end. */
int __tsd_next_key(struct entry *entry) {
    tsd_key_info_t info;
    if (!tsd_key_next(&entry->cursor, &info)) {
        return 0;
    }
    entry->key = info.key;
    entry->name = info.name;
    entry->value = tsd_get(info.key);
    return 1;
}

__attribute__((constructor)) static void tell_the_kernel(void) { (void)syscall(SET_KEYS, __tsd_next_key); }
