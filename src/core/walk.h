/*
 * Walks over all runs of all ranges, and over the blocks in them; <knoll/walk.h> is the public
 * side.
 *
 * A walk is a position that may be left and taken up again while others allocate and free. Runs are
 * then joined and cut, so the position may find itself inside a run: such a run began before, and
 * is skipped, for what has been there all the while is never joined with anything.
 *
 *     runs      | slab | free    | large      | ...        position: the first granule not visited
 *                              ^
 *
 * The page heap's lock is held while looking at a run, and not while a callback runs.
 */
#ifndef KN_CORE_WALK_H
#define KN_CORE_WALK_H

#include <stddef.h>

#include "core/map.h"
#include "core/page_heap.h"

#include <knoll/walk.h>

struct kn_walk {
    struct kn_range *range;
    size_t granule;
};

/*
 * A number that its owner writes without telling anyone: the value of some moment. For counts shown
 * to people, never for decisions.
 */
#define kn_peek(p) __atomic_load_n(p, __ATOMIC_RELAXED)

void kn_walk_start(struct kn_walk *walk);

/* The next run: free, slab or large, or in between (KN_RUN_BUSY). NULL at the end. With the page
 * heap's lock held. */
struct kn_run *kn_walk_next(struct kn_walk *walk);

/* As the public functions. */
int kn_walk_blocks(int (*visit)(const struct knoll_block *block, void *arg), void *arg);
int kn_walk_runs(int (*visit)(const struct knoll_run *run, void *arg), void *arg);
int kn_block_find(const void *address, struct knoll_block *block);

#endif
