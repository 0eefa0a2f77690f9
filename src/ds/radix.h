/* radix.h - a sparse map from numbers to pointers, read without locks.
 *
 * Purpose     which range, or whose memory, an address belongs to: the key is the address divided
 *             by a unit, and the readers are free() of any thread, so they must neither wait nor be
 *             able to see a half-built map.
 * Invariants  a key without a value maps to NULL; setting NULL takes a value out.
 *             Nodes are never given back or moved, so a reader may stop anywhere for any time.
 *             All nodes are of one size, 2^level_bits pointers; leaves hold the values.
 * Layout      the key's bits, from the top, choose the slot in each level:
 *
 *             key    | level 0   | level 1   | ... | level n-1 |
 *                         |           |                  |
 *             root --> [ node ] --> [ node ] --> ... [ leaf ] --> value
 *
 *             key_bits are spread evenly over as few levels as give nodes of at most 512 pointers:
 *             34 bits are 4 levels of 9, 18 bits are 2 of 9, 10 bits are 2 of 5.
 * Threads     one writer at a time (the caller serialises), any number of readers at any time.
 *             A pointer to a node, and a value, is stored with release order, after what it points
 *             to was filled; each step of a reader loads it with acquire order. So who sees the
 *             pointer sees what was written before it was set. Nothing orders different keys.
 * Cost        get: one dependent load per level. set: the same, and up to `levels` new nodes.
 */
#ifndef KN_DS_RADIX_H
#define KN_DS_RADIX_H

#include "base/atomic.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { KN_RADIX_LEVEL_BITS_MAX = 9 };

/* Memory for one node: `bytes` zero bytes (a power of two up to 512 pointers), aligned to a
 * pointer, for ever; NULL if there is none. */
typedef void *(*kn_radix_alloc)(void *context, size_t bytes);

/* A slot of a node holds the next node, or in a leaf the value. */
typedef _Atomic(void *) kn_radix_slot;

struct kn_radix {
    kn_radix_slot root;
    unsigned levels;
    unsigned level_bits;
    unsigned key_bits;
    kn_radix_alloc alloc;
    void *context;
    /* Kept by the writer, for kn_radix_check and statistics. */
    size_t node_count;
    size_t value_count;
};

/* An empty map for keys below 2^key_bits; 1 <= key_bits <= 64. Allocates nothing. */
void kn_radix_init(struct kn_radix *radix, unsigned key_bits, kn_radix_alloc alloc, void *context);

/* Maps key to value; NULL takes it out, which never fails. 0, or ENOMEM with no value changed. */
KN_NODISCARD int kn_radix_set(struct kn_radix *radix, uint64_t key, void *value);

/* The same for `count` keys from `first` on, all or none. */
KN_NODISCARD int kn_radix_set_range(struct kn_radix *radix, uint64_t first, uint64_t count,
                                    void *value);

/* The bytes of a node, to size what the callback draws from. */
KN_INLINE size_t kn_radix_node_bytes(const struct kn_radix *radix)
{
    return sizeof(kn_radix_slot) << radix->level_bits;
}

/* The value of key; NULL if it has none, and for keys of 2^key_bits and above. */
KN_INLINE void *kn_radix_get(struct kn_radix *radix, uint64_t key)
{
    unsigned shift = radix->levels * radix->level_bits;
    /* Pairs with the release stores of slots in radix.c: the node's zeroes and slots, or whatever
     * the writer filled in before it set the value, are visible to who sees the pointer. */
    void *at = kn_load_acquire(&radix->root);

    if (shift < 64 && key >> shift != 0)
        return NULL;
    while (at != NULL && shift > 0) {
        kn_radix_slot *node = at;

        shift -= radix->level_bits;
        at = kn_load_acquire(&node[key >> shift & ((UINT64_C(1) << radix->level_bits) - 1)]);
    }
    return at;
}

/* NULL if the map is sound; else what is wrong. For the writer; linear in the nodes. */
const char *kn_radix_check(struct kn_radix *radix);

#endif
