/*
 * pareto: random lifetimes, Pareto-distributed sizes.
 *
 * Stresses: mixed small sizes in an order that nothing predicts; placement (cache and TLB misses
 * when blocks and their slabs are spread out) more than instruction count. Modelled after:
 * alloc-test by IT Hare (node.js's allocator comparison), which replaces random slots of a table
 * with blocks of Pareto-distributed size. Arguments: slots per thread, min and max size in bytes,
 * count of operations per thread, threads. Slots are chosen with a skew, so that some blocks live
 * for a few operations and some for the run. One operation: one malloc or one free, as the slot
 * chosen is empty or not.
 */
#include "bench/support/blocks.h"

static void pareto_thread(struct kb_thread *self)
{
    struct kb_rng rng = self->rng;
    uint64_t slots = kb_arg(self->run, "slots");
    uint64_t min = kb_arg(self->run, "min");
    uint64_t max = kb_arg(self->run, "max");
    uint64_t count = kb_arg(self->run, "count");
    void **table = kb_table_map(slots, sizeof *table);
    for (uint64_t i = 0; i < count; i++) {
        void **slot = &table[kb_rng_skewed(&rng, slots)];
        if (*slot == NULL) {
            *slot = kb_block_new(kb_rng_pareto(&rng, min, max));
        } else {
            kb_block_delete(*slot);
            *slot = NULL;
        }
    }
    for (uint64_t i = 0; i < slots; i++)
        kb_block_delete_if(table[i]);
    kb_table_unmap(table, slots, sizeof *table);
}

static void pareto_run(struct kb_run *run)
{
    kb_threads_run(run, run->threads, 0, pareto_thread, NULL);
    run->ops = kb_arg(run, "count") * run->threads;
}

const struct kb_workload kb_workload_pareto = {
    .name = "pareto",
    .summary = "random lifetimes, Pareto-distributed sizes",
    .operation = "one malloc or one free",
    .run = pareto_run,
    .params = {{"slots", 200000, 2000, NULL, "blocks per thread at most"},
               {"min", 16, 16, NULL, "least size in bytes"},
               {"max", 1024, 1024, NULL, "greatest size in bytes"},
               {"count", 10000000, 20000, NULL, "operations per thread"}},
};
