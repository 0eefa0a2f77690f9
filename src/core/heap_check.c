#include "core/heap_check.h"

#include <stdbool.h>
#include <stdint.h>

#include "base/align.h"
#include "core/cell.h"
#include "core/heap.h"
#include "core/map.h"
#include "core/page_heap.h"
#include "core/region.h"
#include "ds/dlist.h"
#include "os/os.h"

/* What one pass over everything collects. */
struct scan {
    uint64_t *marks; /* one bit per possible block address, range after range; NULL: none kept */
    size_t marks_bytes;
    size_t slabs_owned; /* by their own records */
    size_t slabs_in_bins;
    size_t granules_used;
    size_t blocks_free; /* in all lists */
    size_t blocks_carved;
    size_t large_blocks;
    size_t large_bytes;
};

/* ---- marks ---- */

#define MARKS_PER_GRANULE (KN_GRANULE / KN_ALIGN_MIN)

static void marks_begin(struct scan *scan)
{
    size_t granules = 0;
    for (struct kn_range *range = kn_region_first(); range != NULL;
         range = kn_load_acquire(&range->next))
        granules += kn_load_acquire(&range->granules);
    if (granules == 0)
        return;
    scan->marks_bytes = kn_align_up(granules * MARKS_PER_GRANULE / 8, kn_os_page_bytes());
    scan->marks = kn_os_map(scan->marks_bytes, kn_os_page_bytes());
}

static void marks_end(struct scan *scan)
{
    /* If it fails there is nothing to be done about it. */
    int error = scan->marks == NULL ? 0 : kn_os_unmap(scan->marks, scan->marks_bytes);
    (void)error;
}

/* Marks the block at an address of the heap; false if it was marked before. */
static bool try_mark(struct scan *scan, uintptr_t address)
{
    size_t first = 0;
    if (scan->marks == NULL)
        return true;
    for (struct kn_range *range = kn_region_first(); range != NULL;
         range = kn_load_acquire(&range->next)) {
        size_t granules = kn_load_acquire(&range->granules);
        if (address - range->base < granules * KN_GRANULE) {
            size_t bit = first * MARKS_PER_GRANULE + (address - range->base) / KN_ALIGN_MIN;
            uint64_t mask = (uint64_t)1 << (bit & 63);
            bool was_clear = (scan->marks[bit >> 6] & mask) == 0;
            scan->marks[bit >> 6] |= mask;
            return was_clear;
        }
        first += granules;
    }
    return false;
}

/* ---- lists of blocks ---- */

/* The slab of a class in which a block starts at that address; NULL if there is none. */
static struct kn_run *slab_at(const void *block, unsigned size_class)
{
    struct kn_place place;
    if (!kn_map_find((uintptr_t)block, &place))
        return NULL;
    uint32_t desc = kn_load_relaxed(place.desc);
    if ((desc & KN_DESC_CLASS_MASK) != size_class || desc == KN_DESC_CLEAN ||
        desc == KN_DESC_DIRTY || desc == KN_DESC_LARGE)
        return NULL;
    struct kn_run *run = kn_run_of_slot(place.slot);
    if (run->kind != KN_RUN_SLAB || run->size_class != size_class ||
        !kn_slab_is_block(run, run->size_class, (uintptr_t)block))
        return NULL;
    return run;
}

/*
 * A list of `count` free blocks of one class, all of them in `slab` unless that is NULL. Gives the
 * last one in *tail.
 */
static const char *check_blocks(struct scan *scan, const void *head, uint32_t count,
                                unsigned size_class, const struct kn_run *slab, const void **tail)
{
    for (const void *block = head; block != NULL; block = kn_link_next(block)) {
        struct kn_run *run = slab_at(block, size_class);
        if (run == NULL)
            return "a list of free blocks holds something else";
        if (slab != NULL && run != slab)
            return "a list of a slab's free blocks holds a block of another slab";
        if (count == 0)
            return "a list of free blocks is longer than its count";
        if (!try_mark(scan, (uintptr_t)block))
            return "a block is free in two places";
        scan->blocks_free++;
        count--;
        *tail = block;
    }
    return count == 0 ? NULL : "a list of free blocks is shorter than its count";
}

/* ---- heaps ---- */

static const char *check_cell(struct scan *scan, const struct kn_heap *heap, unsigned size_class)
{
    const void *tail;
    uint32_t count = kn_cell_count(heap, size_class);
    if (size_class < KN_SMALL_CLASSES) {
        unsigned units = heap->units[size_class];
        if (units < KN_UNITS_EMPTY || (units - KN_UNITS_EMPTY) % size_class != 0)
            return "a cell's counter is not a multiple of its class";
    } else if (heap->room[size_class] > (int)kn_classes[size_class].cell_blocks) {
        return "a cell has more room than it is large";
    } else if (heap->bins[size_class].beyond != 0) {
        return "blocks of a medium cell are counted apart";
    }
    if (heap->is_shared && count != 0)
        return "a heap without cells has blocks in a cell";
    return check_blocks(scan, heap->head[size_class], count, size_class, NULL, &tail);
}

static const char *check_bin(struct scan *scan, const struct kn_heap *heap, unsigned size_class)
{
    const struct kn_bin *bin = &heap->bins[size_class];
    uint32_t count = 0;
    const char *wrong = kn_dlist_check(&bin->slabs);
    if (wrong != NULL)
        return wrong;
    for (struct kn_dlist *link = kn_dlist_first(&bin->slabs); link != NULL;
         link = kn_dlist_next(&bin->slabs, link)) {
        const struct kn_run *run = KN_CONTAINER_OF(link, struct kn_run, slab.link);
        if (run->kind != KN_RUN_SLAB || run->size_class != size_class)
            return "a bin holds something that is not a slab of its class";
        if (run->slab.owner_tag != heap->tag ||
            kn_remote_state(kn_load_acquire(&run->slab.remote)) != KN_SLAB_OWNED)
            return "a bin holds a slab that its heap does not own";
        wrong = kn_slab_check(run);
        if (wrong != NULL)
            return wrong;
        count++;
    }
    scan->slabs_in_bins += count;
    return count == bin->slab_count ? NULL : "a bin's count of slabs is wrong";
}

static const char *check_batches(struct scan *scan, const struct kn_heap *heap)
{
    uint32_t open = 0;
    for (unsigned i = 0; i < KN_BATCHES; i++) {
        const struct kn_batch *batch = &heap->batches[i];
        const void *tail = NULL;
        if (batch->slab == NULL)
            continue;
        if (batch->slab->kind != KN_RUN_SLAB || batch->chain.count == 0)
            return "a batch is for something that is not a slab, or is empty";
        const char *wrong = check_blocks(scan, batch->chain.head, batch->chain.count,
                                         batch->slab->size_class, batch->slab, &tail);
        if (wrong != NULL)
            return wrong;
        if (tail != batch->chain.tail)
            return "a batch ends elsewhere than it says";
        open++;
    }
    return open == heap->open_batches ? NULL : "a heap's count of open batches is wrong";
}

static const char *check_heap(struct scan *scan, const struct kn_heap *heap)
{
    const char *wrong = check_batches(scan, heap);
    for (unsigned i = 1; i < KN_CLASS_COUNT && wrong == NULL; i++) {
        wrong = check_cell(scan, heap, i);
        if (wrong == NULL)
            wrong = check_bin(scan, heap, i);
    }
    return wrong;
}

const char *kn_heap_check(const struct kn_heap *heap)
{
    struct scan scan = {.marks = NULL};
    return check_heap(&scan, heap);
}

/* ---- runs ---- */

static const char *check_slab_place(struct scan *scan, const struct kn_run *run)
{
    uint64_t word = kn_load_acquire(&run->slab.remote);
    enum kn_slab_state state = kn_remote_state(word);
    bool is_owned = state == KN_SLAB_OWNED;
    if (run->parked != (state == KN_SLAB_POOLED))
        return "a slab is in the pool of orphans and does not say so, or the reverse";
    if (is_owned != (run->slab.owner_tag != KN_TAG_NONE))
        return "a slab without owner names one, or the reverse";
    if (state == KN_SLAB_FULL && kn_load_relaxed(&run->carved) != run->capacity)
        return "a slab handed out completely has room left";
    if (!is_owned && run->slab.local_count != 0)
        return "a slab without owner has a local list";
    const kn_desc *desc = kn_map_descs(run);
    uint32_t expected = (is_owned ? run->slab.owner_tag : KN_DESC_UNOWNED) | run->size_class;
    for (size_t i = 0; i < run->granules; i++) {
        if (kn_load_relaxed(&desc[i]) != expected)
            return "a slab's descriptors name another owner or class than its record";
    }
    scan->slabs_owned += is_owned;
    scan->blocks_carved += kn_load_relaxed(&run->carved);
    return NULL;
}

static const char *check_slab(struct scan *scan, const struct kn_run *run)
{
    const void *tail;
    uint64_t word = kn_load_acquire(&run->slab.remote);
    const char *wrong = kn_slab_check(run);
    if (wrong == NULL)
        wrong = check_slab_place(scan, run);
    if (wrong == NULL &&
        run->capacity != run->granules * KN_GRANULE / kn_class_bytes(run->size_class))
        wrong = "a slab's capacity does not follow from its size";
    for (uint32_t i = 0; i < run->granules && wrong == NULL; i++)
        wrong = run[i].back == i ? NULL : "a slab's granule does not lead to its record";
    if (wrong == NULL)
        wrong =
            check_blocks(scan, run->slab.local, run->slab.local_count, run->size_class, run, &tail);
    if (wrong == NULL)
        wrong = check_blocks(scan, kn_remote_head(run, word), kn_remote_count(word),
                             run->size_class, run, &tail);
    return wrong;
}

static const char *check_large(struct scan *scan, const struct kn_run *run)
{
    const kn_desc *desc = kn_map_descs(run);
    scan->large_blocks++;
    scan->large_bytes += run->large.bytes;
    if (kn_load_relaxed(&desc[0]) != KN_DESC_LARGE)
        return "a large block is not described as one";
    for (size_t i = 1; i < run->granules; i++) {
        uint32_t mark = kn_load_relaxed(&desc[i]);
        if (mark != KN_DESC_CLEAN && mark != KN_DESC_DIRTY)
            return "the inside of a large block is described as something else";
    }
    return run->large.bytes == run->granules * KN_GRANULE
               ? NULL
               : "a large block's size does not follow from its granules";
}

static const char *check_run(struct scan *scan, const struct kn_run *run)
{
    if (run->back != 0 || run[run->granules - 1].back != run->granules - 1)
        return "a run's ends do not lead to each other";
    for (size_t i = 1; i < run->granules; i++) {
        if (run[i].kind != KN_RUN_NONE)
            return "there is a record inside a run";
    }
    scan->granules_used += run->kind == KN_RUN_FREE ? 0 : run->granules;
    switch ((enum kn_run_kind)run->kind) {
    case KN_RUN_FREE:
        return NULL; /* the page heap's own check sees to it */
    case KN_RUN_SLAB:
        return check_slab(scan, run);
    case KN_RUN_LARGE:
        return check_large(scan, run);
    default:
        return "a run is neither free nor in use";
    }
}

static const char *check_range(struct scan *scan, const struct kn_range *range)
{
    size_t granules = kn_load_acquire(&range->granules);
    size_t i = 0;
    while (i < granules) {
        const struct kn_run *run = &range->slots[i];
        if (run->base != range->base + i * KN_GRANULE)
            return "a run's record gives another address than its place";
        if (run->granules == 0 || run->granules > granules - i)
            return "a run reaches over the end of its range";
        const char *wrong = check_run(scan, run);
        if (wrong != NULL)
            return wrong;
        i += run->granules;
    }
    if (granules != 0 &&
        (range->slots[granules].kind != KN_RUN_EDGE || range->slots[-1].kind != KN_RUN_EDGE))
        return "a range has lost its edges";
    return NULL;
}

/* ---- everything ---- */

static const char *check_everything(struct scan *scan)
{
    struct kn_page_heap_stats stats;
    const char *wrong = kn_page_heap_check();
    for (struct kn_range *range = kn_region_first(); range != NULL && wrong == NULL;
         range = kn_load_acquire(&range->next))
        wrong = check_range(scan, range);
    for (const struct kn_heap *heap = kn_heap_first(); heap != NULL && wrong == NULL;
         heap = heap->next)
        wrong = check_heap(scan, heap);
    if (wrong != NULL)
        return wrong;
    if (scan->slabs_owned != scan->slabs_in_bins)
        return "a slab that is owned is in nobody's bin";
    kn_page_heap_stats(&stats);
    if (scan->granules_used * KN_GRANULE != stats.used_bytes)
        return "the count of used bytes does not match the runs in use";
    return NULL;
}

const char *kn_check_all(struct kn_check_totals *totals)
{
    struct scan scan = {.marks = NULL};
    marks_begin(&scan);
    const char *wrong = check_everything(&scan);
    marks_end(&scan);
    if (totals != NULL) {
        totals->slab_blocks = scan.blocks_carved - scan.blocks_free;
        totals->large_blocks = scan.large_blocks;
        totals->large_bytes = scan.large_bytes;
    }
    return wrong;
}
