/*
 * sharing: small blocks that are written often by threads that might share cache lines.
 *
 * Stresses: mode=active: whether an allocator gives parts of one cache line to different threads;
 * mode=passive: whether a thread that frees a foreign block gets it back, and so shares lines with
 * the thread that made it. Modelled after: cache-thrash and cache-scratch of Emery Berger's Hoard
 * ("Hoard: A Scalable Memory Allocator for Multithreaded Applications", 2000). Arguments: mode,
 * size in bytes, writes to each block, count of blocks per thread, threads. One operation: one
 * malloc, `writes` increments in the block, one free.
 */
#include "bench/support/blocks.h"

enum mode { MODE_ACTIVE, MODE_PASSIVE };

static void block_use(unsigned char *block, uint64_t writes)
{
    volatile unsigned char *counter = block;
    *counter = 0;
    for (uint64_t i = 0; i < writes; i++)
        *counter = (unsigned char)(*counter + 1);
    if (*counter != (unsigned char)writes)
        kb_broken("a counter is damaged", block, 0);
}

static void sharing_thread(struct kb_thread *self)
{
    void **given = self->shared;
    size_t size = kb_arg(self->run, "size");
    uint64_t writes = kb_arg(self->run, "writes");
    uint64_t count = kb_arg(self->run, "count");
    if (given != NULL)
        kb_block_delete(given[self->index]);
    for (uint64_t i = 0; i < count; i++) {
        void *block = kb_malloc(size);
        if (block == NULL)
            kb_die("out of memory: %zu bytes", size);
        block_use(block, writes);
        kb_free(block, size);
    }
}

static void sharing_run(struct kb_run *run)
{
    size_t size = kb_arg(run, "size");
    if (size < KB_BLOCK_MIN)
        kb_die("size must be at least %d", KB_BLOCK_MIN);
    void **given = NULL;
    if (kb_arg(run, "mode") == MODE_PASSIVE) {
        given = kb_table_map(run->threads, sizeof *given);
        for (unsigned i = 0; i < run->threads; i++)
            given[i] = kb_block_new(size);
    }
    kb_threads_run(run, run->threads, 0, sharing_thread, given);
    if (given != NULL)
        kb_table_unmap(given, run->threads, sizeof *given);
    run->ops = kb_arg(run, "count") * run->threads;
}

const struct kb_workload kb_workload_sharing = {
    .name = "sharing",
    .summary = "small blocks written often by threads that might share cache lines",
    .operation = "one malloc, many writes, one free",
    .run = sharing_run,
    .params = {{"mode", MODE_ACTIVE, MODE_ACTIVE, "active|passive", "false sharing"},
               {"size", 8, 8, NULL, "bytes"},
               {"writes", 1000, 100, NULL, "to each block"},
               {"count", 200000, 1000, NULL, "blocks per thread"}},
};
