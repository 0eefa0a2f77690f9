/*
 * More threads than processors, threads that come and go, one side that only allocates: memory must
 * stay within a bound that follows from what is alive. Quick sizes by default; KNOLL_TEST_LONG in
 * the environment makes them as long as a night.
 */
#include "child.h"
#include "model_calls.h"
#include "model_run.h"
#include "require.h"

#include "base/rng.h"
#include "core/heap.h"
#include "core/heap_check.h"
#include "core/page_heap.h"
#include "os/os.h"

#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SECONDS = 120, MANY_THREADS = 64 };

static const struct model_calls *const core = &model_calls_core;

static size_t length(size_t quick, size_t full)
{
    return getenv("KNOLL_TEST_LONG") != NULL ? full : quick;
}

static void check_all(size_t expected_blocks)
{
    struct kn_check_totals totals;
    kn_require_sound(kn_check_all(&totals));
    ck_assert_uint_eq(totals.slab_blocks + totals.large_blocks, expected_blocks);
}

static const char *check_model(const struct model_live *live)
{
    struct kn_check_totals totals;
    const char *wrong = kn_check_all(&totals);
    bool is_equal = totals.slab_blocks + totals.large_blocks == live->blocks;
    return wrong != NULL ? wrong : is_equal ? NULL : "blocks are lost";
}

KN_TEST_SLOW(overload, serves_64_threads, SECONDS)
{
    const struct model_plan plan = {
        .calls = &model_calls_core,
        .threads = MANY_THREADS,
        .operations = length(200000, 100000000),
        .live_bytes_max = (size_t)2 << 20,
        .bytes_max = (size_t)512 << 10,
        .check = check_model,
    };
    model_run(&plan);
    struct kn_page_heap_stats stats;
    kn_page_heap_stats(&stats);
    ck_assert_uint_le(stats.used_bytes, (size_t)1 << 20);
}

/* ---- memory that must stay flat ---- */

struct footprint {
    size_t held;     /* runs, in use or dirty */
    size_t resident; /* 0 under sanitizers, whose own memory grows */
};

static struct footprint footprint(void)
{
    struct kn_page_heap_stats stats;
    kn_page_heap_stats(&stats);
    return (struct footprint){
        .held = stats.used_bytes + stats.dirty_bytes,
        .resident = kn_test_is_sanitized() ? 0 : kn_os_resident_bytes(),
    };
}

static void expect_flat(struct footprint early, struct footprint late)
{
    size_t slack = (size_t)2 << 20;
    if (late.held > early.held + early.held / 4 + slack)
        ck_abort_msg("held memory grew from %zu to %zu bytes", early.held, late.held);
    if (late.resident > early.resident + early.resident / 4 + slack)
        ck_abort_msg("resident memory grew from %zu to %zu bytes", early.resident, late.resident);
}

/* ---- threads that come and go ---- */

enum { SHARED_SLOTS = 256, BLOCKS_OF_THREAD = 40 };

static _Atomic(void *) shared_slots[SHARED_SLOTS];

static size_t random_bytes(struct kn_rng *rng)
{
    switch (kn_rng_below(rng, 16)) {
    case 0:
        return (size_t)kn_rng_range(rng, 32769, 300000);
    case 1:
    case 2:
        return (size_t)kn_rng_below(rng, 32768);
    default:
        return (size_t)kn_rng_below(rng, 600);
    }
}

/* Some of a thread's blocks outlive it, in slots from which a later thread takes and frees them. */
static void *live_briefly(void *arg)
{
    struct kn_rng rng;
    void *blocks[BLOCKS_OF_THREAD];
    kn_rng_seed(&rng, kn_test_seed() + (uintptr_t)arg);
    for (size_t i = 0; i < BLOCKS_OF_THREAD; i++) {
        blocks[i] = core->malloc(random_bytes(&rng));
        kn_require(blocks[i] != NULL);
        memset(blocks[i], 1, 1);
    }
    for (size_t i = 0; i < BLOCKS_OF_THREAD; i++) {
        void *block = blocks[i];
        if (i % 10 == 0)
            block = atomic_exchange(&shared_slots[kn_rng_below(&rng, SHARED_SLOTS)], block);
        core->free(block);
    }
    return NULL;
}

static void clear_slots(void)
{
    for (size_t i = 0; i < SHARED_SLOTS; i++)
        core->free(atomic_exchange(&shared_slots[i], NULL));
    core->trim(0);
}

KN_TEST_SLOW(overload, stays_flat_when_threads_come_and_go, SECONDS)
{
    size_t threads = length(8000, 100000);
    struct footprint early = {0, 0};
    for (size_t i = 0; i < threads; i += 2) {
        pthread_t pair[2];
        if (i == threads / 10)
            early = footprint();
        for (size_t k = 0; k < 2; k++)
            ck_assert_int_eq(pthread_create(&pair[k], NULL, live_briefly, (void *)(i + k)), 0);
        for (size_t k = 0; k < 2; k++)
            pthread_join(pair[k], NULL);
    }
    expect_flat(early, footprint());
    clear_slots();
    check_all(0);
}

/* ---- destructors that go on allocating ---- */

enum { KEYS = 10 };

static pthread_key_t keys[KEYS];

/* What a key holds: the number of the key, and how often its destructor has run. */
struct value {
    size_t key;
    unsigned rounds;
};

static struct value *new_value(size_t key, unsigned rounds)
{
    struct value *value = core->malloc(sizeof(*value) + key * 50 + rounds);
    kn_require(value != NULL);
    *value = (struct value){key, rounds};
    return value;
}

/* Frees the old value and leaves a new one, except in the last round, after which nobody would free
 * it. */
static void replace_value(void *arg)
{
    struct value *old = arg;
    /* The thread sanitizer's own destructor comes in the last round, and nothing may follow it. */
    unsigned rounds = kn_test_is_sanitized() ? 2 : PTHREAD_DESTRUCTOR_ITERATIONS;
    struct value *new = new_value(old->key, old->rounds + 1);
    core->free(old);
    if (new->rounds < rounds)
        pthread_setspecific(keys[new->key], new);
    else
        core->free(new);
}

static void *end_with_destructors(void *arg)
{
    for (size_t i = 0; i < KEYS; i++)
        pthread_setspecific(keys[i], new_value(i, 0));
    return arg;
}

KN_TEST_SLOW(overload, stays_flat_when_destructors_of_threads_allocate, SECONDS)
{
    size_t threads = length(1500, 20000);
    struct footprint early = {0, 0};
    for (size_t i = 0; i < KEYS; i++)
        ck_assert_int_eq(pthread_key_create(&keys[i], replace_value), 0);
    for (size_t i = 0; i < threads; i++) {
        pthread_t thread;
        if (i == threads / 10)
            early = footprint();
        ck_assert_int_eq(pthread_create(&thread, NULL, end_with_destructors, (void *)i), 0);
        pthread_join(thread, NULL);
    }
    expect_flat(early, footprint());
    core->trim(0);
    check_all(0);
}

/* ---- producers and consumers ---- */

enum { QUEUE = 512, PARCEL = 32, PRODUCERS = 3, CONSUMERS = 5 };

static struct {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    size_t first, count; /* parcels */
    size_t to_produce;
    bool is_over;
    void *parcels[QUEUE][PARCEL];
} queue = {.mutex = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

static bool try_put(void **parcel)
{
    pthread_mutex_lock(&queue.mutex);
    while (queue.count == QUEUE)
        pthread_cond_wait(&queue.changed, &queue.mutex);
    bool is_wanted = queue.to_produce != 0;
    if (is_wanted) {
        queue.to_produce--;
        memcpy(queue.parcels[(queue.first + queue.count++) % QUEUE], parcel,
               sizeof(queue.parcels[0]));
        pthread_cond_broadcast(&queue.changed);
    }
    pthread_mutex_unlock(&queue.mutex);
    return is_wanted;
}

static bool try_get(void **parcel)
{
    pthread_mutex_lock(&queue.mutex);
    while (queue.count == 0 && !queue.is_over)
        pthread_cond_wait(&queue.changed, &queue.mutex);
    bool has_some = queue.count != 0;
    if (has_some) {
        memcpy(parcel, queue.parcels[queue.first], sizeof(queue.parcels[0]));
        queue.first = (queue.first + 1) % QUEUE;
        queue.count--;
        pthread_cond_broadcast(&queue.changed);
    }
    pthread_mutex_unlock(&queue.mutex);
    return has_some;
}

static void *produce(void *arg)
{
    struct kn_rng rng;
    void *parcel[PARCEL];
    kn_rng_seed(&rng, kn_test_seed() + (uintptr_t)arg);
    do {
        for (size_t i = 0; i < PARCEL; i++) {
            parcel[i] = core->malloc((size_t)kn_rng_range(&rng, 1, 4000));
            kn_require(parcel[i] != NULL);
            *(size_t *)parcel[i] = i;
        }
    } while (try_put(parcel));
    for (size_t i = 0; i < PARCEL; i++)
        core->free(parcel[i]);
    return NULL;
}

static void *consume(void *arg)
{
    void *parcel[PARCEL];
    (void)arg;
    while (try_get(parcel)) {
        for (size_t i = 0; i < PARCEL; i++) {
            kn_require(*(size_t *)parcel[i] == i);
            core->free(parcel[i]);
        }
    }
    return NULL;
}

static void await_produced(size_t left)
{
    pthread_mutex_lock(&queue.mutex);
    while (queue.to_produce > left)
        pthread_cond_wait(&queue.changed, &queue.mutex);
    pthread_mutex_unlock(&queue.mutex);
}

KN_TEST_SLOW(overload, stays_flat_when_some_threads_allocate_and_others_free, SECONDS)
{
    pthread_t threads[PRODUCERS + CONSUMERS];
    size_t parcels = length(30000, 3000000);
    size_t live_max = (size_t)(QUEUE + PRODUCERS + CONSUMERS) * PARCEL * 2000;
    queue.to_produce = parcels;
    for (size_t i = 0; i < PRODUCERS + CONSUMERS; i++)
        ck_assert_int_eq(
            pthread_create(&threads[i], NULL, i < PRODUCERS ? produce : consume, (void *)i), 0);
    await_produced(parcels - parcels / 10);
    struct footprint early = footprint();
    await_produced(0);
    struct footprint late = footprint();
    for (size_t i = 0; i < PRODUCERS; i++)
        pthread_join(threads[i], NULL);
    pthread_mutex_lock(&queue.mutex);
    queue.is_over = true;
    pthread_cond_broadcast(&queue.changed);
    pthread_mutex_unlock(&queue.mutex);
    for (size_t i = PRODUCERS; i < PRODUCERS + CONSUMERS; i++)
        pthread_join(threads[i], NULL);
    expect_flat((struct footprint){live_max, early.resident + live_max}, late);
    core->trim(0);
    check_all(0);
}

/* ---- fork ---- */

enum { FORKING_THREADS = 8, CHILD_SECONDS = 20 };

static atomic_bool is_over;

static void *churn(void *arg)
{
    struct kn_rng rng;
    kn_rng_seed(&rng, kn_test_seed() + (uintptr_t)arg);
    while (!atomic_load(&is_over)) {
        size_t bytes = kn_rng_below(&rng, 64) == 0 ? (size_t)3 << 20 : random_bytes(&rng);
        void *block = core->malloc(bytes);
        kn_require(block != NULL);
        block = atomic_exchange(&shared_slots[kn_rng_below(&rng, SHARED_SLOTS)], block);
        if (block != NULL && kn_rng_below(&rng, 4) == 0)
            block = core->realloc(block, 1 + random_bytes(&rng));
        core->free(block);
    }
    return NULL;
}

static void *use_every_class(void *arg)
{
    void *blocks[KN_CLASS_COUNT + 4];
    for (size_t i = 0; i < KN_ARRAY_LEN(blocks); i++) {
        size_t bytes = i < KN_CLASS_COUNT ? kn_class_bytes((unsigned)i) : i << 12;
        blocks[i] = core->zalloc(bytes);
        kn_require(blocks[i] != NULL);
        memset(blocks[i], 3, bytes);
    }
    for (size_t i = 0; i < KN_ARRAY_LEN(blocks); i++)
        core->free(blocks[i]);
    return arg;
}

static void live_in_child(void)
{
    pthread_t thread;
    alarm(CHILD_SECONDS);
    use_every_class(NULL);
    for (size_t i = 0; i < SHARED_SLOTS; i += 3)
        core->free(atomic_exchange(&shared_slots[i], NULL));
    /* The thread sanitizer does not allow for threads in a child of a process with threads. */
    if (!kn_test_is_sanitized()) {
        kn_require(pthread_create(&thread, NULL, use_every_class, NULL) == 0);
        pthread_join(thread, NULL);
    }
    core->trim(0);
    if (kn_heap_check(kn_self.heap) != NULL || kn_page_heap_check() != NULL)
        _exit(2);
    _exit(0);
}

KN_TEST_SLOW(overload, forks_while_8_threads_allocate, SECONDS)
{
    pthread_t threads[FORKING_THREADS];
    for (size_t i = 0; i < FORKING_THREADS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, churn, (void *)i), 0);
    for (size_t i = length(50, 2000); i > 0; i--) {
        int status;
        pid_t child = fork();
        ck_assert_int_ge(child, 0);
        if (child == 0)
            live_in_child();
        ck_assert_int_eq(waitpid(child, &status, 0), child);
        if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
            ck_abort_msg("a child ended with status %#x, %zu forks before the end", status, i);
        use_every_class(NULL);
    }
    atomic_store(&is_over, true);
    for (size_t i = 0; i < FORKING_THREADS; i++)
        pthread_join(threads[i], NULL);
    clear_slots();
    check_all(0);
}
