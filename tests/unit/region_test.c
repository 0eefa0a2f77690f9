#include "core/region.h"

#include "model_calls.h"
#include "require.h"
#include "start.h"

#include "core/heap_check.h"
#include "core/page_heap.h"

static const struct model_calls *const core = &model_calls_core;

/* Takes blocks until the heap has grown, so that the last one lies in what is new. */
static void *grow(void)
{
    size_t before = kn_region_committed_bytes();
    void *block = NULL;
    while (kn_region_committed_bytes() == before) {
        block = core->malloc(1000);
        kn_require(block != NULL);
    }
    return block;
}

KN_TEST(region, describes_blocks_in_the_flat_table_when_there_is_a_main_range)
{
    if (kn_map.multiplier == 0)
        kn_test_skip("the main range could not be reserved");
    for (size_t i = 0; i < 4; i++)
        ck_assert_uint_ne(kn_map_desc((uintptr_t)grow()), 0);
}

KN_TEST_SLOW(region, goes_on_in_the_main_range_when_a_block_did_not_fit_it, 60)
{
    if (kn_map.multiplier == 0)
        kn_test_skip("the main range could not be reserved");
    void *huge = core->malloc((size_t)1 << 41);
    if (huge == NULL)
        kn_test_skip("this system does not give so much address space");
    ck_assert_uint_eq(kn_map_desc((uintptr_t)huge), 0);
    ck_assert_uint_ne(kn_map_desc((uintptr_t)grow()), 0);
    kn_require_sound(kn_check_all(NULL));
}

#if KN_FAULTS

static struct kn_range *last_range(void)
{
    struct kn_range *range = kn_region_first();
    while (kn_load_acquire(&range->next) != NULL)
        range = kn_load_acquire(&range->next);
    return range;
}

static size_t granules_left(const struct kn_range *range)
{
    return range->granules_reserved - kn_load_acquire(&range->granules);
}

KN_TEST(region, uses_up_a_small_range_before_it_adds_another)
{
    if (kn_start_again("region/uses_up_a_small_range", "reserve-fails=1"))
        return;
    void *block = core->malloc(1000);
    ck_assert_uint_eq(kn_map_desc((uintptr_t)block), KN_DESC_NOWHERE);
    for (size_t i = 0; i < 30; i++) {
        struct kn_range *before = last_range();
        kn_require(core->malloc(((size_t)5 << 20) / 4) != NULL);
        if (last_range() != before)
            ck_assert_uint_eq(granules_left(before), 0);
    }
    kn_require_sound(kn_check_all(NULL));
}

KN_TEST(region, frees_small_blocks_when_there_is_no_flat_table)
{
    static void *blocks[20000];
    struct kn_check_totals totals;
    if (kn_start_again("region/frees_small_blocks", "reserve-fails=1"))
        return;
    for (size_t round = 0; round < 3; round++) {
        for (size_t i = 0; i < KN_ARRAY_LEN(blocks); i++)
            kn_require((blocks[i] = core->malloc(i % 3000)) != NULL);
        for (size_t i = 0; i < KN_ARRAY_LEN(blocks); i++)
            core->free(blocks[i]);
    }
    kn_require_sound(kn_check_all(&totals));
    ck_assert_uint_eq(totals.slab_blocks + totals.large_blocks, 0);
}

#endif

KN_TEST(region, finds_nothing_at_addresses_that_are_not_the_heaps)
{
    struct kn_place place;
    int local;
    const uintptr_t foreign[] = {
        0,
        1,
        16,
        (uintptr_t)&local,
        (uintptr_t)&core,
        (uintptr_t)&kn_map_find,
        UINTPTR_MAX,
        UINTPTR_MAX - 15,
        (uintptr_t)1 << 47,
        (uintptr_t)1 << 63,
    };
    for (size_t i = 0; i < KN_ARRAY_LEN(foreign); i++) {
        ck_assert_msg(!kn_map_find(foreign[i], &place), "%#zx", (size_t)foreign[i]);
        if (foreign[i] < (uintptr_t)1 << 46)
            ck_assert_uint_eq(kn_map_desc(foreign[i]), 0);
    }
}
