/* buddy.h - the binary buddy system over any range, as offsets.
 *
 * Purpose     power-of-two blocks, aligned to their size, of a range that is never touched itself:
 *             ordinary, device or shared memory, or numbers of anything.
 * Invariants  the range is cut into units of 2^min_order bytes; a block of order k has 2^k bytes,
 *             lies at a multiple of its size, and is free, allocated, or part of a larger one, or
 *             cut into its halves (buddies). Two free buddies are always merged, up to max_order.
 *             Where the range's length is no power of two, only blocks wholly inside it exist. What
 *             is left behind the last whole unit is never used.
 *             Offset 0 counts as aligned to everything: the caller aligns the range itself.
 * Layout      metadata, in memory of the caller, apart from the range:
 *
 *             | tree_at             | words                     | orders                  |
 *             | a number per order: | a bittree per order:      | a byte per unit:        |
 *             | where its tree      | bit b of order k is clear | order + 1 at the first  |
 *             | starts in words     | if block b of 2^k bytes   | unit of an allocated    |
 *             |                     | is free as a whole        | block, else 0, or FREED |
 *             |                     |                           | if one began there once |
 *
 *             A little over 10 bits a unit, and two or three words an order. A mask of the orders
 *             that have a free block is kept aside.
 * Threads     none: the owner serialises.
 * Cost        with n units: alloc and free O(max_order - min_order) steps of O(log64 n), at most
 *             one split or merge per order; allocation takes the lowest free block of the smallest
 *             order that serves, and its lower end. Size of a block, and largest free block:
 *             constant. init O(n). resize O(orders between the two sizes). An alignment above the
 *             size is looked for in each order below it, one search for every free block that is not
 *             so aligned.
 *             Less than half of a block is lost to rounding. A request of order k fails only if
 *             each of the aligned places for it meets an allocated block: so it succeeds as long as
 *             the allocated blocks, each counted as 2^k bytes at least, are less than the range
 *             rounded down to a multiple of 2^k.
 * Source      K. Knowlton, "A fast storage allocator", CACM 1965.
 */
#ifndef KN_DS_BUDDY_H
#define KN_DS_BUDDY_H

#include "ds/bittree.h"

/* "There is no such block." */
#define KN_BUDDY_NONE SIZE_MAX

enum { KN_BUDDY_ORDERS = (int)(sizeof(size_t) * 8) };

/* In `orders`: no block begins here, but one that was freed did. */
enum { KN_BUDDY_FREED = UINT8_MAX };

struct kn_buddy {
    size_t *tree_at;
    uint64_t *words;
    uint8_t *orders;
    size_t units;      /* whole units of the range */
    size_t free_bytes; /* in all free blocks together */
    uint64_t nonempty; /* bit k is set if order k has a free block */
    unsigned min_order;
    unsigned max_order; /* as asked for, but no larger than the range */
};

/* The bytes of metadata for a range of `bytes`. min_order <= max_order < the width of size_t. */
size_t kn_buddy_metadata_bytes(size_t bytes, unsigned min_order, unsigned max_order);

/* All of [0, bytes) is free. `metadata`, aligned to 8, need not be zero. */
void kn_buddy_init(struct kn_buddy *buddy, void *metadata, size_t bytes, unsigned min_order,
                   unsigned max_order);

/* The offset of a block of 2^order bytes (of 2^min_order, for smaller orders); KN_BUDDY_NONE if
 * there is none. */
KN_NODISCARD size_t kn_buddy_alloc(struct kn_buddy *buddy, unsigned order);

/* As above, at a multiple of 2^align_order < the width of size_t. Fails only if no aligned place is
 * free. Of the blocks that have one, takes from the smallest. */
KN_NODISCARD size_t kn_buddy_alloc_aligned(struct kn_buddy *buddy, unsigned order,
                                           unsigned align_order);

/* 0, or EINVAL with nothing changed if no allocated block starts at `offset`. */
KN_NODISCARD int kn_buddy_free(struct kn_buddy *buddy, size_t offset);

/* Makes the block at `offset` one of 2^order bytes (as kn_buddy_alloc has it) where it is. 0; EINVAL
 * if no allocated block starts there; ENOMEM if it would not be aligned to its new size, or what
 * lies behind it is not free. Errors change nothing. Shrinking never fails. */
KN_NODISCARD int kn_buddy_resize(struct kn_buddy *buddy, size_t offset, unsigned order);

/* Whether the byte stands for the order of an allocated block. */
KN_INLINE bool kn_buddy_is_order(uint8_t byte)
{
    return byte != 0 && byte != KN_BUDDY_FREED;
}

/* The size of the allocated block that starts at `offset`; 0 if none does. */
KN_INLINE size_t kn_buddy_block_bytes(const struct kn_buddy *buddy, size_t offset)
{
    size_t unit = offset >> buddy->min_order;

    if (unit >= buddy->units || unit << buddy->min_order != offset ||
        !kn_buddy_is_order(buddy->orders[unit]))
        return 0;
    return (size_t)1 << (buddy->orders[unit] - 1);
}

/* The size of the largest free block; 0 if there is none. */
KN_INLINE size_t kn_buddy_largest_bytes(const struct kn_buddy *buddy)
{
    return buddy->nonempty == 0 ? 0 : (size_t)1 << (63 - kn_clz64(buddy->nonempty));
}

/* The smallest order whose blocks hold `bytes` (0 counts as 1). It may be above max_order, up to
 * the width of size_t: kn_buddy_alloc then finds no block. */
KN_INLINE unsigned kn_buddy_order_of(size_t bytes)
{
    return bytes <= 1 ? 0 : kn_log2_ceil(bytes);
}

/* The start of the allocated block that contains `offset`; KN_BUDDY_NONE if none does. */
size_t kn_buddy_enclosing(const struct kn_buddy *buddy, size_t offset);

/* Whether no allocated block starts at `offset` now, but a freed one did. */
bool kn_buddy_was_freed(const struct kn_buddy *buddy, size_t offset);

/* The number of free blocks of 2^order bytes. Linear in all places for such blocks, 64 a step. */
size_t kn_buddy_free_blocks(const struct kn_buddy *buddy, unsigned order);

struct kn_buddy_block {
    size_t offset;
    size_t bytes;
    bool is_free;
};

/* Describes the block at `offset`, which must be 0 or the end of a block; false at the end of the
 * range. */
KN_NODISCARD bool kn_buddy_try_block_at(const struct kn_buddy *buddy, size_t offset,
                                        struct kn_buddy_block *block);

/* NULL if the blocks tile the range and all counts agree; else what is wrong. Linear. */
const char *kn_buddy_check(const struct kn_buddy *buddy);

#endif
