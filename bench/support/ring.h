/*
 * A bounded ring of pointers from one thread to another (one writer, one reader, no lock).
 *
 *   pushed - popped = pointers inside, at most KB_RING_SLOTS; both only grow and wrap around.
 *
 * The writer's release of `pushed` pairs with the reader's acquire, so the block's contents arrive
 * with its address; the reader's release of `popped` pairs with the writer's acquire, so a slot is
 * not overwritten before it was read.
 */
#ifndef KB_RING_H
#define KB_RING_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "bench/support/bench.h"

enum { KB_RING_SLOTS = 1024 };

struct kb_ring {
    _Alignas(KB_CACHE_LINE) atomic_size_t pushed;
    _Alignas(KB_CACHE_LINE) atomic_size_t popped;
    _Alignas(KB_CACHE_LINE) void *slots[KB_RING_SLOTS];
};

static inline bool kb_ring_try_push(struct kb_ring *ring, void *pointer)
{
    size_t pushed = atomic_load_explicit(&ring->pushed, memory_order_relaxed);
    size_t popped = atomic_load_explicit(&ring->popped, memory_order_acquire);
    if (pushed - popped == KB_RING_SLOTS)
        return false;
    ring->slots[pushed % KB_RING_SLOTS] = pointer;
    atomic_store_explicit(&ring->pushed, pushed + 1, memory_order_release);
    return true;
}

/* NULL when the ring is empty. */
static inline void *kb_ring_pop(struct kb_ring *ring)
{
    size_t popped = atomic_load_explicit(&ring->popped, memory_order_relaxed);
    if (popped == atomic_load_explicit(&ring->pushed, memory_order_acquire))
        return NULL;
    void *pointer = ring->slots[popped % KB_RING_SLOTS];
    atomic_store_explicit(&ring->popped, popped + 1, memory_order_release);
    return pointer;
}

#endif
