/*
 * trim_stall: small blocks in some threads while another one gives a lot of memory back.
 *
 * Stresses: how long the allocation calls of bystanders wait while a heap is trimmed. Run it in
 * bench_probe with latency=1: only the bystanders' calls are recorded.
 * Modelled after: no published benchmark; it is the pause that a latency-bound service fears.
 * Arguments: bytes filled, freed and trimmed in each round, block size of these, rounds, threads of
 * bystanders (one more thread trims), max size in bytes of their blocks.
 * One operation: the replacement of one block by a bystander; their number depends on the time that
 * the rounds take, so this workload is for latency alone.
 */
#include <malloc.h>
#include <stdatomic.h>

#include "bench/support/blocks.h"

enum { SLOTS = 2000 };

struct stall {
    atomic_bool is_over;
    atomic_ullong ops;
};

static void trim_rounds(struct kb_thread *self)
{
    uint64_t bytes = kb_arg(self->run, "bytes");
    uint64_t size = kb_arg(self->run, "size");
    uint64_t rounds = kb_arg(self->run, "rounds");
    uint64_t count = bytes / size;
    void **table = kb_table_map(count, sizeof *table);
    if (KB_PROBE)
        kb_probe_mute(true);
    for (uint64_t round = 0; round < rounds; round++) {
        for (uint64_t i = 0; i < count; i++)
            table[i] = kb_block_new(size);
        for (uint64_t i = 0; i < count; i++)
            kb_block_delete(table[i]);
        malloc_trim(0);
    }
    kb_table_unmap(table, count, sizeof *table);
}

static void bystander(struct kb_thread *self, struct stall *stall)
{
    uint64_t max = kb_arg(self->run, "max");
    void *table[SLOTS] = {0};
    uint64_t ops = 0;
    for (; !atomic_load_explicit(&stall->is_over, memory_order_relaxed); ops++) {
        void **slot = &table[kb_rng_below(&self->rng, SLOTS)];
        kb_block_delete_if(*slot);
        *slot = kb_block_new(kb_rng_range(&self->rng, 16, max));
    }
    for (unsigned i = 0; i < SLOTS; i++)
        kb_block_delete_if(table[i]);
    atomic_fetch_add(&stall->ops, ops);
}

static void trim_stall_thread(struct kb_thread *self)
{
    struct stall *stall = self->shared;
    if (self->index == 0) {
        trim_rounds(self);
        atomic_store(&stall->is_over, true);
    } else {
        bystander(self, stall);
    }
}

static void trim_stall_run(struct kb_run *run)
{
    struct stall stall = {0};
    kb_threads_run(run, run->threads + 1, 0, trim_stall_thread, &stall);
    run->ops = stall.ops;
}

const struct kb_workload kb_workload_trim_stall = {
    .name = "trim_stall",
    .summary = "small blocks in some threads while another one gives memory back",
    .operation = "one free and one malloc by a bystander",
    .run = trim_stall_run,
    .params = {{"bytes", UINT64_C(2) << 30, 8 << 20, NULL, "filled, freed and trimmed in a round"},
               {"size", 16 << 10, 16 << 10, NULL, "bytes of their blocks"},
               {"rounds", 2, 2, NULL, "rounds"},
               {"max", 1024, 1024, NULL, "greatest size in bytes of the bystanders' blocks"}},
};
