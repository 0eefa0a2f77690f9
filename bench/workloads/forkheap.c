/*
 * forkheap: fork of a process with a large heap.
 *
 * Stresses: what a fork costs (page tables, locks taken around it) and how many pages are copied
 * because parent and child write into the allocator's metadata or into free memory beside live
 * blocks. Modelled after: no published benchmark; snapshots of Redis and pre-forking servers do so.
 * Arguments: heap bytes, min and max size in bytes, forks, work: replacements that the parent and
 * each child do after a fork. One operation: one fork, with the work of parent and child and the
 * child's exit.
 */
#include <sys/wait.h>
#include <unistd.h>

#include "bench/support/blocks.h"

static void blocks_replace(void **table, uint64_t count, uint64_t work, struct kb_rng *rng,
                           const struct kb_run *run)
{
    uint64_t min = kb_arg(run, "min");
    uint64_t max = kb_arg(run, "max");
    for (uint64_t i = 0; i < work; i++) {
        void **slot = &table[kb_rng_below(rng, count)];
        kb_block_delete(*slot);
        *slot = kb_block_new(kb_rng_range(rng, min, max));
    }
}

static void child_await(pid_t child)
{
    int status;
    while (waitpid(child, &status, 0) < 0)
        continue;
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        kb_die("a child failed with status %d", status);
}

static void forkheap_run(struct kb_run *run)
{
    uint64_t heap = kb_arg(run, "heap");
    uint64_t min = kb_arg(run, "min");
    uint64_t max = kb_arg(run, "max");
    uint64_t forks = kb_arg(run, "forks");
    uint64_t work = kb_arg(run, "work");
    uint64_t slots = heap / min + 1;
    void **table = kb_table_map(slots, sizeof *table);
    struct kb_rng rng = kb_rng_seeded(run->seed, 0);
    uint64_t count = 0;
    for (uint64_t bytes = 0; bytes < heap; count++) {
        size_t size = (size_t)kb_rng_range(&rng, min, max);
        table[count] = kb_block_new(size);
        bytes += size;
    }
    for (uint64_t i = 0; i < forks; i++) {
        pid_t child = fork();
        if (child < 0)
            kb_die("cannot fork");
        struct kb_rng own = kb_rng_seeded(run->seed, 2 * i + (child == 0) + 1);
        blocks_replace(table, count, work, &own, run);
        if (child == 0)
            _exit(0);
        child_await(child);
    }
    for (uint64_t i = 0; i < count; i++)
        kb_block_delete(table[i]);
    kb_table_unmap(table, slots, sizeof *table);
    run->ops = forks;
}

const struct kb_workload kb_workload_forkheap = {
    .name = "forkheap",
    .summary = "fork of a process with a large heap",
    .operation = "one fork and the work after it",
    .run = forkheap_run,
    .params = {{"heap", 128 << 20, 4 << 20, NULL, "bytes"},
               {"min", 32, 32, NULL, "least size in bytes"},
               {"max", 512, 512, NULL, "greatest size in bytes"},
               {"forks", 10, 2, NULL, "one after the other"},
               {"work", 20000, 100, NULL, "replacements by parent and child after a fork"}},
};
