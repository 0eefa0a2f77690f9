#include "core/sizeclass.h"

#include "require.h"

#include "base/align.h"

KN_TEST(sizeclass, gives_each_size_the_smallest_class_that_holds_it)
{
    for (size_t bytes = 1; bytes <= KN_MEDIUM_MAX; bytes++) {
        unsigned size_class = kn_class_of(bytes);
        kn_require(size_class >= 1 && size_class < KN_CLASS_COUNT);
        kn_require(kn_class_bytes(size_class) >= bytes);
        kn_require(size_class == 1 || kn_class_bytes(size_class - 1) < bytes);
        kn_require((bytes <= KN_SMALL_MAX) == (size_class < KN_SMALL_CLASSES));
    }
    ck_assert_uint_eq(kn_class_bytes(KN_SMALL_CLASSES - 1), KN_SMALL_MAX);
    ck_assert_uint_eq(kn_class_bytes(KN_CLASS_COUNT - 1), KN_MEDIUM_MAX);
}

KN_TEST(sizeclass, wastes_no_more_than_an_eighth_and_less_on_average)
{
    uint64_t asked = 0;
    uint64_t wasted = 0;
    for (size_t bytes = 1; bytes <= KN_MEDIUM_MAX; bytes++) {
        size_t waste = kn_class_bytes(kn_class_of(bytes)) - bytes;
        kn_require(bytes > 113 ? waste * 8 <= bytes : waste <= 15);
        if (bytes > 113) {
            asked += bytes;
            wasted += waste;
        }
    }
    ck_assert_uint_lt(wasted * 100, asked * 6);
}

KN_TEST(sizeclass, finds_the_block_of_every_offset_in_a_slab)
{
    for (unsigned i = 1; i < KN_CLASS_COUNT; i++) {
        const struct kn_class *c = &kn_classes[i];
        uint32_t slab_bytes = (uint32_t)(c->slab_granules_grown * KN_GRANULE);
        for (uint32_t offset = 0; offset < slab_bytes; offset += i < 20 ? 1 : 7)
            kn_require(kn_class_index_of(c, offset) == offset / c->block_bytes);
        for (uint32_t offset = 0; offset < slab_bytes; offset += c->block_bytes)
            kn_require(kn_class_index_of(c, offset) == offset / c->block_bytes);
    }
}

static size_t rest(size_t granules, size_t block_bytes)
{
    return granules * KN_GRANULE % block_bytes;
}

/* The fewest granules, from `least` on, that follow the rules in sizeclass.def. */
static size_t granules_for(size_t block_bytes, size_t least)
{
    size_t blocks_min = block_bytes > 32768 ? 4 : 8;
    size_t granules = least;
    while (granules * KN_GRANULE < blocks_min * block_bytes ||
           rest(granules, block_bytes) * 32 > granules * KN_GRANULE)
        granules++;
    return granules;
}

KN_TEST(sizeclass, makes_slabs_as_small_as_the_rules_allow)
{
    for (unsigned i = 1; i < KN_CLASS_COUNT; i++) {
        size_t block_bytes = kn_classes[i].block_bytes;
        kn_require(kn_classes[i].slab_granules == granules_for(block_bytes, 1));
        kn_require(kn_classes[i].slab_granules_grown == granules_for(block_bytes, 4));
    }
}

KN_TEST(sizeclass, makes_slabs_that_waste_little_and_hold_several_blocks)
{
    for (unsigned i = 1; i < KN_CLASS_COUNT; i++) {
        const struct kn_class *c = &kn_classes[i];
        const size_t sizes[] = {c->slab_granules * KN_GRANULE, c->slab_granules_grown * KN_GRANULE};
        for (size_t k = 0; k < KN_ARRAY_LEN(sizes); k++) {
            size_t blocks = sizes[k] / c->block_bytes;
            kn_require(blocks >= (c->block_bytes > 32768 ? 4 : 8) &&
                       blocks <= KN_SLAB_CAPACITY_MAX);
            kn_require((sizes[k] - blocks * c->block_bytes) * 32 <= sizes[k]);
        }
        kn_require(c->slab_granules <= c->slab_granules_grown);
        kn_require(c->cell_blocks >= 2 && c->batch_blocks >= 1);
    }
}

KN_TEST(sizeclass, finds_the_smallest_class_with_an_alignment)
{
    for (size_t align = 1; align <= KN_GRANULE; align *= 2) {
        for (size_t bytes = 1; bytes <= KN_MEDIUM_MAX; bytes += bytes < 1100 ? 1 : 61) {
            unsigned found = kn_class_of_aligned(bytes, align);
            unsigned expected = 0;
            for (unsigned i = KN_CLASS_COUNT - 1; i > 0; i--) {
                if (kn_class_bytes(i) >= bytes && kn_class_bytes(i) % align == 0)
                    expected = i;
            }
            kn_require(found == expected);
        }
    }
    ck_assert_uint_eq(kn_class_of_aligned(KN_MEDIUM_MAX + 1, 16), 0);
    ck_assert_uint_eq(kn_class_of_aligned(1, 2 * KN_GRANULE), 0);
}
