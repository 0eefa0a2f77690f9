#include "core/alloc.h"

#include "model_blocks.h"
#include "model_calls.h"
#include "require.h"

#include "base/align.h"
#include "base/rng.h"
#include "core/heap.h"
#include "core/heap_check.h"
#include "core/page_heap.h"
#include "core/sizeclass.h"
#include "os/os_fault.h"

#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

enum { ERRNO_BEFORE = 77 };

static const struct model_calls *const core = &model_calls_core;

static void *get(size_t bytes)
{
    void *block = core->malloc(bytes);
    kn_require(block != NULL);
    return block;
}

static void check_all(size_t expected_blocks)
{
    struct kn_check_totals totals;
    kn_require_sound(kn_check_all(&totals));
    ck_assert_uint_eq(totals.slab_blocks + totals.large_blocks, expected_blocks);
}

/* ---- sizes ---- */

KN_TEST(slowpath, gives_each_size_its_class_and_says_so)
{
    for (size_t bytes = 0; bytes < 70000; bytes += bytes < 3000 ? 1 : 97) {
        char *block = get(bytes);
        size_t usable = core->usable_size(block);
        kn_require(usable >= bytes && usable == core->good_size(bytes));
        kn_require(kn_is_aligned((uintptr_t)block, KN_ALIGN_MIN));
        memset(block, 1, usable);
        core->free(block);
    }
    check_all(0);
}

KN_TEST(slowpath, gives_distinct_blocks_for_requests_of_zero_bytes)
{
    void *one = get(0);
    void *two = get(0);
    ck_assert_ptr_ne(one, two);
    core->free(one);
    core->free(two);
    void *zeroed = core->zalloc(0);
    void *aligned = core->alloc_aligned(0, 4096, true);
    ck_assert_ptr_nonnull(zeroed);
    ck_assert(aligned != NULL && kn_is_aligned((uintptr_t)aligned, 4096));
    core->free(zeroed);
    core->free(aligned);
    check_all(0);
}

KN_TEST(slowpath, refuses_sizes_that_exceed_ptrdiff_max)
{
    static const size_t sizes[] = {SIZE_MAX,     SIZE_MAX - 15,           SIZE_MAX - KN_GRANULE,
                                   PTRDIFF_MAX,  (size_t)PTRDIFF_MAX + 1, SIZE_MAX / 4 * 3,
                                   SIZE_MAX - 63};
    void *out[3];
    void *block = get(100);
    for (size_t i = 0; i < KN_ARRAY_LEN(sizes); i++) {
        errno = 0;
        kn_require(core->malloc(sizes[i]) == NULL && errno == ENOMEM);
        errno = 0;
        kn_require(core->zalloc(sizes[i]) == NULL && errno == ENOMEM);
        for (size_t align = 1; align <= (size_t)1 << 63 >> 1; align *= 2) {
            errno = 0;
            kn_require(core->alloc_aligned(sizes[i], align, false) == NULL && errno == ENOMEM);
        }
        errno = 0;
        kn_require(core->realloc(block, sizes[i]) == NULL && errno == ENOMEM);
        errno = 0;
        kn_require(core->malloc_batch(sizes[i], 3, out) == 0 && errno == ENOMEM);
        kn_require(!core->try_expand(block, sizes[i]));
    }
    errno = 0;
    kn_require(core->alloc_aligned(1, (size_t)1 << 63, false) == NULL && errno == ENOMEM);
    core->free(block);
    check_all(0);
}

KN_TEST(slowpath, leaves_errno_alone_when_it_succeeds)
{
    static const size_t sizes[] = {0, 100, 5000, 100000, (size_t)3 << 20};
    errno = ERRNO_BEFORE;
    for (size_t i = 0; i < KN_ARRAY_LEN(sizes); i++) {
        void *one = get(sizes[i]);
        void *two = core->zalloc(sizes[i]);
        void *three = core->alloc_aligned(sizes[i], 65536, false);
        (void)core->try_expand(one, 2 * sizes[i]);
        one = core->realloc(one, 3 * sizes[i] + 1);
        one = core->realloc(one, sizes[i] / 2 + 1);
        (void)core->usable_size(one);
        core->free(one);
        core->free(two);
        core->free(three);
        (void)core->trim(0);
        ck_assert_int_eq(errno, ERRNO_BEFORE);
    }
}

/* ---- alignment ---- */

static void check_aligned(size_t bytes, size_t align, bool is_zeroed)
{
    char *block = core->alloc_aligned(bytes, align, is_zeroed);
    kn_require(block != NULL);
    kn_require(kn_is_aligned((uintptr_t)block, align));
    size_t usable = core->usable_size(block);
    kn_require(usable >= bytes);
    kn_require(!is_zeroed || model_find_nonzero(block, 0, usable) == SIZE_MAX);
    memset(block, 0xAA, usable < 16384 ? usable : 16384);
    core->free(block);
}

KN_TEST(slowpath, aligns_every_size_to_every_power_of_two)
{
    for (size_t align = 1; align <= (size_t)2 << 20; align *= 2) {
        size_t step = align <= KN_GRANULE ? 1 : 61;
        for (size_t bytes = 0; bytes <= 8192; bytes += step)
            check_aligned(bytes, align, bytes % 7 == 0);
    }
    check_all(0);
}

KN_TEST(slowpath, aligns_to_very_large_powers_of_two)
{
    for (size_t align = (size_t)4 << 20; align <= (size_t)1 << 30; align *= 4) {
        check_aligned(1, align, true);
        check_aligned(200000, align, true);
    }
    check_all(0);
}

KN_TEST(slowpath, aligns_among_blocks_of_all_classes)
{
    static void *blocks[500];
    struct kn_rng rng;
    kn_rng_seed(&rng, kn_test_seed());
    for (size_t i = 0; i < 60000; i++) {
        void **slot = &blocks[kn_rng_below(&rng, KN_ARRAY_LEN(blocks))];
        size_t align = (size_t)1 << kn_rng_below(&rng, 18);
        core->free(*slot);
        *slot = core->alloc_aligned((size_t)kn_rng_below(&rng, 20000), align, false);
        kn_require(*slot != NULL && kn_is_aligned((uintptr_t)*slot, align));
    }
    for (size_t i = 0; i < KN_ARRAY_LEN(blocks); i++)
        core->free(blocks[i]);
    check_all(0);
}

/* ---- zeroed memory ---- */

static const size_t zero_sizes[] = {1,     16,    100,    512,     1000,    5000,   32768,
                                    65536, 65537, 100000, 1000000, 2 << 20, 5000000};
enum { ZERO_BLOCKS = 40 };

static void require_zeroed(size_t bytes)
{
    void *blocks[ZERO_BLOCKS];
    size_t count = bytes > 200000 ? 3 : ZERO_BLOCKS;
    for (size_t i = 0; i < count; i++) {
        blocks[i] = i % 3 == 0 ? core->alloc_aligned(bytes, 64, true) : core->zalloc(bytes);
        kn_require(blocks[i] != NULL);
        kn_require(model_find_nonzero(blocks[i], 0, core->usable_size(blocks[i])) == SIZE_MAX);
        memset(blocks[i], 0xAA, core->usable_size(blocks[i]));
    }
    for (size_t i = 0; i < count; i++)
        core->free(blocks[i]);
}

/* Writes to memory of all sizes and frees it. */
static void *soil(void *arg)
{
    for (size_t i = 0; i < KN_ARRAY_LEN(zero_sizes); i++)
        require_zeroed(zero_sizes[i]);
    return arg;
}

static void require_all_zeroed(void)
{
    for (size_t i = KN_ARRAY_LEN(zero_sizes); i-- > 0;)
        require_zeroed(zero_sizes[i]);
    kn_require_sound(kn_check_all(NULL));
}

KN_TEST(slowpath, zeroes_memory_that_was_used_before)
{
    soil(NULL);
    require_all_zeroed();
    core->trim(0);
    require_all_zeroed();
    core->trim((size_t)1 << 20);
    require_all_zeroed();
}

KN_TEST(slowpath, zeroes_memory_that_another_thread_used)
{
    pthread_t thread;
    for (size_t i = 0; i < 3; i++) {
        ck_assert_int_eq(pthread_create(&thread, NULL, soil, NULL), 0);
        pthread_join(thread, NULL);
        require_all_zeroed();
    }
}

KN_TEST(slowpath, zeroes_what_a_block_gave_back_or_left_when_it_moved)
{
    for (size_t i = 0; i < 6; i++) {
        char *block = get(100000);
        char *fence = get(40000);
        memset(block, 0xAA, core->usable_size(block));
        block =
            core->realloc(block, (size_t)3 << 20 << i % 3); /* moved, by copy or by the system */
        memset(block, 0xAA, core->usable_size(block));
        block = core->realloc(block, (size_t)13 << 20);
        memset(block, 0xAA, core->usable_size(block));
        require_all_zeroed();
        block = core->realloc(block, 600000); /* cut */
        require_all_zeroed();
        core->free(fence);
        core->free(block);
        require_all_zeroed();
    }
    check_all(0);
}

KN_TEST(slowpath, zeroes_memory_that_is_locked)
{
    size_t bytes = (size_t)6 << 20;
    for (size_t i = 0; i < 4; i++) {
        char *block = get(bytes);
        memset(block, 0xAA, bytes);
        char *inside = (char *)kn_align_up((uintptr_t)block, 65536);
        if (mlock(inside, 65536) != 0)
            kn_test_skip("this process may not lock memory");
        core->free(block); /* beyond the bound of dirty memory, so it cannot be given back */
        (void)core->trim(0);
        require_zeroed(bytes);
        require_all_zeroed();
        munlock(inside, 65536);
    }
    check_all(0);
}

#if KN_FAULTS

KN_TEST(slowpath, zeroes_memory_that_the_system_did_not_take_back)
{
    for (size_t nth = 1; nth < 12; nth++) {
        kn_os_fault_set(KN_FAULT_PURGE, nth, 1 + nth % 3);
        soil(NULL);
        core->trim(0);
        require_all_zeroed();
        kn_os_fault_clear();
    }
    check_all(0);
}

KN_TEST(slowpath, keeps_the_block_when_it_cannot_shrink_for_want_of_memory)
{
    char *block = get(30000);
    memset(block, 5, 30000);
    kn_os_fault_set(KN_FAULT_COMMIT, 1, SIZE_MAX);
    size_t count = 0;
    while (core->malloc(100000) != NULL)
        count++;
    while (core->malloc(KN_GRANULE * 2 + 1) != NULL)
        count++;
    while (core->malloc(24000) != NULL)
        count++;
    while (core->malloc(16) != NULL)
        count++;
    errno = ERRNO_BEFORE;
    ck_assert_ptr_eq(core->realloc(block, 16), block);
    ck_assert_int_eq(errno, ERRNO_BEFORE);
    for (size_t i = 0; i < 30000; i++)
        kn_require(block[i] == 5);
    kn_os_fault_clear();
    ck_assert_ptr_nonnull(core->malloc(100000));
    check_all(count + 2);
}

#endif

/* ---- realloc ---- */

struct grown {
    char *start;
    size_t bytes;
    size_t moves;
};

/* The word at each multiple of 4096 names its place, so that a part that is lost shows. */
static void grow(struct grown *grown, size_t bytes)
{
    char *old = grown->start;
    grown->start = old == NULL ? core->malloc(bytes) : core->realloc(old, bytes);
    kn_require(grown->start != NULL);
    grown->moves += grown->start != old;
    for (size_t at = kn_align_up(grown->bytes, 4096); at + sizeof(at) <= bytes; at += 4096)
        memcpy(grown->start + at, &at, sizeof(at));
    grown->bytes = bytes;
}

static void require_kept(const struct grown *grown)
{
    for (size_t at = 0; at + sizeof(at) <= grown->bytes; at += 4096)
        kn_require(memcmp(grown->start + at, &at, sizeof(at)) == 0);
}

KN_TEST(slowpath, moves_a_block_seldom_when_it_grows_by_a_little)
{
    struct grown grown = {NULL, 0, 0};
    for (size_t bytes = 8; bytes <= (size_t)16 << 20; bytes += bytes < 1 << 20 ? 8 : 1000)
        grow(&grown, bytes);
    require_kept(&grown);
    /* Each class once, and large blocks into the free memory behind. */
    ck_assert_uint_le(grown.moves, KN_CLASS_COUNT + 20);
    core->free(grown.start);
    check_all(0);
}

KN_TEST(slowpath, moves_a_block_as_often_as_it_doubles_when_others_grow_beside_it)
{
    struct grown pair[2] = {{NULL, 0, 0}, {NULL, 0, 0}};
    for (size_t bytes = 40000; bytes <= (size_t)24 << 20; bytes += 5000) {
        grow(&pair[0], bytes);
        grow(&pair[1], bytes);
    }
    for (size_t i = 0; i < 2; i++) {
        require_kept(&pair[i]);
        ck_assert_uint_le(pair[i].moves, 40);
        core->free(pair[i].start);
    }
    check_all(0);
}

KN_TEST(slowpath, keeps_contents_when_a_block_grows_by_half_to_a_large_one)
{
    struct grown grown = {NULL, 0, 0};
    for (size_t bytes = 16; bytes < (size_t)100 << 20; bytes += bytes / 2)
        grow(&grown, bytes);
    require_kept(&grown);
    for (size_t bytes = grown.bytes; bytes > 10; bytes -= bytes / 3) {
        grown.start = core->realloc(grown.start, bytes);
        grown.bytes = bytes;
        require_kept(&grown);
    }
    core->free(grown.start);
    check_all(0);
}

KN_TEST(slowpath, moves_no_block_that_flips_around_the_border_of_a_class)
{
    static const size_t borders[] = {16, 112, 512, 1024, 8192, 32768, 65536, 1 << 20};
    for (size_t i = 0; i < KN_ARRAY_LEN(borders); i++) {
        char *block = core->realloc(get(borders[i]), borders[i] + 1);
        size_t moves = 0;
        for (size_t flip = 0; flip < 1000; flip++) {
            char *next = core->realloc(block, borders[i] + flip % 2);
            moves += next != block;
            block = next;
        }
        ck_assert_uint_le(moves, 1);
        core->free(block);
    }
    check_all(0);
}

KN_TEST(slowpath, gives_memory_back_when_a_large_block_shrinks)
{
    struct kn_page_heap_stats before;
    struct kn_page_heap_stats after;
    char *block = get((size_t)8 << 20);
    kn_page_heap_stats(&before);
    char *same = core->realloc(block, (size_t)1 << 20);
    kn_page_heap_stats(&after);
    ck_assert_ptr_eq(same, block);
    ck_assert_uint_eq(before.used_bytes - after.used_bytes, (size_t)7 << 20);
    core->free(same);
    check_all(0);
}

KN_TEST(slowpath, expands_in_place_or_not_at_all)
{
    char *small = get(100);
    ck_assert(core->try_expand(small, 112));
    ck_assert(!core->try_expand(small, 113));
    ck_assert_uint_eq(core->usable_size(small), 112);
    char *large = get(100000);
    char *fence = get(100000);
    memset(large, 7, 100000);
    if (fence == large + core->usable_size(large)) {
        ck_assert(!core->try_expand(large, 200000));
        core->free(fence);
        ck_assert(core->try_expand(large, core->usable_size(large) + 1));
    } else {
        core->free(fence);
    }
    for (size_t i = 0; i < 100000; i++)
        kn_require(large[i] == 7);
    core->free(large);
    core->free(small);
    check_all(0);
}

/* ---- the rest ---- */

KN_TEST(slowpath, gives_batches_of_distinct_blocks)
{
    static void *blocks[3000];
    ck_assert_uint_eq(core->malloc_batch(48, KN_ARRAY_LEN(blocks), blocks), KN_ARRAY_LEN(blocks));
    for (size_t i = 0; i < KN_ARRAY_LEN(blocks); i++)
        *(size_t *)blocks[i] = i;
    for (size_t i = 0; i < KN_ARRAY_LEN(blocks); i++)
        kn_require(*(size_t *)blocks[i] == i);
    check_all(KN_ARRAY_LEN(blocks));
    core->free_batch(blocks, KN_ARRAY_LEN(blocks));
    check_all(0);
}

KN_TEST(slowpath, trims_to_what_is_in_use)
{
    static void *blocks[20000];
    struct kn_page_heap_stats stats;
    for (size_t i = 0; i < KN_ARRAY_LEN(blocks); i++)
        blocks[i] = memset(get(i % 3000), 1, i % 3000);
    for (size_t i = 0; i < KN_ARRAY_LEN(blocks); i++)
        core->free(blocks[i]);
    ck_assert(core->trim(0));
    kn_page_heap_stats(&stats);
    ck_assert_uint_eq(stats.used_bytes, 0);
    ck_assert_uint_eq(stats.dirty_bytes, 0);
    ck_assert(!core->trim(0));
    check_all(0);
}
