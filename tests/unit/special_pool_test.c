#include "child.h"
#include "fake_source.h"
#include "harness.h"
#include "require.h"

#include "base/align.h"
#include "special/pool.h"
#include "special/source.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

enum { OBJECTS = 1000, KINDS = 3 };

static struct kn_fake_source fake;
static struct knoll_pool pool;
static void *objects[OBJECTS];

static void begin(int kind, size_t object_bytes)
{
    kn_fake_source_init(&fake);
    ck_assert_int_eq(
        knoll_pool_init(&pool, kn_source_to_public(&fake.source),
                        &(struct knoll_pool_options){.object_bytes = object_bytes,
                                                     .kind = (enum knoll_pool_kind)kind}),
        0);
}

static void end(void)
{
    kn_require_sound(knoll_pool_check(&pool));
    knoll_pool_destroy(&pool);
    kn_fake_source_assert_all_released(&fake);
}

static void malloc_all(size_t object_bytes)
{
    for (size_t i = 0; i < OBJECTS; i++) {
        objects[i] = knoll_pool_malloc(&pool);
        ck_assert_ptr_nonnull(objects[i]);
        memset(objects[i], (int)i, object_bytes);
    }
}

static bool is_filled(const unsigned char *object, size_t bytes, size_t number)
{
    for (size_t i = 0; i < bytes; i++)
        if (object[i] != (unsigned char)number)
            return false;
    return true;
}

static size_t used_objects(void)
{
    struct knoll_pool_stats stats;
    knoll_pool_stats_get(&pool, &stats);
    return stats.used_objects;
}

KN_TEST_LOOP(special_pool, objects_are_aligned_and_apart_whatever_their_size, 0, KINDS)
{
    static const size_t sizes[] = {1, 3, 8, 12, 24, 64, 100, 1000, 4096, 10000};
    for (size_t s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++) {
        size_t bytes = sizes[s];
        size_t align = bytes & (0 - bytes);
        begin(_i, bytes);
        malloc_all(bytes);
        for (size_t i = 0; i < OBJECTS; i++) {
            unsigned char *object = objects[i];
            ck_assert(kn_is_aligned((uintptr_t)object, align < 16 ? align : 16));
            ck_assert(is_filled(object, bytes, i));
        }
        ck_assert_uint_eq(used_objects(), OBJECTS);
        end();
    }
}

KN_TEST_LOOP(special_pool, alignment_can_be_chosen, 0, KINDS)
{
    for (size_t align = 1; align <= 65536; align *= 4) {
        kn_fake_source_init(&fake);
        struct knoll_pool_options options = {
            .object_bytes = 40, .align = align, .kind = (enum knoll_pool_kind)_i};
        ck_assert_int_eq(knoll_pool_init(&pool, kn_source_to_public(&fake.source), &options), 0);
        for (int i = 0; i < 20; i++) {
            void *object = knoll_pool_malloc(&pool);
            ck_assert(kn_is_aligned((uintptr_t)object, align));
            memset(object, i, 40);
        }
        end();
    }
}

KN_TEST_LOOP(special_pool, bad_options_are_refused, 0, KINDS)
{
    static const struct knoll_pool_options bad[] = {
        {.object_bytes = 0},
        {.object_bytes = KNOLL_POOL_OBJECT_BYTES_MAX + 1},
        {.object_bytes = SIZE_MAX},
        {.object_bytes = 8, .align = 3},
        {.object_bytes = 8, .align = 2 * KNOLL_POOL_OBJECT_BYTES_MAX},
        {.object_bytes = 8, .kind = (enum knoll_pool_kind)3},
        {.object_bytes = 8, .is_fixed = true},
    };
    kn_fake_source_init(&fake);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        ck_assert_int_eq(knoll_pool_init(&pool, kn_source_to_public(&fake.source), &bad[i]),
                         EINVAL);
    ck_assert_uint_eq(fake.calls[KN_FAKE_ACQUIRE], 0);
}

KN_TEST_LOOP(special_pool, freed_objects_are_handed_out_again, 0, KINDS)
{
    begin(_i, 32);
    malloc_all(32);
    size_t held_bytes = fake.held_bytes;
    for (int round = 0; round < 5; round++) {
        for (size_t i = 0; i < OBJECTS; i++)
            knoll_pool_free(&pool, objects[(i * 7) % OBJECTS]);
        ck_assert_uint_eq(used_objects(), 0);
        malloc_all(32);
        kn_require_sound(knoll_pool_check(&pool));
    }
    ck_assert_uint_eq(fake.held_bytes, held_bytes);
    knoll_pool_free(&pool, NULL);
    end();
}

KN_TEST_LOOP(special_pool, fixed_pool_holds_exactly_its_objects, 0, KINDS)
{
    kn_fake_source_init(&fake);
    struct knoll_pool_options options = {.object_bytes = 24,
                                         .kind = (enum knoll_pool_kind)_i,
                                         .max_objects = OBJECTS - 1,
                                         .is_fixed = true};
    ck_assert_int_eq(knoll_pool_init(&pool, kn_source_to_public(&fake.source), &options), 0);
    ck_assert_uint_eq(fake.calls[KN_FAKE_ACQUIRE], 1);
    for (int round = 0; round < 3; round++) {
        ck_assert_uint_eq(knoll_pool_malloc_batch(&pool, OBJECTS, objects), OBJECTS - 1);
        errno = 0;
        ck_assert_ptr_null(knoll_pool_malloc(&pool));
        ck_assert_int_eq(errno, ENOMEM);
        knoll_pool_free(&pool, objects[500]);
        ck_assert_ptr_eq(knoll_pool_malloc(&pool), objects[500]);
        knoll_pool_free_batch(&pool, objects, OBJECTS - 1);
        ck_assert_uint_eq(knoll_pool_trim(&pool), 0);
    }
    ck_assert_uint_eq(fake.calls[KN_FAKE_ACQUIRE], 1);
    end();
}

KN_TEST_LOOP(special_pool, fixed_pool_is_refused_when_memory_is_short, 0, KINDS)
{
    kn_fake_source_init(&fake);
    kn_fake_source_fail(&fake, KN_FAKE_ACQUIRE, 1, 100);
    struct knoll_pool_options options = {.object_bytes = 24,
                                         .kind = (enum knoll_pool_kind)_i,
                                         .max_objects = OBJECTS,
                                         .is_fixed = true};
    ck_assert_int_eq(knoll_pool_init(&pool, kn_source_to_public(&fake.source), &options), ENOMEM);
    kn_fake_source_assert_all_released(&fake);
}

KN_TEST_LOOP(special_pool, asks_for_less_when_memory_is_short, 0, KINDS)
{
    begin(_i, 64);
    malloc_all(64);
    while (knoll_pool_reserve(&pool, 2 * OBJECTS) != 0)
        ;
    for (struct knoll_pool_stats stats = {0};
         stats.used_objects < stats.objects || stats.objects == 0;
         knoll_pool_stats_get(&pool, &stats))
        ck_assert_ptr_nonnull(knoll_pool_malloc(&pool));
    kn_fake_source_fail(&fake, KN_FAKE_ACQUIRE, 1, 2);
    ck_assert_ptr_nonnull(knoll_pool_malloc(&pool));
    kn_require_sound(knoll_pool_check(&pool));
    knoll_pool_reset(&pool);
    ck_assert_uint_eq(used_objects(), 0);
    end();
}

KN_TEST_LOOP(special_pool, nothing_is_lost_when_memory_runs_out, 0, KINDS)
{
    begin(_i, 100);
    kn_fake_source_fail(&fake, KN_FAKE_ACQUIRE, 3, 1000);
    size_t made = 0;
    while (made < OBJECTS && (objects[made] = knoll_pool_malloc(&pool)) != NULL)
        made++;
    ck_assert_uint_gt(made, 8);
    ck_assert_uint_lt(made, OBJECTS);
    ck_assert_int_eq(errno, ENOMEM);
    ck_assert_int_eq(knoll_pool_reserve(&pool, SIZE_MAX), ENOMEM);
    kn_require_sound(knoll_pool_check(&pool));
    ck_assert_uint_eq(used_objects(), made);
    knoll_pool_free(&pool, objects[3]);
    ck_assert_ptr_eq(knoll_pool_malloc(&pool), objects[3]);
    kn_fake_source_fail(&fake, KN_FAKE_ACQUIRE, 1, 0);
    ck_assert_ptr_nonnull(knoll_pool_malloc(&pool));
    end();
}

KN_TEST_LOOP(special_pool, works_in_a_small_buffer, 0, KINDS)
{
    static _Alignas(16) char buffer[512];
    struct knoll_source_buffer storage;
    struct knoll_source *source = knoll_source_buffer_init(&storage, buffer, sizeof(buffer));
    struct knoll_pool_options options = {.object_bytes = 16, .kind = (enum knoll_pool_kind)_i};
    ck_assert_int_eq(knoll_pool_init(&pool, source, &options), 0);
    size_t made = 0;
    while ((objects[made] = knoll_pool_malloc(&pool)) != NULL)
        memset(objects[made++], 1, 16);
    ck_assert_uint_ge(made, 16);
    kn_require_sound(knoll_pool_check(&pool));
    knoll_pool_destroy(&pool);
    kn_require_sound(knoll_source_buffer_check(&storage));
}

KN_TEST_LOOP(special_pool, trim_gives_back_the_chunks_without_objects, 0, KINDS)
{
    struct knoll_pool_stats before, after;
    begin(_i, 64);
    malloc_all(64);
    knoll_pool_stats_get(&pool, &before);
    ck_assert_uint_ge(before.chunks, 4);
    ck_assert_uint_eq(before.source_bytes, fake.held_bytes);
    ck_assert_uint_eq(knoll_pool_trim(&pool), 0);
    for (size_t i = 1; i < OBJECTS; i++)
        knoll_pool_free(&pool, objects[i]);
    size_t trimmed_bytes = knoll_pool_trim(&pool);
    knoll_pool_stats_get(&pool, &after);
    ck_assert_uint_eq(after.chunks, 1);
    ck_assert_uint_eq(after.used_objects, 1);
    ck_assert_uint_eq(after.source_bytes + trimmed_bytes, before.source_bytes);
    ck_assert_uint_eq(after.source_bytes, fake.held_bytes);
    kn_require_sound(knoll_pool_check(&pool));
    knoll_pool_free(&pool, objects[0]);
    ck_assert_uint_ne(knoll_pool_trim(&pool), 0);
    kn_fake_source_assert_all_released(&fake);
    malloc_all(64);
    end();
}

KN_TEST_LOOP(special_pool, reset_frees_all_and_keeps_the_memory, 0, KINDS)
{
    begin(_i, 48);
    for (int round = 0; round < 3; round++) {
        malloc_all(48);
        size_t acquired = fake.calls[KN_FAKE_ACQUIRE];
        knoll_pool_reset(&pool);
        ck_assert_uint_eq(used_objects(), 0);
        kn_require_sound(knoll_pool_check(&pool));
        malloc_all(48);
        ck_assert_uint_eq(fake.calls[KN_FAKE_ACQUIRE], acquired);
        knoll_pool_reset(&pool);
    }
    end();
}

KN_TEST_LOOP(special_pool, reserve_makes_later_calls_succeed, 0, KINDS)
{
    begin(_i, 48);
    ck_assert_int_eq(knoll_pool_reserve(&pool, OBJECTS), 0);
    kn_fake_source_fail(&fake, KN_FAKE_ACQUIRE, 1, 1000);
    malloc_all(48);
    end();
}

static size_t visited;

static int free_odd(void *object, void *arg)
{
    ck_assert_ptr_eq(arg, &visited);
    size_t index = *(size_t *)object;
    ck_assert_ptr_eq(objects[index], object);
    visited++;
    if (index % 2 == 1) {
        knoll_pool_free(&pool, object);
        objects[index] = NULL;
    }
    return 0;
}

static int stop_at_third(void *object, void *arg)
{
    (void)object;
    size_t *count = arg;
    return ++*count == 3 ? 77 : 0;
}

KN_TEST_LOOP(special_pool, walk_visits_what_is_in_use_and_may_free_it, 0, KINDS)
{
    begin(_i, 48);
    malloc_all(48);
    for (size_t i = 0; i < OBJECTS; i++)
        *(size_t *)objects[i] = i;
    for (size_t i = 0; i < OBJECTS; i += 3)
        knoll_pool_free(&pool, objects[(i * 7) % OBJECTS]);
    size_t used = used_objects();
    ck_assert_int_eq(knoll_pool_walk(&pool, free_odd, &visited), 0);
    ck_assert_uint_eq(visited, used);
    kn_require_sound(knoll_pool_check(&pool));
    visited = 0;
    used = used_objects();
    ck_assert_int_eq(knoll_pool_walk(&pool, free_odd, &visited), 0);
    ck_assert_uint_eq(visited, used);
    visited = 0;
    ck_assert_int_eq(knoll_pool_walk(&pool, stop_at_third, &visited), 77);
    end();
}

KN_TEST_LOOP(special_pool, has_knows_any_address, 0, KINDS)
{
    begin(_i, 40);
    ck_assert(!knoll_pool_has(&pool, &pool));
    malloc_all(40);
    for (size_t i = 0; i < OBJECTS; i++)
        ck_assert(knoll_pool_has(&pool, objects[i]));
    ck_assert(!knoll_pool_has(&pool, (char *)objects[5] + 8));
    ck_assert(!knoll_pool_has(&pool, NULL));
    ck_assert(!knoll_pool_has(&pool, (void *)UINTPTR_MAX));
    ck_assert(!knoll_pool_has(&pool, objects));
    knoll_pool_free(&pool, objects[5]);
    ck_assert(knoll_pool_has(&pool, objects[5]) == (_i == KNOLL_POOL_LIST));
    end();
}

KN_TEST(special_pool, index_is_exact_in_the_largest_chunks)
{
    static const size_t strides[] = {
        1, 2, 3, 5, 7, 24, 40, 100, 4095, 65537, 99999, 1 << 20, (1 << 28) - 1, 1 << 28};
    for (size_t i = 0; i < sizeof(strides) / sizeof(strides[0]); i++) {
        begin(KNOLL_POOL_BITMAP, strides[i]);
        struct kn_pool_state *state = kn_pool_state_of(&pool);
        size_t most = UINT32_MAX / state->stride;
        for (size_t step = 0; step < 1000; step++) {
            size_t index = step < 500 ? most * step / 500 : most - (step - 500) % (most + 1);
            ck_assert_uint_eq(kn_pool_index_of(state, index * state->stride), index);
        }
        end();
    }
}

KN_TEST(special_pool, bitmap_kinds_never_write_to_objects)
{
    for (int kind = KNOLL_POOL_BITMAP; kind <= KNOLL_POOL_SHARED; kind++) {
        begin(kind, 16);
        malloc_all(16);
        for (size_t i = 0; i < OBJECTS; i++)
            knoll_pool_free(&pool, objects[i]);
        kn_require_sound(knoll_pool_check(&pool));
        for (size_t i = 0; i < OBJECTS; i++)
            ck_assert(is_filled(objects[i], 16, i));
        end();
    }
}

KN_TEST(special_pool, check_finds_a_free_object_that_was_written_to)
{
    begin(KNOLL_POOL_LIST, 32);
    malloc_all(32);
    knoll_pool_free(&pool, objects[1]);
    knoll_pool_free(&pool, objects[2]);
    memset(objects[2], 0x5a, 8);
    kn_require_fault(knoll_pool_check(&pool), "written to");
}

KN_TEST(special_pool, check_finds_an_object_of_a_list_freed_twice)
{
    begin(KNOLL_POOL_LIST, 32);
    malloc_all(32);
    knoll_pool_free(&pool, objects[1]);
    knoll_pool_free(&pool, objects[2]);
    knoll_pool_free(&pool, objects[1]);
    kn_require_fault(knoll_pool_check(&pool), "freed twice");
}

/* ---- misuse --------------------------------------------------------------------------------- */

static void free_it(void *object)
{
    knoll_pool_free(&pool, object);
}

static void free_it_in_a_batch(void *object)
{
    knoll_pool_free_batch(&pool, &object, 1);
}

static void expect_abort(void *object, const char *what)
{
    static struct kn_child child;
    char line[200];
    snprintf(line, sizeof(line), "knoll: pool: knoll_pool_free(%p): %s\n", object, what);
    kn_child_expect_abort(free_it, object, line);
    kn_child_call(&child, free_it_in_a_batch, object);
    kn_child_assert_signal(&child, SIGABRT);
    kn_child_assert_says(&child, "knoll_pool_free_batch(");
    kn_child_assert_says(&child, what);
}

KN_TEST_LOOP(special_pool, wrong_frees_are_misuse, KNOLL_POOL_BITMAP, KINDS)
{
    begin(_i, 40);
    malloc_all(40);
    knoll_pool_free(&pool, objects[7]);
    expect_abort(objects[7], "double free: the object is free");
    expect_abort((char *)objects[9] + 1, "no object of this pool starts there");
    expect_abort((char *)objects[9] + 39, "no object of this pool starts there");
    expect_abort(&pool, "not an object of this pool");
    expect_abort((void *)16, "not an object of this pool");
    end();
}

static size_t told;

static void tell(const struct knoll_misuse *misuse, void *arg)
{
    ck_assert_str_eq(misuse->product, "pool");
    ck_assert_ptr_eq(arg, &told);
    told++;
}

KN_TEST_LOOP(special_pool, wrong_frees_change_nothing_with_a_call_back, KNOLL_POOL_BITMAP, KINDS)
{
    begin(_i, 40);
    malloc_all(40);
    knoll_special_on_misuse(tell, &told);
    knoll_pool_free(&pool, objects[7]);
    knoll_pool_free(&pool, objects[7]);
    knoll_pool_free(&pool, (char *)objects[9] + 8);
    knoll_pool_free(&pool, &told);
    knoll_pool_free_batch(&pool, (void *[]){NULL, objects[8], objects[8], objects[10]}, 4);
    ck_assert_uint_eq(told, 4);
    ck_assert_uint_eq(used_objects(), OBJECTS - 3);
    end();
}
