/*
 * The steps of a port, each of which can be left out: with -DWITHOUT_EXIT and its like this prints what becomes of a kernel
 * that forgot it, and docs/porting quotes that. Threads have no stacks here: the block that is current is the running thread.
 */
#include <stdio.h>
#include <string.h>

#include <tsd.h>

struct thread {
    const char *name;
    tsd_thread_t tsd;
};

TSD_CHECK_THREAD_POINTER(struct thread, tsd);

/* What the memory of the blocks holds at first. */
#ifndef MEMORY
#define MEMORY 0xFF
#endif

static struct thread blocks[2];
static struct thread *current;
static tsd_key_t key;

/* ---- the hooks ---- */

#ifndef WITHOUT_CURRENT
tsd_thread_t *tsd_current(void) { return current ? &current->tsd : NULL; }
#endif

#ifndef WITHOUT_HOOKS
/* Nobody waits: there is one stack. */
void tsd_wait(const uint32_t *word, uint32_t expected) {
    (void)word;
    (void)expected;
}
void tsd_wake(const uint32_t *word) { (void)word; }
#endif

/* ---- what the threads do ---- */

/* Values that are set and not yet destroyed. */
static int alive;

static void find(void) {
    const char *value = tsd_get(key);
    printf("%s finds %s\n", current->name, value ? value : "nothing");
}

static void set(const char *value) {
    const int error = tsd_set(key, value);
    if (error != 0) {
        printf("set fails with %d\n", error);
    } else {
        alive++;
    }
}

static void destroy(void *value) {
    printf("%s destroys %s\n", current->name, (const char *)value);
    alive--;
}

static int attached, detached;

static void note(uint32_t reason, void *context) {
    (void)context;
    if (reason == TSD_THREAD_ATTACH) {
        attached++;
    } else {
        detached++;
    }
}
static const tsd_notification_t notification = {note, NULL};

static void create_key(void) {
    if (tsd_key_create(&key, destroy) != 0) {
        printf("no key\n");
    }
}

/* ---- the kernel ---- */

static void switch_to(struct thread *thread) {
#ifdef WITHOUT_SWITCH
    if (current) {
        return;
    }
#endif
    current = thread;
}

static void start(struct thread *thread, const char *name) {
#ifndef WITHOUT_INIT
    tsd_thread_init(&thread->tsd);
#endif
    thread->name = name;
    switch_to(thread);
#ifndef WITHOUT_ATTACH
    if (tsd_thread_attach() != 0) {
        printf("%s can't be attached\n", name);
    }
#endif
}

static void print_report(const char *verb, const tsd_exit_report_t *report) {
    printf("%s %s: calls %u, left over %u, flags %u\n", current->name, verb, (unsigned)report->calls,
           (unsigned)report->left_over, (unsigned)report->flags);
}

static void end(void) {
#ifndef WITHOUT_EXIT
    tsd_exit_report_t report;
    tsd_thread_exit(&report);
    print_report("ends", &report);
#endif
#ifdef WITHOUT_LAST
    set("what was set after the exit");
#endif
}

/* Another thread has been killed: the current one buries it. */
static void bury(struct thread *dead) {
#ifndef WITHOUT_REAP
    tsd_exit_report_t report;
#ifdef WITHOUT_DEAD_CURRENT
    tsd_thread_reap(&report);
#else
    struct thread *self = current;
    current = dead;
    tsd_thread_reap(&report);
    current = self;
#endif
    print_report("buries", &report);
#endif
    memset(dead, 0xFF, sizeof *dead);
}

static void handler(void) { (void)tsd_set(key, "the handler's value"); }

static void interrupt(void) {
#ifdef WITHOUT_NULL
    handler();
#else
    struct thread *interrupted = current;
    current = NULL;
    handler();
    current = interrupted;
#endif
}

int main(void) {
    static tsd_once_t once = TSD_ONCE_INIT;
    setvbuf(stdout, NULL, _IONBF, 0);
    memset(blocks, MEMORY, sizeof blocks);
    tsd_notification_register(&notification);
    start(&blocks[0], "the first thread");
    if (tsd_once(&once, create_key) != 0) {
        printf("once fails\n");
    }
    find();
    set("the first one's value");
    interrupt();
    find();

    start(&blocks[1], "the second thread");
    find();
    set("the second one's value");
    switch_to(&blocks[0]);
    find();
    end();

    /* The block serves another thread. */
    start(&blocks[0], "the third thread");
    find();
    set("the third one's value");
    bury(&blocks[1]);
    find();
    end();
    printf("notifications: %d attached, %d detached\n", attached, detached);
    if (alive != 0) {
        printf("values that were never destroyed: %d\n", alive);
    }
    return 0;
}
