#include "core/cell.h"

#include "model_calls.h"
#include "require.h"

#include "core/heap_check.h"

static const struct model_calls *const core = &model_calls_core;

enum { BLOCKS = 3000 };

static void *blocks[BLOCKS];

static void fill_and_drain(size_t bytes)
{
    struct kn_heap *heap = kn_heap_get();
    unsigned size_class = kn_class_of(bytes);
    for (size_t i = 0; i < BLOCKS; i++) {
        blocks[i] = core->malloc(bytes);
        kn_require(blocks[i] != NULL);
    }
    for (size_t i = 0; i < BLOCKS; i++) {
        bool is_own = (kn_map_desc((uintptr_t)blocks[i]) & KN_DESC_TAG_MASK) == heap->tag;
        core->free(blocks[i]);
        kn_require((heap->head[size_class] == blocks[i]) == is_own);
        if (i % 100 == 0)
            kn_require_sound(kn_heap_check(heap));
    }
    /* Looked at when the counter of a small cell runs over, which is once in so many blocks. */
    uint32_t max = kn_classes[size_class].cell_blocks;
    max += size_class < KN_SMALL_CLASSES ? kn_cell_counter_max(size_class) : 0;
    kn_require(kn_cell_count(heap, size_class) <= max);
}

KN_TEST(cell, hands_out_first_what_came_last)
{
    static const size_t sizes[] = {16, 100, 512, 1000, 10000};
    for (size_t i = 0; i < KN_ARRAY_LEN(sizes); i++) {
        void *one = core->malloc(sizes[i]);
        void *two = core->malloc(sizes[i]);
        core->free(one);
        core->free(two);
        ck_assert_ptr_eq(core->malloc(sizes[i]), two);
        ck_assert_ptr_eq(core->malloc(sizes[i]), one);
    }
}

KN_TEST(cell, counts_its_blocks_and_bounds_them_in_every_class)
{
    struct kn_check_totals totals;
    kn_require(kn_heap_get() != NULL);
    for (unsigned i = 1; i < KN_CLASS_COUNT; i += 3)
        fill_and_drain(kn_class_bytes(i));
    kn_require_sound(kn_check_all(&totals));
    ck_assert_uint_eq(totals.slab_blocks, 0);
}

KN_TEST(cell, holds_a_list_that_is_longer_than_its_counter_can_say)
{
    static struct kn_heap heap;
    static char memory[2000][32];
    unsigned size_class = 2;
    uint32_t count = 2000;
    kn_require(kn_heap_get() != NULL);
    for (uint32_t i = 0; i < count; i++)
        kn_link_set(memory[i], i + 1 < count ? memory[i + 1] : NULL);
    kn_cell_fill(&heap, size_class, memory[0], count);
    for (uint32_t i = 0; i < count; i++) {
        kn_require(kn_cell_count(&heap, size_class) == count - i);
        if (heap.units[size_class] == KN_UNITS_EMPTY)
            kn_cell_count_beyond(&heap, size_class);
        kn_require(kn_cell_pop(&heap, size_class) == memory[i]);
    }
    ck_assert_uint_eq(kn_cell_count(&heap, size_class), 0);
    ck_assert_ptr_null(heap.head[size_class]);
    kn_cell_push(&heap, size_class, memory[7]);
    kn_cell_push(&heap, size_class, memory[8]);
    ck_assert_ptr_eq(kn_cell_take_all(&heap, size_class), memory[8]);
    ck_assert_uint_eq(kn_cell_count(&heap, size_class), 0);
}
