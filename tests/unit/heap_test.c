#include "core/heap.h"

#include "model_calls.h"
#include "require.h"

#include "core/cell.h"
#include "core/heap_check.h"
#include "core/map.h"
#include "core/page_heap.h"

#include <pthread.h>

static const struct model_calls *const core = &model_calls_core;

enum { BLOCKS = 6000 };

static void *blocks[BLOCKS];

static void allocate(size_t bytes)
{
    for (size_t i = 0; i < BLOCKS; i++)
        kn_require((blocks[i] = core->malloc(bytes)) != NULL);
}

static void *free_all(void *arg)
{
    for (size_t i = 0; i < BLOCKS; i++)
        core->free(blocks[i]);
    return arg;
}

static void in_thread(void *(*body)(void *))
{
    pthread_t thread;
    ck_assert_int_eq(pthread_create(&thread, NULL, body, NULL), 0);
    pthread_join(thread, NULL);
}

static size_t used_bytes(void)
{
    struct kn_page_heap_stats stats;
    kn_page_heap_stats(&stats);
    return stats.used_bytes;
}

static void check_all(size_t expected_blocks)
{
    struct kn_check_totals totals;
    kn_require_sound(kn_check_all(&totals));
    ck_assert_uint_eq(totals.slab_blocks + totals.large_blocks, expected_blocks);
}

KN_TEST(heap, owns_no_slab_that_it_has_handed_out_completely)
{
    allocate(256);
    const struct kn_bin *bin = &kn_self.heap->bins[kn_class_of(256)];
    ck_assert_uint_le(bin->slab_count, 1);
    ck_assert_int_gt(bin->balance, 0);
    check_all(BLOCKS);
    free_all(NULL);
    check_all(0);
}

KN_TEST(heap, gives_slabs_back_when_it_frees_its_own_blocks)
{
    static const size_t sizes[] = {16, 256, 2000, 20000};
    for (size_t i = 0; i < KN_ARRAY_LEN(sizes); i++) {
        size_t before = used_bytes();
        allocate(sizes[i]);
        ck_assert_uint_ge(used_bytes() - before, BLOCKS * sizes[i]);
        free_all(NULL);
        core->trim(0);
        ck_assert_uint_le(used_bytes(), before);
        check_all(0);
    }
}

KN_TEST(heap, gets_nothing_lost_when_another_thread_frees_its_blocks)
{
    static const size_t sizes[] = {16, 256, 2000, 20000};
    for (size_t i = 0; i < KN_ARRAY_LEN(sizes); i++) {
        size_t before = used_bytes();
        allocate(sizes[i]);
        in_thread(free_all);
        check_all(0);
        /* One slab of the class is still this heap's, and not yet looked at. */
        ck_assert_uint_le(used_bytes(), before + ((size_t)512 << 10));
        allocate(sizes[i]);
        check_all(BLOCKS);
        free_all(NULL);
    }
}

KN_TEST(heap, leaves_no_batch_behind_when_a_thread_ends)
{
    allocate(64);
    in_thread(free_all);
    check_all(0);
    for (const struct kn_heap *heap = kn_heap_first(); heap != NULL; heap = heap->next)
        kn_require(heap->open_batches == 0);
}

KN_TEST(heap, sends_every_call_to_the_slow_path_without_cells)
{
    struct kn_heap *shared = kn_heap_lock_shared();
    ck_assert(shared->is_shared);
    void *block = kn_heap_refill(shared, 4);
    ck_assert_ptr_nonnull(block);
    ck_assert_ptr_null(shared->head[4]);
    struct kn_run *run = kn_run_at((uintptr_t)block);
    ck_assert_uint_eq(run->slab.owner_tag, shared->tag);
    kn_require_sound(kn_heap_check(shared));
    kn_heap_free_local(shared, run, block);
    kn_require_sound(kn_heap_check(shared));
    kn_heap_unlock_shared();
    core->trim(0);
    check_all(0);
}
