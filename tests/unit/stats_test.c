#include "require.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <knoll/knoll.h>

static struct knoll_stats get(void)
{
    struct knoll_stats stats = {.struct_bytes = sizeof(stats)};
    ck_assert_int_eq(knoll_stats_get(&stats), 0);
    return stats;
}

static void check_sums(const struct knoll_stats *stats)
{
    static struct knoll_class_stats classes[128];
    size_t count = knoll_stats_get_classes(classes, sizeof(classes[0]), 128);
    size_t slab_bytes = 0;
    size_t used_bytes = 0;
    for (size_t i = 0; i < count; i++) {
        kn_require(classes[i].blocks == classes[i].used_blocks + classes[i].cell_blocks +
                                            classes[i].listed_blocks + classes[i].fresh_blocks);
        kn_require(classes[i].blocks * classes[i].block_bytes <= classes[i].slab_bytes);
        slab_bytes += classes[i].slab_bytes;
        used_bytes += classes[i].used_blocks * classes[i].block_bytes;
    }
    ck_assert_uint_eq(stats->run_bytes, slab_bytes + stats->large_bytes);
    ck_assert_uint_eq(stats->used_bytes, used_bytes + stats->large_bytes);
    ck_assert_uint_eq(stats->committed_bytes,
                      stats->run_bytes + stats->dirty_bytes + stats->clean_bytes);
    ck_assert_uint_le(stats->used_bytes + stats->cached_bytes, stats->run_bytes);
    ck_assert_uint_le(stats->run_bytes, stats->run_peak_bytes);
}

KN_TEST(stats, used_follows_every_block_of_a_thread)
{
    enum { COUNT = 3000 };
    void *blocks[COUNT];
    size_t bytes = 0;
    struct knoll_stats before = get();
    for (size_t i = 0; i < COUNT; i++) {
        blocks[i] = knoll_malloc(i * i / 20);
        bytes += knoll_usable_size(blocks[i]);
    }
    struct knoll_stats full = get();
    ck_assert_uint_eq(full.used_blocks - before.used_blocks, COUNT);
    ck_assert_uint_eq(full.used_bytes - before.used_bytes, bytes);
    check_sums(&full);
    for (size_t i = 0; i < COUNT; i += 2)
        knoll_free(blocks[i]);
    struct knoll_stats half = get();
    ck_assert_uint_eq(half.used_blocks - before.used_blocks, COUNT / 2);
    check_sums(&half);
    for (size_t i = 1; i < COUNT; i += 2)
        knoll_free(blocks[i]);
    struct knoll_stats after = get();
    ck_assert_uint_eq(after.used_blocks, before.used_blocks);
    ck_assert_uint_eq(after.used_bytes, before.used_bytes);
    check_sums(&after);
}

/* ---- other threads ---- */

enum { THREADS = 4, BLOCKS = 20000 };

static void *blocks_of_threads[THREADS][BLOCKS];

static void *allocate(void *arg)
{
    void **blocks = arg;
    for (size_t i = 0; i < BLOCKS; i++)
        blocks[i] = knoll_malloc(16 + i % 300);
    return NULL;
}

static void *release(void *arg)
{
    void **blocks = arg;
    for (size_t i = 0; i < BLOCKS; i++)
        knoll_free(blocks[i]);
    return NULL;
}

static void run_threads(void *(*body)(void *), size_t shift)
{
    pthread_t threads[THREADS];
    for (size_t i = 0; i < THREADS; i++)
        ck_assert_int_eq(
            pthread_create(&threads[i], NULL, body, blocks_of_threads[(i + shift) % THREADS]), 0);
    for (size_t i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
}

KN_TEST(stats, used_is_exact_when_threads_have_handed_blocks_over)
{
    knoll_free(knoll_malloc(1));
    struct knoll_stats before = get();
    run_threads(allocate, 0);
    struct knoll_stats full = get();
    ck_assert_uint_eq(full.used_blocks - before.used_blocks, THREADS * BLOCKS);
    check_sums(&full);
    run_threads(release, 1);
    struct knoll_stats after = get();
    ck_assert_uint_eq(after.used_blocks, before.used_blocks);
    ck_assert_uint_le(after.heaps, before.heaps + THREADS);
    check_sums(&after);
}

/* ---- versions of the struct, formats ---- */

KN_TEST(stats, struct_is_filled_as_far_as_its_size_says)
{
    struct {
        struct knoll_stats stats;
        size_t more[4];
    } later;
    struct knoll_stats stats;
    memset(&stats, 0xFF, sizeof(stats));
    stats.struct_bytes = offsetof(struct knoll_stats, large_bytes);
    ck_assert_int_eq(knoll_stats_get(&stats), 0);
    ck_assert_uint_eq(stats.struct_bytes, offsetof(struct knoll_stats, large_bytes));
    ck_assert_uint_ne(stats.used_bytes, SIZE_MAX);
    ck_assert_uint_eq(stats.large_bytes, SIZE_MAX);
    memset(&later, 0xFF, sizeof(later));
    later.stats.struct_bytes = sizeof(later);
    ck_assert_int_eq(knoll_stats_get(&later.stats), 0);
    ck_assert_uint_eq(later.more[0], 0);
    ck_assert_uint_eq(later.more[3], 0);
    stats.struct_bytes = 0;
    ck_assert_int_eq(knoll_stats_get(&stats), EINVAL);
}

KN_TEST(stats, classes_fit_the_callers_array)
{
    struct knoll_class_stats classes[3];
    memset(classes, 0xFF, sizeof(classes));
    size_t count = knoll_stats_get_classes(classes, sizeof(classes[0]), 2);
    ck_assert_uint_gt(count, 50);
    ck_assert_uint_eq(classes[0].block_bytes, 16);
    ck_assert_uint_eq(classes[1].block_bytes, 32);
    ck_assert_uint_eq(classes[2].block_bytes, SIZE_MAX);
    ck_assert_uint_eq(knoll_stats_get_classes(NULL, 0, 0), count);
}

KN_TEST(stats, text_is_cut_to_the_buffer_and_its_length_told)
{
    char text[40000];
    char cut[100];
    knoll_free(knoll_malloc(100));
    size_t length = knoll_stats_format(KNOLL_STATS_TEXT, text, sizeof(text));
    ck_assert_uint_eq(length, strlen(text));
    ck_assert_uint_gt(length, 500);
    ck_assert_ptr_nonnull(strstr(text, "blocks of the program"));
    memset(cut, 0x55, sizeof(cut));
    ck_assert_uint_gt(knoll_stats_format(KNOLL_STATS_TEXT, cut, 50), 500);
    ck_assert_uint_eq(strlen(cut), 49);
    ck_assert_int_eq(cut[50], 0x55);
    ck_assert_int_eq(strncmp(cut, text, 20), 0);
    ck_assert_uint_gt(knoll_stats_format(KNOLL_STATS_JSON, NULL, 0), 300);
}

/* Whether brackets and quotes match. */
static bool is_balanced(const char *text)
{
    char open[16];
    size_t depth = 0;
    bool is_quoted = false;
    for (; *text != 0; text++) {
        if (*text == '"')
            is_quoted = !is_quoted;
        else if (!is_quoted && (*text == '{' || *text == '['))
            open[depth++] = *text == '{' ? '}' : ']';
        else if (!is_quoted && (*text == '}' || *text == ']') && open[--depth] != *text)
            return false;
    }
    return depth == 0 && !is_quoted;
}

KN_TEST(stats, json_is_one_line_with_the_numbers)
{
    char text[40000];
    char expected[64];
    void *block = knoll_malloc(1000000);
    size_t length = knoll_stats_format(KNOLL_STATS_JSON, text, sizeof(text));
    ck_assert_uint_eq(length, strlen(text));
    ck_assert(is_balanced(text));
    ck_assert_ptr_eq(strchr(text, '\n'), text + length - 1);
    snprintf(expected, sizeof(expected), "\"large_bytes\":%zu,", get().large_bytes);
    ck_assert_ptr_nonnull(strstr(text, expected));
    ck_assert_ptr_nonnull(strstr(text, "\"classes\":["));
    ck_assert_ptr_null(strstr(text, ",]"));
    ck_assert_ptr_null(strstr(text, ",,"));
    knoll_free(block);
}
