#define _GNU_SOURCE /* memfd_create */
#include <knoll/shared.h>

#include "base/rng.h"
#include "require.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { KINDS = 3, ROOM = 65536, SLOTS = 64 };

static const struct knoll_compact_index *index_of(int kind)
{
    const struct knoll_compact_index *(*const indexes[KINDS])(void) = {
        knoll_compact_first_fit, knoll_compact_tlsf, knoll_compact_best_fit};

    return indexes[kind]();
}

static void *map_shared(size_t bytes)
{
    void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    ck_assert_ptr_ne(p, MAP_FAILED);
    return p;
}

static void *space;
static struct knoll_shared heap;

static void create(int kind)
{
    space = map_shared(ROOM);
    ck_assert_int_eq(knoll_shared_create(&heap, space, ROOM, index_of(kind)), KNOLL_COMPACT_OK);
}

static void require_sound(void)
{
    const char *fault = knoll_shared_check(&heap);

    ck_assert_msg(fault == NULL, "%s", fault);
}

KN_TEST(special_shared, is_refused_when_the_buffer_is_wrong)
{
    struct knoll_shared other;

    space = map_shared(ROOM);
    ck_assert_int_eq(knoll_shared_attach(&heap, space, ROOM, index_of(0)), KNOLL_COMPACT_DAMAGED);
    ck_assert_int_eq(knoll_shared_create(&heap, NULL, ROOM, index_of(0)), KNOLL_COMPACT_INVALID);
    ck_assert_int_eq(knoll_shared_create(&heap, (char *)space + 8, 4096, index_of(0)),
                     KNOLL_COMPACT_INVALID);
    ck_assert_int_eq(knoll_shared_create(&heap, space, ROOM, NULL), KNOLL_COMPACT_INVALID);
    ck_assert_int_eq(knoll_shared_create(&heap, space, 32, index_of(0)), KNOLL_COMPACT_NO_ROOM);
    ck_assert_int_eq(knoll_shared_create(&heap, space, 128, index_of(0)), KNOLL_COMPACT_NO_ROOM);
    ck_assert_int_eq(knoll_shared_create(&heap, space, ROOM, index_of(0)), KNOLL_COMPACT_OK);
    ck_assert_int_eq(knoll_shared_attach(&other, space, ROOM, index_of(1)),
                     KNOLL_COMPACT_OTHER_KIND);
    ck_assert_int_eq(knoll_shared_attach(&other, space, ROOM / 2, index_of(0)),
                     KNOLL_COMPACT_CUT_OFF);
    ck_assert_int_eq(knoll_shared_attach(&other, space, 16, index_of(0)), KNOLL_COMPACT_DAMAGED);
    ((unsigned char *)space)[4]++;
    ck_assert_int_eq(knoll_shared_attach(&other, space, ROOM, index_of(0)),
                     KNOLL_COMPACT_OTHER_FORM);
}

KN_TEST_LOOP(special_shared, has_the_calls_of_a_compact_heap, 0, KINDS)
{
    struct knoll_compact_stats stats;
    char *p;
    char *q;

    create(_i);
    p = knoll_shared_malloc(&heap, 100);
    q = knoll_shared_calloc(&heap, 10, 10);
    ck_assert_uint_ge(knoll_shared_usable_size(&heap, p), 100);
    for (int i = 0; i < 100; i++)
        ck_assert_int_eq(q[i], 0);
    q = knoll_shared_realloc(&heap, q, 1000);
    ck_assert_ptr_nonnull(q);
    knoll_shared_free(&heap, p);
    p = knoll_shared_aligned_alloc(&heap, 512, 10);
    ck_assert_uint_eq((uintptr_t)p % 512, 0);
    knoll_shared_set_root(&heap, p);
    ck_assert_ptr_eq(knoll_shared_root(&heap), p);
    ck_assert_ptr_eq(knoll_shared_pointer(&heap, knoll_shared_offset(&heap, q)), q);
    knoll_shared_stats_get(&heap, &stats);
    ck_assert_uint_eq(stats.used_blocks, 2);
    require_sound();
    ck_assert_uint_eq(knoll_shared_deaths(&heap), 0);
}

KN_TEST_LOOP(special_shared, is_used_through_two_mappings, 0, KINDS)
{
    int file = memfd_create("heap", 0);
    struct knoll_shared other;
    void *here;
    void *there;
    char *text;

    ck_assert_int_ge(file, 0);
    ck_assert_int_eq(ftruncate(file, ROOM), 0);
    here = mmap(NULL, ROOM, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    there = mmap(NULL, ROOM, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    ck_assert_ptr_ne(here, there);
    ck_assert_int_eq(knoll_shared_create(&heap, here, ROOM, index_of(_i)), KNOLL_COMPACT_OK);
    ck_assert_int_eq(knoll_shared_attach(&other, there, ROOM, index_of(_i)), KNOLL_COMPACT_OK);
    text = knoll_shared_malloc(&heap, 10);
    strcpy(text, "here");
    knoll_shared_set_root(&heap, text);
    ck_assert_str_eq(knoll_shared_root(&other), "here");
    ck_assert_ptr_ne(knoll_shared_root(&other), text);
    knoll_shared_free(&other, knoll_shared_root(&other));
    ck_assert_ptr_eq(knoll_shared_malloc(&heap, 10), text);
    require_sound();
}

/* ---- threads --------------------------------------------------------------------------------- */

static void *churn(void *arg)
{
    struct kn_rng rng;
    unsigned char *blocks[16] = {NULL};

    kn_rng_seed(&rng, (uintptr_t)arg);
    for (int i = 0; i < 5000; i++) {
        unsigned slot = (unsigned)kn_rng_below(&rng, 16);
        size_t bytes = 1 + kn_rng_below(&rng, 300);
        unsigned char *p = blocks[slot];

        if (p != NULL)
            kn_require(p[0] == (unsigned char)(uintptr_t)arg);
        knoll_shared_free(&heap, p);
        p = knoll_shared_malloc(&heap, bytes);
        if (p != NULL)
            memset(p, (int)(uintptr_t)arg, bytes);
        blocks[slot] = p;
    }
    for (unsigned slot = 0; slot < 16; slot++)
        knoll_shared_free(&heap, blocks[slot]);
    return NULL;
}

KN_TEST_LOOP(special_shared, serves_many_threads, 0, KINDS)
{
    pthread_t threads[4];
    struct knoll_compact_stats stats;

    create(_i);
    for (uintptr_t i = 0; i < 4; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, churn, (void *)(i + 1)), 0);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    require_sound();
    knoll_shared_stats_get(&heap, &stats);
    ck_assert_uint_eq(stats.used_blocks, 0);
    ck_assert_uint_eq(stats.free_blocks, 1);
}

/* ---- deaths ---------------------------------------------------------------------------------- */

static void die_with_the_lock(void)
{
    pid_t child = fork();

    if (child == 0) {
        if (knoll_shared_lock(&heap) != 0)
            _exit(1);
        if (knoll_shared_malloc(&heap, 64) == NULL)
            _exit(2);
        raise(SIGKILL);
    }
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFSIGNALED(status));
}

KN_TEST_LOOP(special_shared, tells_of_a_death_until_settled, 0, KINDS)
{
    create(_i);
    ck_assert_int_eq(knoll_shared_lock(&heap), 0);
    knoll_shared_unlock(&heap);
    die_with_the_lock();
    ck_assert_ptr_nonnull(knoll_shared_malloc(&heap, 10));
    ck_assert_uint_eq(knoll_shared_deaths(&heap), 1);
    require_sound();
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(knoll_shared_lock(&heap), EOWNERDEAD);
        knoll_shared_unlock(&heap);
    }
    ck_assert_int_eq(knoll_shared_lock(&heap), EOWNERDEAD);
    knoll_shared_settle(&heap);
    knoll_shared_unlock(&heap);
    ck_assert_int_eq(knoll_shared_lock(&heap), 0);
    ck_assert_int_eq(knoll_shared_lock(&heap), 0);
    knoll_shared_unlock(&heap);
    knoll_shared_unlock(&heap);
    die_with_the_lock();
    ck_assert_int_eq(knoll_shared_lock(&heap), EOWNERDEAD);
    knoll_shared_unlock(&heap);
    ck_assert_uint_eq(knoll_shared_deaths(&heap), 2);
}

KN_TEST_LOOP(special_shared, is_lost_when_it_cannot_be_mended, 0, KINDS)
{
    struct knoll_compact_stats stats;
    unsigned char *p;

    create(_i);
    p = knoll_shared_malloc(&heap, 100);
    /* Its tag is in front of it. */
    memset(knoll_shared_pointer(&heap, knoll_shared_offset(&heap, p) - 8), 0xff, 8);
    die_with_the_lock();
    ck_assert_ptr_null(knoll_shared_malloc(&heap, 10));
    ck_assert_int_eq(knoll_shared_lock(&heap), ENOTRECOVERABLE);
    ck_assert_ptr_null(knoll_shared_calloc(&heap, 1, 10));
    ck_assert_ptr_null(knoll_shared_aligned_alloc(&heap, 64, 10));
    ck_assert_ptr_null(knoll_shared_realloc(&heap, p, 10));
    knoll_shared_free(&heap, p);
    ck_assert_uint_eq(knoll_shared_usable_size(&heap, p), 0);
    knoll_shared_set_root(&heap, p);
    ck_assert_ptr_null(knoll_shared_root(&heap));
    knoll_shared_stats_get(&heap, &stats);
    ck_assert_uint_eq(stats.total_bytes, 0);
    ck_assert_ptr_nonnull(knoll_shared_check(&heap));
    ck_assert_int_eq(knoll_shared_restart(&heap, space, ROOM, index_of(_i)), KNOLL_COMPACT_DAMAGED);
}

static void *keep_the_lock(void *arg)
{
    (void)arg;
    return (void *)(intptr_t)knoll_shared_lock(&heap);
}

KN_TEST_LOOP(special_shared, starts_again_whatever_state_the_lock_was_left_in, 0, KINDS)
{
    static unsigned char file[ROOM];
    char *p;

    create(_i);
    p = knoll_shared_malloc(&heap, 10);
    strcpy(p, "kept");
    knoll_shared_set_root(&heap, p);
    ck_assert_int_eq(knoll_shared_lock(&heap), 0);
    memcpy(file, space, ROOM);
    knoll_shared_unlock(&heap);
    /* A copy with the lock held, by nobody who lives, as after a failure of power. */
    void *again = map_shared(ROOM);
    memcpy(again, file, ROOM);
    ck_assert_int_eq(knoll_shared_restart(&heap, again, ROOM, index_of(_i)), KNOLL_COMPACT_OK);
    ck_assert_str_eq(knoll_shared_root(&heap), "kept");
    require_sound();
    /* A thread that ends is a death, too. */
    pthread_t thread;
    ck_assert_int_eq(pthread_create(&thread, NULL, keep_the_lock, NULL), 0);
    pthread_join(thread, NULL);
    ck_assert_int_eq(knoll_shared_lock(&heap), EOWNERDEAD);
}

/* ---- kills at any moment --------------------------------------------------------------------- */

/* What the child has, in memory that outlives it. `offset` is written once a block is there, and
 * cleared before it is given up; `is_changing` says that a call on the slot's block is under way. */
struct slot {
    volatile size_t offset;
    volatile size_t bytes;
    volatile bool is_changing;
};

static struct slot *slots;

static unsigned char fill_of(unsigned slot)
{
    return (unsigned char)(slot + 1);
}

static void work_on(struct kn_rng *rng, unsigned number)
{
    struct slot *slot = &slots[number];
    size_t bytes = 1 + kn_rng_below(rng, 1200);
    void *p = knoll_shared_pointer(&heap, slot->offset);

    slot->is_changing = true;
    if (p == NULL) {
        p = knoll_shared_malloc(&heap, bytes);
    } else if (kn_rng_below(rng, 2) == 0) {
        knoll_shared_free(&heap, p);
        p = NULL;
        slot->offset = 0;
    } else {
        void *moved = knoll_shared_realloc(&heap, p, bytes);

        if (moved == NULL)
            bytes = slot->bytes;
        else
            p = moved;
    }
    if (p != NULL) {
        memset(p, fill_of(number), bytes);
        slot->bytes = bytes;
        slot->offset = knoll_shared_offset(&heap, p);
    }
    slot->is_changing = false;
}

static void work_until_killed(uint64_t seed)
{
    struct kn_rng rng;

    kn_rng_seed(&rng, seed);
    for (;;)
        work_on(&rng, (unsigned)kn_rng_below(&rng, SLOTS));
}

struct strays {
    void *blocks[8];
    unsigned count;
};

static bool is_known(size_t offset)
{
    for (unsigned i = 0; i < SLOTS; i++) {
        if (!slots[i].is_changing && slots[i].offset == offset)
            return true;
    }
    return false;
}

static int collect_stray(const struct knoll_compact_block *block, void *arg)
{
    struct strays *strays = arg;

    if (block->is_used && !is_known(knoll_shared_offset(&heap, block->address)))
        strays->blocks[strays->count++] = block->address;
    return strays->count == 8;
}

/* After a death: every block of a slot that was not being changed is as it was, and there are at most
 * two more, which are freed. */
static void require_survival(void)
{
    struct strays strays = {{NULL}, 0};
    struct knoll_compact_stats stats;
    unsigned known = 0;

    require_sound();
    ck_assert_int_eq(knoll_shared_walk(&heap, collect_stray, &strays), 0);
    ck_assert_uint_le(strays.count, 2);
    for (unsigned i = 0; i < strays.count; i++)
        knoll_shared_free(&heap, strays.blocks[i]);
    for (unsigned i = 0; i < SLOTS; i++) {
        const unsigned char *p = knoll_shared_pointer(&heap, slots[i].offset);

        if (slots[i].is_changing)
            slots[i] = (struct slot){0, 0, false};
        else if (p != NULL) {
            known++;
            for (size_t k = 0; k < slots[i].bytes; k++)
                kn_require(p[k] == fill_of(i));
        }
    }
    knoll_shared_stats_get(&heap, &stats);
    ck_assert_uint_eq(stats.used_blocks, known);
    require_sound();
}

static void kill_at_random_moments(int kind, unsigned kills)
{
    struct kn_rng rng;

    create(kind);
    slots = map_shared(SLOTS * sizeof(*slots));
    kn_rng_seed(&rng, kn_test_seed() + (uint64_t)kind);
    for (unsigned i = 0; i < kills; i++) {
        uint64_t seed = kn_rng_next(&rng);
        pid_t child = fork();

        if (child == 0)
            work_until_killed(seed);
        usleep(500 + (unsigned)kn_rng_below(&rng, 3000));
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
        require_survival();
    }
}

KN_TEST_LOOP(special_shared, survives_kills_at_random_moments, 0, KINDS)
{
    kill_at_random_moments(_i, 150);
    ck_assert_uint_gt(knoll_shared_deaths(&heap), 10);
}

KN_TEST_SLOW(special_shared, survives_many_kills, 120)
{
    for (int kind = 0; kind < KINDS; kind++)
        kill_at_random_moments(kind, 2000);
}
