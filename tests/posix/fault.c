/* The report of a program's fault lists the program's keys with the thread's values. Ended by signal 11
 * Prints: "tsd: fault: address 0x8,"
 * Prints: "tsd: program: key 0x3 "errno_key" value "
 * Prints: ""second" value 0x1234" */
#include <assert.h>
#include <tsd.h>

int main(void) {
    tsd_key_t first, second;
    tsd_key_options_t options = {.name = "second"};
    assert(tsd_key_create(&first, NULL) == 0 && tsd_key_create_with(&second, &options) == 0);
    assert(tsd_key_delete(first) == 0 && tsd_set(second, (void *)0x1234) == 0);
    *(volatile int *)8 = 1;
    return 2;
}
