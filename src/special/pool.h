/*
 * What the parts of a pool know of each other.
 *
 * Layout      a chunk is one range of the source. The objects come first, so that they are aligned
 *             without loss; nothing of the bookkeeping lies between them.
 *
 *             +---------+---------+-----+---------+----------+------+-------+
 *             | object  | object  | ... | object  |  chunk   | used | full  |
 *             +---------+---------+-----+---------+----------+------+-------+
 *             ^ range     count objects of stride bytes        bitmap kinds only
 *
 *             used   bit i: object i is in use. Bits beyond the last object are always set.
 *             full   bit w: word w of `used` is all ones, or was so a moment ago. Bits beyond the
 *                    last word are set.
 * Invariants  chunks are linked from the newest to the oldest. When a chunk is made, it is at least
 *             as large as all others together, unless memory is short, the pool's maximum near, or
 *             the chunk 4 GiB: so there are logarithmically many, and the newest holds half of all
 *             objects.
 *             List kind: an object below `carved` is in use, or in the list of free ones once; those
 *             from `carved` on were never linked.
 * Threads     list and bitmap pools: one at a time. Shared ones: the words of `used` and `full` and
 *             the newest chunk are atomic; all else of a chunk never changes once it is linked.
 *             `lock` guards growing.
 */
#ifndef KN_SPECIAL_POOL_H
#define KN_SPECIAL_POOL_H

#include "base/atomic.h"
#include "os/lock.h"
#include "os/source.h"

#include <knoll/pool.h>

#include <stdint.h>

struct kn_pool_chunk {
    struct kn_pool_chunk *older;
    char *objects;
    size_t count;
    size_t objects_bytes; /* count * stride */
    size_t range_bytes;   /* from `objects` on, this included */
    size_t carved;        /* list kind only */
    size_t free;          /* list kind: for kn_pool_list_uncarve */
    _Atomic uint64_t *used;
    _Atomic uint64_t *full;
};

struct kn_pool_state {
    struct kn_source *source;
    _Atomic(struct kn_pool_chunk *) newest;
    size_t object_bytes;
    size_t align;
    size_t stride;
    uint64_t reciprocal; /* of the stride; see kn_pool_index_of */
    size_t first_objects;
    size_t max_objects;
    size_t objects; /* of all chunks */
    /* Where an object is looked for first. Bitmap kind: the word of the last free, or the one that
     * had room. */
    struct kn_pool_chunk *cursor;
    size_t cursor_word;
    uint64_t id; /* shared kind: of this pool in its present state, never used again */
    enum knoll_pool_kind kind;
    bool is_fixed;
    struct kn_lock lock;
};

KN_STATIC_ASSERT(sizeof(struct kn_pool_state) <= sizeof(((struct knoll_pool *)0)->opaque) &&
                     _Alignof(struct kn_pool_state) <= _Alignof(void *),
                 "the caller's storage can hold the state");

KN_INLINE struct kn_pool_state *kn_pool_state_of(const struct knoll_pool *pool)
{
    return (struct kn_pool_state *)(void *)pool->opaque;
}

KN_INLINE bool kn_pool_is_list(const struct knoll_pool *pool)
{
    return pool->slow_to == 0;
}

KN_INLINE struct kn_pool_chunk *kn_pool_newest(const struct kn_pool_state *state)
{
    /* Acquire: pairs with the release store in kn_pool_grow, so that the chunk is seen complete. */
    return kn_load_acquire(&state->newest);
}

/*
 * offset / stride, for a multiple of the stride within a chunk, from a reciprocal r = 2^32 / stride,
 * rounded up. With r * stride = 2^32 + e, e < stride, and offset = q * stride, offset * r is
 * q * 2^32 + q * e; and q * e < offset < 2^32, because chunks are not made larger. For other offsets
 * the result is some index whose object does not start there.
 */
KN_INLINE size_t kn_pool_index_of(const struct kn_pool_state *state, size_t offset)
{
    return (size_t)(offset * state->reciprocal >> 32);
}

/* The chunk whose objects `address` lies among; NULL if none. *index is that of the object if it
 * starts there. */
KN_INLINE struct kn_pool_chunk *kn_pool_find(const struct kn_pool_state *state, const void *address,
                                             size_t *index)
{
    struct kn_pool_chunk *chunk = kn_pool_newest(state);
    for (; chunk != NULL; chunk = chunk->older) {
        size_t offset = (uintptr_t)address - (uintptr_t)chunk->objects;
        if (offset < chunk->objects_bytes) {
            *index = kn_pool_index_of(state, offset);
            break;
        }
    }
    return chunk;
}

KN_INLINE void *kn_pool_object(const struct kn_pool_state *state, const struct kn_pool_chunk *chunk,
                               size_t index)
{
    return chunk->objects + index * state->stride;
}

/* Whether an address that lies among the objects of a chunk is where one starts. */
KN_INLINE bool kn_pool_is_start(const struct kn_pool_state *state,
                                const struct kn_pool_chunk *chunk, size_t index,
                                const void *address)
{
    return kn_pool_object(state, chunk, index) == address;
}

KN_INLINE size_t kn_pool_words(const struct kn_pool_chunk *chunk)
{
    return (chunk->count + 63) / 64;
}

KN_INLINE bool kn_pool_bits_is_used(const struct kn_pool_chunk *chunk, size_t index)
{
    return (kn_load_relaxed(&chunk->used[index / 64]) >> index % 64 & 1) != 0;
}

/* pool.c */

/* Adds a chunk of `wanted` objects, or of as many as can be had. 0, or ENOMEM. With the lock held, if
 * the pool is shared. */
KN_NODISCARD int kn_pool_grow(struct kn_pool_state *state, size_t wanted);

/* How many objects the next chunk is to have. */
size_t kn_pool_next_objects(const struct kn_pool_state *state);

/* pool_list.c: the list kind. */

KN_NODISCARD void *kn_pool_list_malloc(struct knoll_pool *pool);
void kn_pool_list_reset(struct knoll_pool *pool);

/* Takes the free objects of chunks without any in use out of the list, as if never carved. */
void kn_pool_list_uncarve(struct knoll_pool *pool);

/* As knoll_pool_walk. */
int kn_pool_list_walk(struct knoll_pool *pool, int (*visit)(void *object, void *arg), void *arg);

size_t kn_pool_list_count(const struct knoll_pool *pool);

/* As knoll_pool_check. */
const char *kn_pool_list_check(const struct knoll_pool *pool);

/* pool_bits.c: the bitmap kinds. */

/* Sets all bits that stand for nothing, and clears the others. */
void kn_pool_bits_init(struct kn_pool_chunk *chunk);

/* An object, or up to `count`; may grow the pool. */
KN_NODISCARD void *kn_pool_bits_malloc(struct kn_pool_state *state);
KN_NODISCARD size_t kn_pool_bits_malloc_batch(struct kn_pool_state *state, size_t count,
                                              void **out);

void kn_pool_bits_free(struct kn_pool_state *state, void *object, const char *call);

/* How many objects of a chunk are in use. */
size_t kn_pool_bits_count(const struct kn_pool_chunk *chunk);

/* As knoll_pool_walk and knoll_pool_check. */
int kn_pool_bits_walk(const struct kn_pool_state *state, int (*visit)(void *object, void *arg),
                      void *arg);
const char *kn_pool_bits_check(const struct kn_pool_state *state);

/* To be called when chunks have been freed or emptied: nobody remembers where objects were. */
void kn_pool_bits_forget(struct kn_pool_state *state);

#endif
