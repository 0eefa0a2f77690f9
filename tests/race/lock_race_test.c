#include "harness.h"

#include "os/lock.h"

#include <pthread.h>
#include <sched.h>
#include <unistd.h>

enum { THREADS = 8, ROUNDS = 20000, FORKS = 300 };

/* What the lock protects: plain variables, so that a lost update or a data race shows. */
static struct kn_lock lock = KN_LOCK_INITIALIZER(KN_RANK_HEAP);
static struct kn_lock inner = KN_LOCK_INITIALIZER(KN_RANK_PAGE_HEAP);
static unsigned long shared, mirrored;
static _Atomic bool is_over;

static void step(bool yields)
{
    kn_lock_acquire(&lock);
    unsigned long before = shared;
    if (yields)
        sched_yield();
    kn_lock_acquire(&inner);
    mirrored++;
    kn_lock_release(&inner);
    shared = before + 1;
    kn_lock_release(&lock);
}

static void *step_many(void *arg)
{
    (void)arg;
    for (int i = 0; i < ROUNDS; i++)
        step(i % 64 == 0);
    return NULL;
}

KN_TEST(lock_race, excludes_threads_from_each_other)
{
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, step_many, NULL), 0);
    for (int i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
    ck_assert_uint_eq(shared, (unsigned long)THREADS * ROUNDS);
    ck_assert_uint_eq(mirrored, shared);
}

static void *step_until_over(void *arg)
{
    unsigned long *count = arg;
    while (!kn_load_relaxed(&is_over)) {
        step(*count % 16 == 0);
        ++*count;
    }
    return NULL;
}

/* The forking thread takes both locks, enters them all the same, and nobody else does meanwhile. */
static void fork_steps(void)
{
    kn_lock_fork_begin();
    kn_lock_fork_take(&lock);
    kn_lock_fork_take(&inner);
    unsigned long before = shared;
    step(false);
    sched_yield();
    step(false);
    ck_assert_uint_eq(shared, before + 2);
    kn_lock_fork_give(&inner);
    kn_lock_fork_give(&lock);
    kn_lock_fork_end(false);
}

static void *fork_many(void *arg)
{
    (void)arg;
    for (int i = 0; i < FORKS; i++)
        fork_steps();
    return NULL;
}

KN_TEST(lock_race, forking_threads_exclude_the_others_and_each_other)
{
    enum { FORKERS = 2, STEPPERS = 4 };
    pthread_t forkers[FORKERS], steppers[STEPPERS];
    unsigned long counts[STEPPERS] = {0};
    for (int i = 0; i < STEPPERS; i++)
        ck_assert_int_eq(pthread_create(&steppers[i], NULL, step_until_over, &counts[i]), 0);
    for (int i = 0; i < FORKERS; i++)
        ck_assert_int_eq(pthread_create(&forkers[i], NULL, fork_many, NULL), 0);
    unsigned long expected = (unsigned long)FORKERS * FORKS * 2;
    for (int i = 0; i < FORKERS; i++)
        ck_assert_int_eq(pthread_join(forkers[i], NULL), 0);
    kn_store_relaxed(&is_over, true);
    for (int i = 0; i < STEPPERS; i++) {
        ck_assert_int_eq(pthread_join(steppers[i], NULL), 0);
        expected += counts[i];
    }
    ck_assert_uint_eq(shared, expected);
    ck_assert_uint_eq(mirrored, expected);
}
