/* Damage of every kind, and that the check of everything finds it. */
#include "core/heap_check.h"

#include "model_calls.h"
#include "require.h"

#include "core/heap.h"
#include "core/map.h"
#include "core/slab.h"

static const struct model_calls *const core = &model_calls_core;

enum { BYTES = 48, SLAB_BLOCKS = 200 };

static void *blocks[SLAB_BLOCKS];
static struct kn_heap *heap;
static struct kn_run *slab;
static unsigned size_class;

/* A slab some of whose blocks are in use, some in the cell and some not carved. */
static void begin(void)
{
    for (size_t i = 0; i < SLAB_BLOCKS; i++)
        kn_require((blocks[i] = core->malloc(BYTES)) != NULL);
    for (size_t i = 0; i < SLAB_BLOCKS; i += 2)
        core->free(blocks[i]);
    heap = kn_self.heap;
    size_class = kn_class_of(BYTES);
    slab = kn_run_at((uintptr_t)blocks[1]);
    kn_require_sound(kn_check_all(NULL));
}

KN_TEST(heap_check, counts_what_the_program_has)
{
    struct kn_check_totals totals;
    begin();
    void *large = core->malloc(100000);
    kn_require_sound(kn_check_all(&totals));
    ck_assert_uint_eq(totals.slab_blocks, SLAB_BLOCKS / 2);
    ck_assert_uint_eq(totals.large_blocks, 1);
    ck_assert_uint_eq(totals.large_bytes, core->usable_size(large));
}

KN_TEST(heap_check, finds_a_block_that_is_free_twice)
{
    begin();
    void *in_cell = heap->head[size_class];
    kn_link_set(blocks[1], NULL);
    slab->slab.local = blocks[1];
    slab->slab.local_count = 1;
    kn_require_sound(kn_check_all(NULL));
    slab->slab.local = in_cell;
    void *next = kn_link_next(in_cell);
    kn_link_set(in_cell, NULL);
    heap->head[size_class] = blocks[1];
    kn_link_set(blocks[1], next);
    kn_require_sound(kn_check_all(NULL));
    kn_link_set(blocks[1], in_cell);
    ck_assert_ptr_nonnull(kn_check_all(NULL));
}

KN_TEST(heap_check, finds_wrong_counts_and_links_of_cells)
{
    begin();
    heap->units[size_class] = (uint8_t)(heap->units[size_class] - size_class);
    kn_require_fault(kn_check_all(NULL), "longer than its count");
    heap->units[size_class] = (uint8_t)(heap->units[size_class] + size_class);
    heap->bins[size_class].beyond++;
    kn_require_fault(kn_check_all(NULL), "shorter than its count");
    heap->bins[size_class].beyond--;
    heap->units[size_class]++;
    kn_require_fault(kn_heap_check(heap), "not a multiple of its class");
    heap->units[size_class]--;
    void *head = heap->head[size_class];
    heap->head[size_class] = (char *)head + 16;
    kn_require_fault(kn_heap_check(heap), "holds something else");
    heap->head[size_class] = head;
    kn_require_sound(kn_check_all(NULL));
}

KN_TEST(heap_check, finds_wrong_owners)
{
    begin();
    slab->slab.owner_tag += KN_TAG_FIRST;
    kn_require_fault(kn_heap_check(heap), "that its heap does not own");
    ck_assert_ptr_nonnull(kn_check_all(NULL));
    slab->slab.owner_tag -= KN_TAG_FIRST;
    kn_desc *desc = kn_map_descs(slab);
    uint32_t old = kn_load_relaxed(desc);
    kn_store_relaxed(desc, KN_DESC_UNOWNED | size_class);
    kn_require_fault(kn_check_all(NULL), "another owner or class");
    kn_store_relaxed(desc, old);
    slab->parked = 1;
    kn_require_fault(kn_check_all(NULL), "pool of orphans");
    slab->parked = 0;
    heap->bins[size_class].slab_count++;
    kn_require_fault(kn_heap_check(heap), "count of slabs");
    heap->bins[size_class].slab_count--;
    kn_require_sound(kn_check_all(NULL));
}

KN_TEST(heap_check, finds_a_slab_that_is_in_nobodys_bin)
{
    begin();
    kn_dlist_remove(&slab->slab.link);
    heap->bins[size_class].slab_count--;
    kn_require_fault(kn_check_all(NULL), "nobody's bin");
}

KN_TEST(heap_check, finds_damaged_records_of_runs)
{
    begin();
    char *large = core->malloc(100000);
    struct kn_run *run = kn_run_at((uintptr_t)large);
    run->granules--;
    ck_assert_ptr_nonnull(kn_check_all(NULL));
    run->granules++;
    run->base += KN_GRANULE;
    kn_require_fault(kn_check_all(NULL), "another address");
    run->base -= KN_GRANULE;
    run->large.bytes++;
    kn_require_fault(kn_check_all(NULL), "does not follow from its granules");
    run->large.bytes--;
    kn_run_set_kind(run, KN_RUN_BUSY);
    kn_require_fault(kn_check_all(NULL), "neither free nor in use");
    kn_run_set_kind(run, KN_RUN_LARGE);
    kn_desc *desc = kn_map_descs(run);
    kn_store_relaxed(&desc[2], KN_DESC_LARGE);
    kn_require_fault(kn_check_all(NULL), "inside of a large block");
    kn_store_relaxed(&desc[2], KN_DESC_CLEAN);
    kn_require_sound(kn_check_all(NULL));
}
