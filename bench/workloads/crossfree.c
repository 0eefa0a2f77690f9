/*
 * crossfree: blocks of 16 bytes to 16 KiB, part of them freed by another thread.
 *
 * Stresses: medium sizes, where slabs hold few blocks and page faults cost as much as the
 * allocator; a steady flow of frees from a foreign thread in small batches. Modelled after: rptest,
 * the benchmark program of rpmalloc. Arguments: slots of live blocks per thread, min and max size
 * in bytes, cross: one block in so many goes to the next thread to be freed, count of operations
 * per thread, threads. One operation: the replacement of one block: a malloc, and a free here or by
 * the next thread.
 */
#include <sched.h>
#include <stdatomic.h>

#include "bench/support/blocks.h"
#include "bench/support/ring.h"

struct crossing {
    struct kb_ring *rings; /* ring i is read by thread i */
    atomic_uint writers_left;
};

static void ring_drain(struct kb_ring *ring)
{
    for (void *block; (block = kb_ring_pop(ring)) != NULL;)
        kb_block_delete(block);
}

static void block_give(struct kb_ring *to, struct kb_ring *own, void *block)
{
    while (!kb_ring_try_push(to, block)) {
        ring_drain(own);
        sched_yield();
    }
}

static void crossfree_thread(struct kb_thread *self)
{
    struct crossing *all = self->shared;
    struct kb_ring *own = &all->rings[self->index];
    struct kb_ring *next = &all->rings[(self->index + 1) % self->count];
    uint64_t slots = kb_arg(self->run, "slots");
    uint64_t min = kb_arg(self->run, "min");
    uint64_t max = kb_arg(self->run, "max");
    uint64_t cross = kb_arg(self->run, "cross");
    uint64_t count = kb_arg(self->run, "count");
    void **table = kb_table_map(slots, sizeof *table);
    for (uint64_t i = 0; i < count; i++) {
        void **slot = &table[kb_rng_below(&self->rng, slots)];
        if (*slot != NULL && kb_rng_below(&self->rng, cross) == 0)
            block_give(next, own, *slot);
        else
            kb_block_delete_if(*slot);
        *slot = kb_block_new(kb_rng_range(&self->rng, min, max));
        if (i % 64 == 0)
            ring_drain(own);
    }
    for (uint64_t i = 0; i < slots; i++)
        kb_block_delete_if(table[i]);
    kb_table_unmap(table, slots, sizeof *table);
    atomic_fetch_sub(&all->writers_left, 1);
    while (atomic_load(&all->writers_left) > 0) {
        ring_drain(own);
        sched_yield();
    }
    ring_drain(own);
}

static void crossfree_run(struct kb_run *run)
{
    struct crossing all;
    atomic_init(&all.writers_left, run->threads);
    all.rings = kb_table_map(run->threads, sizeof *all.rings);
    kb_threads_run(run, run->threads, 0, crossfree_thread, &all);
    kb_table_unmap(all.rings, run->threads, sizeof *all.rings);
    run->ops = kb_arg(run, "count") * run->threads;
}

const struct kb_workload kb_workload_crossfree = {
    .name = "crossfree",
    .summary = "blocks of 16 bytes to 16 KiB, part of them freed by another thread",
    .operation = "one malloc and one free",
    .run = crossfree_run,
    .params = {{"slots", 4000, 100, NULL, "live blocks per thread"},
               {"min", 16, 16, NULL, "least size in bytes"},
               {"max", 16000, 16000, NULL, "greatest size in bytes"},
               {"cross", 4, 4, NULL, "one block in so many is freed by the next thread"},
               {"count", 1500000, 5000, NULL, "operations per thread"}},
};
