/*
 * The allocator under the names that textbooks give to one: my_malloc, my_free, my_calloc,
 * my_realloc. They are the functions of <knoll/knoll.h>, and may be mixed with them.
 */
#ifndef KNOLL_MY_MALLOC_H
#define KNOLL_MY_MALLOC_H

#include <knoll/knoll.h>

/* A block of at least `bytes`, at a multiple of 16; NULL with errno ENOMEM if there is none. */
KNOLL_NODISCARD static inline void *my_malloc(size_t bytes)
{
    return knoll_malloc(bytes);
}

/* A block for `count` objects of `bytes` each, all zero. */
KNOLL_NODISCARD static inline void *my_calloc(size_t count, size_t bytes)
{
    return knoll_calloc(count, bytes);
}

/* The block with another size and the same contents; NULL: the old one is unchanged. */
KNOLL_NODISCARD static inline void *my_realloc(void *p, size_t bytes)
{
    return knoll_realloc(p, bytes);
}

/* Gives a block, or NULL, back. */
static inline void my_free(void *p)
{
    knoll_free(p);
}

#endif
