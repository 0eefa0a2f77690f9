#include "harness.h"

#include <string.h>

#include "api/stats_table.h"

static char text[65536];
static size_t length;

static void append(const char *part, size_t bytes, void *arg)
{
    (void)arg;
    ck_assert_uint_lt(length + bytes, sizeof(text));
    memcpy(text + length, part, bytes);
    length += bytes;
    text[length] = 0;
}

static void print(const struct kn_stats *stats)
{
    struct kn_writer writer = {.write = append};
    length = 0;
    kn_stats_print_table(&writer, stats);
    kn_writer_flush(&writer);
}

/* Two classes and two large blocks. */
static struct kn_stats sample(void)
{
    struct kn_stats stats = {
        .total = {.used_bytes = 1000 * 16 + 10 * 1024 + (3 << 20),
                  .used_blocks = 1012,
                  .large_bytes = 3 << 20,
                  .large_blocks = 2,
                  .cached_bytes = 24 * 16,
                  .cached_blocks = 24,
                  .slabs = 2,
                  .heaps = 1,
                  .run_bytes = 2 * 16384 + (3 << 20),
                  .run_peak_bytes = 5 << 20,
                  .dirty_bytes = 64 << 10,
                  .committed_bytes = 4 << 20,
                  .threads = 1,
                  .purge_calls = 3,
                  .grow_calls = 4,
                  .page_faults = 99},
        .classes =
            {[1] = {16, 1, 16384, 1024, 1000, 4, 20, 0}, [40] = {1024, 1, 16384, 16, 10, 0, 0, 6}},
    };
    return stats;
}

KN_TEST(stats_table, has_a_row_for_each_class_with_slabs_and_sums)
{
    struct kn_stats stats = sample();
    print(&stats);
    ck_assert_ptr_nonnull(strstr(text, "\n     16        1000   15.6 KiB       64 B      320 B"
                                       "          -      1   16.0 KiB  97 %\n"));
    ck_assert_ptr_nonnull(strstr(text, "\n   1024          10   10.0 KiB          -          -"
                                       "    6.0 KiB      1   16.0 KiB  62 %\n"));
    ck_assert_ptr_nonnull(strstr(text, "\n  large           2    3.0 MiB          -          -"
                                       "          -      -    3.0 MiB 100 %\n"));
    ck_assert_ptr_nonnull(strstr(text, "\n    all        1012    3.0 MiB       64 B      320 B"
                                       "    6.0 KiB      2    3.0 MiB  99 %\n"));
    ck_assert_ptr_null(strstr(text, "\n     32 "));
}

KN_TEST(stats_table, says_where_the_memory_is)
{
    struct kn_stats stats = sample();
    print(&stats);
    ck_assert_ptr_nonnull(strstr(text, "  used           3.0 MiB   in 1012 blocks; 3.0 MiB of it in"
                                       " 2 large ones\n"));
    ck_assert_ptr_nonnull(strstr(text, "  peak           5.0 MiB   of slabs and large blocks;"
                                       " 3.0 MiB now\n"));
    ck_assert_ptr_nonnull(strstr(text, "  system calls         7   4 for more memory, 3 gave back"
                                       " 0 B\n"));
    ck_assert_ptr_nonnull(strstr(text, "                64.0 KiB   unused and dirty"));
    ck_assert_ptr_nonnull(strstr(text, "The heap's numbers are exact."));
}

KN_TEST(stats_table, is_never_negative_when_parts_were_read_at_different_moments)
{
    struct kn_stats stats = sample();
    stats.total.threads = 3;
    stats.total.run_bytes = stats.total.used_bytes - 1;
    print(&stats);
    ck_assert_ptr_nonnull(strstr(text, "                     0 B   never handed out"));
    ck_assert_ptr_nonnull(strstr(text, "3 threads were running"));
    ck_assert_ptr_null(strstr(text, "numbers are exact."));
}

KN_TEST(stats_table, stays_within_a_line_of_90_columns)
{
    struct kn_stats stats = sample();
    stats.classes[1].used_blocks = 99999999999u;
    stats.classes[1].slab_bytes = 99999999999u * 16;
    print(&stats);
    for (const char *line = text; *line != 0; line += strcspn(line, "\n") + 1)
        ck_assert_uint_le(strcspn(line, "\n"), 90);
}
