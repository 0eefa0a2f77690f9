#include "core/large.h"

#include "harness.h"
#include "require.h"

#include "core/alloc.h"
#include "core/fastpath.h"
#include "core/heap_check.h"
#include "core/page_heap.h"

#include <string.h>

#define MIB ((size_t)1 << 20)

static KN_NOINLINE unsigned char *take(size_t bytes)
{
    return kn_malloc(bytes);
}

static size_t used_bytes(void)
{
    struct kn_page_heap_stats stats;
    kn_page_heap_stats(&stats);
    return stats.used_bytes;
}

/* A block whose pages the OS has moved, for it could not grow where it was. */
static unsigned char *take_moved(size_t bytes)
{
    unsigned char *block = take(bytes / 2);
    unsigned char *obstacle = take(bytes / 2);
    ck_assert(block != NULL && obstacle != NULL);
    memset(block, 0x5A, bytes / 2);
    unsigned char *moved = kn_realloc(block, bytes, KN_CALL_REALLOC);
    ck_assert_ptr_nonnull(moved);
    kn_free(obstacle, KN_CALL_FREE);
    return moved;
}

KN_TEST(large, keeps_its_contents_when_it_must_move_to_grow)
{
    unsigned char *block = take_moved(4 * MIB);
    for (size_t i = 0; i < 2 * MIB; i++)
        kn_require(block[i] == 0x5A);
    kn_free(block, KN_CALL_FREE);
    kn_require_sound(kn_check_all(NULL));
}

KN_TEST(large, gives_memory_back_when_a_moved_block_shrinks)
{
    unsigned char *block = take_moved(32 * MIB);
    size_t before = used_bytes();
    block = kn_realloc(block, 64 << 10, KN_CALL_REALLOC);
    ck_assert_ptr_nonnull(block);
    ck_assert_uint_le(used_bytes() + 30 * MIB, before);
    for (size_t i = 0; i < (size_t)64 << 10; i++)
        kn_require(block[i] == 0x5A);
    kn_free(block, KN_CALL_FREE);
    kn_require_sound(kn_check_all(NULL));
}

KN_TEST(large, gives_memory_back_when_it_shrinks_in_place)
{
    unsigned char *block = take(32 * MIB);
    size_t before = used_bytes();
    ck_assert_ptr_eq(kn_realloc(block, 64 << 10, KN_CALL_REALLOC), block);
    ck_assert_uint_le(used_bytes() + 31 * MIB, before);
    kn_free(block, KN_CALL_FREE);
    kn_require_sound(kn_check_all(NULL));
}

KN_TEST(large, grows_in_place_when_what_follows_is_free)
{
    unsigned char *block = take(MIB);
    unsigned char *next = take(4 * MIB);
    kn_free(next, KN_CALL_FREE);
    ck_assert(kn_try_expand(block, 3 * MIB, KN_CALL_EXPAND));
    ck_assert_uint_ge(kn_usable_size(block, KN_CALL_USABLE_SIZE), 3 * MIB);
    kn_free(block, KN_CALL_FREE);
    kn_require_sound(kn_check_all(NULL));
}
