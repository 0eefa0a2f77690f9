#include "harness.h"
#include "require.h"

#include "base/rng.h"
#include "core/fastpath.h"
#include "core/heap_check.h"
#include "core/page_heap.h"

#include <pthread.h>

/*
 * Two threads replace blocks of 1 KiB to 16 KiB at random; every fourth old block is freed by the
 * other thread. Each thread owns slabs of the other's blocks all the time, so free blocks could
 * pile up with one of them while the other asks for new memory.
 */
enum { SLOTS = 2000, OPS = 2000000, BYTES_MAX = 16384, HAND_OVER = 1000 };

static struct side {
    pthread_mutex_t lock;
    void *handed_over[HAND_OVER]; /* to be freed by this side */
    size_t count;
} sides[2] = {{.lock = PTHREAD_MUTEX_INITIALIZER}, {.lock = PTHREAD_MUTEX_INITIALIZER}};

/* Apart, or the compiler would judge the small blocks' path by sizes that never take it. */
static KN_NOINLINE void *take(size_t bytes)
{
    return kn_malloc(bytes);
}

static void hand_over(struct side *to, void *block)
{
    pthread_mutex_lock(&to->lock);
    if (to->count < HAND_OVER) {
        to->handed_over[to->count++] = block;
        block = NULL;
    }
    pthread_mutex_unlock(&to->lock);
    if (block != NULL)
        kn_free(block, KN_CALL_FREE);
}

static void free_handed_over(struct side *own)
{
    pthread_mutex_lock(&own->lock);
    while (own->count > 0)
        kn_free(own->handed_over[--own->count], KN_CALL_FREE);
    pthread_mutex_unlock(&own->lock);
}

static void *replace_blocks(void *argument)
{
    size_t index = (size_t)(uintptr_t)argument;
    void *slots[SLOTS] = {NULL};
    struct kn_rng rng;
    kn_rng_seed(&rng, kn_test_seed() + index);
    size_t ops = kn_test_is_sanitized() ? OPS / 20 : OPS;
    for (size_t i = 0; i < ops; i++) {
        void **slot = &slots[kn_rng_below(&rng, SLOTS)];
        if (*slot != NULL && i % 4 == 0)
            hand_over(&sides[1 - index], *slot);
        else
            kn_free(*slot, KN_CALL_FREE);
        *slot = take((size_t)kn_rng_range(&rng, 1024, BYTES_MAX));
        kn_require(*slot != NULL);
        if (i % 16 == 0)
            free_handed_over(&sides[index]);
    }
    for (size_t i = 0; i < SLOTS; i++)
        kn_free(slots[i], KN_CALL_FREE);
    free_handed_over(&sides[index]);
    return NULL;
}

KN_TEST_SLOW(cross_free, takes_little_more_than_the_live_blocks_when_threads_free_each_others, 60)
{
    struct kn_page_heap_stats stats;
    pthread_t threads[2];
    for (size_t i = 0; i < 2; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, replace_blocks, (void *)(uintptr_t)i),
                         0);
    for (size_t i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    kn_page_heap_stats(&stats);
    /* About half of it is live on average: there is room for what slabs and cells hold besides. */
    size_t live_at_most = (size_t)2 * SLOTS * BYTES_MAX;
    ck_assert_uint_le(stats.used_peak_bytes, live_at_most + live_at_most / 10);
    kn_require_sound(kn_check_all(NULL));
}
