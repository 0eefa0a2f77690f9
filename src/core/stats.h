/*
 * Statistics, gathered on demand: <knoll/stats.h> says which of them are exact.
 *
 * Nothing is counted while blocks are handed out and taken back. A slab knows how many blocks were
 * carved and how many are in its lists, a cell how many it holds, so
 *
 *     used = carved - local list - remote list - cells and batches of all heaps
 *
 * Threads: any. The page heap's lock is held for a bounded number of runs at a time.
 */
#ifndef KN_CORE_STATS_H
#define KN_CORE_STATS_H

#include <stddef.h>
#include <stdint.h>

#include "core/heap.h"
#include "core/sizeclass.h"

#include <knoll/stats.h>

struct kn_stats {
    struct knoll_stats total; /* struct_bytes is set */
    struct knoll_class_stats classes[KN_CLASS_COUNT];
};

/* Cost: some 7 KiB of the caller's stack or wherever *stats is. */
void kn_stats_gather(struct kn_stats *stats);

/* Makes the page faults so far count for nothing: they were those of loading, or of another program
 * that ran in the process before. Once, at start. */
void kn_stats_count_faults_from_here(void);

/* Blocks in the cell of a class; of another thread's heap, at some moment. */
uint32_t kn_stats_cell_blocks(const struct kn_heap *heap, unsigned size_class);

#endif
