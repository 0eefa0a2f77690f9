#include "core/large.h"

#include "model_blocks.h"
#include "model_calls.h"
#include "require.h"

#include "base/align.h"
#include "core/heap_check.h"
#include "core/map.h"
#include "core/page_heap.h"
#include "os/os.h"
#include "os/os_fault.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#define MIB ((size_t)1 << 20)

static const struct model_calls *const core = &model_calls_core;

static char *get(size_t bytes)
{
    char *block = core->malloc(bytes);
    kn_require(block != NULL);
    return block;
}

static size_t resident_pages(char *start, size_t bytes)
{
    static unsigned char pages[65536];
    size_t count = 0;
    size_t page = kn_os_page_bytes();
    kn_require(bytes / page <= sizeof(pages));
    kn_require(mincore(start, bytes, pages) == 0);
    for (size_t i = 0; i < bytes / page; i++)
        count += pages[i] & 1;
    return count;
}

static void check_all(size_t expected_blocks)
{
    struct kn_check_totals totals;
    kn_require_sound(kn_check_all(&totals));
    ck_assert_uint_eq(totals.slab_blocks + totals.large_blocks, expected_blocks);
}

KN_TEST(large, touches_no_page_of_a_block_that_is_not_used)
{
    char *block = core->zalloc(32 * MIB);
    ck_assert_uint_eq(resident_pages(block, 32 * MIB), 0);
    core->free(block);
    block = get(64 * MIB);
    /* The page by which the system was once tried whether it gives memory back may be there. */
    ck_assert_uint_le(resident_pages(block, 64 * MIB), 1);
    core->free(block);
}

KN_TEST(large, clears_only_what_was_used)
{
    core->trim(0);
    char *block = get(16 * MIB);
    char *fence = get(MIB);
    memset(block, 1, MIB);
    core->free(block);
    core->trim(0);
    block = core->zalloc(16 * MIB);
    ck_assert_uint_le(resident_pages(block, 16 * MIB), 1);
    core->free(fence);
    core->free(block);
}

KN_TEST(large, uses_freed_memory_again_before_it_touches_more)
{
    char *first = get(3 * MIB);
    core->free(first);
    for (size_t i = 0; i < 20; i++) {
        char *block = get(3 * MIB - i * 40000);
        ck_assert_ptr_eq(block, first);
        core->free(block);
    }
}

KN_TEST(large, lets_the_system_move_what_cannot_grow_in_place)
{
    char *block = get(4 * MIB);
    char *fence = get(MIB);
    memset(block, 0x3C, 4 * MIB);
    size_t resident = resident_pages(block, 4 * MIB);
    char *moved = core->realloc(block, 12 * MIB);
    ck_assert_ptr_ne(moved, block);
    for (size_t i = 0; i < 4 * MIB; i++)
        kn_require(moved[i] == 0x3C);
    /* Pages came along, and no more than them. */
    ck_assert_uint_le(resident_pages(moved, 12 * MIB), resident + 16);
    check_all(2);
    /* Once moved, it is copied. */
    char *fence2 = get(MIB);
    moved[4 * MIB] = 1;
    char *again = core->realloc(moved, 40 * MIB);
    for (size_t i = 0; i < 4 * MIB; i++)
        kn_require(again[i] == 0x3C);
    core->free(again);
    core->free(fence2);
    core->free(fence);
    check_all(0);
}

static size_t mappings(void)
{
    FILE *file = fopen("/proc/self/maps", "r");
    size_t count = 0;
    ck_assert_ptr_nonnull(file);
    for (int c; (c = getc(file)) != EOF;)
        count += c == '\n';
    fclose(file);
    return count;
}

KN_TEST(large, keeps_the_number_of_mappings_bounded_when_many_blocks_move)
{
    static char *blocks[200];
    size_t before = mappings();
    for (size_t round = 0; round < 5; round++) {
        for (size_t i = 0; i < KN_ARRAY_LEN(blocks); i++)
            blocks[i] = memset(get(300000), 1, 300000);
        for (size_t i = 0; i < KN_ARRAY_LEN(blocks); i++) {
            blocks[i] = core->realloc(blocks[i], 700000);
            kn_require(blocks[i] != NULL && blocks[i][299999] == 1);
        }
        for (size_t i = 0; i < KN_ARRAY_LEN(blocks); i++)
            core->free(blocks[i]);
        check_all(0);
        ck_assert_uint_le(mappings(), before + 100);
    }
}

KN_TEST(large, shrinks_a_moved_block_by_moving_or_leaving_it)
{
    char *block = get(MIB);
    char *fence = get(MIB);
    memset(block, 9, MIB);
    block = core->realloc(block, 6 * MIB);
    block = core->realloc(block, 2 * MIB);
    for (size_t i = 0; i < MIB; i++)
        kn_require(block[i] == 9);
    block = core->realloc(block, 1000);
    for (size_t i = 0; i < 1000; i++)
        kn_require(block[i] == 9);
    core->free(fence);
    core->free(block);
    check_all(0);
}

#if KN_FAULTS

KN_TEST(large, copies_when_the_system_cannot_move)
{
    char *block = get(4 * MIB);
    char *fence = get(MIB);
    memset(block, 0x3C, 4 * MIB);
    kn_os_fault_set(KN_FAULT_MOVE, 1, SIZE_MAX);
    char *moved = core->realloc(block, 12 * MIB);
    ck_assert_uint_eq(kn_os_fault_calls(KN_FAULT_MOVE), 1);
    for (size_t i = 0; i < 4 * MIB; i++)
        kn_require(moved[i] == 0x3C);
    core->free(moved);
    core->free(fence);
    check_all(0);
}

KN_TEST(large, keeps_the_block_when_there_is_no_memory_to_grow)
{
    char *block = get(4 * MIB);
    memset(block, 0x3C, 4 * MIB);
    kn_os_fault_set(KN_FAULT_COMMIT, 1, SIZE_MAX);
    ck_assert_ptr_null(core->realloc(block, 600 * MIB));
    kn_os_fault_clear();
    for (size_t i = 0; i < 4 * MIB; i++)
        kn_require(block[i] == 0x3C);
    ck_assert_uint_eq(core->usable_size(block), 4 * MIB);
    core->free(block);
    check_all(0);
}

#endif
