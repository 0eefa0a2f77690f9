/*
 * What the files of the replacement share.
 *
 * The functions are declared here and not by <stdlib.h> and <malloc.h>: the C libraries differ in
 * which of them they declare, in which version, and with which attributes.
 *
 * In libknoll.a they are one object, so that a program gets the whole family or nothing of it; the C++
 * operators are another.
 */
#ifndef KN_OVERRIDE_OVERRIDE_H
#define KN_OVERRIDE_OVERRIDE_H

#include <stddef.h>

void *malloc(size_t bytes);
void free(void *p);
void *calloc(size_t count, size_t bytes);
void *realloc(void *p, size_t bytes);
void *reallocarray(void *p, size_t count, size_t bytes);
void free_sized(void *p, size_t bytes);
void free_aligned_sized(void *p, size_t align, size_t bytes);
void cfree(void *p);
void *memalign(size_t align, size_t bytes);
void *aligned_alloc(size_t align, size_t bytes);
int posix_memalign(void **result, size_t align, size_t bytes);
void *valloc(size_t bytes);
void *pvalloc(size_t bytes);
size_t malloc_usable_size(void *p);
int malloc_trim(size_t keep_bytes);

#endif
