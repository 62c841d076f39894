/* C++ objects that each thread has: made at their first use, destroyed at its end before their memory goes. */
#include "kernel.h"

namespace {

int made, destroyed;

struct Object {
    int number;
    Object *self;
    explicit Object(int first) : number(first), self(this) { made++; }
    ~Object();
};

thread_local Object outer(3);
thread_local Object inner(4);
thread_local int plain = 5;

/* The last to be made goes first, and what was made before is there still. */
Object::~Object() {
    CHECK(self == this && (this == &outer || this == &inner) && number == (this == &outer ? 13 : 14));
    CHECK(outer.number == 13 && plain == 15 && blocks_in_use() > 0);
    CHECK(made - destroyed == (this == &inner ? 2 : 1));
    destroyed++;
}

void use(void *argument) {
    CHECK(outer.number == 3 && inner.number == 4 && plain == 5);
    outer.number += 10;
    inner.number += 10;
    plain += 10;
    CHECK(blocks_in_use() >= 4);
    (void)argument;
}

} // namespace

extern "C" void thread_local_in_cxx(void) {
    for (int threads = 1; threads <= 3; threads++) {
        const tsd_exit_report_t *report = thread_join(thread_start(use, nullptr));
        CHECK(report->functions == 2 && report->last_phase_rounds == 1 && report->calls == 1);
        CHECK(made == 2 * threads && destroyed == made && blocks_in_use() == 0);
    }
}

/* The compiler names what the object is part of. */
extern "C" {
extern void *__dso_handle;
void *__dso_handle;
}
