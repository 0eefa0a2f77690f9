/* Random sequences of all calls on pools of all kinds, against a plain list of the objects in use.
 * Objects are filled; the pool is checked after each step. The source fails now and then. */
#include "fake_source.h"
#include "model_run.h"
#include "require.h"

#include "base/rng.h"
#include "special/source.h"

#include <knoll/pool.h>

#include <string.h>

enum { LIVE_MAX = 600, BATCH_MAX = 150, STEPS = 4000 };

struct model {
    struct kn_fake_source fake;
    struct knoll_pool pool;
    struct knoll_pool_options options;
    struct kn_rng rng;
    unsigned char *live[LIVE_MAX + BATCH_MAX];
    size_t count;
    size_t visited;
};

static struct model m;

static unsigned char filling_of(const unsigned char *object)
{
    return (unsigned char)((uintptr_t)object / 8 * 31 + (uintptr_t)object % 8);
}

static void require_intact(const unsigned char *object)
{
    for (size_t i = 0; i < m.options.object_bytes; i++)
        kn_require(object[i] == filling_of(object));
}

static void add(unsigned char *object)
{
    size_t align = m.options.align;
    kn_require(align == 0 || (uintptr_t)object % align == 0);
    kn_require(knoll_pool_has(&m.pool, object));
    memset(object, filling_of(object), m.options.object_bytes);
    m.live[m.count++] = object;
}

static void make_one(void)
{
    void *object = m.count < LIVE_MAX ? knoll_pool_malloc(&m.pool) : NULL;
    if (object != NULL)
        add(object);
}

static void make_batch(void)
{
    void *objects[BATCH_MAX];
    if (m.count >= LIVE_MAX)
        return;
    size_t wanted = kn_rng_below(&m.rng, BATCH_MAX + 1);
    size_t made = knoll_pool_malloc_batch(&m.pool, wanted, objects);
    kn_require(made <= wanted);
    for (size_t i = 0; i < made; i++)
        add(objects[i]);
}

static void *remove_any(void)
{
    size_t i = kn_rng_below(&m.rng, m.count);
    unsigned char *object = m.live[i];
    require_intact(object);
    m.live[i] = m.live[--m.count];
    return object;
}

static void free_batch(void)
{
    void *objects[BATCH_MAX];
    size_t count = kn_rng_below(&m.rng, BATCH_MAX + 1);
    for (size_t i = 0; i < count; i++)
        objects[i] = m.count != 0 && kn_rng_below(&m.rng, 10) != 0 ? remove_any() : NULL;
    knoll_pool_free_batch(&m.pool, objects, count);
}

static int mark_visited(void *object, void *arg)
{
    kn_require(arg == &m);
    require_intact(object);
    m.visited++;
    return 0;
}

static void require_counts(void)
{
    struct knoll_pool_stats stats;
    knoll_pool_stats_get(&m.pool, &stats);
    kn_require(stats.used_objects == m.count);
    kn_require(stats.objects >= m.count);
    kn_require(stats.source_bytes == m.fake.held_bytes);
    if (m.options.max_objects != 0)
        kn_require(stats.objects <= m.options.max_objects);
}

static void step(void)
{
    switch (kn_rng_below(&m.rng, 40)) {
    case 0:
        (void)knoll_pool_trim(&m.pool);
        break;
    case 1:
        m.visited = 0;
        kn_require(knoll_pool_walk(&m.pool, mark_visited, &m) == 0);
        kn_require(m.visited == m.count);
        break;
    case 2:
        (void)!knoll_pool_reserve(&m.pool, kn_rng_below(&m.rng, LIVE_MAX));
        break;
    case 3:
        kn_fake_source_fail(&m.fake, KN_FAKE_ACQUIRE, 1, kn_rng_below(&m.rng, 12));
        break;
    case 4:
        if (kn_rng_below(&m.rng, 10) == 0) {
            knoll_pool_reset(&m.pool);
            m.count = 0;
        }
        break;
    case 5:
    case 6:
        make_batch();
        break;
    case 7:
    case 8:
        free_batch();
        break;
    default:
        if (m.count != 0 && kn_rng_below(&m.rng, 2) == 0)
            knoll_pool_free(&m.pool, remove_any());
        else
            make_one();
    }
}

static void run(enum knoll_pool_kind kind)
{
    memset(&m.options, 0, sizeof(m.options));
    m.options.object_bytes = kn_rng_range(&m.rng, 1, 80);
    m.options.align = kn_rng_below(&m.rng, 3) == 0 ? (size_t)1 << kn_rng_below(&m.rng, 8) : 0;
    m.options.kind = kind;
    m.options.first_objects = kn_rng_below(&m.rng, 3) == 0 ? kn_rng_range(&m.rng, 1, 200) : 0;
    m.options.max_objects = kn_rng_below(&m.rng, 3) == 0 ? kn_rng_range(&m.rng, 1, LIVE_MAX) : 0;
    m.options.is_fixed = m.options.max_objects != 0 && kn_rng_below(&m.rng, 2) == 0;
    m.count = 0;
    kn_fake_source_init(&m.fake);
    kn_require(knoll_pool_init(&m.pool, kn_source_to_public(&m.fake.source), &m.options) == 0);
    for (uint64_t n = model_operations(STEPS); n != 0; n--) {
        step();
        kn_require_sound(knoll_pool_check(&m.pool));
        require_counts();
    }
    knoll_pool_destroy(&m.pool);
    kn_fake_source_assert_all_released(&m.fake);
}

KN_TEST_LOOP(special_pool_model, random_calls_agree_with_a_plain_list, 0, 9)
{
    kn_rng_seed(&m.rng, kn_test_seed() + (unsigned)_i);
    run((enum knoll_pool_kind)(_i % 3));
}
