#include "core/walk.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/align.h"
#include "base/assert.h"
#include "core/heap.h"
#include "core/init.h"
#include "core/region.h"
#include "core/slab.h"
#include "core/stats.h"
#include "ds/bitmap.h"
#include "os/os.h"

/* Room for blocks that get into cells between counting and collecting them. */
#define CACHED_SPARE 4096

/* ---- runs ---- */

/* The record of the run that `granule` is part of. */
static struct kn_run *run_around(struct kn_range *range, size_t granule)
{
    struct kn_run *slot = &range->slots[granule];
    while (kn_run_kind_of(slot) == KN_RUN_NONE && slot > range->slots)
        slot--;
    return slot;
}

void kn_walk_start(struct kn_walk *walk)
{
    kn_init();
    walk->range = kn_region_first();
    walk->granule = 0;
}

struct kn_run *kn_walk_next(struct kn_walk *walk)
{
    while (walk->range != NULL) {
        struct kn_range *range = walk->range;
        while (walk->granule < kn_load_relaxed(&range->granules)) {
            struct kn_run *run = run_around(range, walk->granule);
            size_t first = (size_t)(run - range->slots);
            bool is_new = first == walk->granule;
            walk->granule = first + run->granules;
            if (is_new)
                return run;
        }
        /* Acquire: pairs with the release that appends a range. */
        walk->range = kn_load_acquire(&range->next);
        walk->granule = 0;
    }
    return NULL;
}

/* ---- blocks in cells ---- */

/* Addresses of the blocks in the cells and batches of all heaps, in order. */
struct cached {
    uintptr_t *blocks;
    size_t count;
    size_t capacity;
    size_t mapped_bytes;
};

static struct kn_run *slab_of(uintptr_t address)
{
    struct kn_place place;
    if (!kn_map_find(address, &place))
        return NULL;
    uint32_t desc = kn_load_relaxed(place.desc);
    if (desc == KN_DESC_CLEAN || desc == KN_DESC_DIRTY || desc == KN_DESC_LARGE)
        return NULL;
    struct kn_run *run = kn_run_of_slot(place.slot);
    return kn_run_kind_of(run) == KN_RUN_SLAB && kn_slab_is_block(run, run->size_class, address)
               ? run
               : NULL;
}

/* The owner of the list may be changing it: every link is checked before it is followed. */
static void collect_list(struct cached *cached, void *head, size_t count)
{
    for (uintptr_t block = (uintptr_t)head; count > 0 && slab_of(block) != NULL; count--) {
        if (cached->count == cached->capacity)
            return;
        cached->blocks[cached->count++] = block;
        block = (uintptr_t)kn_peek((void **)block);
    }
}

static void collect_heap(struct cached *cached, struct kn_heap *heap)
{
    for (unsigned i = 1; i < KN_CLASS_COUNT; i++)
        collect_list(cached, kn_peek(&heap->head[i]), kn_stats_cell_blocks(heap, i));
    for (unsigned i = 0; i < KN_BATCHES; i++) {
        if (kn_peek(&heap->batches[i].slab) != NULL)
            collect_list(cached, kn_peek(&heap->batches[i].chain.head),
                         kn_peek(&heap->batches[i].chain.count));
    }
}

static void sift_down(uintptr_t *blocks, size_t root, size_t count)
{
    for (size_t child; (child = 2 * root + 1) < count; root = child) {
        if (child + 1 < count && blocks[child + 1] > blocks[child])
            child++;
        if (blocks[root] >= blocks[child])
            return;
        uintptr_t higher = blocks[child];
        blocks[child] = blocks[root];
        blocks[root] = higher;
    }
}

static void sort(uintptr_t *blocks, size_t count)
{
    for (size_t i = count / 2; i-- > 0;)
        sift_down(blocks, i, count);
    for (size_t end = count; end-- > 1;) {
        uintptr_t last = blocks[end];
        blocks[end] = blocks[0];
        blocks[0] = last;
        sift_down(blocks, 0, end);
    }
}

static bool try_collect(struct cached *cached)
{
    size_t count = CACHED_SPARE;
    for (struct kn_heap *heap = kn_heap_first(); heap != NULL; heap = heap->next) {
        for (unsigned i = 1; i < KN_CLASS_COUNT; i++)
            count += kn_stats_cell_blocks(heap, i);
        for (unsigned i = 0; i < KN_BATCHES; i++)
            count += kn_peek(&heap->batches[i].chain.count);
    }
    cached->count = 0;
    cached->capacity = count;
    cached->mapped_bytes = kn_align_up(count * sizeof(*cached->blocks), kn_os_page_bytes());
    cached->blocks = kn_os_map(cached->mapped_bytes, kn_os_page_bytes());
    if (cached->blocks == NULL)
        return false;
    /* While the lock is held no slab becomes anything else, so every block stays readable. */
    kn_lock_acquire(&kn_page_heap_lock);
    for (struct kn_heap *heap = kn_heap_first(); heap != NULL; heap = heap->next)
        collect_heap(cached, heap);
    kn_lock_release(&kn_page_heap_lock);
    sort(cached->blocks, cached->count);
    return true;
}

static void cached_release(struct cached *cached)
{
    int error = kn_os_unmap(cached->blocks, cached->mapped_bytes);
    KN_ASSERT(error == 0); /* a mapping of its own need not be split */
    (void)error;
}

/* Index of the first block at or behind an address. */
static size_t cached_find(const struct cached *cached, uintptr_t address)
{
    size_t low = 0;
    size_t high = cached->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (cached->blocks[middle] < address)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* ---- slabs ---- */

/* What a slab looked like at a moment when the page heap's lock was held. */
struct slab_view {
    uintptr_t base;
    size_t bytes;
    size_t block_bytes;
    uint32_t blocks; /* carved */
    uint64_t is_free[(KN_SLAB_CAPACITY_MAX + 64) / 64];
};

static void mark_free(struct slab_view *view, const struct kn_run *run, uintptr_t address)
{
    uint32_t index =
        kn_class_index_of(&kn_classes[run->size_class], (uint32_t)(address - view->base));
    if (index < view->blocks)
        kn_bitmap_set_run(view->is_free, index, 1);
}

static void mark_list(struct slab_view *view, const struct kn_run *run, void *head, size_t count)
{
    uintptr_t block = (uintptr_t)head;
    for (; count > 0 && block - view->base < view->bytes; count--) {
        if (!kn_slab_is_block(run, run->size_class, block))
            return;
        mark_free(view, run, block);
        block = (uintptr_t)kn_peek((void **)block);
    }
}

static void view_slab(struct slab_view *view, const struct kn_run *run)
{
    view->base = run->base;
    view->bytes = run->granules * KN_GRANULE;
    view->block_bytes = kn_class_bytes(run->size_class);
    view->blocks = kn_load_relaxed(&run->carved);
    kn_bitmap_clear_run(view->is_free, 0, view->blocks);
    /* Acquire: pairs with the release of each push, for the links. */
    uint64_t remote = kn_load_acquire(&run->slab.remote);
    mark_list(view, run, kn_remote_head(run, remote), kn_remote_count(remote));
    mark_list(view, run, kn_peek(&run->slab.local), kn_peek(&run->slab.local_count));
}

static void view_cached(struct slab_view *view, const struct kn_run *run,
                        const struct cached *cached)
{
    for (size_t i = cached_find(cached, view->base);
         i < cached->count && cached->blocks[i] - view->base < view->bytes; i++)
        mark_free(view, run, cached->blocks[i]);
}

/* ---- visits ---- */

static int visit_slab(const struct slab_view *view,
                      int (*visit)(const struct knoll_block *, void *), void *arg)
{
    struct knoll_block block = {.bytes = view->block_bytes};
    int result = 0;
    for (uint32_t i = 0; i < view->blocks && result == 0; i++) {
        block.address = (void *)(view->base + i * view->block_bytes);
        block.is_used = !kn_bitmap_is_set(view->is_free, i);
        result = visit(&block, arg);
    }
    return result;
}

int kn_walk_blocks(int (*visit)(const struct knoll_block *block, void *arg), void *arg)
{
    struct kn_walk walk;
    struct cached cached;
    struct slab_view view;
    int result = 0;
    kn_walk_start(&walk);
    if (!try_collect(&cached)) {
        errno = ENOMEM;
        return -1;
    }
    while (result == 0) {
        kn_lock_acquire(&kn_page_heap_lock);
        struct kn_run *run = kn_walk_next(&walk);
        enum kn_run_kind kind = run != NULL ? kn_run_kind_of(run) : KN_RUN_EDGE;
        struct knoll_block large = {.is_used = true, .is_large = true};
        if (kind == KN_RUN_SLAB) {
            view_slab(&view, run);
            view_cached(&view, run, &cached);
        } else if (kind == KN_RUN_LARGE) {
            large.address = (void *)run->base;
            large.bytes = run->granules * KN_GRANULE;
        }
        kn_lock_release(&kn_page_heap_lock);
        if (kind == KN_RUN_EDGE)
            break;
        if (kind == KN_RUN_SLAB)
            result = visit_slab(&view, visit, arg);
        else if (kind == KN_RUN_LARGE)
            result = visit(&large, arg);
    }
    cached_release(&cached);
    return result;
}

static size_t count_used(const struct slab_view *view)
{
    size_t used = 0;
    for (uint32_t i = 0; i < view->blocks; i++)
        used += !kn_bitmap_is_set(view->is_free, i);
    return used;
}

/* Describes a run; false for one that is nothing at the moment. With the page heap's lock held. */
static bool try_describe(struct knoll_run *out, const struct kn_run *run,
                         const struct cached *cached)
{
    struct slab_view view;
    *out = (struct knoll_run){.address = (void *)run->base, .bytes = run->granules * KN_GRANULE};
    switch (kn_run_kind_of(run)) {
    case KN_RUN_FREE:
        out->kind = KNOLL_RUN_FREE;
        out->dirty_bytes = run->dirty * KN_GRANULE;
        return true;
    case KN_RUN_LARGE:
        out->kind = KNOLL_RUN_LARGE;
        out->block_bytes = out->bytes;
        out->blocks = 1;
        out->used_blocks = 1;
        return true;
    case KN_RUN_SLAB:
        view_slab(&view, run);
        view_cached(&view, run, cached);
        out->kind = KNOLL_RUN_SLAB;
        out->block_bytes = view.block_bytes;
        out->blocks = run->capacity;
        out->used_blocks = count_used(&view);
        return true;
    default:
        return false;
    }
}

int kn_walk_runs(int (*visit)(const struct knoll_run *run, void *arg), void *arg)
{
    struct kn_walk walk;
    struct cached cached;
    struct kn_run *run;
    int result = 0;
    kn_walk_start(&walk);
    if (!try_collect(&cached)) {
        errno = ENOMEM;
        return -1;
    }
    do {
        struct knoll_run out;
        kn_lock_acquire(&kn_page_heap_lock);
        run = kn_walk_next(&walk);
        bool is_described = run != NULL && try_describe(&out, run, &cached);
        kn_lock_release(&kn_page_heap_lock);
        if (is_described)
            result = visit(&out, arg);
    } while (run != NULL && result == 0);
    cached_release(&cached);
    return result;
}

/* ---- one block ---- */

static bool is_in_own_cell(const void *block, unsigned size_class)
{
    const struct kn_heap *heap = kn_self.heap;
    uint32_t count = kn_stats_cell_blocks(heap, size_class);
    for (const void *at = heap->head[size_class]; count > 0 && at != NULL; count--) {
        if (at == block)
            return true;
        at = kn_link_next(at);
    }
    return false;
}

static int find_in_slab(const struct kn_run *run, uintptr_t address, struct knoll_block *block)
{
    struct slab_view view;
    view_slab(&view, run);
    uint32_t index =
        kn_class_index_of(&kn_classes[run->size_class], (uint32_t)(address - view.base));
    if (index >= view.blocks)
        return ENOENT;
    block->address = (void *)(view.base + index * view.block_bytes);
    block->bytes = view.block_bytes;
    block->is_used =
        !kn_bitmap_is_set(view.is_free, index) && !is_in_own_cell(block->address, run->size_class);
    block->is_large = false;
    return 0;
}

static int find_locked(uintptr_t address, struct knoll_block *block)
{
    struct kn_place place;
    if (!kn_map_find(address, &place))
        return ENOENT;
    const struct kn_run *run = place.slot;
    while (kn_run_kind_of(run) == KN_RUN_NONE)
        run--;
    if (kn_run_kind_of(run) == KN_RUN_SLAB)
        return find_in_slab(run, address, block);
    if (kn_run_kind_of(run) != KN_RUN_LARGE)
        return ENOENT;
    block->address = (void *)run->base;
    block->bytes = run->granules * KN_GRANULE;
    block->is_used = true;
    block->is_large = true;
    return 0;
}

int kn_block_find(const void *address, struct knoll_block *block)
{
    kn_init();
    kn_lock_acquire(&kn_page_heap_lock);
    int error = find_locked((uintptr_t)address, block);
    kn_lock_release(&kn_page_heap_lock);
    return error;
}
