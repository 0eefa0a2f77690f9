/*
 * The heap walk: visits every block, or every run, of the process.
 *
 * Blocks that exist all the while are visited once. Those made or freed meanwhile may or may not be.
 * What is free is known exactly for the calling thread, and for other threads that do not use the
 * heap during the walk; of a thread that does, a few blocks may be reported in the wrong state.
 *
 * Threads: any, several at a time. The callback may allocate and free, as no lock is held.
 * Cost: linear in the number of blocks; the page heap's lock is taken once for each run. Needs some
 * memory from the operating system: a few bytes for each block in cells.
 */
#ifndef KNOLL_WALK_H
#define KNOLL_WALK_H

#include <stdbool.h>
#include <stddef.h>

#include <knoll/attributes.h>

KNOLL_BEGIN

struct knoll_block {
    void *address;
    size_t bytes; /* usable */
    bool is_used; /* the program has it */
    bool is_large;
};

enum knoll_run_kind {
    KNOLL_RUN_FREE,
    KNOLL_RUN_SLAB,
    KNOLL_RUN_LARGE,
};

/* Consecutive memory of the heap. */
struct knoll_run {
    void *address;
    size_t bytes;
    enum knoll_run_kind kind;
    size_t dirty_bytes; /* free: those that may hold memory */
    size_t block_bytes; /* slab, as below; a large block is 1 block */
    size_t blocks;
    size_t used_blocks;
};

/*
 * Call visit(block, arg) for every block, used or free, that has been handed out at least once, or
 * for every run, until it returns another value than 0. Return that value, or 0 at the end, or -1
 * with errno ENOMEM if there is no memory for the walk.
 */
KNOLL_API int knoll_walk_blocks(int (*visit)(const struct knoll_block *block, void *arg),
                                void *arg);
KNOLL_API int knoll_walk_runs(int (*visit)(const struct knoll_run *run, void *arg), void *arg);

/*
 * Finds the block that contains `address`, any address whatever, and describes it. 0, or ENOENT if
 * there is none. Blocks in the cells of other threads count as used here. Cost: a few loads, and the
 * length of the slab's lists.
 */
KNOLL_API KNOLL_NODISCARD int knoll_block_find(const void *address,
                                               struct knoll_block *block) KNOLL_NOTHROW;

KNOLL_END

#endif
