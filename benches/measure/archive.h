/* What archive.c has for measure.c. */
#ifndef ARCHIVE_H
#define ARCHIVE_H

#include <stddef.h>

/* Gives the calling thread its structure; 0 if that fails. archive_end() takes it back. */
int archive_begin(void);
void archive_end(void);

/* What a kernel calls at a thread's end. */
void archive_exit(void);

/* Loops with inlined calls. */
void c_inlined_get(unsigned key, size_t count);
void c_static_get(unsigned key, size_t count);
void c_static_set(unsigned key, size_t count);

#endif
