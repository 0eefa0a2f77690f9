/* freelist.h - last-in, first-out lists of free blocks, linked through the blocks themselves.
 *
 * Purpose     the blocks a slab or pool can hand out next. The most recently freed block is handed
 *             out first: it is the one most likely in the cache.
 * Invariants  each block has room for, and is aligned to, a pointer; its first word belongs to the
 *             list while it is in it. No block is in two lists, or twice in one. The caller keeps
 *             the count, where it needs one.
 * Layout
 *                 list          block          block          block
 *               +------+      +--------+     +--------+     +--------+
 *               | head |----->| link --|---->| link --|---->| link 0 |
 *               +------+      | (free) |     | (free) |     | (free) |
 *                             +--------+     +--------+     +--------+
 *             Plain: the link is the address of the next block, NULL in the last.
 *             Encoded: the link is byte_reverse(next ^ own address) ^ secret. The head, which lies
 *             in the list and not in memory the program writes to, is plain in both kinds.
 * Encoding    an overwritten or forged link decodes to an arbitrary address, which fails the test
 *             against the list's bounds but for once in 2^64 / (number of possible blocks). The
 *             bytes are reversed so that an overflow of a few bytes, or of a terminating zero, from
 *             the block before hits the high bits of the address and always leaves the bounds. The
 *             block's own address makes equal links look different, and a link copied to another
 *             block decodes to nonsense. Whoever reads a link and knows both addresses
 *             learns the secret: this is a detector of defects and an obstacle, not cryptography.
 * Threads     none: the owner of the list serialises.
 * Cost        plain: push two stores, pop two loads and a store. encoded: four more operations each
 *             way, and two compares. splice and take: constant.
 */
#ifndef KN_DS_FREELIST_H
#define KN_DS_FREELIST_H

#include "base/align.h"

/* The first word of a free block, which the program wrote as whatever type it liked. */
typedef uintptr_t KN_MAY_ALIAS kn_freelist_word;

struct kn_freelist {
    void *head;
};

/* What every block of a list must satisfy: begin <= address, address - begin < bytes, and aligned
 * to `align`, a power of two. */
struct kn_freelist_bounds {
    uintptr_t begin;
    size_t bytes;
    size_t align;
};

KN_INLINE bool kn_freelist_is_inside(const struct kn_freelist_bounds *bounds, const void *block)
{
    return (uintptr_t)block - bounds->begin < bounds->bytes &&
           kn_is_aligned((uintptr_t)block, bounds->align);
}

KN_INLINE void kn_freelist_init(struct kn_freelist *list)
{
    list->head = NULL;
}

KN_INLINE bool kn_freelist_is_empty(const struct kn_freelist *list)
{
    return list->head == NULL;
}

/* Empties the list; the result is its former head, from which the chain can be followed. */
KN_INLINE void *kn_freelist_take(struct kn_freelist *list)
{
    void *chain = list->head;

    list->head = NULL;
    return chain;
}

/* Plain lists. */

KN_INLINE void *kn_freelist_next(const void *block)
{
    return (void *)*(const kn_freelist_word *)block;
}

KN_INLINE void kn_freelist_link(void *block, const void *next)
{
    *(kn_freelist_word *)block = (uintptr_t)next;
}

KN_INLINE void kn_freelist_push(struct kn_freelist *list, void *block)
{
    kn_freelist_link(block, list->head);
    list->head = block;
}

/* The block, whose first word still holds the link; NULL if the list is empty. */
KN_INLINE void *kn_freelist_pop(struct kn_freelist *list)
{
    void *block = list->head;

    if (KN_LIKELY(block != NULL))
        list->head = kn_freelist_next(block);
    return block;
}

/* Puts the chain from `first` to `last`, linked but for the last link, before the list. */
KN_INLINE void kn_freelist_splice(struct kn_freelist *list, void *first, void *last)
{
    kn_freelist_link(last, list->head);
    list->head = first;
}

/* Encoded lists. All operations on one list take the same secret. */

KN_INLINE uintptr_t kn_freelist_encode(uintptr_t secret, const void *block, const void *next)
{
    return kn_byte_reverse((uintptr_t)next ^ (uintptr_t)block) ^ secret;
}

/* What the link of `block` means; to be tested against the bounds before it is dereferenced. */
KN_INLINE void *kn_freelist_encoded_next(uintptr_t secret, const void *block)
{
    return (void *)(kn_byte_reverse(*(const kn_freelist_word *)block ^ secret) ^ (uintptr_t)block);
}

KN_INLINE void kn_freelist_encoded_link(uintptr_t secret, void *block, const void *next)
{
    *(kn_freelist_word *)block = kn_freelist_encode(secret, block, next);
}

KN_INLINE void kn_freelist_encoded_push(struct kn_freelist *list, uintptr_t secret, void *block)
{
    kn_freelist_encoded_link(secret, block, list->head);
    list->head = block;
}

/* True: *block is the popped block, NULL if the list is empty. False: the link of the first block,
 * which is in *block, is damaged; the list is unchanged. */
KN_NODISCARD KN_INLINE bool kn_freelist_encoded_try_pop(struct kn_freelist *list, uintptr_t secret,
                                                        const struct kn_freelist_bounds *bounds,
                                                        void **block)
{
    void *first = list->head;
    void *next;

    *block = first;
    if (first == NULL)
        return true;
    next = kn_freelist_encoded_next(secret, first);
    if (KN_UNLIKELY(next != NULL && !kn_freelist_is_inside(bounds, next)))
        return false;
    list->head = next;
    return true;
}

/* As kn_freelist_splice, for a chain encoded with the list's secret. */
KN_INLINE void kn_freelist_encoded_splice(struct kn_freelist *list, uintptr_t secret, void *first,
                                          void *last)
{
    kn_freelist_encoded_link(secret, last, list->head);
    list->head = first;
}

/* NULL if the list has exactly `count` blocks, all inside the bounds; else what is wrong. Linear in
 * count, even if the links form a cycle. */
const char *kn_freelist_check(const struct kn_freelist *list,
                              const struct kn_freelist_bounds *bounds, size_t count);
const char *kn_freelist_encoded_check(const struct kn_freelist *list, uintptr_t secret,
                                      const struct kn_freelist_bounds *bounds, size_t count);

#endif
