#include "core/thread.h"

#include "model_calls.h"
#include "require.h"

#include "core/heap.h"
#include "core/heap_check.h"
#include "core/map.h"

#include <pthread.h>

static const struct model_calls *const core = &model_calls_core;

static void *in_thread(void *(*body)(void *), void *arg)
{
    pthread_t thread;
    void *result;
    ck_assert_int_eq(pthread_create(&thread, NULL, body, arg), 0);
    ck_assert_int_eq(pthread_join(thread, &result), 0);
    return result;
}

static size_t heap_count(void)
{
    size_t count = 0;
    for (const struct kn_heap *heap = kn_heap_first(); heap != NULL; heap = heap->next)
        count++;
    return count;
}

static void *own_heap(void *arg)
{
    (void)arg;
    core->free(core->malloc(100));
    return kn_self.heap;
}

KN_TEST(thread, gives_its_heap_to_the_next_one)
{
    struct kn_heap *mine = own_heap(NULL);
    struct kn_heap *first = in_thread(own_heap, NULL);
    size_t heaps = heap_count();
    ck_assert_ptr_ne(first, mine);
    for (size_t i = 0; i < 20; i++)
        ck_assert_ptr_eq(in_thread(own_heap, NULL), first);
    ck_assert_uint_eq(heap_count(), heaps);
}

static void *initial_storage(void *copy)
{
    *(struct kn_self *)copy = kn_self;
    return NULL;
}

/* The loader does so when the resolvers of indirect functions have run. */
KN_TEST(thread, finds_its_heap_again_when_its_storage_was_set_anew)
{
    struct kn_self initial;
    in_thread(initial_storage, &initial);
    struct kn_heap *mine = own_heap(NULL);
    size_t heaps = heap_count();
    void *block = core->malloc(100);
    kn_self = initial;
    core->free(NULL);
    core->free(block);
    ck_assert_ptr_eq(own_heap(NULL), mine);
    ck_assert_uint_eq(heap_count(), heaps);
    kn_require_sound(kn_check_all(NULL));
}

static void *no_heap(void *arg)
{
    (void)arg;
    return (void *)(uintptr_t)(kn_self.fast_limit != 0);
}

KN_TEST(thread, gets_no_heap_before_it_needs_one)
{
    own_heap(NULL);
    size_t heaps = heap_count();
    ck_assert_ptr_null(in_thread(no_heap, NULL));
    ck_assert_uint_eq(heap_count(), heaps);
}

static void *leave_block(void *arg)
{
    (void)arg;
    return core->malloc(1000);
}

KN_TEST(thread, leaves_its_slabs_to_those_who_need_them)
{
    own_heap(NULL);
    char *left = in_thread(leave_block, NULL);
    ck_assert_uint_eq(kn_map_desc((uintptr_t)left) & KN_DESC_TAG_MASK,
                      kn_map.multiplier == 0 ? 0 : KN_DESC_UNOWNED);
    char *mine = core->malloc(1000);
    /* From the same slab, which is now this thread's. */
    ck_assert_ptr_eq(kn_run_at((uintptr_t)mine), kn_run_at((uintptr_t)left));
    ck_assert_ptr_ne(mine, left);
    core->free(left);
    core->free(mine);
    kn_require_sound(kn_check_all(NULL));
}

static void *work_past_the_end(void *arg)
{
    void *blocks[100];
    own_heap(NULL);
    kn_heap_thread_end();
    kn_heap_thread_end(); /* nothing the second time */
    ck_assert_ptr_null(kn_heap_get());
    for (size_t i = 0; i < KN_ARRAY_LEN(blocks); i++) {
        blocks[i] = core->zalloc(i * 400);
        kn_require(blocks[i] != NULL);
    }
    for (size_t i = 0; i < KN_ARRAY_LEN(blocks); i++)
        blocks[i] = core->realloc(blocks[i], 40000 - i * 300);
    for (size_t i = 0; i < KN_ARRAY_LEN(blocks); i++)
        core->free(blocks[i]);
    (void)core->trim(0);
    return arg;
}

KN_TEST(thread, goes_on_through_the_shared_heap_past_its_end)
{
    struct kn_check_totals totals;
    own_heap(NULL);
    in_thread(work_past_the_end, NULL);
    kn_require_sound(kn_check_all(&totals));
    ck_assert_uint_eq(totals.slab_blocks + totals.large_blocks, 0);
    /* Its heap serves another thread, and the shared one is nobody's own. */
    struct kn_heap *next = in_thread(own_heap, NULL);
    ck_assert(!next->is_shared && next != kn_self.heap);
}

static void *destroy_block(void *block)
{
    core->free(block);
    return NULL;
}

KN_TEST(thread, frees_what_a_thread_left_that_is_gone)
{
    struct kn_check_totals totals;
    for (size_t i = 0; i < 300; i++) {
        void *block = in_thread(leave_block, NULL);
        if (i % 2 == 0)
            core->free(block);
        else
            in_thread(destroy_block, block);
    }
    (void)core->trim(0);
    kn_require_sound(kn_check_all(&totals));
    ck_assert_uint_eq(totals.slab_blocks, 0);
}
