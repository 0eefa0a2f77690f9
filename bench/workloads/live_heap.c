/*
 * live_heap: replacements in a heap of a given size.
 *
 * Stresses: whether the cost of an operation grows with the number of live bytes (indexes, page
 * tables, searches) or with the number of threads. The fill is timed apart from the replacements.
 * Modelled after: no published benchmark; it is the growth curve of any index inside an allocator.
 * Arguments: live bytes in all, min and max size in bytes, count of replacements per thread,
 * threads. One operation: the replacement of a random block: a free and a malloc.
 */
#include <stdatomic.h>

#include "bench/support/blocks.h"

struct heap {
    pthread_barrier_t filled;
    uint64_t fill_ns, churn_ns; /* of thread 0 */
    atomic_ullong blocks;
};

static uint64_t heap_fill(void **table, uint64_t live, uint64_t min, uint64_t max,
                          struct kb_rng *rng)
{
    uint64_t count = 0;
    for (uint64_t bytes = 0; bytes < live; count++) {
        size_t size = (size_t)kb_rng_pareto(rng, min, max);
        table[count] = kb_block_new(size);
        bytes += size;
    }
    return count;
}

static void live_heap_thread(struct kb_thread *self)
{
    struct heap *heap = self->shared;
    uint64_t live = kb_arg(self->run, "live") / self->count;
    uint64_t min = kb_arg(self->run, "min");
    uint64_t max = kb_arg(self->run, "max");
    uint64_t replacements = kb_arg(self->run, "count");
    uint64_t slots = live / min + 1;
    void **table = kb_table_map(slots, sizeof *table);
    uint64_t start_ns = kb_now_ns();
    uint64_t count = heap_fill(table, live, min, max, &self->rng);
    pthread_barrier_wait(&heap->filled);
    uint64_t filled_ns = kb_now_ns();
    for (uint64_t i = 0; i < replacements; i++) {
        void **slot = &table[kb_rng_below(&self->rng, count)];
        kb_block_delete(*slot);
        *slot = kb_block_new(kb_rng_pareto(&self->rng, min, max));
    }
    uint64_t end_ns = kb_now_ns();
    if (self->index == 0) {
        heap->fill_ns = filled_ns - start_ns;
        heap->churn_ns = end_ns - filled_ns;
    }
    atomic_fetch_add(&heap->blocks, count);
    for (uint64_t i = 0; i < count; i++)
        kb_block_delete(table[i]);
    kb_table_unmap(table, slots, sizeof *table);
}

static void live_heap_run(struct kb_run *run)
{
    struct heap heap = {0};
    pthread_barrier_init(&heap.filled, NULL, run->threads);
    kb_threads_run(run, run->threads, 0, live_heap_thread, &heap);
    pthread_barrier_destroy(&heap.filled);
    kb_note(run, "fill_ns", heap.fill_ns);
    kb_note(run, "churn_ns", heap.churn_ns);
    kb_note(run, "live_blocks", heap.blocks);
    run->ops = kb_arg(run, "count") * run->threads;
}

const struct kb_workload kb_workload_live_heap = {
    .name = "live_heap",
    .summary = "replacements in a heap of a given size",
    .operation = "one free and one malloc",
    .run = live_heap_run,
    .params = {{"live", 256 << 20, 1 << 20, NULL, "bytes in all"},
               {"min", 48, 48, NULL, "least size in bytes"},
               {"max", 16384, 16384, NULL, "greatest size in bytes"},
               {"count", 3000000, 3000, NULL, "replacements per thread"}},
};
