/*
 * The general-purpose allocator below its public names: everything that is not on the fast path
 * (fastpath.h).
 *
 * Sizes are in bytes. Functions that allocate return NULL with errno ENOMEM when memory is short or
 * the size exceeds PTRDIFF_MAX, and leave errno alone otherwise. Blocks are at least 16-byte
 * aligned. `call` is the name under which a wrong pointer is reported (report.h). All are safe from
 * any thread, none from signal handlers.
 */
#ifndef KN_CORE_ALLOC_H
#define KN_CORE_ALLOC_H

#include <stdbool.h>
#include <stddef.h>

#include "base/compiler.h"
#include "core/report.h"

struct kn_heap;

/* The rest of kn_malloc and kn_free. */
void *kn_malloc_slow(size_t bytes);
void *kn_malloc_empty_cell(size_t size_class,
                           struct kn_heap *heap); /* the small cell's counter ran under */
void kn_free_slow(void *p, enum kn_call call);
void kn_free_full_cell(void *p, struct kn_heap *heap, size_t size_class,
                       enum kn_call call); /* the counter ran over */
void kn_free_full_medium(void *p, struct kn_heap *heap, size_t size_class);
void kn_free_twice(void *p, struct kn_heap *heap, size_t size_class, enum kn_call call);

/* A zeroed block. The whole usable size is zero. */
KN_NODISCARD void *kn_zalloc(size_t bytes);

/* A block at a multiple of `align`, a power of two. */
KN_NODISCARD void *kn_alloc_aligned(size_t bytes, size_t align, bool is_zeroed);

/* p is a block, bytes is not 0. NULL: p is unchanged. */
KN_NODISCARD void *kn_realloc(void *p, size_t bytes, enum kn_call call);

/* Changes the usable size in place so that at least `bytes` fit; false: unchanged. */
KN_NODISCARD bool kn_try_expand(void *p, size_t bytes, enum kn_call call);

/* 0 for NULL and, after a report, for wrong pointers. */
size_t kn_usable_size(const void *p, enum kn_call call);

/* The usable size that a request would get. 0 if none could. */
size_t kn_good_size(size_t bytes);

/* Up to `count` blocks into out[]; returns how many. errno is ENOMEM if fewer. */
size_t kn_malloc_batch(size_t bytes, size_t count, void **out);

/* Gives the calling thread's unused blocks and all unused memory of the process back; keeps at
 * most keep_bytes of it. True if the OS got something. */
bool kn_trim(size_t keep_bytes);

#endif
