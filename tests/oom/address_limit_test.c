/*
 * A program whose address space or data is limited: the heap starts, most of what the limit leaves
 * can be had, then calls fail in the proper way, and what is freed can be had again.
 */
#include "harness.h"
#include "model_calls.h"
#include "start.h"

#include "core/heap_check.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { ERRNO_BEFORE = 77, SECONDS = 60, USABLE_PERCENT = 85 };

static const struct model_calls *const core = &model_calls_core;

/* Blocks linked through their first words. */
struct taken {
    void *first;
    size_t bytes;
};

static void take_all(struct taken *taken, size_t bytes)
{
    void *block;
    *taken = (struct taken){NULL, 0};
    errno = ERRNO_BEFORE;
    while ((block = core->malloc(bytes)) != NULL) {
        *(void **)block = taken->first;
        taken->first = block;
        taken->bytes += core->usable_size(block);
    }
    ck_assert_int_eq(errno, ENOMEM);
}

static void give_all(struct taken *taken)
{
    errno = ERRNO_BEFORE;
    for (void *block = taken->first; block != NULL;) {
        void *next = *(void **)block;
        core->free(block);
        block = next;
    }
    ck_assert_int_eq(errno, ERRNO_BEFORE);
}

static void check(size_t expected_blocks)
{
    struct kn_check_totals totals;
    const char *wrong = kn_check_all(&totals);
    if (wrong != NULL)
        ck_abort_msg("%s", wrong);
    ck_assert_uint_eq(totals.slab_blocks + totals.large_blocks, expected_blocks);
}

/* `limit` bounds what the process may map in all; `mapped` is what it has mapped so far. */
static void fill_and_free(size_t limit, size_t mapped, size_t block_bytes)
{
    struct taken first;
    struct taken second;
    take_all(&first, block_bytes);
    give_all(&first);
    core->trim(0);
    check(0);
    if (first.bytes / USABLE_PERCENT * 100 < limit - mapped)
        ck_abort_msg("blocks of %zu bytes: %zu of %zu bytes could be used (%zu %%)", block_bytes,
                     first.bytes, limit - mapped, first.bytes * 100 / (limit - mapped));
    take_all(&second, block_bytes);
    give_all(&second);
    check(0);
    ck_assert_uint_ge(second.bytes, first.bytes);
}

#define LIMIT_TEST(kind, MiB, block_bytes)                                                         \
    KN_TEST_SLOW(address_limit, leaves_##kind##_##MiB##_MiB_usable_in_blocks_of_##block_bytes##_B, \
                 SECONDS)                                                                          \
    {                                                                                              \
        static const char name[] =                                                                 \
            "address_limit/leaves_" #kind "_" #MiB "_MiB_usable_in_blocks_of_" #block_bytes;       \
        char conditions[64];                                                                       \
        size_t limit = (size_t)MiB << 20;                                                          \
        if (kn_test_is_sanitized())                                                                \
            kn_test_skip("a sanitizer needs more address space");                                  \
        snprintf(conditions, sizeof(conditions), #kind "=%zu", limit);                             \
        if (!kn_start_again(name, conditions))                                                     \
            fill_and_free(limit, kn_start_##kind##_bytes(), block_bytes);                          \
    }

LIMIT_TEST(as, 64, 64)
LIMIT_TEST(as, 64, 1500)
LIMIT_TEST(as, 64, 30000)
LIMIT_TEST(as, 64, 100000)
LIMIT_TEST(as, 64, 1000000)
LIMIT_TEST(as, 64, 2000000)
LIMIT_TEST(as, 64, 4000000)
LIMIT_TEST(as, 256, 256)
LIMIT_TEST(as, 256, 500000)
LIMIT_TEST(as, 256, 5000000)
LIMIT_TEST(as, 1024, 200000)
LIMIT_TEST(as, 1024, 1100000)
LIMIT_TEST(as, 1024, 9000000)
LIMIT_TEST(data, 64, 64)
LIMIT_TEST(data, 64, 100000)
LIMIT_TEST(data, 256, 1000000)
LIMIT_TEST(data, 1024, 9000000)
