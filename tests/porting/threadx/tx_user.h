/* Read by <tx_api.h> where TX_INCLUDE_USER_DEFINE_FILE is defined: the options of this build of ThreadX. */
#ifndef TX_USER_H
#define TX_USER_H

#include <tsd.h>

/* A member of TX_THREAD. */
#define TX_THREAD_USER_EXTENSION tsd_thread_t tsd;

#endif
