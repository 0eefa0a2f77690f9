/*
 * Threads that are to get in each other's way.
 *
 *     static void push_some(unsigned thread, struct kn_rng *rng, void *arg) { ... }
 *
 *     kn_race_stir(true);
 *     kn_race_run(4, push_some, &shared);
 *
 * All threads start at once. Where the build has race points (debug and sanitizer variants), a
 * stirred thread now and then yields or sleeps right before an exchange or compare-and-swap.
 */
#ifndef KN_TESTS_SUPPORT_RACE_H
#define KN_TESTS_SUPPORT_RACE_H

#include "base/rng.h"

#include <stdbool.h>

enum { KN_RACE_THREADS_MAX = 16 };

/* `rng` is the thread's own, seeded from the run's seed and the thread's number. */
typedef void (*kn_race_body)(unsigned thread, struct kn_rng *rng, void *arg);

/* Runs body(0 ... threads - 1, rng, arg), each in a thread of its own, and waits until these have
 * ended. */
void kn_race_run(unsigned threads, kn_race_body body, void *arg);

/* Holds every thread of the process up at race points, or stops doing so. */
void kn_race_stir(bool is_on);

#endif
