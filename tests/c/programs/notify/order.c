/* Each notification once a thread, on the thread: attach in table order, detach in reverse, values readable. */
#include "harness.h"

static tsd_key_t key;
static char trace[64];
static tsd_thread_t *self;

static void note(uint32_t reason, void *context) {
    size_t length = strlen(trace);
    if (self != NULL) {
        CHECK(tsd_current() == self);
        CHECK(tsd_get(key) == (reason == TSD_THREAD_DETACH ? value_of(1) : NULL));
        trace[length] = *(const char *)context;
        trace[length + 1] = reason == TSD_THREAD_ATTACH ? '+' : '-';
    }
}

static char a[] = "a", b[] = "b", c[] = "c", d[] = "d";
TSD_NOTIFICATION(first, note, a);
TSD_NOTIFICATION(second, note, b);
static const tsd_notification_t third = {note, c}, fourth = {note, d};

static void body(void *argument) {
    (void)argument;
    /* The port has attached this thread already. */
    tsd_thread_exit(NULL);
    CHECK(strcmp(trace, "") == 0);
    self = tsd_current();
    CHECK(tsd_thread_attach() == 0);
    CHECK(strcmp(trace, "a+b+c+d+") == 0);
    CHECK(tsd_thread_attach() == TSD_EINVAL);
    CHECK(tsd_set(key, value_of(1)) == 0);
    tsd_thread_exit(NULL);
    CHECK(strcmp(trace, "a+b+c+d+d-c-b-a-") == 0);
    tsd_thread_exit(NULL);
    CHECK(strcmp(trace, "a+b+c+d+d-c-b-a-") == 0);
    CHECK(tsd_notification_unregister(&third) == 0);
    CHECK(tsd_notification_unregister(&third) == TSD_EINVAL);
    memset(trace, 0, sizeof trace);
    CHECK(tsd_thread_attach() == 0);
    CHECK(strcmp(trace, "a+b+d+") == 0);
    self = NULL;
}

static void quiet(uint32_t reason, void *context) {
    (void)reason;
    (void)context;
}

void test(void) {
    static tsd_notification_t more[TSD_NOTIFICATIONS];
    int i;
    CHECK(tsd_key_create(&key, NULL) == 0);
    CHECK(tsd_notification_register(&third) == 0);
    CHECK(tsd_notification_register(&fourth) == 0);
    run_thread(body, NULL);
    CHECK(tsd_notification_unregister(&fourth) == 0);
    for (i = 0; i < TSD_NOTIFICATIONS; i++) {
        more[i].function = quiet;
        CHECK(tsd_notification_register(&more[i]) == 0);
    }
    CHECK(tsd_notification_register(&third) == TSD_ENOMEM);
    for (i = 0; i < TSD_NOTIFICATIONS; i++) {
        CHECK(tsd_notification_unregister(&more[i]) == 0);
    }
    CHECK(tsd_key_delete(key) == 0);
}
