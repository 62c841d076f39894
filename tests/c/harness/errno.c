/*
 * For the images, whose errno is a key of the library: here it is not, since the programs count keys and bring threads'
 * structures of their own. The two names are the C library's.
 */
static _Thread_local int number;

int *__errno_location(void);
int *___errno_location(void);

int *__errno_location(void) { return &number; }
int *___errno_location(void) { return &number; }
