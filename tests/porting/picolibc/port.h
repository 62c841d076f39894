/* picolibc's port to the kernel in C. */
#ifndef PORT_H
#define PORT_H

#include "../../c/kernel/kernel.h"

/* To be called before anything of the library. */
void port_init(void);

/* The most threads that were in sbrk() at once, which the library calls with its lock taken. */
extern unsigned most_in_sbrk;

#endif
