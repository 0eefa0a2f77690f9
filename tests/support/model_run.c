#include "model_run.h"

#include "model_worker.h"

#include "base/atomic.h"
#include "harness.h"

#include <stdlib.h>

enum {
    ROUNDS = 40,
    ROUND_OPERATIONS_MIN = 200,
    ROUND_OPERATIONS_MAX = 20000,
    /* One thread in so many ends with a round. */
    LIFE_ROUNDS = 4,
};

/* A place in the crew: threads come and go in it. */
struct place {
    struct crew *crew;
    struct model_worker worker;
    pthread_t thread;
    bool has_thread;
    bool is_last_round; /* the thread ends with this round */
    bool ends_early;    /* and the allocator sees it end in the middle of it */
};

struct crew {
    const struct model_plan *plan;
    uint64_t round_operations;
    struct model_exchange exchange;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    uint64_t round;
    unsigned running;
    struct place places[];
};

uint64_t model_operations(uint64_t usual)
{
    const char *wish = getenv("KNOLL_TEST_OPS");
    return wish == NULL ? usual : strtoull(wish, NULL, 0);
}

/* ---- threads ---- */

static void run_round(struct place *place)
{
    struct model_worker *worker = &place->worker;
    uint64_t operations = place->crew->round_operations;
    if (!place->ends_early) {
        model_worker_run(worker, operations);
        return;
    }
    model_worker_run(worker, operations / 2);
    worker->plan->calls->thread_end();
    model_worker_run(worker, operations - operations / 2);
}

static void *thread_main(void *arg)
{
    struct place *place = arg;
    struct crew *crew = place->crew;
    bool is_over = false;
    while (!is_over) {
        run_round(place);
        pthread_mutex_lock(&crew->mutex);
        uint64_t round = crew->round;
        is_over = place->is_last_round;
        crew->running--;
        pthread_cond_broadcast(&crew->changed);
        while (!is_over && crew->round == round)
            pthread_cond_wait(&crew->changed, &crew->mutex);
        pthread_mutex_unlock(&crew->mutex);
    }
    return NULL;
}

static void begin_round(struct crew *crew, struct kn_rng *rng, bool is_last)
{
    const struct model_plan *plan = crew->plan;
    pthread_mutex_lock(&crew->mutex);
    crew->round++;
    crew->running = plan->threads;
    for (unsigned i = 0; i < plan->threads; i++) {
        struct place *place = &crew->places[i];
        place->is_last_round = is_last || kn_rng_below(rng, LIFE_ROUNDS) == 0;
        place->ends_early =
            place->is_last_round && plan->calls->thread_end != NULL && kn_rng_below(rng, 2) == 0;
        if (!place->has_thread)
            ck_assert_int_eq(pthread_create(&place->thread, NULL, thread_main, place), 0);
        place->has_thread = true;
    }
    pthread_cond_broadcast(&crew->changed);
    pthread_mutex_unlock(&crew->mutex);
}

static void await_round(struct crew *crew)
{
    pthread_mutex_lock(&crew->mutex);
    while (crew->running != 0)
        pthread_cond_wait(&crew->changed, &crew->mutex);
    pthread_mutex_unlock(&crew->mutex);
    for (unsigned i = 0; i < crew->plan->threads; i++) {
        struct place *place = &crew->places[i];
        if (place->is_last_round) {
            pthread_join(place->thread, NULL);
            place->has_thread = false;
        }
    }
}

/* ---- between rounds ---- */

static void check(struct crew *crew)
{
    struct model_live live = {0, 0};
    for (unsigned i = 0; i < crew->plan->threads; i++) {
        live.blocks += crew->places[i].worker.count;
        live.bytes += crew->places[i].worker.bytes;
    }
    for (unsigned i = 0; i < MODEL_SLOTS; i++) {
        const struct model_block *block = kn_load_acquire(&crew->exchange.slots[i]);
        live.blocks += block != NULL;
        live.bytes += block == NULL ? 0 : block->usable;
    }
    const char *wrong = crew->plan->check(&live);
    if (wrong != NULL)
        ck_abort_msg("%s: %s; seed %llu, after operation %llu of each thread",
                     crew->plan->calls->name, wrong, (unsigned long long)kn_test_seed(),
                     (unsigned long long)(crew->round * crew->round_operations));
}

static void clear(struct crew *crew)
{
    for (unsigned i = 0; i < MODEL_SLOTS; i++) {
        struct model_block *block = kn_exchange_acquire(&crew->exchange.slots[i], NULL);
        if (block != NULL)
            model_worker_drop(&crew->places[0].worker, block);
    }
    for (unsigned i = 0; i < crew->plan->threads; i++)
        model_worker_clear(&crew->places[i].worker);
    (void)crew->plan->calls->trim(0);
}

static struct crew *crew_new(const struct model_plan *plan, struct kn_rng *rng)
{
    struct crew *crew = calloc(1, sizeof(*crew) + plan->threads * sizeof(struct place));
    ck_assert_ptr_nonnull(crew);
    crew->plan = plan;
    crew->round_operations = plan->operations / plan->threads / ROUNDS;
    if (crew->round_operations < ROUND_OPERATIONS_MIN)
        crew->round_operations = ROUND_OPERATIONS_MIN;
    if (crew->round_operations > ROUND_OPERATIONS_MAX)
        crew->round_operations = ROUND_OPERATIONS_MAX;
    pthread_mutex_init(&crew->mutex, NULL);
    pthread_cond_init(&crew->changed, NULL);
    for (unsigned i = 0; i < plan->threads; i++) {
        crew->places[i].crew = crew;
        model_worker_init(&crew->places[i].worker, plan, &crew->exchange, i);
        kn_rng_seed(&crew->places[i].worker.rng, kn_rng_next(rng));
    }
    return crew;
}

void model_run(const struct model_plan *plan)
{
    struct kn_rng rng;
    kn_rng_seed(&rng, kn_test_seed());
    model_blocks_init();
    struct crew *crew = crew_new(plan, &rng);
    uint64_t step = crew->round_operations * plan->threads;
    for (uint64_t done = 0; done < plan->operations; done += step) {
        begin_round(crew, &rng, done + step >= plan->operations);
        await_round(crew);
        check(crew);
    }
    clear(crew);
    check(crew);
    free(crew);
}
