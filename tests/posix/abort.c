/* A failed assertion ends the program by SIGABRT. Ended by signal 6 */
#include <assert.h>

int main(void) {
    assert(!"reached");
    return 0;
}
