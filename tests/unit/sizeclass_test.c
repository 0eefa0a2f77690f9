#include "core/sizeclass.h"

#include "harness.h"
#include "require.h"

/* Above this many bytes a block is at most an eighth larger than the request. */
enum { TINY_MAX = 113 };

struct waste {
    double worst; /* as parts of the request */
    double mean;
    double total;      /* of all requests together */
    size_t most_bytes; /* in one block */
};

/* Of all requests in a range, each of which is as likely as the others. */
static struct waste waste_of(size_t least, size_t most)
{
    struct waste waste = {0};
    double sum = 0;
    size_t requested = 0;
    size_t wasted = 0;
    for (size_t bytes = least; bytes <= most; bytes++) {
        size_t unused = kn_class_bytes(kn_class_of(bytes)) - bytes;
        double part = (double)unused / (double)bytes;
        sum += part;
        requested += bytes;
        wasted += unused;
        waste.worst = part > waste.worst ? part : waste.worst;
        waste.most_bytes = unused > waste.most_bytes ? unused : waste.most_bytes;
    }
    waste.mean = sum / (double)(most - least + 1);
    waste.total = (double)wasted / (double)requested;
    return waste;
}

KN_TEST(sizeclass, is_the_smallest_that_fits)
{
    kn_sizeclass_init();
    for (size_t bytes = 1; bytes <= KN_MEDIUM_MAX; bytes++) {
        unsigned size_class = kn_class_of(bytes);
        kn_require(size_class >= 1 && size_class < KN_CLASS_COUNT);
        kn_require(kn_class_bytes(size_class) >= bytes);
        kn_require(size_class == 1 || kn_class_bytes(size_class - 1) < bytes);
    }
}

KN_TEST(sizeclass, wastes_at_most_fifteen_bytes_of_a_small_block)
{
    kn_sizeclass_init();
    ck_assert_uint_le(waste_of(1, KN_SMALL_MAX).most_bytes, 15);
}

KN_TEST(sizeclass, wastes_at_most_an_eighth_when_not_tiny)
{
    kn_sizeclass_init();
    ck_assert_double_le(waste_of(TINY_MAX + 1, KN_MEDIUM_MAX).worst, 0.125);
    ck_assert_double_gt(waste_of(TINY_MAX, TINY_MAX).worst, 0.125);
}

KN_TEST(sizeclass, wastes_less_than_a_twentieth_in_the_mean)
{
    kn_sizeclass_init();
    ck_assert_double_lt(waste_of(1, KN_MEDIUM_MAX).mean, 0.05);
    ck_assert_double_lt(waste_of(1, KN_MEDIUM_MAX).total, 0.05);
    ck_assert_double_lt(waste_of(TINY_MAX + 1, KN_SMALL_MAX).mean, 0.05);
    ck_assert_double_lt(waste_of(TINY_MAX + 1, KN_MEDIUM_MAX).mean, 0.05);
}

static void check_slab(const struct kn_class *c, size_t granules)
{
    size_t bytes = granules * KN_GRANULE;
    size_t blocks = bytes / c->block_bytes;
    kn_require(blocks >= 8 && blocks <= KN_SLAB_CAPACITY_MAX);
    kn_require((bytes - blocks * c->block_bytes) * 32 <= bytes);
    for (uint32_t offset = 0; offset < bytes; offset++)
        kn_require(kn_class_index_of(c, offset) == offset / c->block_bytes);
}

KN_TEST(sizeclass, has_slabs_of_eight_blocks_and_almost_no_rest)
{
    kn_sizeclass_init();
    for (unsigned i = 1; i < KN_CLASS_COUNT; i++) {
        check_slab(&kn_classes[i], kn_classes[i].slab_granules);
        check_slab(&kn_classes[i], kn_classes[i].slab_granules_grown);
    }
}

KN_TEST(sizeclass, aligns_all_blocks_when_the_class_was_chosen_for_an_alignment)
{
    kn_sizeclass_init();
    for (size_t align = 1; align <= KN_GRANULE; align *= 2) {
        for (size_t bytes = 1; bytes <= KN_MEDIUM_MAX; bytes += bytes < 2048 ? 1 : 61) {
            unsigned size_class = kn_class_of_aligned(bytes, align);
            kn_require(size_class < KN_CLASS_COUNT);
            if (size_class == 0)
                continue;
            kn_require(kn_class_bytes(size_class) >= bytes);
            kn_require(kn_class_bytes(size_class) % align == 0);
        }
    }
}

KN_TEST(sizeclass, is_none_when_no_slab_has_such_blocks)
{
    kn_sizeclass_init();
    ck_assert_uint_eq(kn_class_of_aligned(1, 2 * KN_GRANULE), 0);
    ck_assert_uint_eq(kn_class_of_aligned(KN_MEDIUM_MAX + 1, 16), 0);
    ck_assert_uint_ne(kn_class_of_aligned(KN_MEDIUM_MAX, KN_GRANULE), 0);
}
