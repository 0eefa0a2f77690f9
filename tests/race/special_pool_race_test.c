/* Threads take objects from one shared pool, write to them, hand some to each other, and free them:
 * no two may have the same object at a time, and what one wrote must not be seen half, which
 * ThreadSanitizer checks. */
#include "race.h"
#include "require.h"

#include "base/atomic.h"

#include <knoll/pool.h>

enum { THREADS = 4, HELD = 100, EXCHANGED = 64, OPERATIONS = 30000, FIXED = 256 };

struct object {
    size_t owner;
    size_t filling[5];
};

static struct knoll_pool pool;
static _Atomic(struct object *) exchange[EXCHANGED];

static void own(struct object *object, size_t owner)
{
    object->owner = owner;
    for (size_t i = 0; i < 5; i++)
        object->filling[i] = owner + i;
}

static bool is_owned(const struct object *object, size_t owner)
{
    for (size_t i = 0; i < 5; i++)
        if (object->filling[i] != owner + i)
            return false;
    return object->owner == owner;
}

/* Swaps with what another thread has left. Acquire and release: the pointer carries the object. */
static struct object *swap(struct object *object, struct kn_rng *rng)
{
    own(object, 0);
    return kn_exchange_acq_rel(&exchange[kn_rng_below(rng, EXCHANGED)], object);
}

static void use(unsigned thread, struct kn_rng *rng, void *arg)
{
    struct object *held[HELD] = {NULL};
    size_t owner = 100 * (thread + 1);
    size_t *refused = arg;
    for (size_t n = 0; n < OPERATIONS; n++) {
        struct object **slot = &held[kn_rng_below(rng, HELD)];
        if (*slot == NULL) {
            *slot = knoll_pool_malloc(&pool);
            if (*slot != NULL)
                own(*slot, owner);
            else
                refused[thread]++;
            continue;
        }
        kn_require(is_owned(*slot, owner));
        if (kn_rng_below(rng, 4) == 0)
            *slot = swap(*slot, rng);
        if (*slot != NULL)
            knoll_pool_free(&pool, *slot);
        *slot = NULL;
    }
    for (size_t i = 0; i < HELD; i++)
        knoll_pool_free(&pool, held[i]);
}

static void use_batches(unsigned thread, struct kn_rng *rng, void *arg)
{
    void *held[HELD];
    size_t owner = 100 * (thread + 1);
    (void)arg;
    for (size_t n = 0; n < OPERATIONS / HELD; n++) {
        size_t count = knoll_pool_malloc_batch(&pool, kn_rng_range(rng, 1, HELD), held);
        for (size_t i = 0; i < count; i++)
            own(held[i], owner);
        for (size_t i = 0; i < count; i++)
            kn_require(is_owned(held[i], owner));
        knoll_pool_free_batch(&pool, held, count);
    }
}

static size_t count_used(void)
{
    struct knoll_pool_stats stats;
    kn_require_sound(knoll_pool_check(&pool));
    knoll_pool_stats_get(&pool, &stats);
    return stats.used_objects;
}

static void free_exchanged(void)
{
    for (size_t i = 0; i < EXCHANGED; i++)
        knoll_pool_free(&pool, kn_exchange_acquire(&exchange[i], NULL));
}

static void begin(size_t max_objects)
{
    ck_assert_int_eq(knoll_pool_init(&pool, knoll_source_mmap(),
                                     &(struct knoll_pool_options){
                                         .object_bytes = sizeof(struct object),
                                         .kind = KNOLL_POOL_SHARED,
                                         .first_objects = 1,
                                         .max_objects = max_objects,
                                         .is_fixed = max_objects != 0,
                                     }),
                     0);
    kn_race_stir(true);
}

KN_TEST(special_pool_race, objects_have_one_owner_while_the_pool_grows)
{
    size_t refused[THREADS] = {0};
    begin(0);
    kn_race_run(THREADS, use, refused);
    kn_race_run(THREADS, use_batches, NULL);
    free_exchanged();
    ck_assert_uint_eq(count_used(), 0);
    for (size_t i = 0; i < THREADS; i++)
        ck_assert_uint_eq(refused[i], 0);
    knoll_pool_destroy(&pool);
}

/* At most FIXED objects are there, at the end of all strife exactly so many again. */
KN_TEST(special_pool_race, a_fixed_pool_loses_no_object_when_it_is_short)
{
    static void *all[FIXED + 1];
    size_t refused[THREADS] = {0};
    begin(FIXED);
    kn_race_run(THREADS, use, refused);
    kn_race_run(THREADS, use_batches, NULL);
    free_exchanged();
    ck_assert_uint_eq(count_used(), 0);
    ck_assert_uint_eq(knoll_pool_malloc_batch(&pool, FIXED + 1, all), FIXED);
    ck_assert_uint_eq(count_used(), FIXED);
    knoll_pool_destroy(&pool);
}
