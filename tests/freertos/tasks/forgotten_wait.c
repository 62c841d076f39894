/* Hooks that spin, for the image that shows what becomes of a waiter then: a mistake where priorities are strict. */
#include <tsd.h>

TSD_SPIN_WHILE_WAITING;
