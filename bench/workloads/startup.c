/*
 * startup: many short processes.
 *
 * Stresses: what loading an allocator, its first blocks and the exit cost; its share in the page
 * faults of a process that lives for a millisecond. Modelled after: no published benchmark; builds
 * and shell scripts do so (the Lua build among the real programs of mimalloc-bench). Arguments:
 * processes started one after the other, blocks that each allocates, max size in bytes. The
 * argument threads is not used. With processes=0 the program is one of the processes itself. One
 * operation: the life of one process.
 */
#include <spawn.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/support/blocks.h"

extern char **environ;

static void process_live(struct kb_run *run)
{
    uint64_t count = kb_arg(run, "blocks");
    uint64_t max = kb_arg(run, "max");
    struct kb_rng rng = kb_rng_seeded(run->seed, 0);
    void **table = kb_table_map(count, sizeof *table);
    for (uint64_t i = 0; i < count; i++)
        table[i] = kb_block_new(kb_rng_pareto(&rng, 16, max));
    for (uint64_t i = 0; i < count; i += 2)
        kb_block_delete(table[i]);
    _exit(0);
}

static void process_run(char **arguments)
{
    pid_t child;
    int status;
    if (posix_spawn(&child, "/proc/self/exe", NULL, NULL, arguments, environ) != 0)
        kb_die("cannot start a process");
    while (waitpid(child, &status, 0) < 0)
        continue;
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        kb_die("a process failed with status %d", status);
}

static void startup_run(struct kb_run *run)
{
    uint64_t processes = kb_arg(run, "processes");
    if (processes == 0)
        process_live(run);
    char blocks[40], max[40];
    snprintf(blocks, sizeof blocks, "blocks=%llu", (unsigned long long)kb_arg(run, "blocks"));
    snprintf(max, sizeof max, "max=%llu", (unsigned long long)kb_arg(run, "max"));
    char name[] = "bench", workload[] = "startup", none[] = "processes=0";
    char *arguments[] = {name, workload, none, blocks, max, NULL};
    for (uint64_t i = 0; i < processes; i++)
        process_run(arguments);
    run->ops = processes;
}

const struct kb_workload kb_workload_startup = {
    .name = "startup",
    .summary = "many short processes",
    .operation = "the life of one process",
    .run = startup_run,
    .params = {{"processes", 1000, 5, NULL, "one after the other"},
               {"blocks", 200, 200, NULL, "blocks that each allocates"},
               {"max", 8192, 8192, NULL, "greatest size in bytes"}},
};
