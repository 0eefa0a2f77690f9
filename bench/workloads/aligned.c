/*
 * aligned: aligned blocks of many alignments among ordinary ones.
 *
 * Stresses: the path of posix_memalign, the waste of over-allocation, and whether aligned blocks
 * slow down the frees of their neighbours. Modelled after: no published benchmark; alignments as
 * numerical code (32 and 64 bytes), page-aligned buffers of databases and stacks of coroutines ask
 * for them. Arguments: slots of live blocks per thread, max alignment in bytes, max size in bytes,
 * plain: one block in so many comes from malloc, count of operations per thread, threads. One
 * operation: the replacement of one block: a free and an aligned or ordinary allocation.
 */
#include "bench/support/blocks.h"

static void *block_random(struct kb_rng *rng, unsigned alignments, uint64_t max, uint64_t plain)
{
    size_t size = (size_t)kb_rng_pareto(rng, 24, max);
    if (kb_rng_below(rng, plain) == 0)
        return kb_block_new(size);
    return kb_block_new_aligned((size_t)16 << kb_rng_skewed(rng, alignments), size);
}

static void aligned_thread(struct kb_thread *self)
{
    uint64_t slots = kb_arg(self->run, "slots");
    uint64_t max = kb_arg(self->run, "max");
    uint64_t plain = kb_arg(self->run, "plain");
    uint64_t count = kb_arg(self->run, "count");
    unsigned alignments = 1;
    while ((UINT64_C(16) << alignments) <= kb_arg(self->run, "alignment"))
        alignments++;
    void **table = kb_table_map(slots, sizeof *table);
    for (uint64_t i = 0; i < count; i++) {
        void **slot = &table[kb_rng_below(&self->rng, slots)];
        kb_block_delete_if(*slot);
        *slot = block_random(&self->rng, alignments, max, plain);
    }
    for (uint64_t i = 0; i < slots; i++)
        kb_block_delete_if(table[i]);
    kb_table_unmap(table, slots, sizeof *table);
}

static void aligned_run(struct kb_run *run)
{
    kb_threads_run(run, run->threads, 0, aligned_thread, NULL);
    run->ops = kb_arg(run, "count") * run->threads;
}

const struct kb_workload kb_workload_aligned = {
    .name = "aligned",
    .summary = "aligned blocks of many alignments among ordinary ones",
    .operation = "one free and one allocation",
    .run = aligned_run,
    .params = {{"slots", 10000, 200, NULL, "live blocks per thread"},
               {"alignment", 65536, 65536, NULL, "greatest alignment in bytes"},
               {"max", 32768, 32768, NULL, "greatest size in bytes"},
               {"plain", 4, 4, NULL, "one block in so many comes from malloc"},
               {"count", 2000000, 5000, NULL, "operations per thread"}},
};
