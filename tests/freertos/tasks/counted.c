/* Where tasks lose the CPU, and what the board's interrupts do. */
#include "harness.h"

TaskHandle_t volatile intruder;
struct preempted preempted_in_set, preempted_in_exit;
tsd_key_t volatile unmasked_key;
volatile unsigned unmasked_interrupts;

/* ---- preemptions inside the library ---- */

/* linker/mps2-an385.ld */
extern const unsigned char set_start[], set_end[], exit_start[], exit_end[];

enum { PROGRAM_COUNTER = 14, MOST_PLACES = 2048 };

static void count_place(struct preempted *preempted, const unsigned char *start, uintptr_t pc, unsigned char *places) {
    unsigned place = (unsigned)(pc - (uintptr_t)start) / 2;
    CHECK(place < MOST_PLACES);
    preempted->count++;
    preempted->places += !places[place];
    places[place] = 1;
}

void count_switch(const volatile uint32_t *registers) {
    static unsigned char set_places[MOST_PLACES], exit_places[MOST_PLACES];
    uintptr_t pc = registers[PROGRAM_COUNTER];
    /* At its first instruction a function has not begun. */
    if (pc > (uintptr_t)set_start && pc < (uintptr_t)set_end) {
        count_place(&preempted_in_set, set_start, pc, set_places);
    } else if (pc > (uintptr_t)exit_start && pc < (uintptr_t)exit_end) {
        count_place(&preempted_in_exit, exit_start, pc, exit_places);
    }
}

/* ---- interrupts ---- */

void board_preempted(void) {
    TaskHandle_t task = intruder;
    if (task != NULL) {
        vTaskNotifyGiveFromISR(task, NULL);
    }
}

void board_interrupted(void) {}

/* Comes in FreeRTOS's critical sections and switches, too. */
void board_unmasked(void) {
    tsd_key_t key = unmasked_key;
    uintptr_t count = (uintptr_t)tsd_get(key);
    CHECK(tsd_set(key, VALUE(count + 1)) == 0 && tsd_get(key) == VALUE(count + 1));
    struct tsd_freertos *seen = tsd_freertos_seen;
    tsd_freertos_seen = NULL;
    CHECK(tsd_get(key) == NULL && tsd_set(key, NULL) == TSD_ESRCH);
    tsd_freertos_seen = seen;
    unmasked_interrupts++;
}

void print_counts(void) {
    figure("preemptions_in_set", preempted_in_set.count);
    figure("instructions_preempted_in_set", preempted_in_set.places);
    figure("preemptions_in_exit", preempted_in_exit.count);
    figure("instructions_preempted_in_exit", preempted_in_exit.places);
    figure("unmasked_interrupts", unmasked_interrupts);
    CHECK(preempted_in_set.count > 0 && preempted_in_exit.count > 0);
}
