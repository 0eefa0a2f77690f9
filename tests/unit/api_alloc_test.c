#include "require.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <knoll/knoll.h>
#include <knoll/my_malloc.h>

#define SENTINEL 4242

static size_t opaque_size(size_t bytes)
{
    __asm__ volatile("" : "+r"(bytes));
    return bytes;
}

static bool is_filled(const unsigned char *block, unsigned char value, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++) {
        if (block[i] != value)
            return false;
    }
    return true;
}

/* Leaves memory with old contents of many sizes behind. */
static void make_dirt(void)
{
    for (size_t bytes = 16; bytes < ((size_t)8 << 20); bytes = bytes * 3 / 2) {
        void *blocks[8];
        for (size_t i = 0; i < 8; i++)
            memset(blocks[i] = knoll_malloc(bytes), 0xAA, bytes);
        for (size_t i = 0; i < 8; i++)
            knoll_free(blocks[i]);
    }
}

KN_TEST(api_alloc, malloc_gives_aligned_blocks_of_every_size)
{
    for (size_t bytes = 0; bytes < 70000; bytes += bytes < 1100 ? 1 : 77) {
        errno = SENTINEL;
        void *block = knoll_malloc(bytes);
        kn_require(block != NULL && (uintptr_t)block % 16 == 0);
        kn_require(knoll_usable_size(block) >= bytes);
        kn_require(knoll_usable_size(block) == knoll_good_size(bytes));
        memset(block, 1, bytes);
        knoll_free(block);
        kn_require(errno == SENTINEL);
    }
}

KN_TEST(api_alloc, malloc_fails_when_size_exceeds_ptrdiff)
{
    size_t sizes[] = {(size_t)PTRDIFF_MAX + 1, SIZE_MAX - 15, SIZE_MAX};
    for (size_t i = 0; i < 3; i++) {
        errno = SENTINEL;
        ck_assert_ptr_null(knoll_malloc(opaque_size(sizes[i])));
        ck_assert_int_eq(errno, ENOMEM);
        ck_assert_uint_eq(knoll_good_size(sizes[i]), 0);
    }
}

KN_TEST(api_alloc, calloc_is_zero_when_memory_was_used_before)
{
    make_dirt();
    for (size_t bytes = 1; bytes < ((size_t)8 << 20); bytes = bytes * 3 / 2 + 1) {
        unsigned char *block = knoll_calloc(1, bytes);
        kn_require(is_filled(block, 0, knoll_usable_size(block)));
        memset(block, 0xAA, bytes);
        knoll_free(block);
    }
}

KN_TEST(api_alloc, calloc_fails_when_product_overflows)
{
    size_t half = opaque_size(SIZE_MAX / 2 + 1);
    errno = SENTINEL;
    ck_assert_ptr_null(knoll_calloc(half, 2));
    ck_assert_int_eq(errno, ENOMEM);
    void *block = knoll_malloc(10);
    errno = SENTINEL;
    ck_assert_ptr_null(knoll_reallocarray(block, half, 2));
    ck_assert_int_eq(errno, ENOMEM);
    ck_assert_ptr_null(knoll_recalloc(block, half, 2));
    knoll_free(block);
}

KN_TEST(api_alloc, realloc_keeps_contents_through_sizes)
{
    unsigned char *block = NULL;
    for (size_t bytes = 16; bytes < ((size_t)32 << 20); bytes = bytes * 2 + 5) {
        block = knoll_realloc(block, bytes);
        kn_require(bytes == 16 || is_filled(block, 7, (bytes - 5) / 2));
        memset(block, 7, bytes);
    }
    for (size_t bytes = (size_t)16 << 20; bytes > 16; bytes /= 3) {
        block = knoll_realloc(block, bytes);
        kn_require(is_filled(block, 7, bytes));
    }
    errno = SENTINEL;
    ck_assert_ptr_null(knoll_realloc(block, 0));
    ck_assert_int_eq(errno, SENTINEL);
}

KN_TEST(api_alloc, realloc_zero_gives_a_block_when_the_option_says_so)
{
    ck_assert_int_eq(knoll_option_set("realloc_zero", "block"), 0);
    void *block = knoll_realloc(knoll_malloc(100), 0);
    ck_assert_ptr_nonnull(block);
    knoll_free(block);
}

KN_TEST_SIGNAL(api_alloc, realloc_zero_aborts_when_the_option_says_so, 6)
{
    ck_assert_int_eq(knoll_option_set("realloc_zero", "abort"), 0);
    void *block = knoll_realloc(knoll_malloc(100), 0);
    (void)block;
}

KN_TEST(api_alloc, recalloc_is_zero_beyond_old_contents)
{
    make_dirt();
    for (size_t bytes = 1; bytes < ((size_t)4 << 20); bytes = bytes * 2 + 3) {
        unsigned char *block = knoll_recalloc(NULL, 1, bytes);
        memset(block, 1, bytes);
        block = knoll_recalloc(block, bytes, 3);
        kn_require(is_filled(block, 1, bytes) && is_filled(block + bytes, 0, 2 * bytes));
        memset(block, 1, 3 * bytes);
        block = knoll_recalloc(block, 1, bytes / 2 + 1);
        block = knoll_recalloc(block, 3, bytes);
        kn_require(is_filled(block, 1, bytes / 2 + 1));
        kn_require(is_filled(block + bytes / 2 + 1, 0, 3 * bytes - bytes / 2 - 1));
        ck_assert_ptr_null(knoll_recalloc(block, 0, 8));
    }
}

KN_TEST(api_alloc, aligned_blocks_hold_for_every_alignment)
{
    for (size_t align = 1; align <= ((size_t)4 << 20); align *= 2) {
        for (size_t bytes = 0; bytes < 100000; bytes = bytes * 3 + 1) {
            void *block = knoll_aligned_alloc(align, bytes);
            kn_require(block != NULL && (uintptr_t)block % align == 0);
            memset(block, 1, bytes);
            knoll_free_aligned_sized(block, align, bytes);
        }
    }
}

KN_TEST(api_alloc, aligned_alloc_refuses_when_alignment_is_no_power_of_two)
{
    size_t aligns[] = {0, 3, 24, SIZE_MAX};
    for (size_t i = 0; i < 4; i++) {
        errno = SENTINEL;
        ck_assert_ptr_null(knoll_aligned_alloc(opaque_size(aligns[i]), 100));
        ck_assert_int_eq(errno, EINVAL);
    }
    void *block = knoll_memalign(opaque_size(24), 100);
    ck_assert_uint_eq((uintptr_t)block % 32, 0);
    knoll_free(block);
    errno = SENTINEL;
    ck_assert_ptr_null(knoll_memalign(SIZE_MAX / 2 + 2, 100));
    ck_assert_int_eq(errno, EINVAL);
}

KN_TEST(api_alloc, posix_memalign_leaves_result_and_errno_when_it_fails)
{
    void *result = &result;
    errno = SENTINEL;
    ck_assert_int_eq(knoll_posix_memalign(&result, 4, 100), EINVAL);
    ck_assert_int_eq(knoll_posix_memalign(&result, 24, 100), EINVAL);
    ck_assert_int_eq(knoll_posix_memalign(&result, 0, 100), EINVAL);
    ck_assert_int_eq(knoll_posix_memalign(&result, 64, opaque_size(SIZE_MAX)), ENOMEM);
    ck_assert_ptr_eq(result, &result);
    ck_assert_int_eq(errno, SENTINEL);
    ck_assert_int_eq(knoll_posix_memalign(&result, 64, 100), 0);
    knoll_free(result);
}

KN_TEST(api_alloc, page_functions_round_to_pages)
{
    void *one = knoll_valloc(1);
    void *more = knoll_pvalloc(5000);
    ck_assert_uint_eq((uintptr_t)one % 4096, 0);
    ck_assert_uint_eq((uintptr_t)more % 4096, 0);
    ck_assert_uint_ge(knoll_usable_size(more), 8192);
    knoll_free(one);
    knoll_free(more);
    errno = SENTINEL;
    ck_assert_ptr_null(knoll_pvalloc(opaque_size(SIZE_MAX)));
    ck_assert_int_eq(errno, ENOMEM);
}

KN_TEST(api_alloc, expand_stays_in_place_or_fails)
{
    char *block = knoll_malloc(100);
    errno = SENTINEL;
    ck_assert_ptr_eq(knoll_expand(block, knoll_usable_size(block)), block);
    ck_assert_ptr_null(knoll_expand(block, knoll_usable_size(block) + 1));
    ck_assert_ptr_null(knoll_expand(block, SIZE_MAX));
    ck_assert_int_eq(errno, SENTINEL);
    knoll_free(block);
    block = knoll_malloc(100000);
    char *expanded = knoll_expand(block, 300000);
    if (expanded != NULL) {
        ck_assert_uint_ge(knoll_usable_size(expanded), 300000);
        memset(expanded, 1, 300000);
    }
    knoll_free(block);
}

KN_TEST(api_alloc, batches_give_and_take_many_blocks)
{
    enum { COUNT = 5000 };
    void *blocks[COUNT];
    ck_assert_uint_eq(knoll_malloc_batch(48, COUNT, blocks), COUNT);
    for (size_t i = 0; i < COUNT; i++)
        memset(blocks[i], (int)(i % 251), 48);
    for (size_t i = 0; i < COUNT; i++)
        kn_require(is_filled(blocks[i], (unsigned char)(i % 251), 48));
    knoll_free(blocks[7]);
    blocks[7] = NULL;
    knoll_free_batch(blocks, COUNT);
    errno = SENTINEL;
    ck_assert_uint_eq(knoll_malloc_batch(opaque_size(SIZE_MAX), 3, blocks), 0);
    ck_assert_int_eq(errno, ENOMEM);
}

KN_TEST(api_alloc, null_is_accepted_everywhere)
{
    knoll_free(NULL);
    knoll_free_sized(NULL, 10);
    knoll_free_aligned_sized(NULL, 16, 10);
    ck_assert_uint_eq(knoll_usable_size(NULL), 0);
    void *block = knoll_realloc(NULL, 0);
    ck_assert_ptr_nonnull(block);
    knoll_free(block);
}

KN_TEST(api_alloc, wrong_size_does_no_harm_when_freeing)
{
    for (size_t bytes = 1; bytes < 100000; bytes *= 3) {
        void *block = knoll_malloc(bytes);
        knoll_free_sized(block, bytes * 2);
        block = knoll_malloc(bytes);
        knoll_free_aligned_sized(block, 4096, 1);
    }
}

KN_TEST(api_alloc, trim_gives_back_what_is_unused)
{
    struct knoll_stats stats = {.struct_bytes = sizeof(stats)};
    void *block = knoll_malloc((size_t)3 << 20);
    memset(block, 1, (size_t)3 << 20);
    knoll_free(block);
    errno = SENTINEL;
    ck_assert_int_eq(knoll_trim(0), 1);
    ck_assert_int_eq(errno, SENTINEL);
    ck_assert_int_eq(knoll_stats_get(&stats), 0);
    ck_assert_uint_eq(stats.dirty_bytes, 0);
}

KN_TEST(api_alloc, textbook_names_are_the_same_heap)
{
    char *block = my_malloc(10);
    block = my_realloc(block, 1000);
    my_free(block);
    block = my_calloc(3, 100);
    kn_require(is_filled((unsigned char *)block, 0, 300));
    knoll_free(block);
}

KN_TEST(api_alloc, version_matches_the_header)
{
    char text[32];
    ck_assert_int_eq(knoll_version(), KNOLL_VERSION);
    snprintf(text, sizeof(text), "%d.%d.%d", KNOLL_VERSION_MAJOR, KNOLL_VERSION_MINOR,
             KNOLL_VERSION_PATCH);
    ck_assert_str_eq(text, knoll_version_text());
}
