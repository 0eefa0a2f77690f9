#include "child.h"
#include "fake_source.h"
#include "harness.h"
#include "require.h"

#include "base/align.h"
#include "special/source.h"

#include <knoll/stack.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

enum { BLOCKS = 500, CHUNK = 4096 };

static struct kn_fake_source fake;
static struct knoll_stack stack;
static void *blocks[BLOCKS];

/* Tests run for both: 0 plain, 1 checked. */
static void begin(int is_checked)
{
    kn_fake_source_init(&fake);
    struct knoll_stack_options options = {.chunk_bytes = CHUNK, .is_checked = is_checked != 0};
    ck_assert_int_eq(knoll_stack_init(&stack, kn_source_to_public(&fake.source), &options), 0);
}

static void end(void)
{
    kn_require_sound(knoll_stack_check(&stack));
    knoll_stack_destroy(&stack);
    kn_fake_source_assert_all_released(&fake);
}

static void *make(size_t bytes)
{
    void *block = knoll_stack_malloc(&stack, bytes);
    ck_assert_ptr_nonnull(block);
    ck_assert(kn_is_aligned((uintptr_t)block, 16));
    memset(block, 0x11, bytes);
    return block;
}

static size_t count_blocks(void)
{
    struct knoll_stack_stats stats;
    kn_require_sound(knoll_stack_check(&stack));
    knoll_stack_stats_get(&stack, &stats);
    ck_assert_uint_eq(stats.source_bytes, fake.held_bytes);
    return stats.blocks;
}

static void make_all(void)
{
    for (size_t i = 0; i < BLOCKS; i++)
        blocks[i] = make(i);
}

KN_TEST_LOOP(special_stack, blocks_are_freed_in_reverse_order_over_many_chunks, 0, 2)
{
    begin(_i);
    for (int round = 0; round < 3; round++) {
        make_all();
        ck_assert_uint_eq(count_blocks(), BLOCKS);
        ck_assert_uint_gt(fake.held_bytes, 20 * CHUNK);
        for (size_t i = BLOCKS; i-- > 0;) {
            for (size_t b = 0; b < i; b++)
                if (((char *)blocks[i])[b] != 0x11)
                    ck_abort_msg("block %zu has changed", i);
            knoll_stack_free(&stack, blocks[i]);
        }
        ck_assert_uint_eq(count_blocks(), 0);
    }
    ck_assert_uint_le(fake.held_bytes, 2 * CHUNK);
    knoll_stack_free(&stack, NULL);
    ck_assert_uint_ne(knoll_stack_trim(&stack), 0);
    kn_fake_source_assert_all_released(&fake);
    make(10);
    end();
}

KN_TEST_LOOP(special_stack, border_of_a_chunk_can_be_crossed_for_nothing, 0, 2)
{
    begin(_i);
    make(CHUNK / 2);
    make(CHUNK / 2 - 300);
    size_t acquired = 0;
    for (int i = 0; i < 20; i++) {
        void *block = make(1000);
        acquired = i == 0 ? fake.calls[KN_FAKE_ACQUIRE] : acquired;
        knoll_stack_free(&stack, block);
    }
    ck_assert_uint_eq(fake.calls[KN_FAKE_ACQUIRE], acquired);
    end();
}

KN_TEST_LOOP(special_stack, alignment_can_be_chosen, 0, 2)
{
    begin(_i);
    struct knoll_stack_moment bottom = knoll_stack_mark(&stack);
    for (size_t align = 1; align <= 65536; align *= 2) {
        void *block = knoll_stack_aligned_alloc(&stack, align, 100);
        ck_assert(kn_is_aligned((uintptr_t)block, align));
        memset(block, 1, 100);
        void *next = make(7);
        knoll_stack_free(&stack, next);
        if (align % 3 == 1)
            knoll_stack_free(&stack, block);
        kn_require_sound(knoll_stack_check(&stack));
    }
    errno = 0;
    ck_assert_ptr_null(knoll_stack_aligned_alloc(&stack, 24, 1));
    ck_assert_int_eq(errno, EINVAL);
    ck_assert_ptr_null(knoll_stack_aligned_alloc(&stack, 0, 1));
    knoll_stack_rewind(&stack, bottom);
    ck_assert_uint_eq(count_blocks(), 0);
    end();
}

KN_TEST_LOOP(special_stack, rewind_frees_what_came_later, 0, 2)
{
    struct knoll_stack_moment points[BLOCKS];
    begin(_i);
    for (size_t i = 0; i < BLOCKS; i++) {
        points[i] = knoll_stack_mark(&stack);
        blocks[i] = make(i);
    }
    for (size_t i = BLOCKS - 7; i > 7; i -= 7) {
        knoll_stack_rewind(&stack, points[i]);
        ck_assert_uint_eq(count_blocks(), i);
        void *again = make(i);
        ck_assert_ptr_eq(again, blocks[i]);
        knoll_stack_free(&stack, again);
    }
    knoll_stack_rewind(&stack, points[0]);
    ck_assert_uint_eq(count_blocks(), 0);
    end();
}

KN_TEST_LOOP(special_stack, reset_keeps_one_chunk, 0, 2)
{
    begin(_i);
    make_all();
    knoll_stack_reset(&stack);
    ck_assert_uint_eq(count_blocks(), 0);
    ck_assert_uint_eq(fake.ranges, 1);
    make_all();
    end();
}

KN_TEST_LOOP(special_stack, absurd_sizes_are_refused, 0, 2)
{
    static const size_t sizes[] = {SIZE_MAX, SIZE_MAX - 7, SIZE_MAX - 23, SIZE_MAX / 2,
                                   SIZE_MAX / 4 + 1};
    begin(_i);
    for (int with_chunk = 0; with_chunk < 2; with_chunk++) {
        for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
            errno = 0;
            ck_assert_ptr_null(knoll_stack_malloc(&stack, sizes[i]));
            ck_assert_int_eq(errno, ENOMEM);
        }
        ck_assert_ptr_null(knoll_stack_aligned_alloc(&stack, SIZE_MAX / 2 + 1, 1));
        make(0);
        make(0);
    }
    ck_assert_uint_eq(count_blocks(), 4);
    end();
    ck_assert_int_eq(knoll_stack_init(&stack, knoll_source_mmap(),
                                      &(struct knoll_stack_options){.chunk_bytes = SIZE_MAX}),
                     EINVAL);
}

KN_TEST_LOOP(special_stack, nothing_is_lost_when_memory_runs_out, 0, 2)
{
    size_t made = 0;
    begin(_i);
    kn_fake_source_fail(&fake, KN_FAKE_ACQUIRE, 3, 1000);
    while ((blocks[made] = knoll_stack_malloc(&stack, 100)) != NULL)
        made++;
    ck_assert_int_eq(errno, ENOMEM);
    ck_assert_uint_eq(count_blocks(), made);
    kn_fake_source_fail(&fake, KN_FAKE_ACQUIRE, 1, 0);
    make(100);
    end();
}

KN_TEST_LOOP(special_stack, holds_no_more_than_its_maximum, 0, 2)
{
    size_t made = 0;
    kn_fake_source_init(&fake);
    struct knoll_stack_options options = {
        .chunk_bytes = CHUNK, .max_bytes = 3 * CHUNK + 100, .is_checked = _i != 0};
    ck_assert_int_eq(knoll_stack_init(&stack, kn_source_to_public(&fake.source), &options), 0);
    while (knoll_stack_malloc(&stack, 100) != NULL)
        made++;
    ck_assert_uint_gt(made, 60);
    ck_assert_uint_eq(fake.held_bytes, 3 * CHUNK);
    knoll_stack_reset(&stack);
    ck_assert_ptr_nonnull(knoll_stack_malloc(&stack, 2 * CHUNK));
    ck_assert_ptr_null(knoll_stack_malloc(&stack, 2 * CHUNK));
    end();
}

KN_TEST_LOOP(special_stack, works_in_a_buffer, 0, 2)
{
    static _Alignas(16) char buffer[2048];
    struct knoll_source_buffer storage;
    struct knoll_source *source = knoll_source_buffer_init(&storage, buffer, sizeof(buffer));
    struct knoll_stack_options options = {.chunk_bytes = 512, .is_checked = _i != 0};
    ck_assert_int_eq(knoll_stack_init(&stack, source, &options), 0);
    size_t made = 0;
    while (knoll_stack_malloc(&stack, 24) != NULL)
        made++;
    ck_assert_uint_gt(made, 20);
    kn_require_sound(knoll_stack_check(&stack));
    knoll_stack_destroy(&stack);
    kn_require_sound(knoll_source_buffer_check(&storage));
}

KN_TEST(special_stack, options_may_be_left_out)
{
    ck_assert_int_eq(knoll_stack_init(&stack, knoll_source_mmap(), NULL), 0);
    make_all();
    kn_require_sound(knoll_stack_check(&stack));
    knoll_stack_destroy(&stack);
}

KN_TEST(special_stack, freed_memory_is_overwritten_when_checked)
{
    begin(1);
    make(8);
    unsigned char *block = make(100);
    knoll_stack_free(&stack, block);
    ck_assert_uint_eq(block[0], 0xdd);
    ck_assert_uint_eq(block[99], 0xdd);
    end();
}

KN_TEST_LOOP(special_stack, check_finds_a_link_that_was_written_over, 0, 2)
{
    begin(_i);
    make(40);
    char *block = make(40);
    make(40);
    memset(block - 8, 0x5a, 8);
    kn_require_fault(knoll_stack_check(&stack), "written to");
}

/* ---- misuse --------------------------------------------------------------------------------- */

static void free_it(void *block)
{
    knoll_stack_free(&stack, block);
}

static void expect_abort(void *block, const char *what)
{
    char line[200];
    snprintf(line, sizeof(line), "knoll: stack: knoll_stack_free(%p): %s\n", block, what);
    kn_child_expect_abort(free_it, block, line);
}

KN_TEST_LOOP(special_stack, free_out_of_order_is_misuse, 0, 2)
{
    begin(_i);
    expect_abort(&stack, "not a block of this stack, or free already");
    make_all();
    expect_abort(blocks[BLOCKS - 2], "out of order: not the newest block");
    expect_abort(blocks[0], "out of order: not the newest block");
    expect_abort((char *)blocks[BLOCKS - 1] + 16, "not a block of this stack, or free already");
    knoll_stack_free(&stack, blocks[BLOCKS - 1]);
    expect_abort(blocks[BLOCKS - 1], "not a block of this stack, or free already");
    end();
}

static void rewind_to(void *point)
{
    knoll_stack_rewind(&stack, *(struct knoll_stack_moment *)point);
}

static void expect_ended(struct knoll_stack_moment point, const char *what)
{
    static struct kn_child child;
    kn_child_call(&child, rewind_to, &point);
    kn_child_assert_signal(&child, SIGABRT);
    kn_child_assert_says(&child, "knoll: stack: knoll_stack_rewind(");
    kn_child_assert_says(&child, what);
}

KN_TEST_LOOP(special_stack, rewind_to_a_point_that_has_ended_is_misuse, 0, 2)
{
    begin(_i);
    struct knoll_stack_moment bottom = knoll_stack_mark(&stack);
    make(100);
    struct knoll_stack_moment above = knoll_stack_mark(&stack);
    make_all();
    struct knoll_stack_moment far_above = knoll_stack_mark(&stack);
    knoll_stack_rewind(&stack, bottom);
    expect_ended(above, "above the stack's end");
    expect_ended(far_above, "above the stack's end");
    make(100);
    make(100);
    if (_i == 1)
        expect_ended(above, "a block below it has been freed");
    knoll_stack_rewind(&stack, bottom);
    end();
}

KN_TEST(special_stack, writing_beyond_a_block_is_misuse_when_checked)
{
    begin(1);
    char *block = make(20);
    block[20] = 0;
    kn_require_fault(knoll_stack_check(&stack), "beyond a block's end");
    expect_abort(block, "something was written beyond the block's end");
}

static int told;

static void tell(const struct knoll_misuse *misuse, void *arg)
{
    ck_assert_str_eq(misuse->product, "stack");
    ck_assert_ptr_eq(arg, &told);
    told++;
}

KN_TEST_LOOP(special_stack, misuse_changes_nothing_with_a_call_back, 0, 2)
{
    begin(_i);
    knoll_special_on_misuse(tell, &told);
    struct knoll_stack_moment bottom = knoll_stack_mark(&stack);
    make_all();
    struct knoll_stack_moment top = knoll_stack_mark(&stack);
    knoll_stack_free(&stack, blocks[1]);
    knoll_stack_free(&stack, &stack);
    ck_assert_uint_eq(count_blocks(), BLOCKS);
    knoll_stack_rewind(&stack, bottom);
    knoll_stack_rewind(&stack, top);
    ck_assert_uint_eq(count_blocks(), 0);
    ck_assert_int_eq(told, 3);
    end();
}
