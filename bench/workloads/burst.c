/*
 * burst: many blocks allocated in a row, then all freed: in order, in reverse, at random, or by
 * another thread.
 *
 * Stresses: refills and flushes of whatever an allocator keeps per thread; order of free lists;
 * with order=remote the path for blocks that come back from a foreign thread, in bulk. Modelled
 * after: MicroQuill's sh6bench (bursts freed in order and in reverse) and sh8bench (part of them
 * freed by other threads). Arguments: order, blocks per burst, rounds, min and max size in bytes,
 * keep: one block in so many survives until the next round (0: none), threads. One operation: one
 * malloc and the free of its block.
 */
#include "bench/support/blocks.h"

enum order { ORDER_FIFO, ORDER_LIFO, ORDER_RANDOM, ORDER_REMOTE };

struct burst {
    pthread_barrier_t turn;
    void ***tables; /* one table of blocks per thread */
};

static void table_shuffle(void **table, uint64_t count, struct kb_rng *rng)
{
    for (uint64_t i = count; i > 1; i--) {
        uint64_t other = kb_rng_below(rng, i);
        void *block = table[other];
        table[other] = table[i - 1];
        table[i - 1] = block;
    }
}

static void table_free(void **table, uint64_t count, bool is_backwards, uint64_t keep)
{
    for (uint64_t i = 0; i < count; i++) {
        void **slot = &table[is_backwards ? count - 1 - i : i];
        if (keep != 0 && i % keep == 0)
            continue;
        kb_block_delete(*slot);
        *slot = NULL;
    }
}

static void table_fill(void **table, uint64_t count, struct kb_thread *self)
{
    uint64_t min = kb_arg(self->run, "min");
    uint64_t max = kb_arg(self->run, "max");
    for (uint64_t i = 0; i < count; i++) {
        kb_block_delete_if(table[i]);
        table[i] = kb_block_new(kb_rng_range(&self->rng, min, max));
    }
}

static void burst_thread(struct kb_thread *self)
{
    struct burst *burst = self->shared;
    enum order order = (enum order)kb_arg(self->run, "order");
    uint64_t count = kb_arg(self->run, "blocks");
    uint64_t rounds = kb_arg(self->run, "rounds");
    uint64_t keep = kb_arg(self->run, "keep");
    void **mine = burst->tables[self->index];
    void **next = burst->tables[(self->index + 1) % self->count];
    for (uint64_t round = 0; round < rounds; round++) {
        table_fill(mine, count, self);
        if (order == ORDER_RANDOM)
            table_shuffle(mine, count, &self->rng);
        if (order == ORDER_REMOTE) {
            pthread_barrier_wait(&burst->turn);
            table_free(next, count, false, keep);
            pthread_barrier_wait(&burst->turn);
        } else {
            table_free(mine, count, order == ORDER_LIFO, keep);
        }
    }
    for (uint64_t i = 0; i < count; i++)
        kb_block_delete_if(mine[i]);
}

static void burst_run(struct kb_run *run)
{
    uint64_t count = kb_arg(run, "blocks");
    if (kb_arg(run, "order") == ORDER_REMOTE && run->threads < 2)
        run->threads = 2;
    struct burst burst;
    pthread_barrier_init(&burst.turn, NULL, run->threads);
    burst.tables = kb_table_map(run->threads, sizeof *burst.tables);
    for (unsigned i = 0; i < run->threads; i++)
        burst.tables[i] = kb_table_map(count, sizeof(void *));
    kb_threads_run(run, run->threads, 0, burst_thread, &burst);
    for (unsigned i = 0; i < run->threads; i++)
        kb_table_unmap(burst.tables[i], count, sizeof(void *));
    kb_table_unmap(burst.tables, run->threads, sizeof *burst.tables);
    pthread_barrier_destroy(&burst.turn);
    run->ops = count * kb_arg(run, "rounds") * run->threads;
}

const struct kb_workload kb_workload_burst = {
    .name = "burst",
    .summary = "bursts of blocks freed in order, in reverse, at random, by another thread",
    .operation = "one malloc and one free",
    .run = burst_run,
    .params = {{"order", ORDER_FIFO, ORDER_FIFO, "fifo|lifo|random|remote", "of the frees"},
               {"blocks", 50000, 500, NULL, "per burst and thread"},
               {"rounds", 300, 5, NULL, "bursts"},
               {"min", 16, 16, NULL, "least size in bytes"},
               {"max", 400, 400, NULL, "greatest size in bytes"},
               {"keep", 0, 3, NULL, "one block in so many lives a round longer; 0: none"}},
};
