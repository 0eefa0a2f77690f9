#include "child.h"
#include "fake_source.h"
#include "require.h"

#include "base/compiler.h"
#include "special/source.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>

#include <knoll/buddy.h>

enum { RANGE_BYTES = 4096 };

static _Alignas(8) unsigned char state[2048];

/* Blocks of 16 bytes to 4 KiB, named by offset. */
static struct knoll_buddy *by_offset(size_t bytes)
{
    struct knoll_buddy *buddy = knoll_buddy_init(state, sizeof(state), NULL, bytes, 4, 12);

    ck_assert_ptr_nonnull(buddy);
    return buddy;
}

/* ---- making ----------------------------------------------------------------------------------- */

KN_TEST(special_buddy, needs_exactly_what_it_says)
{
    size_t needed = knoll_buddy_state_bytes(RANGE_BYTES, 4, 12);

    ck_assert_uint_le(needed, sizeof(state) - 8);
    memset(state, 0x5a, sizeof(state));
    ck_assert_ptr_null(knoll_buddy_init(state, needed - 1, NULL, RANGE_BYTES, 4, 12));
    ck_assert_int_eq(errno, ENOMEM);
    struct knoll_buddy *buddy = knoll_buddy_init(state, needed, NULL, RANGE_BYTES, 4, 12);
    ck_assert_ptr_nonnull(buddy);
    while (knoll_buddy_alloc_offset(buddy, 1, 1) != KNOLL_BUDDY_NONE)
        continue;
    for (size_t i = needed; i < sizeof(state); i++)
        ck_assert_uint_eq(state[i], 0x5a);
}

KN_TEST(special_buddy, refuses_what_makes_no_sense)
{
    static const struct {
        size_t bytes;
        unsigned min_order, max_order;
    } bad[] = {{4096, 5, 4}, {4096, 4, KNOLL_BUDDY_ORDERS}, {4096, 64, 64}, {SIZE_MAX, 0, 20}};

    for (size_t i = 0; i < KN_ARRAY_LEN(bad); i++) {
        ck_assert_uint_eq(knoll_buddy_state_bytes(bad[i].bytes, bad[i].min_order, bad[i].max_order),
                          0);
        errno = 0;
        ck_assert_ptr_null(knoll_buddy_init(state, sizeof(state), NULL, bad[i].bytes,
                                            bad[i].min_order, bad[i].max_order));
        ck_assert_int_eq(errno, EINVAL);
        errno = 0;
        ck_assert_ptr_null(
            knoll_buddy_new(NULL, NULL, bad[i].bytes, bad[i].min_order, bad[i].max_order));
        ck_assert_int_eq(errno, EINVAL);
    }
    errno = 0;
    ck_assert_ptr_null(knoll_buddy_init(NULL, 4096, NULL, 4096, 4, 12));
    ck_assert_int_eq(errno, EINVAL);
    errno = 0;
    ck_assert_ptr_null(knoll_buddy_init(state + 1, sizeof(state) - 1, NULL, 4096, 4, 12));
    ck_assert_int_eq(errno, EINVAL);
    errno = 0;
    ck_assert_ptr_null(knoll_buddy_new(NULL, (void *)(UINTPTR_MAX - 4094), 4096, 4, 12));
    ck_assert_int_eq(errno, EINVAL);
}

KN_TEST(special_buddy, has_no_block_when_the_range_has_no_unit)
{
    struct knoll_buddy *buddy = by_offset(15);

    errno = 0;
    ck_assert_uint_eq(knoll_buddy_alloc_offset(buddy, 1, 1), KNOLL_BUDDY_NONE);
    ck_assert_int_eq(errno, ENOMEM);
    ck_assert_uint_eq(knoll_buddy_largest_bytes(buddy), 0);
    ck_assert_ptr_null(knoll_buddy_check(buddy));
}

KN_TEST(special_buddy, takes_its_records_from_the_source_and_gives_them_back)
{
    static struct kn_fake_source fake;
    struct knoll_buddy *buddy;

    kn_fake_source_init(&fake);
    buddy = knoll_buddy_new(kn_source_to_public(&fake.source), NULL, 1 << 20, 6, 20);
    ck_assert_ptr_nonnull(buddy);
    ck_assert_uint_ge(fake.held_bytes, knoll_buddy_state_bytes(1 << 20, 6, 20));
    ck_assert_uint_eq(knoll_buddy_alloc_offset(buddy, 1 << 20, 1), 0);
    knoll_buddy_delete(buddy);
    kn_fake_source_assert_all_released(&fake);
    knoll_buddy_delete(NULL);
    knoll_buddy_delete(by_offset(RANGE_BYTES));
}

KN_TEST(special_buddy, is_not_made_when_the_source_has_no_memory)
{
    static struct kn_fake_source fake;

    kn_fake_source_init(&fake);
    kn_fake_source_fail(&fake, KN_FAKE_ACQUIRE, 1, 1);
    errno = 0;
    ck_assert_ptr_null(knoll_buddy_new(kn_source_to_public(&fake.source), NULL, 4096, 4, 12));
    ck_assert_int_eq(errno, ENOMEM);
    /* What is found wrong only after the records were had. */
    ck_assert_ptr_null(knoll_buddy_new(kn_source_to_public(&fake.source),
                                       (void *)(UINTPTR_MAX - 100), 4096, 4, 12));
    kn_fake_source_assert_all_released(&fake);
}

/* ---- blocks ----------------------------------------------------------------------------------- */

KN_TEST(special_buddy, rounds_sizes_up_to_powers_of_two)
{
    static const size_t sizes[][2] = {{0, 16},    {1, 16},    {16, 16},  {17, 32},
                                      {255, 256}, {256, 256}, {257, 512}};
    struct knoll_buddy *buddy = by_offset(RANGE_BYTES);

    for (size_t i = 0; i < KN_ARRAY_LEN(sizes); i++) {
        size_t offset = knoll_buddy_alloc_offset(buddy, sizes[i][0], 0);

        ck_assert_uint_eq(knoll_buddy_size_offset(buddy, offset), sizes[i][1]);
        ck_assert_uint_eq(offset % sizes[i][1], 0);
        knoll_buddy_free_offset(buddy, offset);
    }
    ck_assert_uint_eq(knoll_buddy_free_bytes(buddy), RANGE_BYTES);
}

KN_TEST(special_buddy, says_why_when_there_is_no_block)
{
    struct knoll_buddy *buddy = by_offset(RANGE_BYTES);

    errno = 0;
    ck_assert_uint_eq(knoll_buddy_alloc_offset(buddy, 4097, 1), KNOLL_BUDDY_NONE);
    ck_assert_int_eq(errno, ENOMEM);
    ck_assert_uint_eq(knoll_buddy_alloc_offset(buddy, SIZE_MAX, 1), KNOLL_BUDDY_NONE);
    ck_assert_uint_eq(knoll_buddy_alloc_offset(buddy, SIZE_MAX / 2 + 2, 1), KNOLL_BUDDY_NONE);
    errno = 0;
    ck_assert_uint_eq(knoll_buddy_alloc_offset(buddy, 1, 24), KNOLL_BUDDY_NONE);
    ck_assert_int_eq(errno, EINVAL);
    ck_assert_ptr_null(knoll_buddy_check(buddy));
    ck_assert_uint_eq(knoll_buddy_free_bytes(buddy), RANGE_BYTES);
}

KN_TEST(special_buddy, leaves_errno_alone_when_it_succeeds)
{
    struct knoll_buddy *buddy = by_offset(RANGE_BYTES);
    size_t offset;

    errno = EXDEV;
    offset = knoll_buddy_alloc_offset(buddy, 100, 1);
    ck_assert_int_eq(knoll_buddy_resize_offset(buddy, offset, 4096), 0);
    ck_assert_int_eq(knoll_buddy_resize_offset(buddy, offset, 4097), ENOMEM);
    knoll_buddy_free_offset(buddy, offset);
    knoll_buddy_free_offset(buddy, KNOLL_BUDDY_NONE);
    ck_assert_int_eq(errno, EXDEV);
}

KN_TEST(special_buddy, resizes_where_it_is)
{
    struct knoll_buddy *buddy = by_offset(RANGE_BYTES);
    size_t first = knoll_buddy_alloc_offset(buddy, 16, 1);
    size_t second = knoll_buddy_alloc_offset(buddy, 16, 512);

    ck_assert_uint_eq(second, 512);
    ck_assert_int_eq(knoll_buddy_resize_offset(buddy, first, 512), 0);
    ck_assert_int_eq(knoll_buddy_resize_offset(buddy, first, 513), ENOMEM);
    ck_assert_uint_eq(knoll_buddy_size_offset(buddy, first), 512);
    ck_assert_int_eq(knoll_buddy_resize_offset(buddy, first, 0), 0);
    ck_assert_uint_eq(knoll_buddy_size_offset(buddy, first), 16);
    ck_assert_ptr_null(knoll_buddy_check(buddy));
}

KN_TEST(special_buddy, never_touches_the_range)
{
    size_t bytes = 1 << 20;
    char *range = mmap(NULL, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    struct knoll_buddy *buddy = knoll_buddy_new(NULL, range, bytes, 8, 20);
    char *blocks[3];

    ck_assert(range != MAP_FAILED);
    blocks[0] = knoll_buddy_alloc(buddy, 1000);
    blocks[1] = knoll_buddy_alloc_aligned(buddy, 4096, 256);
    blocks[2] = knoll_buddy_alloc(buddy, 1 << 19);
    ck_assert_ptr_eq(blocks[0], range);
    ck_assert_ptr_eq(blocks[1], range + 4096);
    ck_assert_ptr_eq(blocks[2], range + (1 << 19));
    ck_assert_ptr_null(knoll_buddy_alloc(buddy, 1 << 19));
    ck_assert_int_eq(knoll_buddy_resize(buddy, blocks[1], 512), 0);
    ck_assert_uint_eq(knoll_buddy_size(buddy, blocks[1]), 512);
    ck_assert_uint_eq(knoll_buddy_size(buddy, blocks[1] + 1), 0);
    /* Both kinds of names are for the same blocks. */
    ck_assert_uint_eq(knoll_buddy_size_offset(buddy, 1 << 19), 1 << 19);
    knoll_buddy_free_offset(buddy, 1 << 19);
    knoll_buddy_free(buddy, blocks[1]);
    knoll_buddy_free(buddy, blocks[0]);
    knoll_buddy_free(buddy, NULL);
    ck_assert_uint_eq(knoll_buddy_largest_bytes(buddy), bytes);
    knoll_buddy_delete(buddy);
}

KN_TEST(special_buddy, gives_no_pointers_that_cannot_be_had)
{
    struct knoll_buddy *buddy = by_offset(RANGE_BYTES);

    errno = 0;
    ck_assert_ptr_null(knoll_buddy_alloc(buddy, 16));
    ck_assert_int_eq(errno, EINVAL);
    buddy = knoll_buddy_init(state, sizeof(state), (void *)(uintptr_t)0x10100, RANGE_BYTES, 4, 12);
    errno = 0;
    ck_assert_ptr_null(knoll_buddy_alloc_aligned(buddy, 512, 16));
    ck_assert_int_eq(errno, EINVAL);
    errno = 0;
    ck_assert_ptr_null(knoll_buddy_alloc_aligned(buddy, 48, 16));
    ck_assert_int_eq(errno, EINVAL);
    ck_assert_ptr_eq(knoll_buddy_alloc_aligned(buddy, 256, 16), (void *)(uintptr_t)0x10100);
}

KN_TEST(special_buddy, reset_frees_everything)
{
    struct knoll_buddy *buddy = by_offset(RANGE_BYTES - 1);

    while (knoll_buddy_alloc_offset(buddy, 48, 1) != KNOLL_BUDDY_NONE)
        continue;
    knoll_buddy_reset(buddy);
    ck_assert_uint_eq(knoll_buddy_free_bytes(buddy), RANGE_BYTES - 16);
    ck_assert_ptr_null(knoll_buddy_check(buddy));
}

/* ---- what it looks like ----------------------------------------------------------------------- */

KN_TEST(special_buddy, tells_fragmentation)
{
    struct knoll_buddy *buddy = by_offset(RANGE_BYTES);
    struct knoll_buddy_stats stats;

    knoll_buddy_stats_get(buddy, &stats);
    ck_assert_uint_eq(stats.fragmentation_percent, 0);
    ck_assert_uint_eq(stats.free_blocks_of_order[12], 1);
    for (size_t i = 0; i < RANGE_BYTES; i += 16)
        ck_assert_uint_eq(knoll_buddy_alloc_offset(buddy, 16, 1), i);
    knoll_buddy_stats_get(buddy, &stats);
    ck_assert_uint_eq(stats.fragmentation_percent, 0);
    ck_assert_uint_eq(stats.used_blocks, 256);
    ck_assert_uint_eq(stats.largest_free_bytes, 0);
    for (size_t i = 0; i < RANGE_BYTES; i += 32)
        knoll_buddy_free_offset(buddy, i);
    knoll_buddy_stats_get(buddy, &stats);
    /* 2048 bytes are free, the largest block is one of 16. */
    ck_assert_uint_eq(stats.free_bytes, 2048);
    ck_assert_uint_eq(stats.largest_free_bytes, 16);
    ck_assert_uint_eq(stats.free_blocks_of_order[4], 128);
    ck_assert_uint_eq(stats.fragmentation_percent, 100);
    knoll_buddy_free_offset(buddy, 16);
    knoll_buddy_free_offset(buddy, 48);
    for (size_t i = 64 + 16; i < 1024; i += 32)
        knoll_buddy_free_offset(buddy, i);
    knoll_buddy_stats_get(buddy, &stats);
    ck_assert_uint_eq(stats.largest_free_bytes, 1024);
    ck_assert_uint_eq(stats.fragmentation_percent, 50);
}

static int stop_at_the_second(const struct knoll_buddy_block *block, void *arg)
{
    *(struct knoll_buddy_block *)arg = *block;
    return block->offset == 0 ? 0 : 7;
}

KN_TEST(special_buddy, walk_ends_when_told)
{
    struct knoll_buddy *buddy = by_offset(RANGE_BYTES);
    struct knoll_buddy_block last;

    ck_assert_uint_eq(knoll_buddy_alloc_offset(buddy, 64, 1), 0);
    ck_assert_int_eq(knoll_buddy_walk(buddy, stop_at_the_second, &last), 7);
    ck_assert_uint_eq(last.offset, 64);
    ck_assert_uint_eq(last.bytes, 64);
    ck_assert(!last.is_used);
}

KN_TEST(special_buddy, check_finds_what_was_written_over)
{
    size_t needed = knoll_buddy_state_bytes(RANGE_BYTES, 4, 12);
    struct knoll_buddy *buddy = by_offset(RANGE_BYTES);

    ck_assert_uint_eq(knoll_buddy_alloc_offset(buddy, 64, 1), 0);
    ck_assert_ptr_null(knoll_buddy_check(buddy));
    state[needed - 10] ^= 5;
    ck_assert_ptr_nonnull(knoll_buddy_check(buddy));
}

/* ---- misuse ----------------------------------------------------------------------------------- */

struct wrong {
    size_t offset;
    const char *what;
};

/* Blocks of 64 bytes at 0, and of 256 at 256; the one at 64 was freed. */
static const struct wrong wrongs[] = {
    {64, "freed already"},
    {96, "free, and never the first byte of a block"},
    {128, "free, and never the first byte of a block"},
    {1, "inside a block, not its first byte"},
    {256 + 128, "inside a block, not its first byte"},
    {RANGE_BYTES, "outside of the range"},
    {SIZE_MAX - 1, "outside of the range"},
};

static struct knoll_buddy *with_blocks(void *base)
{
    struct knoll_buddy *buddy = knoll_buddy_init(state, sizeof(state), base, RANGE_BYTES, 4, 12);

    ck_assert_uint_eq(knoll_buddy_alloc_offset(buddy, 64, 1), 0);
    ck_assert_uint_eq(knoll_buddy_alloc_offset(buddy, 64, 1), 64);
    ck_assert_uint_eq(knoll_buddy_alloc_offset(buddy, 256, 1), 256);
    knoll_buddy_free_offset(buddy, 64);
    return buddy;
}

static void free_wrong_offset(void *arg)
{
    knoll_buddy_free_offset(with_blocks(NULL), *(const size_t *)arg);
}

static void resize_wrong_offset(void *arg)
{
    ck_abort_msg("returned %d",
                 knoll_buddy_resize_offset(with_blocks(NULL), *(const size_t *)arg, 16));
}

static char range[RANGE_BYTES];

static void free_wrong_pointer(void *arg)
{
    knoll_buddy_free(with_blocks(range), (void *)((uintptr_t)range + *(const size_t *)arg));
}

static void resize_wrong_pointer(void *arg)
{
    void *block = (void *)((uintptr_t)range + *(const size_t *)arg);

    ck_abort_msg("returned %d", knoll_buddy_resize(with_blocks(range), block, 16));
}

KN_TEST_LOOP(special_buddy, ends_the_program_when_misused, 0, (int)KN_ARRAY_LEN(wrongs))
{
    static const struct {
        const char *name;
        void (*call)(void *arg);
    } calls[] = {{"knoll: buddy: knoll_buddy_free_offset(", free_wrong_offset},
                 {"knoll: buddy: knoll_buddy_resize_offset(", resize_wrong_offset},
                 {"knoll: buddy: knoll_buddy_free(", free_wrong_pointer},
                 {"knoll: buddy: knoll_buddy_resize(", resize_wrong_pointer}};
    static struct kn_child child;
    struct wrong wrong = wrongs[_i];

    for (size_t i = 0; i < KN_ARRAY_LEN(calls); i++) {
        kn_child_call(&child, calls[i].call, &wrong.offset);
        kn_child_assert_signal(&child, SIGABRT);
        kn_child_assert_says(&child, calls[i].name);
        kn_child_assert_says(&child, wrong.what);
    }
}

static const char *told;

static void tell(const struct knoll_misuse *misuse, void *arg)
{
    (void)arg;
    told = misuse->what;
}

KN_TEST(special_buddy, does_nothing_when_misused_and_a_call_back_is_told)
{
    struct knoll_buddy *buddy = with_blocks(NULL);

    knoll_special_on_misuse(tell, NULL);
    for (size_t i = 0; i < KN_ARRAY_LEN(wrongs); i++) {
        told = NULL;
        knoll_buddy_free_offset(buddy, wrongs[i].offset);
        ck_assert_str_eq(told, wrongs[i].what);
        told = NULL;
        ck_assert_int_eq(knoll_buddy_resize_offset(buddy, wrongs[i].offset, 16), EINVAL);
        ck_assert_str_eq(told, wrongs[i].what);
    }
    ck_assert_ptr_null(knoll_buddy_check(buddy));
    ck_assert_uint_eq(knoll_buddy_free_bytes(buddy), RANGE_BYTES - 64 - 256);
}
