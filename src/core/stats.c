#include "core/stats.h"

#include "base/atomic.h"
#include "core/init.h"
#include "core/meta.h"
#include "core/orphan.h"
#include "core/page_heap.h"
#include "core/region.h"
#include "core/slab.h"
#include "core/walk.h"
#include "os/os.h"
#include "os/process.h"

/* Runs looked at before the page heap's lock is let go for a moment. */
#define RUNS_PER_LOCK 256

uint32_t kn_stats_cell_blocks(const struct kn_heap *heap, unsigned size_class)
{
    if (size_class >= KN_SMALL_CLASSES) {
        int blocks = kn_classes[size_class].cell_blocks - kn_peek(&heap->room[size_class]);
        return blocks > 0 ? (uint32_t)blocks : 0;
    }
    uint32_t units = kn_peek(&heap->units[size_class]);
    uint32_t counted = units > KN_UNITS_EMPTY ? (units - KN_UNITS_EMPTY) / size_class : 0;
    return kn_peek(&heap->bins[size_class].beyond) + counted;
}

static void add_slab(struct kn_stats *stats, const struct kn_run *run)
{
    struct knoll_class_stats *c = &stats->classes[run->size_class];
    size_t carved = kn_load_relaxed(&run->carved);
    size_t listed =
        kn_remote_count(kn_load_relaxed(&run->slab.remote)) + kn_peek(&run->slab.local_count);
    if (listed > carved)
        listed = carved;
    c->slabs++;
    c->slab_bytes += run->granules * KN_GRANULE;
    c->blocks += run->capacity;
    c->used_blocks += carved - listed;
    c->listed_blocks += listed;
    c->fresh_blocks += run->capacity - carved;
}

static void add_runs(struct kn_stats *stats)
{
    struct kn_walk walk;
    struct kn_run *run;
    kn_walk_start(&walk);
    do {
        unsigned left = RUNS_PER_LOCK;
        kn_lock_acquire(&kn_page_heap_lock);
        while (left-- > 0 && (run = kn_walk_next(&walk)) != NULL) {
            if (kn_run_kind_of(run) == KN_RUN_SLAB) {
                add_slab(stats, run);
            } else if (kn_run_kind_of(run) == KN_RUN_LARGE) {
                stats->total.large_blocks++;
                stats->total.large_bytes += run->granules * KN_GRANULE;
            }
        }
        kn_lock_release(&kn_page_heap_lock);
    } while (run != NULL);
}

static void add_heap(struct kn_stats *stats, struct kn_heap *heap)
{
    stats->total.heaps += !heap->is_shared;
    for (unsigned i = 1; i < KN_CLASS_COUNT; i++)
        stats->classes[i].cell_blocks += kn_stats_cell_blocks(heap, i);
    for (unsigned i = 0; i < KN_BATCHES; i++) {
        struct kn_run *slab = kn_peek(&heap->batches[i].slab);
        if (slab != NULL && slab->size_class < KN_CLASS_COUNT)
            stats->classes[slab->size_class].cell_blocks += kn_peek(&heap->batches[i].chain.count);
    }
}

static void add_class(struct knoll_stats *total, struct knoll_class_stats *c)
{
    if (c->cell_blocks > c->used_blocks)
        c->cell_blocks = c->used_blocks;
    c->used_blocks -= c->cell_blocks;
    size_t cached = c->cell_blocks + c->listed_blocks;
    total->slabs += c->slabs;
    total->used_blocks += c->used_blocks;
    total->used_bytes += c->used_blocks * c->block_bytes;
    total->cached_blocks += cached;
    total->cached_bytes += cached * c->block_bytes;
}

/* What add_waits adds up; under the page heap's lock, which is at hand. */
static uint64_t waits;

static void add_waits(struct kn_lock *lock)
{
    waits += kn_lock_contended(lock);
}

static uint64_t lock_waits(void)
{
    kn_lock_acquire(&kn_page_heap_lock);
    waits = kn_lock_contended(&kn_page_heap_lock) + kn_lock_contended(&kn_meta_lock);
    kn_heaps_fork_each(add_waits);
    kn_orphans_fork_each(add_waits);
    uint64_t result = waits;
    kn_lock_release(&kn_page_heap_lock);
    return result;
}

static void add_pages(struct knoll_stats *total)
{
    struct kn_page_heap_stats pages;
    kn_page_heap_stats(&pages);
    total->run_bytes = pages.used_bytes;
    total->run_peak_bytes = pages.used_peak_bytes;
    total->dirty_bytes = pages.dirty_bytes;
    total->clean_bytes = pages.clean_bytes;
    total->purge_calls = pages.purge_calls;
    total->purged_bytes = pages.purged_bytes;
    total->grow_calls = pages.grow_calls;
    kn_lock_acquire(&kn_page_heap_lock);
    total->committed_bytes = kn_region_committed_bytes();
    total->metadata_bytes = kn_region_metadata_bytes();
    kn_lock_release(&kn_page_heap_lock);
    total->metadata_bytes += kn_meta_mapped_bytes();
}

/* What had been counted before, see kn_stats_count_faults_from_here. */
static _Atomic uint64_t page_faults_before;
static _Atomic uint64_t major_faults_before;

static void add_process(struct knoll_stats *total)
{
    struct kn_process_usage usage;
    total->resident_bytes = kn_os_resident_bytes();
    kn_process_usage_get(&usage);
    total->resident_peak_bytes = usage.resident_peak_bytes;
    total->threads = usage.threads;
    total->page_faults = usage.page_faults - kn_load_relaxed(&page_faults_before);
    total->major_faults = usage.major_faults - kn_load_relaxed(&major_faults_before);
}

void kn_stats_count_faults_from_here(void)
{
    struct kn_process_usage usage;
    kn_process_usage_get(&usage);
    kn_store_relaxed(&page_faults_before, usage.page_faults);
    kn_store_relaxed(&major_faults_before, usage.major_faults);
}

void kn_stats_gather(struct kn_stats *stats)
{
    kn_init();
    *stats = (struct kn_stats){.total.struct_bytes = sizeof(stats->total)};
    for (unsigned i = 1; i < KN_CLASS_COUNT; i++)
        stats->classes[i].block_bytes = kn_class_bytes(i);
    /* Cells before slabs: a block that is freed in between is then counted as used, not twice as
     * free. */
    for (struct kn_heap *heap = kn_heap_first(); heap != NULL; heap = heap->next)
        add_heap(stats, heap);
    add_runs(stats);
    for (unsigned i = 1; i < KN_CLASS_COUNT; i++)
        add_class(&stats->total, &stats->classes[i]);
    stats->total.used_bytes += stats->total.large_bytes;
    stats->total.used_blocks += stats->total.large_blocks;
    add_pages(&stats->total);
    add_process(&stats->total);
    stats->total.lock_waits = lock_waits();
}
