/* The heap as a whole, through its hot paths: threads pass blocks to each other, end, begin anew,
 * cut and grow large blocks and give memory back, all at once. Each block is filled without atomics
 * by whoever holds it and looked through by the next one, so a missing order shows to
 * ThreadSanitizer at once and without it as wrong contents. When all blocks are free and all
 * threads have ended, no run may be in use any more. */
#include "core/fastpath.h"
#include "core/init.h"
#include "core/page_heap.h"
#include "race.h"
#include "require.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PLACES = 64, THREADS = 4 };

/* Where threads leave blocks for each other. */
static _Atomic(void *) places[PLACES];

struct block {
    void *link; /* the heap's, while the block is free */
    size_t bytes;
    uintptr_t check;
    unsigned char rest[];
};

static void *block_new(size_t bytes)
{
    struct block *block = kn_malloc(bytes);
    kn_require(block != NULL);
    block->bytes = bytes;
    block->check = ~(uintptr_t)block;
    memset(block->rest, (unsigned char)bytes, bytes - sizeof(*block));
    return block;
}

static void block_check(const struct block *block)
{
    kn_require(block->check == ~(uintptr_t)block);
    size_t rest = block->bytes - sizeof(*block);
    kn_require(rest == 0 || (block->rest[0] == (unsigned char)block->bytes &&
                             block->rest[rest - 1] == (unsigned char)block->bytes));
}

static void block_free(struct block *block)
{
    if (block == NULL)
        return;
    block_check(block);
    block->check = 0;
    kn_free(block, KN_CALL_FREE);
}

static void *place_swap(unsigned index, void *block)
{
    return kn_exchange_acq_rel(&places[index], block);
}

static void free_places(void)
{
    for (unsigned i = 0; i < PLACES; i++)
        block_free(place_swap(i, NULL));
}

static size_t used_bytes(void)
{
    struct kn_page_heap_stats stats;
    kn_page_heap_stats(&stats);
    return stats.used_bytes;
}

/* Few classes, so that threads meet in the same slabs; of the smallest, of some where a slab has
 * only a few blocks, and large blocks now and then. */
static size_t random_bytes(struct kn_rng *rng, bool is_large_wanted)
{
    static const size_t sizes[] = {24, 32, 32, 112, 512, 1024, 6000, 32768};
    if (is_large_wanted && kn_rng_below(rng, 32) == 0)
        return (size_t)kn_rng_range(rng, 32769, 400000);
    return sizes[kn_rng_below(rng, KN_ARRAY_LEN(sizes))];
}

static void *block_resize(struct block *block, size_t bytes)
{
    block_check(block);
    size_t kept = block->bytes < bytes ? block->bytes : bytes;
    block = kn_realloc(block, bytes, KN_CALL_REALLOC);
    kn_require(block != NULL && block->bytes >= kept);
    block->bytes = bytes;
    block->check = ~(uintptr_t)block;
    memset(block->rest, (unsigned char)bytes, bytes - sizeof(*block));
    return block;
}

struct plan {
    unsigned steps;
    bool has_large;
};

static void exchange_blocks(unsigned thread, struct kn_rng *rng, void *arg)
{
    const struct plan *plan = arg;
    (void)thread;
    for (unsigned i = 0; i < plan->steps; i++) {
        unsigned index = (unsigned)kn_rng_below(rng, PLACES);
        struct block *block = NULL;
        switch (kn_rng_below(rng, 4)) {
        case 0:
            break;
        case 1:
            block = place_swap((unsigned)kn_rng_below(rng, PLACES), NULL);
            if (block != NULL && plan->has_large)
                block = block_resize(block, random_bytes(rng, true));
            break;
        default:
            block = block_new(random_bytes(rng, plan->has_large));
        }
        block_free(place_swap(index, block));
    }
}

static void require_nothing_used(size_t used_before)
{
    free_places();
    (void)kn_trim(0);
    ck_assert_uint_eq(used_bytes(), used_before);
    kn_require_sound(kn_page_heap_check());
}

/* What the calling thread's heap holds when it holds nothing. */
static size_t begin(void)
{
    kn_init();
    kn_race_stir(true);
    block_free(block_new(32));
    (void)kn_trim(0);
    return used_bytes();
}

KN_TEST(remote_heap, gets_every_slab_back_when_threads_that_exchange_blocks_end)
{
    struct plan plan = {.steps = 1500};
    size_t used_before = begin();
    for (int i = 0; i < 20; i++) {
        kn_race_run(THREADS, exchange_blocks, &plan);
        if (i % 4 == 0)
            require_nothing_used(used_before);
    }
    require_nothing_used(used_before);
}

static void trim_often(unsigned thread, struct kn_rng *rng, void *arg)
{
    if (thread != 0) {
        exchange_blocks(thread, rng, arg);
        return;
    }
    for (int i = 0; i < 200; i++) {
        (void)kn_trim((size_t)kn_rng_below(rng, 1 << 20));
        kn_require_sound(kn_page_heap_check());
        block_free(place_swap((unsigned)kn_rng_below(rng, PLACES), block_new(32)));
    }
}

KN_TEST(remote_heap, stays_sound_when_one_thread_trims_while_others_use_large_blocks)
{
    struct plan plan = {.steps = 2000, .has_large = true};
    size_t used_before = begin();
    kn_page_heap_dirty_min_bytes = (size_t)256 << 10;
    for (int i = 0; i < 4; i++)
        kn_race_run(THREADS, trim_often, &plan);
    require_nothing_used(used_before);
}

static pthread_key_t late_key;
static atomic_uint late_threads;

/* Runs after the heap's own hook, so the thread has given its heap up. */
static void exchange_late(void *arg)
{
    struct kn_rng rng;
    kn_rng_seed(&rng, kn_test_seed() + atomic_fetch_add(&late_threads, 1));
    exchange_blocks(0, &rng, arg);
}

static void end_and_go_on(unsigned thread, struct kn_rng *rng, void *arg)
{
    exchange_blocks(thread, rng, arg);
    kn_require(pthread_setspecific(late_key, arg) == 0);
}

KN_TEST(remote_heap, serves_threads_past_their_end)
{
    struct plan plan = {.steps = 1500};
    size_t used_before = begin();
    ck_assert_int_eq(pthread_key_create(&late_key, exchange_late), 0);
    for (int i = 0; i < 10; i++)
        kn_race_run(THREADS, end_and_go_on, &plan);
    require_nothing_used(used_before);
    ck_assert_uint_eq(atomic_load(&late_threads), 10 * THREADS);
}

enum { SLEEPERS_BLOCKS = 20000, SLEEPERS_BYTES = 64 };

static struct block *sleepers_blocks[SLEEPERS_BLOCKS];

static void free_share(unsigned thread, struct kn_rng *rng, void *arg)
{
    (void)rng;
    (void)arg;
    for (unsigned i = thread; i < SLEEPERS_BLOCKS; i += THREADS)
        block_free(sleepers_blocks[i]);
}

KN_TEST(remote_heap, gets_slabs_back_while_the_thread_that_filled_them_sleeps)
{
    size_t used_before = begin();
    for (unsigned i = 0; i < SLEEPERS_BLOCKS; i++)
        sleepers_blocks[i] = block_new(SLEEPERS_BYTES);
    size_t used_full = used_bytes();
    kn_race_run(THREADS, free_share, NULL);
    /* The slab it was allocating from is still this thread's. */
    ck_assert_uint_ge(used_full - used_before, (size_t)SLEEPERS_BLOCKS * SLEEPERS_BYTES);
    ck_assert_uint_le(used_bytes() - used_before, (size_t)64 << 10);
    require_nothing_used(used_before);
}

static atomic_bool is_over;

static void fork_or_exchange(unsigned thread, struct kn_rng *rng, void *arg)
{
    if (thread != 0) {
        while (!atomic_load(&is_over))
            exchange_blocks(thread, rng, arg);
        return;
    }
    for (int i = 0; i < 15; i++) {
        pid_t child = fork();
        kn_require(child >= 0);
        if (child == 0) {
            exchange_blocks(thread, rng, arg);
            free_places();
            (void)kn_trim(0);
            _exit(kn_page_heap_check() == NULL ? 0 : 1);
        }
        int status;
        kn_require(waitpid(child, &status, 0) == child);
        kn_require(WIFEXITED(status) && WEXITSTATUS(status) == 0);
        exchange_blocks(thread, rng, arg);
    }
    atomic_store(&is_over, true);
}

KN_TEST(remote_heap, works_in_a_child_forked_while_other_threads_use_it)
{
    struct plan plan = {.steps = 200, .has_large = true};
    size_t used_before = begin();
    kn_race_run(THREADS, fork_or_exchange, &plan);
    require_nothing_used(used_before);
}
