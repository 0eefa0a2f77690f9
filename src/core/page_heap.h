/*
 * The page heap: hands out runs of granules, takes them back, and bounds the memory that lies
 * unused.
 *
 * Free runs are coalesced at once and sit in one of two indexes: runs with dirty granules, and
 * wholly clean ones. Both find the best fit; among equals long runs are had lowest address first,
 * short ones by and large. A request is served from
 *
 *     1. the best fit among the runs with dirty granules    no page fault, or few
 *     2. the best fit among the clean runs                  faults on first touch
 *     3. newly committed address space
 *
 * What a run handed out has of clean granules makes the process grow: where used and dirty memory
 * together exceed the peak of used memory, as much dirty memory is given back, oldest first. Growth
 * by less than 1 MiB is let pass while the excess is small. Independently of that the dirty memory
 * is kept below max(kn_page_heap_dirty_min, used / kn_page_heap_dirty_share) plus a slack that
 * adapts to the program (slack.h), at all times and without a clock.
 *
 * Whether a free granule is dirty is written in its descriptor (KN_DESC_DIRTY or KN_DESC_CLEAN); a
 * granule handed out keeps its mark until the new owner overwrites it, so the owner can tell which
 * parts read as zero.
 *
 * Locking: one lock for the process, taken inside; never held across a system call that gives
 * memory back, so a long purge stalls nobody. Cost: O(1) for runs of up to 1 MiB, O(log free runs)
 * for longer ones.
 */
#ifndef KN_CORE_PAGE_HEAP_H
#define KN_CORE_PAGE_HEAP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/compiler.h"
#include "core/run.h"
#include "os/lock.h"

struct kn_page_heap_stats {
    size_t used_bytes;  /* in slabs and large blocks */
    size_t dirty_bytes; /* free, may be resident */
    size_t clean_bytes; /* free, not resident */
    size_t used_peak_bytes;
    uint64_t purge_calls; /* system calls that gave memory back */
    uint64_t purged_bytes;
    uint64_t grow_calls; /* system calls that committed more */
};

extern KN_HIDDEN struct kn_lock kn_page_heap_lock;

/* Bounds of unused dirty memory, see above. Set before the first use or under the lock. */
extern KN_HIDDEN size_t kn_page_heap_dirty_min_bytes;
extern KN_HIDDEN size_t kn_page_heap_dirty_share;
extern KN_HIDDEN size_t kn_page_heap_dirty_slack_bytes;

void kn_page_heap_init(void);

/*
 * A run of `granules` whose address is a multiple of align_granules granules (a power of two), of
 * kind KN_RUN_BUSY, or NULL. run->dirty says how many are dirty. The caller sets kind and
 * descriptors.
 */
KN_NODISCARD struct kn_run *kn_run_alloc(size_t granules, size_t align_granules);

/* The same for a block that grows: if possible, as much is free behind it. */
KN_NODISCARD struct kn_run *kn_run_alloc_to_grow(size_t granules);

/*
 * Takes back a run of any kind but free. The caller has set its descriptors to KN_DESC_DIRTY or
 * KN_DESC_CLEAN; `dirty_granules` is how many are dirty.
 */
void kn_run_free(struct kn_run *run, size_t dirty_granules);

/* Grows a run in place at its end if the granules behind it are free. The new granules keep their
 * marks. */
KN_NODISCARD bool kn_run_try_extend(struct kn_run *run, size_t granules);

/* Cuts the run to `granules` and frees the rest, all of which counts as dirty. */
void kn_run_cut(struct kn_run *run, size_t granules);

/* Gives dirty memory back to the OS until at most keep_bytes are left. Bytes given back. */
size_t kn_page_heap_purge(size_t keep_bytes);

void kn_page_heap_stats(struct kn_page_heap_stats *stats);

/* NULL, or what is wrong with the indexes. Takes the lock. */
const char *kn_page_heap_check(void);

#endif
