/*
 * The calls of an allocator as a table, so that one model test serves every set of entry points.
 * A member that the set lacks is NULL, and the model leaves such calls out.
 */
#ifndef KN_TESTS_SUPPORT_MODEL_CALLS_H
#define KN_TESTS_SUPPORT_MODEL_CALLS_H

#include <stdbool.h>
#include <stddef.h>

struct model_calls {
    const char *name;
    void *(*malloc)(size_t bytes);
    void *(*zalloc)(size_t bytes);
    void *(*alloc_aligned)(size_t bytes, size_t align, bool is_zeroed);
    void *(*realloc)(void *p, size_t bytes);
    /* Like realloc; all beyond the old or the new size, whichever is less, is zero. */
    void *(*recalloc)(void *p, size_t bytes);
    void (*free)(void *p);
    void (*free_sized)(void *p, size_t bytes);
    size_t (*usable_size)(const void *p);
    size_t (*good_size)(size_t bytes);
    bool (*try_expand)(void *p, size_t bytes);
    size_t (*malloc_batch)(size_t bytes, size_t count, void **out);
    void (*free_batch)(void **blocks, size_t count);
    bool (*trim)(size_t keep_bytes);
    /* What happens to the allocator when a thread ends; the thread may go on calling it. */
    void (*thread_end)(void);
};

/* The functions of src/core. */
extern const struct model_calls model_calls_core;

/* The functions of <knoll/knoll.h>. */
extern const struct model_calls model_calls_public;

#endif
