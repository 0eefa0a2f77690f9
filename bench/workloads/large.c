/*
 * large: a few blocks of 5 to 25 MiB, replaced at random.
 *
 * Stresses: reuse of big blocks and of their pages: how often memory goes back to the kernel and
 * comes again as page faults, and how much is kept because sizes do not fit. Modelled after:
 * malloc-large of mimalloc-bench. Arguments: live blocks, min and max size in bytes, count of
 * replacements, threads (each with its share of the live blocks and of the count). Every page is
 * written. One operation: one free and one malloc.
 */
#include "bench/support/blocks.h"

static void large_thread(struct kb_thread *self)
{
    uint64_t live = (kb_arg(self->run, "live") + self->count - 1) / self->count;
    uint64_t min = kb_arg(self->run, "min");
    uint64_t max = kb_arg(self->run, "max");
    uint64_t count = kb_arg(self->run, "count") / self->count;
    void **table = kb_table_map(live, sizeof *table);
    for (uint64_t i = 0; i < count; i++) {
        void **slot = &table[kb_rng_below(&self->rng, live)];
        kb_block_delete_if(*slot);
        *slot = kb_block_new(kb_rng_range(&self->rng, min, max));
    }
    for (uint64_t i = 0; i < live; i++)
        kb_block_delete_if(table[i]);
    kb_table_unmap(table, live, sizeof *table);
}

static void large_run(struct kb_run *run)
{
    kb_threads_run(run, run->threads, 0, large_thread, NULL);
    run->ops = kb_arg(run, "count") / run->threads * run->threads;
}

const struct kb_workload kb_workload_large = {
    .name = "large",
    .summary = "a few blocks of 5 to 25 MiB, replaced at random",
    .operation = "one free and one malloc",
    .run = large_run,
    .params = {{"live", 20, 4, NULL, "blocks"},
               {"min", 5 << 20, 1 << 20, NULL, "least size in bytes"},
               {"max", 25 << 20, 2 << 20, NULL, "greatest size in bytes"},
               {"count", 200, 20, NULL, "replacements"}},
};
