/* FreeRTOS names the header and uses nothing of it. */
#include <stddef.h>
