/* A buddy system against a plain map of units: blocks are aligned, inside, apart from each other,
 * and refused only when there is no aligned place for them. */
#include "ds/buddy.h"

#include "base/rng.h"
#include "require.h"

enum { UNITS_MAX = 3000, MIN_ORDER = 5, STEPS = 12000 };

static KN_ALIGNED(8) unsigned char metadata[3 * UNITS_MAX];
static struct kn_buddy buddy;

/* For each unit, 1 + the number of the block it belongs to; 0 if it is free. */
static unsigned owner[UNITS_MAX];

struct block {
    size_t offset;
    size_t units; /* 0 for none */
};

static struct block blocks[UNITS_MAX];
static size_t units;
static unsigned largest_height;

static bool is_free(size_t unit, size_t count)
{
    for (size_t i = unit; i < unit + count; i++) {
        if (owner[i] != 0)
            return false;
    }
    return true;
}

/* The greatest h for which an aligned place of 2^h units is free; -1 if no unit is. */
static int greatest_free_height(void)
{
    for (int height = (int)largest_height; height >= 0; height--) {
        size_t count = (size_t)1 << height;

        for (size_t unit = 0; unit + count <= units; unit += count) {
            if (is_free(unit, count))
                return height;
        }
    }
    return -1;
}

static void mark(const struct block *block, unsigned value)
{
    for (size_t i = 0; i < block->units; i++)
        owner[(block->offset >> MIN_ORDER) + i] = value;
}

static void alloc(struct block *block, unsigned height)
{
    int greatest = greatest_free_height();
    size_t offset = kn_buddy_alloc(&buddy, MIN_ORDER + height);
    size_t bytes = (size_t)1 << (MIN_ORDER + height);

    kn_require((offset == KN_BUDDY_NONE) == ((int)height > greatest));
    if (offset == KN_BUDDY_NONE)
        return;
    kn_require(offset % bytes == 0 && offset + bytes <= units << MIN_ORDER);
    kn_require(is_free(offset >> MIN_ORDER, bytes >> MIN_ORDER));
    kn_require(kn_buddy_block_bytes(&buddy, offset) == bytes);
    *block = (struct block){offset, bytes >> MIN_ORDER};
    mark(block, 1 + (unsigned)(block - blocks));
}

static void check(struct kn_rng *rng)
{
    int greatest = greatest_free_height();
    size_t unit = (size_t)kn_rng_below(rng, units);
    size_t used = 0;
    const struct block *block = owner[unit] != 0 ? &blocks[owner[unit] - 1] : NULL;

    kn_require_sound(kn_buddy_check(&buddy));
    kn_require(kn_buddy_largest_bytes(&buddy) ==
               (greatest < 0 ? 0 : (size_t)1 << (MIN_ORDER + greatest)));
    for (size_t i = 0; i < units; i++)
        used += owner[i] != 0;
    kn_require(buddy.free_bytes == (units - used) << MIN_ORDER);
    kn_require(
        kn_buddy_block_bytes(&buddy, unit << MIN_ORDER) ==
        (block != NULL && block->offset == unit << MIN_ORDER ? block->units << MIN_ORDER : 0));
}

static const size_t sizes[] = {1, 3, 64, 100, 1023, 1024, 1025, UNITS_MAX};

KN_TEST_LOOP(buddy_model, agrees_with_a_map_of_units, 0, (int)KN_ARRAY_LEN(sizes))
{
    struct kn_rng rng;
    unsigned max_order;

    kn_rng_seed(&rng, kn_test_seed() + (uint64_t)_i);
    units = sizes[_i];
    max_order = MIN_ORDER + (unsigned)kn_rng_below(&rng, 14);
    ck_assert_uint_le(kn_buddy_metadata_bytes(units << MIN_ORDER, MIN_ORDER, max_order),
                      sizeof(metadata));
    kn_buddy_init(&buddy, metadata, units << MIN_ORDER, MIN_ORDER, max_order);
    largest_height = buddy.max_order - MIN_ORDER;
    for (unsigned step = 0; step < STEPS; step++) {
        struct block *block = &blocks[kn_rng_below(&rng, units)];

        if (block->units == 0 && step / 1000 % 3 != 2) {
            /* Small blocks mostly, each height half as often as the one below it. */
            uint64_t draw = kn_rng_next(&rng) | UINT64_C(1) << largest_height;

            alloc(block, kn_ctz64(draw));
        } else if (block->units != 0 && kn_rng_below(&rng, 2) == 0) {
            kn_require(kn_buddy_free(&buddy, block->offset) == 0);
            mark(block, 0);
            block->units = 0;
        }
        if (step % 16 == 0)
            check(&rng);
    }
}
