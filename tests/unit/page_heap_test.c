#include "core/page_heap.h"

#include "model_blocks.h"
#include "model_calls.h"
#include "require.h"
#include "start.h"

#include "base/align.h"
#include "base/rng.h"
#include "core/heap_check.h"
#include "core/map.h"
#include "os/os.h"
#include "os/os_fault.h"

#include <string.h>

static const struct model_calls *const core = &model_calls_core;

static struct kn_page_heap_stats stats(void)
{
    struct kn_page_heap_stats now;
    kn_page_heap_stats(&now);
    return now;
}

/* A run as large blocks use it: described as in use, in kind and descriptors. */
static struct kn_run *take(size_t granules, size_t align_granules)
{
    struct kn_run *run = kn_run_alloc(granules, align_granules);
    kn_require(run != NULL);
    kn_require(run->granules == granules);
    run->large.bytes = granules * KN_GRANULE;
    kn_run_set_kind(run, KN_RUN_LARGE);
    kn_store_relaxed(&kn_map_descs(run)[0], KN_DESC_LARGE);
    return run;
}

static void give(struct kn_run *run, bool is_dirty)
{
    size_t granules = run->granules;
    kn_desc_fill(kn_map_descs(run), granules, is_dirty ? KN_DESC_DIRTY : KN_DESC_CLEAN);
    kn_run_free(run, is_dirty ? granules : 0);
}

/* Starts the heap and leaves nothing unused, so that what follows is known. */
static void begin(void)
{
    core->free(core->malloc(1));
    core->trim(0);
}

KN_TEST(page_heap, aligns_runs_as_asked)
{
    begin();
    for (size_t align = 1; align <= 4096; align *= 2) {
        struct kn_run *first = take(1, 1);
        struct kn_run *run = take(3, align);
        kn_require(kn_is_aligned(run->base, align * KN_GRANULE));
        kn_require_sound(kn_page_heap_check());
        give(first, true);
        give(run, true);
        kn_require_sound(kn_check_all(NULL));
    }
}

KN_TEST(page_heap, refuses_sizes_and_alignments_that_no_range_can_have)
{
    begin();
    ck_assert_ptr_null(kn_run_alloc((size_t)UINT32_MAX + 1, 1));
    ck_assert_ptr_null(kn_run_alloc(1, (size_t)1 << 40));
    ck_assert_ptr_null(kn_run_alloc(SIZE_MAX, SIZE_MAX));
    kn_require_sound(kn_check_all(NULL));
}

KN_TEST(page_heap, joins_neighbours_in_every_order)
{
    static const uint8_t orders[6][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2},
                                         {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
    begin();
    for (size_t i = 0; i < 6; i++) {
        struct kn_run *runs[3];
        struct kn_run *whole = take(9, 1);
        uintptr_t base = whole->base;
        give(whole, i % 2 == 0);
        for (size_t k = 0; k < 3; k++)
            runs[k] = take(3, 1);
        for (size_t k = 0; k < 3; k++) {
            give(runs[orders[i][k]], (i + k) % 3 == 0);
            kn_require_sound(kn_page_heap_check());
        }
        struct kn_run *again = take(9, 1);
        ck_assert_uint_le(again->base, base);
        give(again, false);
    }
    kn_require_sound(kn_check_all(NULL));
}

KN_TEST(page_heap, prefers_dirty_runs_to_clean_ones)
{
    begin();
    struct kn_run *clean = take(4, 1);
    struct kn_run *fence = take(1, 1);
    struct kn_run *dirty = take(4, 1);
    struct kn_run *fence_behind = take(1, 1);
    uintptr_t base = dirty->base;
    give(clean, false);
    give(dirty, true);
    struct kn_run *run = take(4, 1);
    ck_assert_uint_eq(run->base, base);
    give(run, true);
    give(fence, true);
    give(fence_behind, true);
}

KN_TEST(page_heap, extends_into_free_granules_behind_and_nowhere_else)
{
    begin();
    struct kn_run *run = take(2, 1);
    struct kn_run *behind = take(3, 1);
    struct kn_run *fence = take(1, 1);
    kn_require(behind == run + 2 && fence == behind + 3);
    ck_assert(!kn_run_try_extend(run, 3));
    give(behind, true);
    ck_assert(!kn_run_try_extend(run, 6));
    ck_assert(kn_run_try_extend(run, 4));
    ck_assert_uint_eq(run->granules, 4);
    kn_require_sound(kn_page_heap_check());
    ck_assert(kn_run_try_extend(run, 5));
    ck_assert(!kn_run_try_extend(run, 6));
    run->large.bytes = 5 * KN_GRANULE;
    kn_require_sound(kn_check_all(NULL));
    kn_run_cut(run, 1);
    run->large.bytes = KN_GRANULE;
    kn_require_sound(kn_check_all(NULL));
    give(run, true);
    give(fence, true);
}

KN_TEST(page_heap, keeps_dirty_memory_within_its_bound)
{
    struct kn_rng rng;
    static struct kn_run *runs[400];
    kn_rng_seed(&rng, kn_test_seed());
    begin();
    kn_page_heap_dirty_slack_bytes = 0;
    for (size_t i = 0; i < 40000; i++) {
        struct kn_run **slot = &runs[kn_rng_below(&rng, KN_ARRAY_LEN(runs))];
        if (*slot == NULL) {
            *slot = take((size_t)kn_rng_range(&rng, 1, kn_rng_below(&rng, 16) == 0 ? 300 : 20), 1);
        } else {
            give(*slot, kn_rng_below(&rng, 8) != 0);
            *slot = NULL;
            struct kn_page_heap_stats now = stats();
            size_t share = now.used_bytes / kn_page_heap_dirty_share;
            kn_require(now.dirty_bytes <= share || now.dirty_bytes <= kn_page_heap_dirty_min_bytes);
        }
    }
    kn_require_sound(kn_check_all(NULL));
}

/* Blocks of more than the bound, one at a time: how much is given back over all of them. */
static uint64_t purged_by_replacing(size_t granules, size_t times)
{
    uint64_t before = stats().purged_bytes;
    for (size_t i = 0; i < times; i++)
        give(take(granules, 1), true);
    return stats().purged_bytes - before;
}

KN_TEST(page_heap, stops_giving_back_what_is_needed_again_at_once)
{
    begin();
    size_t granules = 3 * kn_page_heap_dirty_min_bytes / KN_GRANULE;
    ck_assert_uint_ge(purged_by_replacing(granules, 1), kn_page_heap_dirty_min_bytes);
    (void)purged_by_replacing(granules, 10);
    ck_assert_uint_eq(purged_by_replacing(granules, 100), 0);
    kn_page_heap_dirty_slack_bytes = 0;
    (void)purged_by_replacing(granules, 1);
    ck_assert_uint_ge(purged_by_replacing(granules, 10), 10 * kn_page_heap_dirty_min_bytes);
}

KN_TEST(page_heap, gives_back_after_all_what_is_no_longer_needed)
{
    begin();
    size_t bound = kn_page_heap_dirty_min_bytes;
    size_t granules = 3 * bound / KN_GRANULE;
    (void)purged_by_replacing(granules, 10);
    ck_assert_uint_gt(stats().dirty_bytes, 2 * bound);
    (void)purged_by_replacing(granules / 10, 1000);
    ck_assert_uint_le(stats().dirty_bytes, bound + bound / 2);
}

KN_TEST(page_heap, gives_everything_back_when_asked)
{
    begin();
    size_t before = stats().dirty_bytes;
    struct kn_run *run = take(64, 1);
    memset((void *)run->base, 1, 64 * KN_GRANULE);
    give(run, true);
    ck_assert_uint_ge(stats().dirty_bytes, before);
    ck_assert_uint_gt(kn_page_heap_purge(0), 0);
    ck_assert_uint_eq(stats().dirty_bytes, 0);
    ck_assert_uint_eq(kn_page_heap_purge(0), 0);
    kn_require_sound(kn_check_all(NULL));
}

KN_TEST(page_heap, counts_used_clean_and_dirty_memory)
{
    begin();
    struct kn_page_heap_stats before = stats();
    struct kn_run *run = take(10, 1);
    struct kn_page_heap_stats during = stats();
    ck_assert_uint_eq(during.used_bytes, before.used_bytes + 10 * KN_GRANULE);
    ck_assert_uint_ge(during.used_peak_bytes, during.used_bytes);
    give(run, true);
    struct kn_page_heap_stats after = stats();
    ck_assert_uint_eq(after.used_bytes, before.used_bytes);
    ck_assert_uint_eq(after.dirty_bytes, before.dirty_bytes + 10 * KN_GRANULE);
}

KN_TEST(page_heap, hands_out_disjoint_runs_in_random_sequences)
{
    static struct kn_run *runs[300];
    struct kn_rng rng;
    kn_rng_seed(&rng, kn_test_seed());
    model_blocks_init();
    begin();
    for (size_t i = 0; i < 30000; i++) {
        struct kn_run **slot = &runs[kn_rng_below(&rng, KN_ARRAY_LEN(runs))];
        if (*slot == NULL) {
            size_t granules = (size_t)kn_rng_range(&rng, 1, 40);
            *slot = take(granules, (size_t)1 << kn_rng_below(&rng, 6));
            kn_require(model_try_occupy((void *)(*slot)->base, granules * KN_GRANULE));
        } else {
            kn_require(model_try_vacate((void *)(*slot)->base, (*slot)->granules * KN_GRANULE));
            give(*slot, kn_rng_below(&rng, 2) == 0);
            *slot = NULL;
        }
        if (i % 1000 == 0)
            kn_require_sound(kn_check_all(NULL));
    }
}

#if KN_FAULTS

/* A page holds several granules: one that is dirty at its edge is not given back with the others,
 * and must not be taken for clean. */
KN_TEST(page_heap, knows_what_is_dirty_when_pages_are_larger_than_granules)
{
    void *blocks[64];
    if (kn_start_again("page_heap/knows_what_is_dirty_when_pages", "page=65536"))
        return;
    ck_assert_uint_eq(kn_os_page_bytes(), 65536);
    struct kn_rng rng;
    kn_rng_seed(&rng, kn_test_seed());
    for (size_t round = 0; round < 30; round++) {
        for (size_t i = 0; i < KN_ARRAY_LEN(blocks); i++) {
            size_t bytes = (size_t)kn_rng_range(&rng, 33000, 300000);
            blocks[i] = core->zalloc(bytes);
            kn_require(blocks[i] != NULL);
            kn_require(model_find_nonzero(blocks[i], 0, bytes) == SIZE_MAX);
            memset(blocks[i], 0xAA, bytes);
        }
        for (size_t i = 0; i < KN_ARRAY_LEN(blocks); i++) {
            core->free(blocks[i * 7 % KN_ARRAY_LEN(blocks)]);
            if (kn_rng_below(&rng, 8) == 0)
                core->trim(0);
        }
        kn_require_sound(kn_check_all(NULL));
    }
}

KN_TEST(page_heap, keeps_memory_dirty_when_the_system_does_not_take_it_back)
{
    begin();
    kn_os_fault_set(KN_FAULT_PURGE, 1, SIZE_MAX);
    for (size_t round = 0; round < 8; round++) {
        char *block = core->zalloc((size_t)6 << 20);
        kn_require(block != NULL);
        kn_require(model_find_nonzero(block, 0, (size_t)6 << 20) == SIZE_MAX);
        memset(block, 0xAA, (size_t)6 << 20);
        core->free(block);
        kn_require_sound(kn_check_all(NULL));
    }
    size_t calls = kn_os_fault_calls(KN_FAULT_PURGE);
    ck_assert_uint_ge(calls, 1);
    ck_assert_uint_le(calls, 3);
    kn_os_fault_clear();
    ck_assert_uint_gt(kn_page_heap_purge(0), 0);
}

#endif
