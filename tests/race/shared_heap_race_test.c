/*
 * Threads that have given their heap up all work through the shared heap, so slabs change hands
 * between it and nobody while blocks of theirs wait to be freed.
 */
#include "core/heap.h"
#include "core/heap_check.h"

#include "base/rng.h"
#include "model_calls.h"
#include "require.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

enum { THREADS = 4, SLOTS = 12, STEPS = 60000 };

static const struct model_calls *const core = &model_calls_core;
static _Atomic(char *) slots[SLOTS];
static size_t block_bytes;

/* Leaves a new block in a slot and frees what was there. */
static void *churn(void *arg)
{
    struct kn_rng rng;
    kn_rng_seed(&rng, kn_test_seed() + (uintptr_t)arg);
    core->free(core->malloc(1));
    kn_heap_thread_end();
    for (size_t i = 0; i < STEPS; i++) {
        char *block = core->malloc(block_bytes);
        kn_require(block != NULL);
        memset(block, (int)i, 32);
        core->free(atomic_exchange(&slots[kn_rng_below(&rng, SLOTS)], block));
    }
    return NULL;
}

static void run(size_t bytes)
{
    struct kn_check_totals totals;
    pthread_t threads[THREADS];
    block_bytes = bytes;
    for (uintptr_t i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, churn, (void *)i), 0);
    for (size_t i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    for (size_t i = 0; i < SLOTS; i++)
        core->free(atomic_exchange(&slots[i], NULL));
    core->trim(0);
    kn_require_sound(kn_check_all(&totals));
    ck_assert_uint_eq(totals.slab_blocks, 0);
}

KN_TEST(shared_heap_race, loses_no_block_when_slabs_have_few_blocks)
{
    run(32768);
    run(20000);
}

KN_TEST(shared_heap_race, loses_no_block_when_slabs_have_many_blocks)
{
    run(1024);
    run(64);
}
