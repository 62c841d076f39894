/*
 * What the archive was built with. `tsd install` writes its own file in place of this one, which has the defaults.
 *
 * Keys, thread-exit functions and rounds are part of the archive's symbol names: with other numbers a program does not
 * link. TSD_PLAIN_NAMES is defined where the families' symbols have no prefix.
 */
#ifndef TSD_CONFIG_H
#define TSD_CONFIG_H

/* Keys that can exist at once: 1 to 64, or a multiple of 64 up to 4096. */
#define TSD_KEYS 128

/* Rounds of destructors at thread exit, for each phase. */
#define TSD_ROUNDS 4

/* Room for thread-exit functions (C++ destructors) in each thread. */
#define TSD_EXIT_FUNCTIONS 16

/* Room for notifications that are registered at run time. */
#define TSD_NOTIFICATIONS 8

#endif
