#include "core/orphan.h"

#include "require.h"

#include "core/heap.h"
#include "core/map.h"
#include "core/page_heap.h"

#define TAG (KN_TAG_FIRST * 1000)

enum { BYTES = 1000, BLOCKS_MAX = 64 };

/* A slab all of whose blocks are in the hands of the test. */
static void *blocks[BLOCKS_MAX];
static unsigned size_class;

static struct kn_run *full_slab(void)
{
    kn_require(kn_heap_get() != NULL);
    size_class = kn_class_of(BYTES);
    struct kn_run *run = kn_slab_new(size_class, TAG, false);
    kn_require(run != NULL && run->capacity <= BLOCKS_MAX);
    for (size_t i = 0; i < run->capacity; i++)
        blocks[i] = kn_slab_carve(run, 1).head;
    return run;
}

static void push(struct kn_run *run, size_t first, size_t count)
{
    struct kn_chain chain = {blocks[first], blocks[first + count - 1], (uint32_t)count};
    for (size_t i = first; i + 1 < first + count; i++)
        kn_link_set(blocks[i], blocks[i + 1]);
    kn_link_set(chain.tail, NULL);
    kn_remote_push(run, &chain);
}

static enum kn_slab_state state(const struct kn_run *run)
{
    return kn_remote_state(kn_load_relaxed(&run->slab.remote));
}

static size_t used_bytes(void)
{
    struct kn_page_heap_stats stats;
    kn_page_heap_stats(&stats);
    return stats.used_bytes;
}

KN_TEST(orphan, gives_nothing_when_the_pool_is_empty)
{
    kn_require(kn_heap_get() != NULL);
    for (unsigned i = 1; i < KN_CLASS_COUNT; i++)
        ck_assert_ptr_null(kn_orphan_take(i));
}

KN_TEST(orphan, passes_a_slab_on_with_its_free_blocks)
{
    struct kn_run *run = full_slab();
    push(run, 0, 3); /* to its owner's remote list */
    ck_assert_int_eq(state(run), KN_SLAB_OWNED);
    kn_orphan_give(run);
    ck_assert_int_eq(state(run), KN_SLAB_POOLED);
    ck_assert_uint_eq(run->parked, 1);
    ck_assert_uint_eq(kn_load_relaxed(kn_map_descs(run)), KN_DESC_UNOWNED | size_class);
    push(run, 3, 2);
    kn_require_sound(kn_slab_check(run));
    ck_assert_ptr_null(kn_orphan_take(size_class + 1));
    ck_assert_ptr_eq(kn_orphan_take(size_class), run);
    ck_assert_int_eq(state(run), KN_SLAB_OWNED);
    ck_assert_uint_eq(run->slab.local_count, 5);
    ck_assert_uint_eq(run->parked, 0);
    kn_require_sound(kn_slab_check(run));
    ck_assert_ptr_null(kn_orphan_take(size_class));
}

KN_TEST(orphan, leaves_a_slab_without_free_blocks_to_those_who_free)
{
    struct kn_run *run = full_slab();
    kn_orphan_give(run);
    ck_assert_int_eq(state(run), KN_SLAB_FULL);
    ck_assert_ptr_null(kn_orphan_take(size_class));
    push(run, 0, 1);
    ck_assert_int_eq(state(run), KN_SLAB_FULL);
    /* Enough have come back for it to be worth another heap's while. */
    push(run, 1, (size_t)run->capacity / 2);
    ck_assert_int_eq(state(run), KN_SLAB_POOLED);
    ck_assert_ptr_eq(kn_orphan_take(size_class), run);
    ck_assert_uint_eq(run->slab.local_count, 1 + run->capacity / 2u);
    kn_require_sound(kn_slab_check(run));
}

KN_TEST(orphan, gives_a_slab_back_when_its_last_blocks_return)
{
    size_t before;
    struct kn_run *run = full_slab();
    before = used_bytes() - run->granules * KN_GRANULE;
    size_t capacity = run->capacity;
    kn_orphan_give(run);
    push(run, 0, 4);
    push(run, 4, capacity - 5);
    ck_assert_uint_gt(used_bytes(), before);
    push(run, capacity - 1, 1);
    ck_assert_uint_eq(used_bytes(), before);
    ck_assert_ptr_null(kn_orphan_take(size_class));

    run = full_slab(); /* all at once */
    kn_orphan_give(run);
    push(run, 0, capacity);
    ck_assert_uint_eq(used_bytes(), before);

    run = full_slab(); /* all before it is given up */
    push(run, 0, capacity);
    kn_orphan_give(run);
    ck_assert_uint_eq(used_bytes(), before);
    kn_require_sound(kn_page_heap_check());
}
