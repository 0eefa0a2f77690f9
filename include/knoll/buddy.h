/*
 * Buddy: blocks of power-of-two sizes from a range whose contents are never touched.
 *
 *     struct knoll_buddy *buddy = knoll_buddy_new(NULL, NULL, device_bytes, 8, 26);
 *     size_t texture = knoll_buddy_alloc_offset(buddy, 4 << 20, 256);
 *     knoll_buddy_free_offset(buddy, texture);
 *     knoll_buddy_delete(buddy);
 *
 * The range may be memory of a device, shared memory, a part of a file, or numbers of anything: all
 * that is known about it lies elsewhere, a little over 10 bits per smallest block. Blocks are named by
 * their offset from the start of the range or, where the range has an address, by pointers; both name
 * the same blocks and can be mixed.
 *
 * Orders      a block has 2^k bytes, k from min_order to max_order, and starts at a multiple of its
 *             size. A larger block is split in halves, "buddies", down to the size asked for; two
 *             free buddies become one block at once. Blocks are never larger than 2^max_order, nor
 *             than the range. What is behind the last whole 2^min_order bytes is not used.
 * Alignment   is that of offsets: where pointers are to be aligned, the range must begin at a multiple
 *             of the largest alignment.
 * Waste       less than half of a block is lost to rounding. A request for 2^k bytes fails only if
 *             every aligned place for it meets a used block.
 * Errors      KNOLL_BUDDY_NONE or NULL with errno ENOMEM or EINVAL. Success leaves errno alone.
 * Misuse      an offset or pointer that is no used block (freed already, never handed out, inside a
 *             block, out of the range) is always found, and answered as in <knoll/misuse.h>.
 * Threads     one at a time: the caller brings the lock.
 * Cost        with n smallest blocks: O(max_order - min_order) steps of O(log64 n) to allocate and to
 *             free, none of which reads or writes the range. The size of a block, the free bytes and
 *             the largest free block: constant.
 */
#ifndef KNOLL_BUDDY_H
#define KNOLL_BUDDY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <knoll/attributes.h>
#include <knoll/misuse.h>
#include <knoll/source.h>

KNOLL_BEGIN

struct knoll_buddy;

/* "There is no such block", among offsets. */
#define KNOLL_BUDDY_NONE SIZE_MAX

/* Orders are smaller than this, the width of size_t. */
#define KNOLL_BUDDY_ORDERS (sizeof(size_t) * 8)

/* ---- making and unmaking ---------------------------------------------------------------------- */

/*
 * The bytes that knoll_buddy_init needs for a range of `bytes`: 0 if min_order > max_order or
 * max_order >= KNOLL_BUDDY_ORDERS, or if no memory could be so large.
 */
KNOLL_API KNOLL_NODISCARD size_t knoll_buddy_state_bytes(size_t bytes, unsigned min_order,
                                                         unsigned max_order) KNOLL_NOTHROW;

/*
 * A buddy whose own records are the `state_bytes` at `state`, any memory aligned for a size_t and
 * apart from the range, which the caller frees after the last use. The whole range is free.
 *
 * base    where the range begins, or NULL if it has no address, and blocks are named by offsets only
 * bytes   the length of the range, of any value
 * orders  of the smallest and the largest block
 * Returns NULL with errno EINVAL if knoll_buddy_state_bytes has no answer, `state` is NULL or not
 * aligned, or the range wraps around; ENOMEM if state_bytes are too few. Cost: linear in `bytes` >>
 * min_order.
 */
KNOLL_API KNOLL_NODISCARD struct knoll_buddy *knoll_buddy_init(void *state, size_t state_bytes,
                                                               void *base, size_t bytes,
                                                               unsigned min_order,
                                                               unsigned max_order) KNOLL_NOTHROW;

/*
 * The same with its records in memory of `source`, or with NULL of knoll_source_mmap(). ENOMEM also
 * if the source has none.
 */
KNOLL_API KNOLL_NODISCARD struct knoll_buddy *knoll_buddy_new(struct knoll_source *source,
                                                              void *base, size_t bytes,
                                                              unsigned min_order,
                                                              unsigned max_order) KNOLL_NOTHROW;

/*
 * Gives the records back to their source; after knoll_buddy_init it does nothing. Blocks need not be
 * freed before. NULL is allowed.
 */
KNOLL_API void knoll_buddy_delete(struct knoll_buddy *buddy) KNOLL_NOTHROW;

/* Frees all blocks at once. Cost: as that of making it. */
KNOLL_API void knoll_buddy_reset(struct knoll_buddy *buddy) KNOLL_NOTHROW;

/* ---- blocks by offset ------------------------------------------------------------------------- */

/*
 * The offset of a block of at least `bytes` (0 counts as 1) at a multiple of `align`, a power of two;
 * 1 or 0 for no wish. The block is as large as `bytes` needs, also where `align` is more.
 * KNOLL_BUDDY_NONE with errno ENOMEM if there is none, EINVAL if `align` is no power of two. Cost: an
 * alignment above the size adds a step for each free block of the orders between that is not so
 * aligned.
 */
KNOLL_API KNOLL_NODISCARD size_t knoll_buddy_alloc_offset(struct knoll_buddy *buddy, size_t bytes,
                                                          size_t align) KNOLL_NOTHROW;

/* Gives the block back that starts at `offset`. KNOLL_BUDDY_NONE is allowed and does nothing. */
KNOLL_API void knoll_buddy_free_offset(struct knoll_buddy *buddy, size_t offset) KNOLL_NOTHROW;

/*
 * Makes the block at `offset` the smallest one that holds `bytes`, without moving it. Returns 0;
 * ENOMEM, with nothing changed, if it would not be aligned to its new size or what lies behind it is
 * in use; EINVAL after misuse. Shrinking never fails. errno is untouched.
 */
KNOLL_API KNOLL_NODISCARD int knoll_buddy_resize_offset(struct knoll_buddy *buddy, size_t offset,
                                                        size_t bytes) KNOLL_NOTHROW;

/* The size of the block that starts at `offset`; 0, which is no misuse, if none does. */
KNOLL_API KNOLL_NODISCARD size_t knoll_buddy_size_offset(const struct knoll_buddy *buddy,
                                                         size_t offset) KNOLL_NOTHROW;

/* ---- blocks by pointer: for ranges that have an address ---------------------------------------- */

/* As above, with base + offset for an offset. Without a base, NULL with errno EINVAL. */
KNOLL_API KNOLL_NODISCARD void *knoll_buddy_alloc(struct knoll_buddy *buddy,
                                                  size_t bytes) KNOLL_NOTHROW KNOLL_SIZE(2);
/* EINVAL also if the range begins at no multiple of `align`. */
KNOLL_API KNOLL_NODISCARD void *knoll_buddy_alloc_aligned(struct knoll_buddy *buddy, size_t align,
                                                          size_t bytes) KNOLL_NOTHROW KNOLL_SIZE(3);
/* NULL is allowed and does nothing. */
KNOLL_API void knoll_buddy_free(struct knoll_buddy *buddy, void *block) KNOLL_NOTHROW;
KNOLL_API KNOLL_NODISCARD int knoll_buddy_resize(struct knoll_buddy *buddy, void *block,
                                                 size_t bytes) KNOLL_NOTHROW;
KNOLL_API KNOLL_NODISCARD size_t knoll_buddy_size(const struct knoll_buddy *buddy,
                                                  const void *block) KNOLL_NOTHROW;

/* ---- what it looks like ----------------------------------------------------------------------- */

struct knoll_buddy_stats {
    size_t range_bytes; /* used and free together: whole smallest blocks */
    size_t used_bytes;  /* in blocks; what was asked for is not known */
    size_t free_bytes;
    size_t largest_free_bytes; /* the largest block that can be had */
    size_t used_blocks;
    size_t free_blocks;
    /* How much smaller the largest free block is than the free bytes would allow for, if they all
     * lay together: 0 where it is as large as can be, 75 where it is a quarter of that. */
    unsigned fragmentation_percent;
    size_t free_blocks_of_order[KNOLL_BUDDY_ORDERS]; /* [k]: of 2^k bytes */
};

/* Counts. Cost: linear, 64 smallest blocks a step. */
KNOLL_API void knoll_buddy_stats_get(const struct knoll_buddy *buddy,
                                     struct knoll_buddy_stats *stats) KNOLL_NOTHROW;

/* The two numbers of most use while allocating, in constant time. */
KNOLL_API KNOLL_NODISCARD size_t knoll_buddy_free_bytes(const struct knoll_buddy *buddy)
    KNOLL_NOTHROW;
KNOLL_API KNOLL_NODISCARD size_t knoll_buddy_largest_bytes(const struct knoll_buddy *buddy)
    KNOLL_NOTHROW;

struct knoll_buddy_block {
    size_t offset;
    size_t bytes;
    bool is_used;
};

/*
 * Calls visit(block, arg) for every block, used or free, from the start of the range to its end,
 * until it returns another value than 0, and returns that value, or 0 at the end. `visit` must not
 * use the buddy, but for calls on a const one.
 */
KNOLL_API int knoll_buddy_walk(const struct knoll_buddy *buddy,
                               int (*visit)(const struct knoll_buddy_block *block, void *arg),
                               void *arg);

/* NULL, or what is wrong with the records: somebody wrote to memory that was not theirs. Linear. */
KNOLL_API KNOLL_NODISCARD const char *
knoll_buddy_check(const struct knoll_buddy *buddy) KNOLL_NOTHROW;

KNOLL_END

#endif
