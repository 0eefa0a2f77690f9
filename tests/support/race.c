#include "race.h"

#include "base/race_point.h"
#include "require.h"

#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <time.h>

struct start {
    pthread_t id;
    unsigned thread;
    kn_race_body body;
    void *arg;
    pthread_barrier_t *barrier;
};

static void *run_one(void *arg)
{
    struct start *start = arg;
    struct kn_rng rng;

    kn_rng_seed(&rng, kn_test_seed() * 31 + start->thread);
    pthread_barrier_wait(start->barrier);
    start->body(start->thread, &rng, start->arg);
    return NULL;
}

void kn_race_run(unsigned threads, kn_race_body body, void *arg)
{
    struct start starts[KN_RACE_THREADS_MAX];
    pthread_barrier_t barrier;

    kn_require(threads <= KN_RACE_THREADS_MAX);
    kn_require(pthread_barrier_init(&barrier, NULL, threads) == 0);
    for (unsigned i = 0; i < threads; i++) {
        starts[i] = (struct start){.thread = i, .body = body, .arg = arg, .barrier = &barrier};
        kn_require(pthread_create(&starts[i].id, NULL, run_one, &starts[i]) == 0);
    }
    for (unsigned i = 0; i < threads; i++)
        kn_require(pthread_join(starts[i].id, NULL) == 0);
    pthread_barrier_destroy(&barrier);
}

#if KN_FAULTS

/* Yields in one of eight points, and sleeps for long enough that others do much in one of 512, by a
 * generator of the thread's own. */
static void hold_up_sometimes(void)
{
    static _Thread_local uint32_t state;
    static const struct timespec a_while = {.tv_nsec = 100000};

    if (state == 0)
        state = (uint32_t)(uintptr_t)&state | 1u;
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    if (state % 512 == 0)
        nanosleep(&a_while, NULL);
    else if (state % 8 == 0)
        sched_yield();
}

void kn_race_stir(bool is_on)
{
    atomic_store_explicit(&kn_race_point_hook, is_on ? hold_up_sometimes : NULL,
                          memory_order_relaxed);
}

#else

void kn_race_stir(bool is_on)
{
    (void)is_on;
}

#endif
