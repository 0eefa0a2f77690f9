/* hashtable.h - a hash table of words in the caller's memory.
 *
 * Purpose     what is known about an address or a number, where the keys are scattered: stacks by
 *             their hash, records by block.
 * Invariants  a slot with key 0 is empty; 0 is no key. The number of slots is a power of two, and
 *             one at least stays empty, so every search ends.
 *             Linear probing: no slot from a key's home to the key's slot is empty. There are no
 *             tombstones: a removal moves later entries back, so searches do not get longer with
 *             time.
 * Layout      slots[i] = {key, value}; the home of a key is the top bits of key * (2^64 / golden
 *             ratio), after its high half was folded into the low one:
 *
 *                  home of a, b, c             home of d
 *                      v                        v
 *             | ... | a | b | c | empty | ... | d | ...       a search for c looks at a, b, c
 *
 * Threads     none: the owner serialises.
 * Cost        two words a slot. Expected probes, with a share f of the slots filled:
 *             (1 + 1 / (1 - f)) / 2 for a key that is there, (1 + 1 / (1 - f)^2) / 2 for one that
 *             is not. set refuses to fill more than 7/8: 4.5 and 32.5; grow at 3/4: 2.5 and 8.5.
 *             No operation allocates; kn_hashtable_rehash moves everything to a table of the
 *             caller's, O(slots).
 * Source      D. Knuth, "The Art of Computer Programming" vol. 3, 6.4: linear probing, algorithm R
 *             (deletion), and multiplicative hashing.
 */
#ifndef KN_DS_HASHTABLE_H
#define KN_DS_HASHTABLE_H

#include "base/bits.h"

struct kn_hashslot {
    uintptr_t key;
    uintptr_t value;
};

struct kn_hashtable {
    struct kn_hashslot *slots;
    size_t capacity; /* slots, a power of two */
    size_t count;    /* entries */
};

/* An empty table of `capacity` slots, a power of two >= 2, which need not be zero. */
void kn_hashtable_init(struct kn_hashtable *table, struct kn_hashslot *slots, size_t capacity);

/* The most entries a table of that many slots takes. */
KN_INLINE size_t kn_hashtable_max_count(size_t capacity)
{
    return capacity - (capacity + 7) / 8;
}

/* Adds the key, not 0, or replaces its value. 0, or ENOMEM with nothing changed if the key is new
 * and the table has its most entries. */
KN_NODISCARD int kn_hashtable_set(struct kn_hashtable *table, uintptr_t key, uintptr_t value);

/* The address of the key's value, good until the next set or remove; NULL if the key is not there.
 * The value may be changed through it. */
uintptr_t *kn_hashtable_find(const struct kn_hashtable *table, uintptr_t key);

/* True, with the value in *value unless that is NULL, if the key was there. */
bool kn_hashtable_try_remove(struct kn_hashtable *table, uintptr_t key, uintptr_t *value);

/* Adds all entries of `from` to the empty table `to`, which must have room for them. */
void kn_hashtable_rehash(struct kn_hashtable *to, const struct kn_hashtable *from);

/* Walks the entries, in no order: *cursor starts at 0; NULL when there are no more. Entries must
 * not be added or removed on the way. */
struct kn_hashslot *kn_hashtable_next(const struct kn_hashtable *table, size_t *cursor);

/* NULL if every entry can be found and all are counted; else what is wrong. */
const char *kn_hashtable_check(const struct kn_hashtable *table);

#endif
