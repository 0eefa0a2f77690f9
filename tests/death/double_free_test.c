/* Blocks freed twice. Which of them are found without a mode that looks closely stands here. */
#include "child.h"
#include "crime.h"

#include "core/heap_check.h"
#include "core/sizeclass.h"

#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include <knoll/knoll.h>

enum { LARGE = 100000, HUGE_BYTES = 64 << 20, BLOCKS_OVER_CELL = 600 };

static const char already_free[] = "double free: already free: a ";
static const char memory_free[] = "invalid pointer: the memory there is free (double free?)\n";

static size_t block_bytes;

static void *freed_at_once(void)
{
    void *block = knoll_malloc(block_bytes);
    knoll_free(block);
    return block;
}

/* The functions that free, which come first in the list. */
static void expect_all_freeing(void *(*setup)(void), const char *says)
{
    for (size_t i = 0; i < 4; i++)
        crime_expect_abort(&crime_calls[i], setup, says);
}

KN_TEST(double_free, is_found_when_immediate)
{
    static const size_t sizes[] = {0, 1, 16, 100, 512, 513, 4000, 20000, 65536};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        block_bytes = sizes[i];
        expect_all_freeing(freed_at_once, already_free);
    }
}

KN_TEST(double_free, is_always_found_when_the_block_is_large)
{
    static const size_t sizes[] = {65537, LARGE, 1 << 20, HUGE_BYTES};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        block_bytes = sizes[i];
        expect_all_freeing(freed_at_once, memory_free);
    }
}

static void *freed_with_others_after(void)
{
    void *block = knoll_malloc(LARGE);
    void *other = knoll_malloc(3 * LARGE);
    knoll_free(block);
    knoll_free(other);
    return block;
}

static void *freed_by_realloc(void)
{
    void *block = knoll_malloc(LARGE);
    void *fence = knoll_malloc(LARGE);
    ck_assert_ptr_nonnull(fence);
    void *moved = knoll_realloc(block, 50 * LARGE);
    ck_assert(moved != NULL && moved != block);
    return block;
}

static void *freed_and_aligned(void)
{
    void *block = knoll_aligned_alloc((size_t)1 << 20, LARGE);
    knoll_free(block);
    return block;
}

KN_TEST(double_free, of_a_large_block_is_found_later_too)
{
    expect_all_freeing(freed_with_others_after, memory_free);
    expect_all_freeing(freed_by_realloc, memory_free);
    expect_all_freeing(freed_and_aligned, memory_free);
}

/* More blocks than the cell holds: the last one freed is the first of the cell. */
static void *freed_when_the_cell_was_full(void)
{
    static void *blocks[BLOCKS_OVER_CELL];
    for (size_t i = 0; i < BLOCKS_OVER_CELL; i++)
        blocks[i] = knoll_malloc(block_bytes);
    for (size_t i = 0; i < BLOCKS_OVER_CELL; i++)
        knoll_free(blocks[i]);
    return blocks[BLOCKS_OVER_CELL - 1];
}

KN_TEST(double_free, is_found_when_the_cell_was_full)
{
    static const size_t sizes[] = {16, 100, 512, 1000, 20000};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        block_bytes = sizes[i];
        expect_all_freeing(freed_when_the_cell_was_full, already_free);
    }
}

static void *allocate(void *arg)
{
    (void)arg;
    return knoll_malloc(block_bytes);
}

static void *free_it(void *block)
{
    knoll_free(block);
    return NULL;
}

static void *in_thread(void *(*body)(void *), void *arg)
{
    pthread_t thread;
    void *result;
    ck_assert_int_eq(pthread_create(&thread, NULL, body, arg), 0);
    ck_assert_int_eq(pthread_join(thread, &result), 0);
    return result;
}

/* A block whose slab some other thread filled; what follows stays in a batch of this one. */
static void *freed_of_another_thread(void)
{
    /* Another block of the slab stays out, so the slab does. */
    void *keep = in_thread(allocate, NULL);
    void *block = in_thread(allocate, NULL);
    ck_assert_ptr_ne(keep, block);
    knoll_free(block);
    return block;
}

KN_TEST(double_free, is_found_when_the_block_is_of_another_thread)
{
    static const size_t sizes[] = {16, 100, 512, 1000, 3000};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        block_bytes = sizes[i];
        expect_all_freeing(freed_of_another_thread, already_free);
    }
}

static void *freed_large_by_another_thread(void)
{
    void *block = knoll_malloc(LARGE);
    in_thread(free_it, block);
    return block;
}

KN_TEST(double_free, of_a_large_block_is_found_across_threads)
{
    expect_all_freeing(freed_large_by_another_thread, memory_free);
}

static void commit_and_go_on(void *arg)
{
    (void)arg;
    ck_assert_int_eq(knoll_option_set("on_error", "report"), 0);
    static const size_t sizes[] = {16, 100, 1000, 20000, LARGE};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        block_bytes = sizes[i];
        knoll_free(freed_at_once());
        knoll_free(freed_when_the_cell_was_full());
        void *one = knoll_malloc(block_bytes);
        void *two = knoll_malloc(block_bytes);
        if (one == two)
            _exit(2);
        knoll_free(one);
        knoll_free(two);
    }
    if (kn_check_all(NULL) != NULL)
        _exit(1);
}

KN_TEST(double_free, changes_nothing_when_the_policy_is_report)
{
    struct kn_child child;
    kn_child_call(&child, commit_and_go_on, NULL);
    kn_child_assert_exit(&child, 0);
    kn_child_assert_says(&child, "double free");
}
