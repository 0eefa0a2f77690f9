/* ring.h - a first-in, first-out ring of words in the caller's memory.
 *
 * Purpose     the latest so many of something, oldest first: quarantined blocks, recent events.
 * Invariants  the capacity is a power of two. head and tail count pushes and pops since the
 *             beginning and are never reduced: head - tail is the number of words held, also
 *             after they wrap around, so full and empty differ without a slot kept free.
 * Layout
 *                     tail % capacity         head % capacity
 *                         v                        v
 *             |      | oldest |  ...  | newest |           |
 *                         <-- head - tail -->
 * Threads     none: the owner serialises.
 * Cost        constant, a handful of instructions.
 */
#ifndef KN_DS_RING_H
#define KN_DS_RING_H

#include "base/bits.h"

struct kn_ring {
    uintptr_t *slots;
    size_t capacity;
    size_t head;
    size_t tail;
};

/* An empty ring of `capacity` slots, a power of two. */
KN_INLINE void kn_ring_init(struct kn_ring *ring, uintptr_t *slots, size_t capacity)
{
    KN_ASSERT(kn_is_power_of_two(capacity));
    ring->slots = slots;
    ring->capacity = capacity;
    ring->head = 0;
    ring->tail = 0;
}

KN_INLINE size_t kn_ring_count(const struct kn_ring *ring)
{
    return ring->head - ring->tail;
}

KN_INLINE bool kn_ring_is_empty(const struct kn_ring *ring)
{
    return ring->head == ring->tail;
}

KN_INLINE bool kn_ring_is_full(const struct kn_ring *ring)
{
    return kn_ring_count(ring) == ring->capacity;
}

/* False if the ring is full. */
KN_NODISCARD KN_INLINE bool kn_ring_try_push(struct kn_ring *ring, uintptr_t word)
{
    if (kn_ring_is_full(ring))
        return false;
    ring->slots[ring->head++ & (ring->capacity - 1)] = word;
    return true;
}

/* The oldest word; false if the ring is empty. */
KN_NODISCARD KN_INLINE bool kn_ring_try_pop(struct kn_ring *ring, uintptr_t *word)
{
    if (kn_ring_is_empty(ring))
        return false;
    *word = ring->slots[ring->tail++ & (ring->capacity - 1)];
    return true;
}

/* The word number `index` from the oldest, 0; index < kn_ring_count. */
KN_INLINE uintptr_t kn_ring_at(const struct kn_ring *ring, size_t index)
{
    KN_ASSERT(index < kn_ring_count(ring));
    return ring->slots[(ring->tail + index) & (ring->capacity - 1)];
}

/* NULL if the ring is sound; else what is wrong. */
KN_INLINE const char *kn_ring_check(const struct kn_ring *ring)
{
    if (!kn_is_power_of_two(ring->capacity))
        return "ring: capacity is no power of two";
    if (kn_ring_count(ring) > ring->capacity)
        return "ring: holds more than its capacity";
    return NULL;
}

#endif
