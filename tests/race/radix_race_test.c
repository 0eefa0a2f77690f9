/* One writer sets, replaces and takes out values while readers look them up. What a value points
 * to is written without atomics just before it is set: a reader that sees the pointer and not the
 * contents shows a missing order, to ThreadSanitizer at once and without it by a wrong key. */
#include "ds/radix.h"

#include "base/rng.h"
#include "require.h"

#include <pthread.h>
#include <stdlib.h>

enum { KEY_BITS = 20, KEY_SPAN = 3000, READERS = 3, WRITES = 150000 };

/* Written once, before its address is set, and never again. */
struct record {
    uint64_t key;
    uint64_t check;
};

static struct kn_radix radix;
static struct record records[WRITES];
static pthread_barrier_t start;
static atomic_bool is_done;
static atomic_uint wrong_reads;

static void *alloc(void *context, size_t bytes)
{
    (void)context;
    return calloc(1, bytes);
}

/* Keys that need new nodes all the time: every 61st. */
static uint64_t key_of(uint64_t index)
{
    return index * 61;
}

static void *read_values(void *arg)
{
    struct kn_rng rng;

    kn_rng_seed(&rng, kn_test_seed() + (uintptr_t)arg);
    pthread_barrier_wait(&start);
    do {
        uint64_t key = key_of(kn_rng_below(&rng, KEY_SPAN));
        const struct record *record = kn_radix_get(&radix, key);

        if (record != NULL && (record->key != key || record->check != ~key))
            atomic_fetch_add(&wrong_reads, 1);
    } while (!atomic_load(&is_done));
    return NULL;
}

KN_TEST(radix_race, readers_see_whole_values_while_one_thread_writes)
{
    pthread_t readers[READERS];
    struct kn_rng rng;

    kn_rng_seed(&rng, kn_test_seed());
    kn_radix_init(&radix, KEY_BITS, alloc, NULL);
    ck_assert_int_eq(pthread_barrier_init(&start, NULL, READERS + 1), 0);
    for (uintptr_t i = 0; i < READERS; i++)
        ck_assert_int_eq(pthread_create(&readers[i], NULL, read_values, (void *)(i + 1)), 0);
    pthread_barrier_wait(&start);
    for (size_t i = 0; i < WRITES; i++) {
        uint64_t key = key_of(kn_rng_below(&rng, KEY_SPAN));
        struct record *value = NULL;

        if (kn_rng_below(&rng, 4) != 0) {
            value = &records[i];
            value->key = key;
            value->check = ~key;
        }
        kn_require(kn_radix_set(&radix, key, value) == 0);
    }
    atomic_store(&is_done, true);
    for (size_t i = 0; i < READERS; i++)
        ck_assert_int_eq(pthread_join(readers[i], NULL), 0);
    ck_assert_uint_eq(atomic_load(&wrong_reads), 0);
    kn_require_sound(kn_radix_check(&radix));
}
