/* Arenas: blocks, chunks, copies, the block made last, statistics. Their life is in
 * special_arena_life_test.c. */
#include "fake_source.h"
#include "harness.h"
#include "require.h"

#include "base/align.h"
#include "special/source.h"

#include <errno.h>
#include <knoll/arena.h>
#include <knoll/arena_format.h>
#include <string.h>

enum { CHUNK = 4096, CHUNK_MAX = 16384 };

static struct kn_fake_source fake;
static struct knoll_arena arena;
static struct knoll_arena_stats stats;

static void init_with(struct knoll_arena_options options)
{
    kn_fake_source_init(&fake);
    options.source = kn_source_to_public(&fake.source);
    ck_assert_int_eq(knoll_arena_init(&arena, &options), 0);
}

static void init(void)
{
    init_with((struct knoll_arena_options){.chunk_bytes = CHUNK, .chunk_bytes_max = CHUNK_MAX});
}

static void finish(void)
{
    kn_require_sound(knoll_arena_check(&arena));
    knoll_arena_destroy(&arena);
    kn_fake_source_assert_all_released(&fake);
}

static const struct knoll_arena_stats *get_stats(void)
{
    kn_require_sound(knoll_arena_check(&arena));
    knoll_arena_stats_get(&arena, &stats);
    return &stats;
}

static bool is_all(const void *block, int value, size_t bytes)
{
    const unsigned char *byte = block;
    for (size_t i = 0; i < bytes; i++) {
        if (byte[i] != value)
            return false;
    }
    return true;
}

KN_TEST(special_arena, works_with_the_options_that_are_usual)
{
    ck_assert_int_eq(knoll_arena_init(&arena, NULL), 0);
    char *one = knoll_arena_alloc(&arena, 100);
    char *two = knoll_arena_alloc(&arena, 3 << 20);
    ck_assert_ptr_nonnull(one);
    ck_assert_ptr_nonnull(two);
    memset(one, 1, 100);
    memset(two, 2, 3 << 20);
    ck_assert(is_all(one, 1, 100));
    kn_require_sound(knoll_arena_check(&arena));
    knoll_arena_destroy(&arena);
}

KN_TEST(special_arena, asks_for_no_memory_before_it_is_needed)
{
    init();
    ck_assert_uint_eq(fake.held_bytes, 0);
    ck_assert_ptr_nonnull(knoll_arena_alloc(&arena, 0));
    ck_assert_uint_eq(fake.held_bytes, 0);
    ck_assert_uint_eq(get_stats()->chunks, 0);
    ck_assert(!knoll_arena_contains(&arena, &arena));
    knoll_arena_reset(&arena);
    finish();
}

KN_TEST(special_arena, blocks_follow_each_other_and_are_aligned)
{
    init();
    for (size_t align = 1; align <= 16; align *= 2) {
        char *block = knoll_arena_aligned_alloc(&arena, align, 3);
        char *next = knoll_arena_aligned_alloc(&arena, align, 3);
        ck_assert_uint_eq((uintptr_t)block % align, 0);
        ck_assert_ptr_eq(next, block + kn_align_up(3, align));
    }
    char *block = knoll_arena_alloc(&arena, 1);
    ck_assert_uint_eq((uintptr_t)block % KNOLL_ARENA_ALIGN, 0);
    ck_assert_ptr_eq(knoll_arena_alloc(&arena, 1), block + KNOLL_ARENA_ALIGN);
    finish();
}

KN_TEST(special_arena, serves_large_alignments_and_refuses_what_is_none)
{
    init();
    for (size_t align = 32; align <= (size_t)1 << 20; align *= 2) {
        char *block = knoll_arena_aligned_alloc(&arena, align, 40);
        ck_assert_ptr_nonnull(block);
        ck_assert_uint_eq((uintptr_t)block % align, 0);
        memset(block, 1, 40);
    }
    errno = 0;
    ck_assert_ptr_null(knoll_arena_aligned_alloc(&arena, 48, 1));
    ck_assert_int_eq(errno, EINVAL);
    ck_assert_ptr_null(knoll_arena_aligned_alloc(&arena, ((size_t)1 << 63) + 0, 1));
    ck_assert_int_eq(errno, ENOMEM);
    finish();
}

KN_TEST(special_arena, chunks_double_up_to_a_limit)
{
    init();
    static const size_t expected[] = {4096, 8192, 16384, 16384, 16384};
    for (size_t i = 0; i < 5; i++) {
        size_t before = fake.held_bytes;
        while (fake.held_bytes == before)
            ck_assert_ptr_nonnull(knoll_arena_alloc(&arena, 64));
        ck_assert_uint_eq(fake.held_bytes - before, expected[i]);
    }
    ck_assert_uint_eq(get_stats()->chunks, 5);
    ck_assert_uint_eq(stats.held_bytes, fake.held_bytes);
    finish();
}

KN_TEST(special_arena, a_block_that_is_large_for_a_chunk_gets_its_own)
{
    init();
    char *one = knoll_arena_alloc(&arena, 16);
    char *large = knoll_arena_alloc(&arena, 50000);
    char *two = knoll_arena_alloc(&arena, 16);
    ck_assert_ptr_eq(two, one + 16);
    memset(large, 7, 50000);
    ck_assert_uint_eq(get_stats()->chunks, 1);
    ck_assert_uint_eq(stats.apart_chunks, 1);
    ck_assert_uint_eq(stats.used_bytes, 50032);
    ck_assert(knoll_arena_contains(&arena, large + 49999));
    ck_assert(!knoll_arena_contains(&arena, large + 50000));
    finish();
}

KN_TEST(special_arena, refuses_sizes_beyond_all_memory)
{
    static const size_t sizes[] = {SIZE_MAX, SIZE_MAX - 15, (size_t)PTRDIFF_MAX + 1, PTRDIFF_MAX};
    init();
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        for (size_t align = 1; align <= 4096; align *= 4) {
            errno = 0;
            ck_assert_ptr_null(knoll_arena_aligned_alloc(&arena, align, sizes[i]));
            ck_assert_int_eq(errno, ENOMEM);
        }
    }
    ck_assert_ptr_null(knoll_arena_calloc(&arena, SIZE_MAX / 2, 3));
    char *block = knoll_arena_alloc(&arena, 8);
    ck_assert_ptr_null(knoll_arena_realloc(&arena, block, 8, SIZE_MAX));
    ck_assert_ptr_null(knoll_arena_expand(&arena, block, 8, SIZE_MAX));
    finish();
}

KN_TEST(special_arena, lives_in_a_callers_buffer_alone)
{
    static KN_ALIGNED(16) char buffer[1024 + 1];
    for (size_t skip = 0; skip < 2; skip++) {
        const struct knoll_arena_options options = {
            .buffer = buffer + skip, .buffer_bytes = 1024, .is_fixed = true};
        ck_assert_int_eq(knoll_arena_init(&arena, &options), 0);
        size_t blocks = 0;
        char *block;
        while ((block = knoll_arena_alloc(&arena, 16)) != NULL) {
            ck_assert(block >= buffer && block + 16 <= buffer + sizeof(buffer));
            blocks++;
        }
        ck_assert_int_eq(errno, ENOMEM);
        ck_assert_uint_ge(blocks, 55);
        ck_assert_ptr_null(knoll_arena_alloc(&arena, 100000));
        ck_assert_ptr_null(knoll_arena_mark(&arena).place);
        ck_assert_ptr_null(knoll_arena_on_clean(&arena, NULL, NULL));
        ck_assert_ptr_null(knoll_arena_new_child(&arena));
        knoll_arena_rewind(&arena, knoll_arena_mark(&arena));
        ck_assert_uint_eq(get_stats()->held_bytes, 0);
        knoll_arena_reset(&arena);
        ck_assert_ptr_nonnull(knoll_arena_alloc(&arena, 800));
        knoll_arena_destroy(&arena);
    }
}

KN_TEST(special_arena, goes_on_in_the_source_when_the_buffer_is_full)
{
    static KN_ALIGNED(16) char buffer[512];
    init_with((struct knoll_arena_options){
        .buffer = buffer, .buffer_bytes = sizeof(buffer), .chunk_bytes = CHUNK});
    const char *first = knoll_arena_alloc(&arena, 16);
    ck_assert(first > buffer && first < buffer + sizeof(buffer));
    for (int i = 0; i < 100; i++)
        ck_assert_ptr_nonnull(knoll_arena_alloc(&arena, 16));
    ck_assert_uint_eq(get_stats()->chunks, 2);
    knoll_arena_reset(&arena);
    ck_assert_ptr_eq(knoll_arena_alloc(&arena, 16), first);
    finish();
}

KN_TEST(special_arena, refuses_buffers_that_are_too_small)
{
    static KN_ALIGNED(16) char buffer[1024];
    struct knoll_arena_options options = {.buffer = buffer, .is_fixed = true};
    for (options.buffer_bytes = 0; knoll_arena_init(&arena, &options) != 0; options.buffer_bytes++)
        ck_assert_uint_lt(options.buffer_bytes, 128);
    ck_assert_ptr_nonnull(knoll_arena_alloc(&arena, 16));
    ck_assert_ptr_null(knoll_arena_alloc(&arena, 1));
    ck_assert_ptr_null(knoll_arena_new(&options));
    ck_assert_int_eq(errno, EINVAL);
    options.buffer = NULL;
    ck_assert_int_eq(knoll_arena_init(&arena, &options), EINVAL);
}

KN_TEST(special_arena, zeroes_what_was_used_and_leaves_the_rest_alone)
{
    init();
    for (int round = 0; round < 3; round++) {
        for (size_t bytes = 1; bytes < 3000; bytes = bytes * 2 + 5) {
            void *block = knoll_arena_calloc(&arena, bytes, 3);
            ck_assert(is_all(block, 0, 3 * bytes));
            memset(block, 0xee, 3 * bytes);
        }
        kn_require_sound(knoll_arena_check(&arena));
        knoll_arena_reset(&arena);
    }
    finish();
    kn_fake_source_init(&fake);
    fake.is_zero = true;
    struct knoll_arena_options options = {.source = kn_source_to_public(&fake.source)};
    ck_assert_int_eq(knoll_arena_init(&arena, &options), 0);
    char *dirty = knoll_arena_alloc(&arena, 100);
    memset(dirty, 0xee, 100);
    ck_assert_ptr_nonnull(knoll_arena_expand(&arena, dirty, 100, 10));
    char *block = knoll_arena_calloc(&arena, 1, 400);
    ck_assert_ptr_eq(block, dirty + 16);
    ck_assert(is_all(block, 0, 400));
    finish();
}

KN_TEST(special_arena, copies_memory_and_strings)
{
    init();
    char *text = knoll_arena_strdup(&arena, "knoll");
    ck_assert_str_eq(text, "knoll");
    ck_assert_str_eq(knoll_arena_strndup(&arena, "knoll", 3), "kno");
    ck_assert_str_eq(knoll_arena_strndup(&arena, "knoll", 5), "knoll");
    ck_assert_str_eq(knoll_arena_strndup(&arena, "knoll", SIZE_MAX), "knoll");
    ck_assert_str_eq(knoll_arena_strndup(&arena, "", 0), "");
    const char *next = knoll_arena_strdup(&arena, "");
    ck_assert_ptr_eq(next, text + 6 + 4 + 6 + 6 + 1);
    ck_assert_mem_eq(knoll_arena_memdup(&arena, "abc", 4), "abc", 4);
    ck_assert_ptr_nonnull(knoll_arena_memdup(&arena, NULL, 0));
    finish();
}

KN_TEST(special_arena, formats_strings)
{
    init();
    ck_assert_str_eq(knoll_arena_format(&arena, "%s %d", "one", 2), "one 2");
    ck_assert_str_eq(knoll_arena_format(&arena, "%s", ""), "");
    /* Longer than what is left, and than a chunk. */
    for (int width = 1; width < 20000; width = width * 3 / 2 + 7) {
        const char *text = knoll_arena_format(&arena, "%*d|%.2f", width, 42, 0.5);
        ck_assert_uint_eq(strlen(text), (size_t)(width < 2 ? 2 : width) + 5);
        ck_assert_str_eq(text + strlen(text) - 7, "42|0.50");
        kn_require_sound(knoll_arena_check(&arena));
        char *zero = knoll_arena_calloc(&arena, 1, 100);
        ck_assert(is_all(zero, 0, 100));
    }
    finish();
}

KN_TEST(special_arena, formatting_leaves_no_trace_when_it_fails)
{
    kn_fake_source_init(&fake);
    fake.is_zero = true;
    const struct knoll_arena_options options = {
        .source = kn_source_to_public(&fake.source), .chunk_bytes = CHUNK, .limit_bytes = CHUNK};
    ck_assert_int_eq(knoll_arena_init(&arena, &options), 0);
    ck_assert_ptr_nonnull(knoll_arena_alloc(&arena, 500));
    ck_assert_ptr_null(knoll_arena_format(&arena, "%5000d", 7));
    ck_assert_int_eq(errno, ENOMEM);
    ck_assert_uint_eq(get_stats()->used_bytes, 500);
    ck_assert(is_all(knoll_arena_calloc(&arena, 1, 1000), 0, 1000));
    finish();
}

KN_TEST(special_arena, the_last_block_grows_and_shrinks_in_place)
{
    init();
    char *first = knoll_arena_alloc(&arena, 10);
    char *block = knoll_arena_alloc(&arena, 10);
    ck_assert_ptr_null(knoll_arena_expand(&arena, first, 10, 11));
    ck_assert_ptr_eq(knoll_arena_expand(&arena, first, 10, 5), first);
    ck_assert_ptr_eq(knoll_arena_realloc(&arena, block, 10, 1000), block);
    memset(block, 3, 1000);
    ck_assert_ptr_eq(knoll_arena_realloc(&arena, block, 1000, 20), block);
    ck_assert_ptr_eq(knoll_arena_alloc(&arena, 1), block + 32);
    ck_assert_ptr_eq(knoll_arena_realloc(&arena, NULL, 0, 1), block + 48);
    ck_assert_ptr_eq(knoll_arena_expand(&arena, block + 48, 1, 0), block + 48);
    ck_assert_ptr_eq(knoll_arena_alloc(&arena, 1), block + 48);
    ck_assert_ptr_null(knoll_arena_expand(&arena, NULL, 0, 1));
    finish();
}

KN_TEST(special_arena, a_block_that_cannot_grow_moves)
{
    init();
    char *block = knoll_arena_alloc(&arena, 100);
    memset(block, 5, 100);
    ck_assert_ptr_nonnull(knoll_arena_alloc(&arena, 1));
    char *moved = knoll_arena_realloc(&arena, block, 100, 200);
    ck_assert_ptr_ne(moved, block);
    ck_assert(is_all(moved, 5, 100));
    finish();
}

KN_TEST(special_arena, a_last_block_that_moves_leaves_nothing_behind)
{
    init();
    char *block = knoll_arena_alloc(&arena, 1000);
    memset(block, 5, 1000);
    char *moved = knoll_arena_realloc(&arena, block, 1000, 50000);
    ck_assert(is_all(moved, 5, 1000));
    ck_assert_uint_eq(get_stats()->used_bytes, 50000);
    ck_assert_ptr_eq(knoll_arena_alloc(&arena, 10), block);
    finish();
}

KN_TEST(special_arena, a_growing_array_uses_one_chunk_of_its_own_at_a_time)
{
    init();
    fake.room_bytes = 0;
    size_t bytes = 8;
    unsigned char *array = knoll_arena_alloc(&arena, bytes);
    memset(array, 9, bytes);
    while (bytes < 1 << 20) {
        array = knoll_arena_realloc(&arena, array, bytes, 2 * bytes);
        ck_assert_ptr_nonnull(array);
        ck_assert(is_all(array, 9, bytes));
        memset(array, 9, 2 * bytes);
        bytes *= 2;
        kn_require_sound(knoll_arena_check(&arena));
    }
    ck_assert_uint_eq(get_stats()->apart_chunks, 1);
    ck_assert_ptr_eq(knoll_arena_realloc(&arena, array, bytes, 100), array);
    finish();
}

KN_TEST(special_arena, asks_the_source_to_extend_a_chunk)
{
    kn_fake_source_init(&fake);
    fake.room_bytes = 1 << 20;
    const struct knoll_arena_options options = {.source = kn_source_to_public(&fake.source),
                                                .chunk_bytes = CHUNK};
    ck_assert_int_eq(knoll_arena_init(&arena, &options), 0);
    char *block = knoll_arena_alloc(&arena, 100);
    ck_assert_ptr_eq(knoll_arena_realloc(&arena, block, 100, 100000), block);
    memset(block, 1, 100000);
    ck_assert_uint_eq(get_stats()->chunks, 1);
    char *apart = knoll_arena_alloc(&arena, 200000);
    ck_assert_ptr_eq(knoll_arena_realloc(&arena, apart, 200000, 300000), apart);
    memset(apart, 1, 300000);
    ck_assert_uint_eq(get_stats()->used_bytes, 400000);
    finish();
}

KN_TEST(special_arena, stays_within_its_limit)
{
    init_with((struct knoll_arena_options){
        .chunk_bytes = CHUNK, .chunk_bytes_max = CHUNK_MAX, .limit_bytes = 5 * CHUNK});
    while (knoll_arena_alloc(&arena, 100) != NULL)
        ck_assert_uint_le(fake.held_bytes, 5 * CHUNK);
    ck_assert_int_eq(errno, ENOMEM);
    ck_assert_ptr_null(knoll_arena_alloc(&arena, 10000));
    /* A smaller chunk than wished for fills the limit. */
    ck_assert_uint_eq(fake.held_bytes, 5 * CHUNK);
    finish();
}

/* What is kept counts against the limit until it stands in the way. */
KN_TEST(special_arena, gives_up_kept_chunks_when_memory_is_short)
{
    init_with((struct knoll_arena_options){.chunk_bytes = CHUNK, .limit_bytes = 16 * CHUNK});
    for (int i = 0; i < 3; i++)
        ck_assert_ptr_nonnull(knoll_arena_alloc(&arena, 4 * CHUNK));
    knoll_arena_reset(&arena);
    ck_assert_uint_eq(get_stats()->kept_chunks, 3);
    ck_assert_ptr_nonnull(knoll_arena_alloc(&arena, 12 * CHUNK));
    ck_assert_uint_eq(get_stats()->kept_chunks, 0);
    finish();
}

static int count_chunk(const struct knoll_arena_chunk *chunk, void *counts)
{
    ((size_t *)counts)[chunk->kind]++;
    ck_assert_uint_le(chunk->used_bytes, chunk->bytes);
    ck_assert(!chunk->is_callers);
    return 0;
}

static int stop(const struct knoll_arena_chunk *chunk, void *arg)
{
    (void)chunk;
    (void)arg;
    return 5;
}

KN_TEST(special_arena, the_walk_visits_each_chunk)
{
    size_t counts[3] = {0};
    init();
    ck_assert_int_eq(knoll_arena_walk(&arena, stop, NULL), 0);
    for (int i = 0; i < 300; i++)
        ck_assert_ptr_nonnull(knoll_arena_alloc(&arena, 64));
    ck_assert_ptr_nonnull(knoll_arena_alloc(&arena, 64000));
    ck_assert_int_eq(knoll_arena_walk(&arena, count_chunk, counts), 0);
    ck_assert_uint_eq(counts[KNOLL_ARENA_CURRENT], 1);
    ck_assert_uint_eq(counts[KNOLL_ARENA_OLDER], 2);
    ck_assert_uint_eq(counts[KNOLL_ARENA_APART], 1);
    ck_assert_int_eq(knoll_arena_walk(&arena, stop, NULL), 5);
    finish();
}

KN_TEST(special_arena, statistics_tell_where_memory_is)
{
    init();
    ck_assert_ptr_nonnull(knoll_arena_alloc(&arena, 1000));
    ck_assert_uint_eq(get_stats()->used_bytes, 1000);
    size_t room = stats.free_bytes;
    ck_assert_ptr_nonnull(knoll_arena_alloc(&arena, 900));
    ck_assert_uint_eq(get_stats()->free_bytes, room - 908);
    knoll_arena_reset(&arena);
    ck_assert_uint_eq(get_stats()->used_bytes, 0);
    ck_assert_uint_eq(stats.peak_bytes, 1908);
    finish();
}

KN_TEST(special_arena, check_finds_damage)
{
    kn_fake_source_init(&fake);
    fake.is_zero = true;
    const struct knoll_arena_options options = {.source = kn_source_to_public(&fake.source),
                                                .chunk_bytes = CHUNK};
    ck_assert_int_eq(knoll_arena_init(&arena, &options), 0);
    /* Volatile, so that the compiler does not see that the writes are out of bounds. */
    char *volatile block = knoll_arena_alloc(&arena, 100);
    block[100] = 1;
    kn_require_fault(knoll_arena_check(&arena), "written to");
    block[100] = 0;
    block[-30] ^= 1;
    ck_assert_ptr_nonnull(knoll_arena_check(&arena));
    block[-30] ^= 1;
    arena.end -= 16;
    kn_require_fault(knoll_arena_check(&arena), "end");
    arena.end += 16;
    arena.left_bytes++;
    kn_require_fault(knoll_arena_check(&arena), "sum");
    arena.left_bytes--;
    arena.held_bytes++;
    kn_require_fault(knoll_arena_check(&arena), "source");
    arena.held_bytes--;
    finish();
}
