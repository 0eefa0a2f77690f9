/*
 * migrate: objects that wander between threads, with a few huge ones among them.
 *
 * Stresses: blocks freed far from where they were made, threads that die with part of their blocks
 * alive, reuse of memory across generations of threads, huge blocks that come and go; mostly a
 * measure of memory.
 * Modelled after: mstress of the mimalloc project (its stress test).
 * Arguments: iterations (the threads are new in each), count of operations per thread and
 * iteration, transfer: size of the table through which objects wander, huge: one object in so many
 * is huge, threads. One operation: one step of a thread: an allocation that is freed at once or
 * kept, one time in four the exchange of a kept object through the table, one time in four a free.
 */
#include <stdatomic.h>

#include "bench/support/blocks.h"

struct migration {
    _Atomic(void *) *transfer;
    uint64_t transfer_count;
};

/* A thread's objects; objects that find no room are freed. */
struct kept {
    void **objects;
    size_t count, capacity;
};

static size_t object_size(struct kb_rng *rng, uint64_t huge)
{
    if (kb_rng_below(rng, huge) == 0)
        return (size_t)kb_rng_range(rng, 256 << 10, 4 << 20);
    return (size_t)kb_rng_pareto(rng, 24, 16 << 10);
}

static void kept_add(struct kept *kept, void *object)
{
    if (kept->count < kept->capacity)
        kept->objects[kept->count++] = object;
    else
        kb_block_delete(object);
}

static void *kept_take(struct kept *kept, struct kb_rng *rng)
{
    if (kept->count == 0)
        return NULL;
    size_t at = (size_t)kb_rng_below(rng, kept->count);
    void *object = kept->objects[at];
    kept->objects[at] = kept->objects[--kept->count];
    return object;
}

/* Puts `object` (or nothing) into a random place of the table and keeps what was there. */
static void object_exchange(struct migration *all, struct kept *kept, void *object,
                            struct kb_rng *rng)
{
    uint64_t at = kb_rng_below(rng, all->transfer_count);
    void *other = atomic_exchange_explicit(&all->transfer[at], object, memory_order_acq_rel);
    if (other != NULL)
        kept_add(kept, other);
}

static void migrate_thread(struct kb_thread *self)
{
    struct migration *all = self->shared;
    struct kb_rng *rng = &self->rng;
    uint64_t count = kb_arg(self->run, "count");
    uint64_t huge = kb_arg(self->run, "huge");
    struct kept kept = {.capacity = count / 4 + 1};
    kept.objects = kb_table_map(kept.capacity, sizeof *kept.objects);
    for (uint64_t i = 0; i < count; i++) {
        uint64_t dice = kb_rng_next(rng);
        void *object = kb_block_new(object_size(rng, huge));
        if ((dice & 1) != 0)
            kept_add(&kept, object);
        else
            kb_block_delete(object);
        if ((dice & 6) == 0)
            object_exchange(all, &kept, kept_take(&kept, rng), rng);
        if ((dice & 24) == 0)
            kb_block_delete_if(kept_take(&kept, rng));
    }
    for (size_t i = 0; i < kept.count; i++)
        kb_block_delete(kept.objects[i]);
    kb_table_unmap(kept.objects, kept.capacity, sizeof *kept.objects);
}

static void migrate_run(struct kb_run *run)
{
    uint64_t iterations = kb_arg(run, "iterations");
    struct migration all = {.transfer_count = kb_arg(run, "transfer")};
    all.transfer = kb_table_map(all.transfer_count, sizeof *all.transfer);
    struct kb_rng rng = kb_rng_seeded(run->seed, 0);
    for (uint64_t iteration = 1; iteration <= iterations; iteration++) {
        kb_threads_run(run, run->threads, iteration, migrate_thread, &all);
        for (uint64_t i = 0; i < all.transfer_count; i++)
            if (iteration == iterations || kb_rng_below(&rng, 2) == 0)
                kb_block_delete_if(atomic_exchange(&all.transfer[i], NULL));
    }
    kb_table_unmap(all.transfer, all.transfer_count, sizeof *all.transfer);
    run->ops = kb_arg(run, "count") * iterations * run->threads;
}

const struct kb_workload kb_workload_migrate = {
    .name = "migrate",
    .summary = "objects that wander between threads, a few huge ones among them",
    .operation = "one step of a thread: a malloc, sometimes an exchange, sometimes a free",
    .run = migrate_run,
    .params = {{"iterations", 25, 3, NULL, "generations of threads"},
               {"count", 200000, 2000, NULL, "steps per thread and iteration"},
               {"transfer", 1000, 50, NULL, "places of the table of wandering objects"},
               {"huge", 4000, 1000, NULL, "one object in so many has 256 KiB to 4 MiB"}},
};
