#include <pthread.h>

#include "bench/support/bench.h"

enum { STACK_BYTES = 256 * 1024 };

struct started {
    struct kb_thread thread;
    kb_thread_fn fn;
    pthread_barrier_t *start;
    pthread_t id;
};

void kb_thread_create(pthread_t *id, void *(*fn)(void *), void *argument)
{
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, STACK_BYTES);
    if (pthread_create(id, &attributes, fn, argument) != 0)
        kb_die("cannot start a thread");
    pthread_attr_destroy(&attributes);
}

static void *thread_main(void *argument)
{
    struct started *self = argument;
    pthread_barrier_wait(self->start);
    self->fn(&self->thread);
    return NULL;
}

static struct kb_thread thread_describe(struct kb_run *run, unsigned index, unsigned count,
                                        uint64_t round, void *shared)
{
    struct kb_thread thread = {
        .run = run,
        .shared = shared,
        .index = index,
        .count = count,
        .rng = kb_rng_seeded(run->seed, (round << 16) + index + 1),
    };
    return thread;
}

void kb_threads_run(struct kb_run *run, unsigned count, uint64_t round, kb_thread_fn fn,
                    void *shared)
{
    if (count <= 1) {
        struct kb_thread only = thread_describe(run, 0, 1, round, shared);
        fn(&only);
        return;
    }
    pthread_barrier_t start;
    pthread_barrier_init(&start, NULL, count);
    struct started *threads = kb_table_map(count, sizeof *threads);
    for (unsigned i = 0; i < count; i++) {
        threads[i].thread = thread_describe(run, i, count, round, shared);
        threads[i].fn = fn;
        threads[i].start = &start;
        kb_thread_create(&threads[i].id, thread_main, &threads[i]);
    }
    for (unsigned i = 0; i < count; i++)
        pthread_join(threads[i].id, NULL);
    kb_table_unmap(threads, count, sizeof *threads);
    pthread_barrier_destroy(&start);
}
