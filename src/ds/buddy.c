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

size_t kn_buddy_alloc(struct kn_buddy *buddy, unsigned order)
{
    struct kn_bittree tree;
    uint64_t candidates;
    unsigned from;
    size_t block;
    size_t unit;

    if (order < buddy->min_order)
        order = buddy->min_order;
    if (order > buddy->max_order)
        return KN_BUDDY_NONE;
    candidates = buddy->nonempty >> order;
    if (candidates == 0)
        return KN_BUDDY_NONE;
    from = order + kn_ctz64(candidates);
    tree = tree_of(buddy, from);
    block = kn_bittree_find_clear(&tree, 0);
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

int kn_buddy_free(struct kn_buddy *buddy, size_t offset)
{
    size_t bytes = kn_buddy_block_bytes(buddy, offset);
    size_t block;
    unsigned order;

    if (bytes == 0)
        return EINVAL;
    order = kn_log2_floor(bytes);
    block = offset >> order;
    buddy->orders[offset >> buddy->min_order] = 0;
    buddy->free_bytes += bytes;
    for (; order < buddy->max_order; order++, block /= 2) {
        struct kn_bittree tree = tree_of(buddy, order);
        size_t other = block ^ 1;

        if (other >= tree.bits || kn_bittree_is_set(&tree, other))
            break;
        remove_free(buddy, order, other);
    }
    add_free(buddy, order, block);
    return 0;
}

/* The order of the free block that starts at `unit`; KN_BUDDY_ORDERS if none does. */
static unsigned free_order_at(const struct kn_buddy *buddy, size_t unit)
{
    for (unsigned order = buddy->min_order; order <= buddy->max_order; order++) {
        unsigned height = order - buddy->min_order;
        struct kn_bittree tree = tree_of(buddy, order);

        if (unit >> height << height != unit)
            break;
        if (unit >> height < tree.bits && !kn_bittree_is_set(&tree, unit >> height))
            return order;
    }
    return KN_BUDDY_ORDERS;
}

static const char *check_trees(const struct kn_buddy *buddy, size_t *free_blocks)
{
    for (unsigned order = buddy->min_order; order <= buddy->max_order; order++) {
        struct kn_bittree tree = tree_of(buddy, order);
        const char *fault = kn_bittree_check(&tree);
        size_t free = tree.bits - kn_bitmap_popcount(tree.words, 0, tree.bits);

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
                               bool *is_free)
{
    unsigned order = free_order_at(buddy, unit);
    size_t block;

    *is_free = order != KN_BUDDY_ORDERS;
    if (*is_free && buddy->orders[unit] != 0)
        return "buddy: block is both free and allocated";
    if (!*is_free)
        order = buddy->orders[unit] - 1u;
    if (order < buddy->min_order || order > buddy->max_order)
        return "buddy: unit belongs to no block";
    *height = order - buddy->min_order;
    block = unit >> *height;
    if (block << *height != unit || block >= block_count(buddy, order))
        return "buddy: block misaligned or out of range";
    if (*is_free && order < buddy->max_order && (block ^ 1) < block_count(buddy, order) &&
        free_order_at(buddy, (block ^ 1) << *height) == order)
        return "buddy: free buddies are not merged";
    for (size_t i = unit + 1; i < unit + ((size_t)1 << *height); i++) {
        if (buddy->orders[i] != 0)
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
        bool is_free;

        fault = check_block(buddy, unit, &height, &is_free);
        if (fault != NULL)
            return fault;
        if (is_free) {
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
