/*
 * leave: threads that die and leave one object behind.
 *
 * Stresses: what a dead thread's heap costs when a single block keeps it from being empty, and
 * whether later threads take such heaps over; start and death of threads.
 * Modelled after: mleak of the mimalloc project.
 * Arguments: generations of threads, blocks per thread, min and max size in bytes, threads at a
 * time. One operation: the life of one thread: `blocks` mallocs, all but one of them freed.
 */
#include "bench/support/blocks.h"

struct leavings {
    void **objects;
    uint64_t generation;
};

static void leave_thread(struct kb_thread *self)
{
    struct leavings *all = self->shared;
    uint64_t count = kb_arg(self->run, "blocks");
    uint64_t min = kb_arg(self->run, "min");
    uint64_t max = kb_arg(self->run, "max");
    void **blocks = kb_table_map(count, sizeof *blocks);
    for (uint64_t i = 0; i < count; i++)
        blocks[i] = kb_block_new(kb_rng_pareto(&self->rng, min, max));
    uint64_t left = kb_rng_below(&self->rng, count);
    for (uint64_t i = 0; i < count; i++)
        if (i != left)
            kb_block_delete(blocks[i]);
    all->objects[all->generation * self->count + self->index] = blocks[left];
    kb_table_unmap(blocks, count, sizeof *blocks);
}

static void leave_run(struct kb_run *run)
{
    uint64_t generations = kb_arg(run, "generations");
    uint64_t lives = generations * run->threads;
    struct leavings all = {.objects = kb_table_map(lives, sizeof *all.objects)};
    for (; all.generation < generations; all.generation++)
        kb_threads_run(run, run->threads, all.generation, leave_thread, &all);
    uint64_t bytes = 0;
    for (uint64_t i = 0; i < lives; i++)
        bytes += kb_block_verify(all.objects[i]);
    kb_note(run, "left_live_bytes", bytes);
    kb_note(run, "left_rss_kib", kb_rss_kib());
    for (uint64_t i = 0; i < lives; i++)
        kb_block_delete(all.objects[i]);
    kb_table_unmap(all.objects, lives, sizeof *all.objects);
    run->ops = lives;
}

const struct kb_workload kb_workload_leave = {
    .name = "leave",
    .summary = "threads that die and leave one object behind",
    .operation = "the life of one thread",
    .run = leave_run,
    .params = {{"generations", 2000, 10, NULL, "threads in a row"},
               {"blocks", 1000, 50, NULL, "per thread"},
               {"min", 16, 16, NULL, "least size in bytes"},
               {"max", 4096, 4096, NULL, "greatest size in bytes"}},
};
