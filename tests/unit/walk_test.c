#include "require.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <knoll/knoll.h>

#include "base/rng.h"
#include "core/heap.h"

enum { COUNT = 4000 };

struct found {
    void *blocks[COUNT]; /* NULL once visited */
    size_t used;
    size_t used_bytes;
    size_t free;
};

static int note(const struct knoll_block *block, void *arg)
{
    struct found *found = arg;
    if (!block->is_used) {
        found->free++;
        return 0;
    }
    found->used++;
    found->used_bytes += block->bytes;
    for (size_t i = 0; i < COUNT; i++) {
        if (found->blocks[i] == block->address)
            found->blocks[i] = NULL;
    }
    return 0;
}

static void walk(struct found *found)
{
    found->used = found->used_bytes = found->free = 0;
    ck_assert_int_eq(knoll_walk_blocks(note, found), 0);
}

static void check_all_seen(const struct found *found)
{
    for (size_t i = 0; i < COUNT; i++)
        kn_require(found->blocks[i] == NULL);
}

KN_TEST(walk, visits_each_used_block_once_and_counts_as_statistics_do)
{
    static struct found found;
    static void *blocks[COUNT];
    struct kn_rng rng;
    kn_rng_seed(&rng, kn_test_seed());
    for (size_t round = 0; round < 5; round++) {
        for (size_t i = 0; i < COUNT; i++) {
            if (blocks[i] != NULL && kn_rng_below(&rng, 2) == 0)
                continue;
            knoll_free(blocks[i]);
            blocks[i] = knoll_malloc(kn_rng_below(&rng, 50) == 0 ? kn_rng_below(&rng, 100000)
                                                                 : kn_rng_below(&rng, 600));
        }
        memcpy(found.blocks, blocks, sizeof(blocks));
        walk(&found);
        check_all_seen(&found);
        struct knoll_stats stats = {.struct_bytes = sizeof(stats)};
        ck_assert_int_eq(knoll_stats_get(&stats), 0);
        ck_assert_uint_eq(found.used, stats.used_blocks);
        ck_assert_uint_eq(found.used_bytes, stats.used_bytes);
        ck_assert_uint_eq(found.free, stats.cached_blocks);
    }
}

/* ---- other threads ---- */

static void *allocate_and_free_some(void *arg)
{
    void **blocks = arg;
    for (size_t i = 0; i < COUNT; i++)
        blocks[i] = knoll_malloc(i % 500);
    for (size_t i = 0; i < COUNT; i += 3) {
        knoll_free(blocks[i]);
        blocks[i] = NULL;
    }
    return NULL;
}

KN_TEST(walk, tells_used_from_free_when_other_threads_made_the_blocks)
{
    static struct found found;
    static void *blocks[COUNT];
    pthread_t thread;
    walk(&found);
    size_t used_before = found.used;
    ck_assert_int_eq(pthread_create(&thread, NULL, allocate_and_free_some, blocks), 0);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    for (size_t i = 1; i < COUNT; i += 3) {
        knoll_free(blocks[i]); /* they wait in batches */
        blocks[i] = NULL;
    }
    memcpy(found.blocks, blocks, sizeof(blocks));
    walk(&found);
    check_all_seen(&found);
    ck_assert_uint_eq(found.used - used_before, COUNT / 3);
}

/* ---- runs ---- */

static int sum_run(const struct knoll_run *run, void *arg)
{
    size_t *sums = arg;
    kn_require((uintptr_t)run->address % 4096 == 0 && run->bytes != 0);
    sums[run->kind] += run->bytes;
    if (run->kind == KNOLL_RUN_SLAB)
        kn_require(run->used_blocks <= run->blocks && run->blocks * run->block_bytes <= run->bytes);
    return 0;
}

KN_TEST(walk, runs_add_up_to_what_is_committed)
{
    size_t sums[3] = {0, 0, 0};
    struct knoll_stats stats = {.struct_bytes = sizeof(stats)};
    void *large = knoll_malloc(1000000);
    knoll_free(knoll_malloc(2000000));
    ck_assert_int_eq(knoll_stats_get(&stats), 0);
    ck_assert_int_eq(knoll_walk_runs(sum_run, sums), 0);
    ck_assert_uint_eq(sums[KNOLL_RUN_LARGE], stats.large_bytes);
    ck_assert_uint_eq(sums[KNOLL_RUN_SLAB] + sums[KNOLL_RUN_LARGE], stats.run_bytes);
    ck_assert_uint_eq(sums[KNOLL_RUN_FREE], stats.dirty_bytes + stats.clean_bytes);
    knoll_free(large);
}

/* ---- callbacks ---- */

static int stop_at_third(const struct knoll_block *block, void *arg)
{
    (void)block;
    return ++*(int *)arg == 3 ? 42 : 0;
}

static int churn(const struct knoll_block *block, void *arg)
{
    static void *held[64];
    size_t i = ++*(size_t *)arg % 64;
    kn_require(block->bytes != 0);
    knoll_free(held[i]);
    held[i] = knoll_malloc(*(size_t *)arg * 37 % 40000);
    return 0;
}

KN_TEST(walk, ends_when_the_callback_says_so)
{
    void *blocks[10];
    int calls = 0;
    ck_assert_uint_eq(knoll_malloc_batch(100, 10, blocks), 10);
    ck_assert_int_eq(knoll_walk_blocks(stop_at_third, &calls), 42);
    ck_assert_int_eq(calls, 3);
    knoll_free_batch(blocks, 10);
}

KN_TEST(walk, callback_may_use_the_heap)
{
    static void *blocks[COUNT];
    size_t calls = 0;
    for (size_t i = 0; i < COUNT; i++)
        blocks[i] = knoll_malloc(i);
    ck_assert_int_eq(knoll_walk_blocks(churn, &calls), 0);
    ck_assert_uint_ge(calls, COUNT);
    knoll_free_batch(blocks, COUNT);
}

/* ---- one block ---- */

KN_TEST(walk, find_leads_from_any_address_to_its_block)
{
    static const size_t sizes[] = {1, 16, 100, 600, 5000, 65536, 70000, 1000000, 50000000};
    for (size_t i = 0; i < KN_ARRAY_LEN(sizes); i++) {
        struct knoll_block block;
        char *p = knoll_malloc(sizes[i]);
        size_t usable = knoll_usable_size(p);
        size_t offsets[] = {0, 1, usable / 2, usable - 1};
        for (size_t j = 0; j < 4; j++) {
            ck_assert_int_eq(knoll_block_find(p + offsets[j], &block), 0);
            ck_assert_ptr_eq(block.address, p);
            ck_assert_uint_eq(block.bytes, usable);
            ck_assert(block.is_used);
            ck_assert_int_eq(block.is_large, sizes[i] > KN_MEDIUM_MAX);
        }
        knoll_free(p);
        if (knoll_block_find(p, &block) == 0)
            ck_assert(!block.is_used || block.address != p);
    }
}

KN_TEST(walk, find_knows_no_foreign_address)
{
    static int in_data;
    struct knoll_block block;
    const void *foreign[] = {NULL, &in_data, &block, (void *)UINTPTR_MAX, (void *)0x123456789000};
    for (size_t i = 0; i < KN_ARRAY_LEN(foreign); i++)
        ck_assert_int_eq(knoll_block_find(foreign[i], &block), ENOENT);
}
