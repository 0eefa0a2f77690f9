/* Statistics, walks, options and trims while other threads allocate, free, hand over and end. */
#include "require.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <knoll/knoll.h>

#include "base/atomic.h"
#include "base/rng.h"

enum { THREADS = 3, SLOTS = 2000, STEPS = 30000 };

static _Atomic(char *) slots[SLOTS];
static _Atomic bool is_over;

static void *churn(void *arg)
{
    struct kn_rng rng;
    kn_rng_seed(&rng, kn_test_seed() + (uintptr_t)arg);
    for (int i = 0; i < STEPS; i++) {
        size_t bytes = kn_rng_below(&rng, 100) == 0 ? kn_rng_below(&rng, 300000) + 1
                                                    : kn_rng_below(&rng, 700) + 1;
        char *block = knoll_malloc(bytes);
        block[0] = block[bytes - 1] = 1;
        knoll_free(kn_exchange_acq_rel(&slots[kn_rng_below(&rng, SLOTS)], block));
    }
    return NULL;
}

static void *spawn(void *arg)
{
    pthread_t thread;
    for (int i = 0; i < 3; i++) {
        kn_require(pthread_create(&thread, NULL, churn, (void *)((uintptr_t)arg + (uintptr_t)i)) ==
                   0);
        kn_require(pthread_join(thread, NULL) == 0);
    }
    return NULL;
}

static int count(const struct knoll_block *block, void *arg)
{
    kn_require(block->bytes != 0);
    ++*(size_t *)arg;
    return 0;
}

static void check_sample(struct knoll_stats *last)
{
    struct knoll_stats now = {.struct_bytes = sizeof(now)};
    kn_require(knoll_stats_get(&now) == 0);
    kn_require(now.run_bytes + now.dirty_bytes + now.clean_bytes <= now.committed_bytes);
    kn_require(now.run_bytes <= now.run_peak_bytes);
    kn_require(now.run_peak_bytes >= last->run_peak_bytes);
    kn_require(now.purge_calls >= last->purge_calls && now.grow_calls >= last->grow_calls);
    kn_require(now.committed_bytes >= last->committed_bytes);
    kn_require(now.used_bytes <= (size_t)1 << 40 && now.cached_bytes <= (size_t)1 << 40);
    kn_require(now.heaps <= 64 && now.lock_waits <= (uint64_t)1 << 40);
    *last = now;
}

static void *sample(void *arg)
{
    struct knoll_stats last = {.struct_bytes = sizeof(last)};
    (void)arg;
    for (unsigned i = 0; !kn_load_relaxed(&is_over); i++) {
        size_t blocks = 0;
        check_sample(&last);
        kn_require(knoll_option_set("dirty_share", i % 2 ? "4" : "8") == 0);
        if (i % 4 == 0)
            kn_require(knoll_walk_blocks(count, &blocks) == 0);
        if (i % 8 == 0)
            (void)knoll_trim(0);
    }
    return NULL;
}

KN_TEST_SLOW(stats_race, samples_are_sane_while_threads_churn, 120)
{
    pthread_t threads[THREADS];
    pthread_t sampler;
    if (kn_test_is_sanitized())
        kn_test_skip("the numbers of other threads' cells are read as they are, without an order");
    struct knoll_stats before = {.struct_bytes = sizeof(before)};
    struct knoll_stats after = {.struct_bytes = sizeof(after)};
    kn_require(knoll_stats_get(&before) == 0);
    kn_require(pthread_create(&sampler, NULL, sample, NULL) == 0);
    for (uintptr_t i = 0; i < THREADS; i++)
        kn_require(pthread_create(&threads[i], NULL, spawn, (void *)(i * 16)) == 0);
    for (size_t i = 0; i < THREADS; i++)
        kn_require(pthread_join(threads[i], NULL) == 0);
    kn_store_relaxed(&is_over, true);
    kn_require(pthread_join(sampler, NULL) == 0);
    for (size_t i = 0; i < SLOTS; i++)
        knoll_free(kn_load_relaxed(&slots[i]));
    kn_require(knoll_stats_get(&after) == 0);
    ck_assert_uint_eq(after.used_blocks, before.used_blocks);
}
