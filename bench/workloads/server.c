/*
 * server: a server whose threads die and leave their blocks to the next.
 *
 * Stresses: random sizes and lifetimes in threads; start and death of threads; blocks freed by a
 * thread that did not allocate them, from heaps whose owner is gone.
 * Modelled after: larson by Paul Larson and Murali Krishnan (Microsoft Research, "Memory Allocation
 * for Long-Running Server Applications", 1998); here with a fixed number of generations instead of
 * a fixed time. Arguments: blocks per thread, min and max size in bytes, replacements per
 * generation, generations, threads. One operation: the replacement of one block: a free and a
 * malloc.
 */
#include <semaphore.h>

#include "bench/support/blocks.h"

/* One place at the server: a table of blocks that is handed from thread to thread. */
struct place {
    struct kb_rng rng;
    void **blocks;
    uint64_t count, min, max, replacements;
    uint64_t generations_left;
    bool has_predecessor;
    pthread_t predecessor;
    sem_t *finished;
};

static void *place_generation(void *argument)
{
    struct place *place = argument;
    if (place->has_predecessor)
        pthread_join(place->predecessor, NULL);
    for (uint64_t i = 0; i < place->replacements; i++) {
        void **slot = &place->blocks[kb_rng_below(&place->rng, place->count)];
        kb_block_delete(*slot);
        *slot = kb_block_new(kb_rng_range(&place->rng, place->min, place->max));
    }
    place->predecessor = pthread_self();
    place->has_predecessor = true;
    if (--place->generations_left == 0) {
        sem_post(place->finished);
    } else {
        pthread_t successor;
        kb_thread_create(&successor, place_generation, place);
    }
    return NULL;
}

static void place_open(struct place *place, struct kb_run *run, unsigned index, sem_t *finished)
{
    place->rng = kb_rng_seeded(run->seed, index + 1);
    place->count = kb_arg(run, "blocks");
    place->min = kb_arg(run, "min");
    place->max = kb_arg(run, "max");
    place->replacements = kb_arg(run, "replacements");
    place->generations_left = kb_arg(run, "generations");
    place->finished = finished;
    place->blocks = kb_table_map(place->count, sizeof *place->blocks);
    for (uint64_t i = 0; i < place->count; i++)
        place->blocks[i] = kb_block_new(kb_rng_range(&place->rng, place->min, place->max));
}

static void place_close(struct place *place)
{
    pthread_join(place->predecessor, NULL);
    for (uint64_t i = 0; i < place->count; i++)
        kb_block_delete(place->blocks[i]);
    kb_table_unmap(place->blocks, place->count, sizeof *place->blocks);
}

static void server_run(struct kb_run *run)
{
    sem_t finished;
    sem_init(&finished, 0, 0);
    struct place *places = kb_table_map(run->threads, sizeof *places);
    for (unsigned i = 0; i < run->threads; i++)
        place_open(&places[i], run, i, &finished);
    for (unsigned i = 0; i < run->threads; i++) {
        pthread_t first;
        kb_thread_create(&first, place_generation, &places[i]);
    }
    for (unsigned i = 0; i < run->threads; i++)
        while (sem_wait(&finished) != 0)
            continue;
    for (unsigned i = 0; i < run->threads; i++)
        place_close(&places[i]);
    kb_table_unmap(places, run->threads, sizeof *places);
    sem_destroy(&finished);
    run->ops = kb_arg(run, "replacements") * kb_arg(run, "generations") * run->threads;
}

const struct kb_workload kb_workload_server = {
    .name = "server",
    .summary = "a server whose threads die and leave their blocks to the next",
    .operation = "one free and one malloc",
    .run = server_run,
    .params = {{"blocks", 5000, 200, NULL, "per thread"},
               {"min", 8, 8, NULL, "least size in bytes"},
               {"max", 1000, 1000, NULL, "greatest size in bytes"},
               {"replacements", 50000, 500, NULL, "per generation"},
               {"generations", 200, 5, NULL, "threads in a row"}},
};
