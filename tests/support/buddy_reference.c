#include "buddy_reference.h"

#include "require.h"

void kn_buddy_reference_init(struct kn_buddy_reference *reference, size_t units,
                             unsigned max_height)
{
    kn_require(units <= KN_BUDDY_REFERENCE_UNITS);
    reference->units = units;
    reference->max_height = max_height;
    while (reference->max_height > 0 && (size_t)1 << reference->max_height > units)
        reference->max_height--;
    memset(reference->height, -1, sizeof(reference->height));
}

/* Whether no used block but the one at `except` meets the place. */
static bool is_place_free(const struct kn_buddy_reference *reference, size_t unit, unsigned height,
                          size_t except)
{
    size_t end = unit + ((size_t)1 << height);

    if (end > reference->units)
        return false;
    for (size_t i = 0; i < end; i++)
        if (i != except && reference->height[i] >= 0 &&
            i + ((size_t)1 << reference->height[i]) > unit)
            return false;
    return true;
}

/* Whether it is free as a block: the block twice as large around it is not. */
static bool is_free_block(const struct kn_buddy_reference *reference, size_t unit, unsigned height)
{
    size_t around = unit >> (height + 1) << (height + 1);

    return is_place_free(reference, unit, height, KN_BUDDY_REFERENCE_NONE) &&
           (height == reference->max_height ||
            !is_place_free(reference, around, height + 1, KN_BUDDY_REFERENCE_NONE));
}

size_t kn_buddy_reference_alloc(struct kn_buddy_reference *reference, unsigned height,
                                unsigned align_height)
{
    for (unsigned from = height; from <= reference->max_height; from++) {
        for (size_t unit = 0; unit < reference->units; unit += (size_t)1 << from) {
            if (unit % ((size_t)1 << align_height) != 0 || !is_free_block(reference, unit, from))
                continue;
            reference->height[unit] = (signed char)height;
            return unit;
        }
    }
    return KN_BUDDY_REFERENCE_NONE;
}

void kn_buddy_reference_free(struct kn_buddy_reference *reference, size_t unit)
{
    kn_require(reference->height[unit] >= 0);
    reference->height[unit] = -1;
}

bool kn_buddy_reference_try_resize(struct kn_buddy_reference *reference, size_t unit,
                                   unsigned height)
{
    if (height > reference->max_height || unit % ((size_t)1 << height) != 0 ||
        !is_place_free(reference, unit, height, unit))
        return false;
    reference->height[unit] = (signed char)height;
    return true;
}

/* The height of the free block at `unit`. */
static unsigned free_height(const struct kn_buddy_reference *reference, size_t unit)
{
    for (unsigned height = 0; height <= reference->max_height; height++)
        if (unit % ((size_t)1 << height) == 0 && is_free_block(reference, unit, height))
            return height;
    ck_abort_msg("unit %zu is in no block", unit);
    return 0;
}

struct comparison {
    const struct kn_buddy_reference *reference;
    unsigned min_order;
    size_t unit;
    struct knoll_buddy_stats counted;
};

static int compare_block(const struct knoll_buddy_block *block, void *arg)
{
    struct comparison *comparison = arg;
    struct knoll_buddy_stats *counted = &comparison->counted;
    size_t unit = comparison->unit;
    bool is_used;
    unsigned height;

    kn_require(unit < comparison->reference->units);
    is_used = comparison->reference->height[unit] >= 0;
    height = is_used ? (unsigned)comparison->reference->height[unit]
                     : free_height(comparison->reference, unit);
    kn_require(block->is_used == is_used);
    kn_require(block->offset == unit << comparison->min_order);
    kn_require(block->bytes == (size_t)1 << (height + comparison->min_order));
    comparison->unit += (size_t)1 << height;
    if (is_used) {
        counted->used_blocks++;
        counted->used_bytes += block->bytes;
        return 0;
    }
    counted->free_blocks++;
    counted->free_bytes += block->bytes;
    counted->free_blocks_of_order[height + comparison->min_order]++;
    if (block->bytes > counted->largest_free_bytes)
        counted->largest_free_bytes = block->bytes;
    return 0;
}

void kn_buddy_reference_compare(const struct kn_buddy_reference *reference,
                                const struct knoll_buddy *buddy, unsigned min_order)
{
    struct comparison comparison = {.reference = reference, .min_order = min_order};
    const struct knoll_buddy_stats *counted = &comparison.counted;
    struct knoll_buddy_stats stats;

    kn_require_sound(knoll_buddy_check(buddy));
    kn_require(knoll_buddy_walk(buddy, compare_block, &comparison) == 0);
    kn_require(comparison.unit == reference->units);
    knoll_buddy_stats_get(buddy, &stats);
    kn_require(stats.range_bytes == reference->units << min_order);
    kn_require(stats.used_blocks == counted->used_blocks);
    kn_require(stats.used_bytes == counted->used_bytes);
    kn_require(stats.free_blocks == counted->free_blocks);
    kn_require(stats.free_bytes == counted->free_bytes);
    kn_require(stats.largest_free_bytes == counted->largest_free_bytes);
    kn_require(memcmp(stats.free_blocks_of_order, counted->free_blocks_of_order,
                      sizeof(stats.free_blocks_of_order)) == 0);
    kn_require(knoll_buddy_free_bytes(buddy) == counted->free_bytes);
    kn_require(knoll_buddy_largest_bytes(buddy) == counted->largest_free_bytes);
}
