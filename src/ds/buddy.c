#include "ds/buddy.h"

#include "base/align.h"

#include <errno.h>

/* Blocks of an order that lie wholly inside the range. */
static size_t block_count(const struct kn_buddy *buddy, unsigned order)
{
    return buddy->units >> (order - buddy->min_order);
}

static struct kn_bittree tree_of(const struct kn_buddy *buddy, unsigned order)
{
    return (struct kn_bittree){buddy->words + buddy->tree_at[order - buddy->min_order],
                               block_count(buddy, order)};
}

static unsigned usable_max_order(size_t units, unsigned min_order, unsigned max_order)
{
    unsigned largest = units == 0 ? min_order : min_order + kn_log2_floor(units);

    return largest < max_order ? largest : max_order;
}

static size_t tree_words(size_t units, unsigned min_order, unsigned max_order)
{
    size_t words = 0;

    for (unsigned order = min_order; order <= max_order; order++)
        words += kn_bittree_words(units >> (order - min_order));
    return words;
}

/* The bytes of tree_at, rounded so that the words behind it are aligned. */
static size_t table_bytes(unsigned min_order, unsigned max_order)
{
    return kn_align_up((max_order - min_order + 1) * sizeof(size_t), sizeof(uint64_t));
}

size_t kn_buddy_metadata_bytes(size_t bytes, unsigned min_order, unsigned max_order)
{
    size_t units = bytes >> min_order;

    max_order = usable_max_order(units, min_order, max_order);
    return table_bytes(min_order, max_order) +
           tree_words(units, min_order, max_order) * sizeof(uint64_t) +
           kn_align_up(units, sizeof(uint64_t));
}

static void add_free(struct kn_buddy *buddy, unsigned order, size_t block)
{
    struct kn_bittree tree = tree_of(buddy, order);

    kn_bittree_release(&tree, block);
    buddy->nonempty |= UINT64_C(1) << order;
}

static void remove_free(struct kn_buddy *buddy, unsigned order, size_t block)
{
    struct kn_bittree tree = tree_of(buddy, order);

    kn_bittree_claim(&tree, block);
    if (kn_bittree_find_clear(&tree, 0) == KN_BITMAP_NONE)
        buddy->nonempty &= ~(UINT64_C(1) << order);
}

/* The largest aligned blocks that fit, from the front. */
static void add_range(struct kn_buddy *buddy)
{
    for (size_t unit = 0; unit < buddy->units;) {
        unsigned height = buddy->max_order - buddy->min_order;

        if (unit != 0 && kn_ctz64(unit) < height)
            height = kn_ctz64(unit);
        if (kn_log2_floor(buddy->units - unit) < height)
            height = kn_log2_floor(buddy->units - unit);
        add_free(buddy, buddy->min_order + height, unit >> height);
        unit += (size_t)1 << height;
    }
}

void kn_buddy_init(struct kn_buddy *buddy, void *metadata, size_t bytes, unsigned min_order,
                   unsigned max_order)
{
    size_t words = 0;

    KN_ASSERT(min_order <= max_order && max_order < KN_BUDDY_ORDERS);
    KN_ASSERT(kn_is_aligned((uintptr_t)metadata, sizeof(uint64_t)));
    buddy->units = bytes >> min_order;
    buddy->free_bytes = buddy->units << min_order;
    buddy->nonempty = 0;
    buddy->min_order = min_order;
    buddy->max_order = usable_max_order(buddy->units, min_order, max_order);
    buddy->tree_at = metadata;
    buddy->words = kn_ptr_add(metadata, table_bytes(min_order, buddy->max_order));
    for (unsigned order = min_order; order <= buddy->max_order; order++) {
        struct kn_bittree tree;

        buddy->tree_at[order - min_order] = words;
        kn_bittree_init_set(&tree, buddy->words + words, block_count(buddy, order));
        words += kn_bittree_words(block_count(buddy, order));
    }
    buddy->orders = (uint8_t *)(buddy->words + words);
    for (size_t unit = 0; unit < buddy->units; unit++)
        buddy->orders[unit] = 0;
    add_range(buddy);
}

/* Makes the front of the free block number `block` of order `from` an allocated block. */
static size_t take(struct kn_buddy *buddy, unsigned from, size_t block, unsigned order)
{
    size_t unit;

    remove_free(buddy, from, block);
    /* Keep the lower half, free the upper one, until the size is right. */
    while (from > order) {
        from--;
        block *= 2;
        add_free(buddy, from, block + 1);
    }
    unit = block << (order - buddy->min_order);
    buddy->orders[unit] = (uint8_t)(order + 1);
    buddy->free_bytes -= (size_t)1 << order;
    return unit << buddy->min_order;
}

size_t kn_buddy_alloc(struct kn_buddy *buddy, unsigned order)
{
    struct kn_bittree tree;
    uint64_t candidates;
    unsigned from;

    if (order < buddy->min_order)
        order = buddy->min_order;
    if (order > buddy->max_order)
        return KN_BUDDY_NONE;
    candidates = buddy->nonempty >> order;
    if (candidates == 0)
        return KN_BUDDY_NONE;
    from = order + kn_ctz64(candidates);
    tree = tree_of(buddy, from);
    return take(buddy, from, kn_bittree_find_clear(&tree, 0), order);
}

/* The first free block of an order whose number is a multiple of 2^align_log2. */
static size_t find_aligned(const struct kn_bittree *tree, unsigned align_log2)
{
    size_t block = 0;

    while (block < tree->bits) {
        size_t found = kn_bittree_find_clear(tree, block);

        if (found == KN_BITMAP_NONE)
            break;
        block = kn_align_up(found, (size_t)1 << align_log2);
        if (block == found)
            return found;
    }
    return KN_BUDDY_NONE;
}

size_t kn_buddy_alloc_aligned(struct kn_buddy *buddy, unsigned order, unsigned align_order)
{
    KN_ASSERT(align_order < KN_BUDDY_ORDERS);
    if (order < buddy->min_order)
        order = buddy->min_order;
    if (align_order <= order)
        return kn_buddy_alloc(buddy, order);
    for (unsigned from = order; from <= buddy->max_order; from++) {
        struct kn_bittree tree = tree_of(buddy, from);
        size_t block;

        if ((buddy->nonempty >> from & 1) == 0)
            continue;
        block = find_aligned(&tree, align_order > from ? align_order - from : 0);
        if (block != KN_BUDDY_NONE)
            return take(buddy, from, block, order);
    }
    return KN_BUDDY_NONE;
}

/* Whether block number `block` exists and is free as a whole. */
static bool is_free(const struct kn_buddy *buddy, unsigned order, size_t block)
{
    struct kn_bittree tree = tree_of(buddy, order);

    return block < tree.bits && !kn_bittree_is_set(&tree, block);
}

int kn_buddy_free(struct kn_buddy *buddy, size_t offset)
{
    size_t bytes = kn_buddy_block_bytes(buddy, offset);
    size_t block;
    unsigned order;

    if (bytes == 0)
        return EINVAL;
    order = kn_log2_floor(bytes);
    block = offset >> order;
    buddy->orders[offset >> buddy->min_order] = KN_BUDDY_FREED;
    buddy->free_bytes += bytes;
    for (; order < buddy->max_order && is_free(buddy, order, block ^ 1); order++, block /= 2)
        remove_free(buddy, order, block ^ 1);
    add_free(buddy, order, block);
    return 0;
}

/* Whether the block of order `from` at `offset` is the front of one of order `to` that is free for
 * the rest. */
static bool has_free_tail(const struct kn_buddy *buddy, size_t offset, unsigned from, unsigned to)
{
    for (; from < to; from++) {
        size_t block = offset >> from;

        if (block % 2 != 0 || !is_free(buddy, from, block + 1))
            return false;
    }
    return true;
}

int kn_buddy_resize(struct kn_buddy *buddy, size_t offset, unsigned order)
{
    size_t bytes = kn_buddy_block_bytes(buddy, offset);
    unsigned from;

    if (bytes == 0)
        return EINVAL;
    from = kn_log2_floor(bytes);
    if (order < buddy->min_order)
        order = buddy->min_order;
    if (order > buddy->max_order || !has_free_tail(buddy, offset, from, order))
        return ENOMEM;
    for (; from < order; from++)
        remove_free(buddy, from, (offset >> from) + 1);
    /* What is cut off has a buddy in use: the block itself, or a part of it. */
    while (from > order) {
        from--;
        add_free(buddy, from, (offset >> from) + 1);
    }
    buddy->orders[offset >> buddy->min_order] = (uint8_t)(order + 1);
    buddy->free_bytes += bytes;
    buddy->free_bytes -= (size_t)1 << order;
    return 0;
}

size_t kn_buddy_enclosing(const struct kn_buddy *buddy, size_t offset)
{
    if (offset >> buddy->min_order >= buddy->units)
        return KN_BUDDY_NONE;
    for (unsigned order = buddy->min_order; order <= buddy->max_order; order++) {
        size_t start = kn_align_down(offset, (size_t)1 << order);

        if (kn_buddy_block_bytes(buddy, start) > offset - start)
            return start;
    }
    return KN_BUDDY_NONE;
}

bool kn_buddy_was_freed(const struct kn_buddy *buddy, size_t offset)
{
    size_t unit = offset >> buddy->min_order;

    return unit < buddy->units && unit << buddy->min_order == offset &&
           buddy->orders[unit] == KN_BUDDY_FREED;
}

size_t kn_buddy_free_blocks(const struct kn_buddy *buddy, unsigned order)
{
    struct kn_bittree tree;

    if (order < buddy->min_order || order > buddy->max_order)
        return 0;
    tree = tree_of(buddy, order);
    return tree.bits - kn_bitmap_popcount(tree.words, 0, tree.bits);
}

/* The order of the free block that starts at `unit`; KN_BUDDY_ORDERS if none does. */
static unsigned free_order_at(const struct kn_buddy *buddy, size_t unit)
{
    for (unsigned order = buddy->min_order; order <= buddy->max_order; order++) {
        unsigned height = order - buddy->min_order;

        if (unit >> height << height != unit)
            break;
        if (is_free(buddy, order, unit >> height))
            return order;
    }
    return KN_BUDDY_ORDERS;
}

bool kn_buddy_try_block_at(const struct kn_buddy *buddy, size_t offset,
                           struct kn_buddy_block *block)
{
    size_t unit = offset >> buddy->min_order;
    size_t bytes;

    if (unit >= buddy->units)
        return false;
    bytes = kn_buddy_block_bytes(buddy, offset);
    *block = (struct kn_buddy_block){offset, bytes, bytes == 0};
    if (bytes == 0) {
        unsigned order = free_order_at(buddy, unit);

        KN_ASSERT(order != KN_BUDDY_ORDERS);
        block->bytes = (size_t)1 << order;
    }
    return true;
}

static const char *check_trees(const struct kn_buddy *buddy, size_t *free_blocks)
{
    for (unsigned order = buddy->min_order; order <= buddy->max_order; order++) {
        struct kn_bittree tree = tree_of(buddy, order);
        const char *fault = kn_bittree_check(&tree);
        size_t free = kn_buddy_free_blocks(buddy, order);

        if (fault != NULL)
            return fault;
        if ((free != 0) != (buddy->nonempty >> order & 1))
            return "buddy: mask of orders disagrees with the free blocks";
        *free_blocks += free;
    }
    if ((buddy->nonempty & ((UINT64_C(1) << buddy->min_order) - 1)) != 0 ||
        buddy->nonempty >> buddy->max_order > 1)
        return "buddy: mask has an order out of range";
    return NULL;
}

/* The block that starts at `unit`, free or allocated; its height, or what is wrong with it. */
static const char *check_block(const struct kn_buddy *buddy, size_t unit, unsigned *height,
                               bool *is_free_block)
{
    unsigned order = free_order_at(buddy, unit);
    size_t block;

    *is_free_block = order != KN_BUDDY_ORDERS;
    if (*is_free_block && kn_buddy_is_order(buddy->orders[unit]))
        return "buddy: block is both free and allocated";
    if (!*is_free_block)
        order = buddy->orders[unit] - 1u;
    if (order < buddy->min_order || order > buddy->max_order)
        return "buddy: unit belongs to no block";
    *height = order - buddy->min_order;
    block = unit >> *height;
    if (block << *height != unit || block >= block_count(buddy, order))
        return "buddy: block misaligned or out of range";
    if (*is_free_block && order < buddy->max_order && is_free(buddy, order, block ^ 1))
        return "buddy: free buddies are not merged";
    for (size_t i = unit + 1; i < unit + ((size_t)1 << *height); i++) {
        if (kn_buddy_is_order(buddy->orders[i]))
            return "buddy: block starts inside another";
    }
    return NULL;
}

const char *kn_buddy_check(const struct kn_buddy *buddy)
{
    size_t free_blocks = 0;
    size_t free_units = 0;
    unsigned height = 0;
    const char *fault = check_trees(buddy, &free_blocks);

    if (fault != NULL)
        return fault;
    for (size_t unit = 0; unit < buddy->units; unit += (size_t)1 << height) {
        bool is_free_block;

        fault = check_block(buddy, unit, &height, &is_free_block);
        if (fault != NULL)
            return fault;
        if (is_free_block) {
            free_units += (size_t)1 << height;
            free_blocks--;
        }
    }
    if (free_blocks != 0)
        return "buddy: free block inside another";
    if (free_units << buddy->min_order != buddy->free_bytes)
        return "buddy: free bytes differ from their count";
    return NULL;
}
