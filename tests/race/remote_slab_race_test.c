/* Slabs that nobody owns, and the word in which their frees meet: threads push chains, claim, adopt
 * and give up one slab at a time, over and over. At the end of each round every block has come back
 * and no thread owns the slab, so it must be back in the page heap: not lost, not given back twice,
 * not left in the pool. Each block is written to before it is pushed and looked at by whoever gets
 * it next. */
#include "core/init.h"
#include "core/map.h"
#include "core/orphan.h"
#include "core/page_heap.h"
#include "core/slab.h"
#include "race.h"
#include "require.h"

#include <pthread.h>

enum { THREADS = 4, ROUNDS = 1500, BLOCKS_MAX = 1024 };

/* A tag that no heap has. */
#define TAG KN_TAG_LAST

struct round {
    pthread_barrier_t barrier;
    size_t used_before;
    struct kn_run *run;
    uint32_t blocks;
    uint32_t first[THREADS + 1]; /* of each thread's share */
    void *block[BLOCKS_MAX];
};

static size_t used_bytes(void)
{
    struct kn_page_heap_stats stats;
    kn_page_heap_stats(&stats);
    return stats.used_bytes;
}

/* The second word of a block in use; its third, where there is room, stays behind when it is freed. */
static uintptr_t *mark_of(void *block)
{
    return (uintptr_t *)block + 1;
}

static uint32_t carve_all(struct kn_run *run, void **out)
{
    uint32_t count = 0;
    while (kn_load_relaxed(&run->carved) < run->capacity) {
        struct kn_chain chain = kn_slab_carve(run, run->capacity);
        for (void *block = chain.head; block != NULL; block = kn_link_next(block))
            out[count++] = block;
    }
    return count;
}

/* A FULL slab of a class that changes from round to round, its blocks shared out at random. */
static void round_begin(struct round *round, struct kn_rng *rng)
{
    static const unsigned classes[] = {1, 2, 4, 20, 33, 48, 56, 80};
    unsigned size_class = classes[kn_rng_below(rng, KN_ARRAY_LEN(classes))];
    struct kn_run *run = kn_slab_new(size_class, TAG, false);
    kn_require(run != NULL && run->capacity <= BLOCKS_MAX);
    round->run = run;
    round->blocks = carve_all(run, round->block);
    for (uint32_t i = round->blocks; i-- > 1;) {
        uint32_t other = (uint32_t)kn_rng_below(rng, i + 1);
        void *block = round->block[i];
        round->block[i] = round->block[other];
        round->block[other] = block;
    }
    for (unsigned i = 1; i < THREADS; i++)
        round->first[i] = (uint32_t)kn_rng_below(rng, round->blocks + 1);
    for (unsigned i = 1; i < THREADS; i++) /* in order */
        for (unsigned j = i; j > 1 && round->first[j] < round->first[j - 1]; j--) {
            uint32_t first = round->first[j];
            round->first[j] = round->first[j - 1];
            round->first[j - 1] = first;
        }
    round->first[THREADS] = round->blocks;
    run->slab.owner_tag = KN_TAG_NONE;
    kn_slab_describe(run, KN_DESC_UNOWNED);
    kn_require(kn_slab_try_disown(run));
}

static void round_end(struct round *round)
{
    kn_require(kn_orphan_take(round->run->size_class) == NULL);
    kn_require(used_bytes() == round->used_before);
}

static void rounds_init(struct round *round)
{
    kn_init();
    kn_race_stir(true);
    ck_assert_int_eq(pthread_barrier_init(&round->barrier, NULL, THREADS), 0);
    round->used_before = used_bytes();
}

/* Takes up to `max` blocks of the thread's share, from `at` on, as a chain. */
static struct kn_chain chain_of(const struct round *round, uint32_t at, uint32_t count)
{
    struct kn_chain chain = {.tail = round->block[at], .count = count};
    for (uint32_t i = at; i < at + count; i++) {
        void *block = round->block[i];
        kn_link_set(block, chain.head);
        *mark_of(block) = ~(uintptr_t)block;
        chain.head = block;
    }
    return chain;
}

/* The local list of a slab that the caller owns: as long as it says, each block as it was left. */
static void require_sound_local(struct kn_run *run)
{
    kn_require_sound(kn_slab_check(run));
    for (void *block = run->slab.local; block != NULL; block = kn_link_next(block))
        kn_require(*mark_of(block) == ~(uintptr_t)block);
}

static void own(struct kn_run *run)
{
    run->slab.owner_tag = TAG;
    kn_slab_describe(run, TAG);
    require_sound_local(run);
}

static void try_adopt(struct kn_run *run)
{
    struct kn_run *adopted = kn_orphan_take(run->size_class);
    if (adopted == NULL)
        return;
    kn_require(adopted == run);
    own(run);
    kn_orphan_give(run);
}

/* As a heap does when it frees into a slab that was handed out completely. */
static bool try_claim_and_give(struct kn_run *run, const struct kn_chain *chain)
{
    uint64_t word = kn_load_relaxed(&run->slab.remote);
    if (kn_remote_state(word) != KN_SLAB_FULL || !kn_slab_try_claim(run, word))
        return false;
    own(run);
    kn_link_set(chain->tail, run->slab.local);
    run->slab.local = chain->head;
    run->slab.local_count += chain->count;
    kn_orphan_give(run);
    return true;
}

struct mix {
    struct round round;
    unsigned chain_max;
    bool has_claims; /* and adoptions */
};

static void free_share(unsigned thread, struct kn_rng *rng, const struct mix *mix)
{
    const struct round *round = &mix->round;
    uint32_t end = round->first[thread + 1];
    for (uint32_t at = round->first[thread]; at < end;) {
        uint32_t count = (uint32_t)kn_rng_range(rng, 1, mix->chain_max);
        count = count < end - at ? count : end - at;
        struct kn_chain chain = chain_of(round, at, count);
        at += count;
        bool is_done =
            mix->has_claims && kn_rng_below(rng, 4) == 0 && try_claim_and_give(round->run, &chain);
        if (!is_done)
            kn_remote_push(round->run, &chain);
        /* A slab of which this thread still has a block is there. */
        if (at < end && mix->has_claims && kn_rng_below(rng, 4) == 0)
            try_adopt(round->run);
    }
}

static void free_rounds(unsigned thread, struct kn_rng *rng, void *arg)
{
    struct mix *mix = arg;
    for (int i = 0; i < ROUNDS; i++) {
        if (thread == 0)
            round_begin(&mix->round, rng);
        pthread_barrier_wait(&mix->round.barrier);
        free_share(thread, rng, mix);
        pthread_barrier_wait(&mix->round.barrier);
        if (thread == 0)
            round_end(&mix->round);
    }
}

static struct mix mix;

KN_TEST(remote_slab, goes_back_once_when_threads_free_all_of_it_block_by_block)
{
    mix.chain_max = 1;
    rounds_init(&mix.round);
    kn_race_run(THREADS, free_rounds, &mix);
}

KN_TEST(remote_slab, goes_back_once_when_threads_free_all_of_it_in_chains)
{
    mix.chain_max = 64;
    rounds_init(&mix.round);
    kn_race_run(THREADS, free_rounds, &mix);
}

KN_TEST(remote_slab, goes_back_once_when_threads_claim_and_adopt_it_while_others_free)
{
    mix.chain_max = 8;
    mix.has_claims = true;
    rounds_init(&mix.round);
    kn_race_run(THREADS, free_rounds, &mix);
}

/* ---- pushes to a slab that is owned ---- */

enum { PASSES = 20000 };

struct passing {
    struct kn_run *run;
    atomic_uint passed;
    _Atomic(void *) places[THREADS];
};

/* Thread 0 owns the slab and hands out blocks; the others push them back, chained up at random. */
static void own_and_hand_out(struct passing *passing, struct kn_rng *rng)
{
    struct kn_run *run = passing->run;
    struct kn_chain free_blocks = {.count = 0};
    unsigned handed_out = 0;
    while (handed_out < PASSES) {
        if (free_blocks.head == NULL) {
            if (kn_rng_below(rng, 2) == 0) {
                free_blocks = kn_slab_take_remote(run);
            } else {
                kn_slab_collect(run);
                require_sound_local(run);
                free_blocks = kn_slab_take_local(run);
            }
            sched_yield();
            continue;
        }
        void *block = free_blocks.head;
        free_blocks.head = kn_link_next(block);
        kn_require(*mark_of(block) == ~(uintptr_t)block);
        void *none = NULL;
        unsigned place = (unsigned)kn_rng_range(rng, 1, THREADS - 1);
        while (!kn_cas_strong_release(&passing->places[place], &none, block)) {
            none = NULL;
            sched_yield();
        }
        handed_out++;
    }
    while (free_blocks.head != NULL) {
        void *next = kn_link_next(free_blocks.head);
        kn_link_set(free_blocks.head, run->slab.local);
        run->slab.local = free_blocks.head;
        run->slab.local_count++;
        free_blocks.head = next;
    }
}

static void push_what_comes(unsigned thread, struct kn_rng *rng, struct passing *passing)
{
    struct kn_chain chain = {.count = 0};
    while (atomic_load(&passing->passed) < PASSES || chain.count > 0) {
        void *block = kn_exchange_acquire(&passing->places[thread], NULL);
        if (block != NULL) {
            atomic_fetch_add(&passing->passed, 1);
            kn_link_set(block, chain.head);
            *mark_of(block) = ~(uintptr_t)block;
            if (chain.head == NULL)
                chain.tail = block;
            chain.head = block;
            chain.count++;
        }
        if (chain.count > 0 && (block == NULL || kn_rng_below(rng, 3) == 0)) {
            kn_remote_push(passing->run, &chain);
            chain = (struct kn_chain){.count = 0};
        } else if (block == NULL) {
            sched_yield();
        }
    }
}

static void pass_blocks(unsigned thread, struct kn_rng *rng, void *arg)
{
    if (thread == 0)
        own_and_hand_out(arg, rng);
    else
        push_what_comes(thread, rng, arg);
}

KN_TEST(remote_slab, loses_no_block_when_threads_push_while_its_owner_takes)
{
    static struct passing passing;
    static void *blocks[BLOCKS_MAX];
    rounds_init(&mix.round);
    struct kn_run *run = kn_slab_new(20, TAG, false);
    kn_require(run != NULL && run->capacity <= BLOCKS_MAX);
    uint32_t count = carve_all(run, blocks);
    for (uint32_t i = 0; i < count; i++) {
        kn_link_set(blocks[i], run->slab.local);
        *mark_of(blocks[i]) = ~(uintptr_t)blocks[i];
        run->slab.local = blocks[i];
        run->slab.local_count++;
    }
    passing.run = run;
    kn_race_run(THREADS, pass_blocks, &passing);
    kn_slab_collect(run);
    require_sound_local(run);
    ck_assert_uint_eq(run->slab.local_count, count);
    kn_orphan_give(run);
    ck_assert_uint_eq(used_bytes(), mix.round.used_before);
}
