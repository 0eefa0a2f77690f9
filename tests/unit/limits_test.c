#include "require.h"

#include "base/atomic.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <knoll/knoll.h>

#define MIB ((size_t)1 << 20)

static struct {
    int soft;
    int hard;
    struct knoll_limit_state last;
    void *to_free;
    bool allocates;
} events;

static void on_event(const struct knoll_limit_state *state, void *arg)
{
    ck_assert_ptr_eq(arg, &events);
    if (state->event == KNOLL_LIMIT_SOFT)
        events.soft++;
    else
        events.hard++;
    events.last = *state;
    knoll_free(events.to_free);
    events.to_free = NULL;
    if (events.allocates)
        knoll_free(knoll_malloc(50 * MIB)); /* over the limit: fails without another event */
}

static size_t used(void)
{
    struct knoll_stats stats = {.struct_bytes = sizeof(stats)};
    ck_assert_int_eq(knoll_stats_get(&stats), 0);
    return stats.run_bytes;
}

static void set(size_t soft, size_t hard, size_t reserve)
{
    struct knoll_limits limits = {soft, hard, reserve};
    knoll_limits_watch(on_event, &events);
    ck_assert_int_eq(knoll_limits_set(&limits), 0);
}

KN_TEST(limits, are_read_back_as_set)
{
    struct knoll_limits limits = {10 * MIB, 20 * MIB, MIB};
    struct knoll_limits read;
    char value[32];
    ck_assert_int_eq(knoll_limits_set(&limits), 0);
    knoll_limits_get(&read);
    ck_assert_mem_eq(&read, &limits, sizeof(read));
    ck_assert_int_eq(knoll_option_get("limit_hard", value, sizeof(value)), 0);
    ck_assert_str_eq(value, "20MiB");
    limits.soft_bytes = 30 * MIB;
    ck_assert_int_eq(knoll_limits_set(&limits), EINVAL);
    ck_assert_int_eq(knoll_option_set("limit_hard", "0"), 0);
    knoll_limits_get(&read);
    ck_assert_uint_eq(read.hard_bytes, 0);
}

KN_TEST(limits, soft_tells_once_for_each_time_it_is_passed)
{
    void *blocks[20];
    set(10 * MIB, 0, 0);
    for (int round = 1; round <= 3; round++) {
        for (size_t i = 0; i < 20; i++) {
            errno = 4242;
            blocks[i] = knoll_malloc(MIB);
            ck_assert_ptr_nonnull(blocks[i]);
            ck_assert_int_eq(errno, 4242);
        }
        ck_assert_int_eq(events.soft, round);
        for (size_t i = 0; i < 20; i++)
            knoll_free(blocks[i]);
    }
    ck_assert_uint_eq(events.last.wanted_bytes, MIB);
    ck_assert_uint_ge(events.last.used_bytes, 9 * MIB);
    ck_assert_uint_eq(events.last.limits.soft_bytes, 10 * MIB);
    ck_assert_int_eq(events.hard, 0);
}

KN_TEST(limits, soft_gives_unused_memory_back)
{
    struct knoll_stats stats = {.struct_bytes = sizeof(stats)};
    void *kept = knoll_malloc(8 * MIB);
    void *dropped = knoll_malloc(3 * MIB);
    memset(dropped, 1, 3 * MIB);
    knoll_free(dropped);
    set(9 * MIB, 0, 0);
    void *small = knoll_malloc(2 * MIB);
    ck_assert_int_eq(knoll_stats_get(&stats), 0);
    ck_assert_uint_eq(stats.dirty_bytes, 0);
    knoll_free(kept);
    knoll_free(small);
}

KN_TEST(limits, hard_refuses_large_requests_first_and_then_all)
{
    size_t count = 0;
    size_t small = 0;
    void *block;
    set(0, 32 * MIB, 4 * MIB);
    while (count < 100 && (block = knoll_malloc(MIB)) != NULL)
        count++;
    ck_assert_int_eq(errno, ENOMEM);
    ck_assert_uint_ge(count, 26);
    ck_assert_uint_le(count, 28);
    ck_assert_int_eq(events.hard, 1);
    while (small < 10000 && knoll_malloc(1000) != NULL)
        small++;
    ck_assert_uint_ge(small * 1024, 3 * MIB);
    ck_assert_uint_le(small * 1024, 6 * MIB);
    ck_assert_uint_le(used(), 32 * MIB);
    ck_assert_ptr_null(knoll_calloc(1, MIB));
    ck_assert_ptr_null(knoll_aligned_alloc(65536, MIB));
    ck_assert_ptr_null(knoll_calloc(1, 30000));
}

KN_TEST(limits, hard_tries_again_when_the_callback_freed_something)
{
    set(0, 16 * MIB, 0);
    events.to_free = knoll_malloc(10 * MIB);
    void *block = knoll_malloc(10 * MIB);
    ck_assert_ptr_nonnull(block);
    ck_assert_int_eq(events.hard, 1);
    ck_assert_ptr_null(knoll_malloc(10 * MIB));
    ck_assert_int_eq(events.hard, 2);
    events.to_free = block;
    void *other = knoll_realloc(knoll_malloc(MIB), 10 * MIB);
    ck_assert_ptr_nonnull(other);
    ck_assert_int_eq(events.hard, 3);
}

KN_TEST(limits, realloc_fails_and_keeps_the_block_when_the_limit_is_met)
{
    set(0, 16 * MIB, 0);
    char *block = knoll_malloc(8 * MIB);
    block[8 * MIB - 1] = 7;
    ck_assert_ptr_null(knoll_realloc(block, 20 * MIB));
    ck_assert_int_eq(errno, ENOMEM);
    ck_assert_int_eq(block[8 * MIB - 1], 7);
    ck_assert_ptr_null(knoll_expand(block, 20 * MIB));
    block = knoll_realloc(block, 1000);
    ck_assert_ptr_nonnull(block);
}

KN_TEST(limits, callback_may_meet_the_limit_itself)
{
    set(4 * MIB, 16 * MIB, 0);
    events.allocates = true;
    ck_assert_ptr_null(knoll_malloc(20 * MIB));
    ck_assert_int_eq(events.hard, 1);
    ck_assert_ptr_nonnull(knoll_malloc(8 * MIB));
    ck_assert_int_eq(events.soft, 1);
}

static _Atomic size_t events_of_all;

/* Several threads may be in here at the same time. */
static void count_event(const struct knoll_limit_state *state, void *arg)
{
    (void)state;
    (void)arg;
    kn_fetch_add_relaxed(&events_of_all, 1);
}

static void *fill(void *arg)
{
    size_t *count = arg;
    while (knoll_malloc(4000) != NULL)
        ++*count;
    return NULL;
}

KN_TEST(limits, hard_holds_when_threads_race_for_the_last_memory)
{
    pthread_t threads[4];
    size_t counts[4] = {0, 0, 0, 0};
    set(0, 32 * MIB, 0);
    knoll_limits_watch(count_event, NULL);
    for (size_t i = 0; i < 4; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, fill, &counts[i]), 0);
    for (size_t i = 0; i < 4; i++)
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
    ck_assert_uint_ge(kn_load_relaxed(&events_of_all), 1);
    ck_assert_uint_le(used(), 32 * MIB);
    ck_assert_uint_ge((counts[0] + counts[1] + counts[2] + counts[3]) * 4096, 28 * MIB);
}
