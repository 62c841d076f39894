/* What archive.c and hook.c, which know the header, have for measure.c. */
#ifndef ARCHIVE_H
#define ARCHIVE_H

#include <stddef.h>

/* Give the calling thread its structure; 0 if that fails. Those that follow take it back. */
int archive_begin(void);
int hook_begin(void);
void archive_end(void);
void hook_end(void);

/* Loops with inlined calls. */
void c_inlined_get(unsigned key, size_t count);
void c_static_get(unsigned key, size_t count);
void c_static_set(unsigned key, size_t count);

#endif
