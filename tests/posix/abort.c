/* A failed assertion ends the run as a shell would say: 128 and the number of SIGABRT. Exits with status 134 */
#include <assert.h>

int main(void) {
    assert(!"reached");
    return 0;
}
