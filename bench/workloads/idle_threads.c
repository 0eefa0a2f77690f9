/*
 * idle_threads: a thousand threads that did a little work and wait.
 *
 * Stresses: what a thread's heap and caches cost while the thread does nothing. The resident size
 * with all threads waiting is reported beside the live bytes; start and death of threads take the
 * time. Modelled after: no published benchmark; servers with a thread per connection look so.
 * Arguments: idle: number of threads, blocks that each allocates, keep: blocks of these that it
 * keeps, max size in bytes. The argument threads is not used. One operation: one malloc and its
 * free.
 */
#include <stdatomic.h>

#include "bench/support/blocks.h"

struct waiting {
    pthread_barrier_t all_idle, all_leave;
    struct kb_run *run;
    atomic_ullong live_bytes;
    atomic_uint next_index;
};

static void *idle_thread(void *argument)
{
    struct waiting *all = argument;
    uint64_t count = kb_arg(all->run, "blocks");
    uint64_t keep = kb_arg(all->run, "keep");
    uint64_t max = kb_arg(all->run, "max");
    struct kb_rng rng = kb_rng_seeded(all->run->seed, 1 + atomic_fetch_add(&all->next_index, 1));
    void *blocks[256];
    uint64_t kept_bytes = 0;
    for (uint64_t i = 0; i < count; i++)
        blocks[i] = kb_block_new(kb_rng_pareto(&rng, 16, max));
    for (uint64_t i = 0; i < count; i++) {
        if (i < keep)
            kept_bytes += kb_block_size(blocks[i]);
        else
            kb_block_delete(blocks[i]);
    }
    atomic_fetch_add(&all->live_bytes, kept_bytes);
    pthread_barrier_wait(&all->all_idle);
    pthread_barrier_wait(&all->all_leave);
    for (uint64_t i = 0; i < keep; i++)
        kb_block_delete(blocks[i]);
    return NULL;
}

static void idle_threads_run(struct kb_run *run)
{
    unsigned idle = (unsigned)kb_arg(run, "idle");
    if (kb_arg(run, "blocks") > 256 || kb_arg(run, "keep") > kb_arg(run, "blocks"))
        kb_die("blocks must be at most 256, keep at most blocks");
    struct waiting all = {.run = run};
    pthread_barrier_init(&all.all_idle, NULL, idle + 1);
    pthread_barrier_init(&all.all_leave, NULL, idle + 1);
    pthread_t *ids = kb_table_map(idle, sizeof *ids);
    for (unsigned i = 0; i < idle; i++)
        kb_thread_create(&ids[i], idle_thread, &all);
    pthread_barrier_wait(&all.all_idle);
    kb_note(run, "idle_live_bytes", all.live_bytes);
    kb_note(run, "idle_rss_kib", kb_rss_kib());
    pthread_barrier_wait(&all.all_leave);
    for (unsigned i = 0; i < idle; i++)
        pthread_join(ids[i], NULL);
    kb_table_unmap(ids, idle, sizeof *ids);
    run->ops = kb_arg(run, "blocks") * idle;
}

const struct kb_workload kb_workload_idle_threads = {
    .name = "idle_threads",
    .summary = "a thousand threads that did a little work and wait",
    .operation = "one malloc and one free",
    .run = idle_threads_run,
    .params = {{"idle", 1000, 20, NULL, "threads"},
               {"blocks", 100, 50, NULL, "blocks that each thread allocates, at most 256"},
               {"keep", 10, 10, NULL, "blocks that each thread keeps while it waits"},
               {"max", 2048, 2048, NULL, "greatest size in bytes"}},
};
