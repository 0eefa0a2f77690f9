/* Producers push numbered messages, alone and in chains, from pools that the consumer gives back to
 * them: nothing may be lost, doubled or out of its producer's order, and what a producer wrote to a
 * message must be visible, which ThreadSanitizer checks. */
#include "ds/mpsc.h"

#include "base/bits.h"
#include "base/rng.h"
#include "require.h"

#include <pthread.h>
#include <sched.h>

enum { PRODUCERS = 3, MESSAGES = 40000, POOL = 64, CHAIN_MAX = 5 };

struct message {
    struct kn_mpsc_node node;
    unsigned producer;
    unsigned number;
    /* Set by the producer before it pushes; cleared by the consumer when it is done. */
    atomic_bool is_in_use;
};

static struct kn_mpsc queue;
static struct message pools[PRODUCERS][POOL];
static pthread_barrier_t start;

static void *produce(void *arg)
{
    unsigned producer = (unsigned)(uintptr_t)arg;
    struct kn_rng rng;
    unsigned number = 0;

    kn_rng_seed(&rng, kn_test_seed() + producer);
    pthread_barrier_wait(&start);
    while (number < MESSAGES) {
        unsigned length = (unsigned)kn_rng_range(&rng, 1, CHAIN_MAX);
        struct kn_mpsc_node *oldest = NULL;
        struct kn_mpsc_node *newest = NULL;

        for (; length > 0 && number < MESSAGES; length--, number++) {
            struct message *message = &pools[producer][number % POOL];

            /* Acquire pairs with the release store of the consumer: it has read the message. A
             * chain is shorter than the pool, so what is waited for has been pushed. */
            while (kn_load_acquire(&message->is_in_use))
                sched_yield();
            kn_store_relaxed(&message->is_in_use, true);
            message->producer = producer;
            message->number = number;
            message->node.next = newest;
            newest = &message->node;
            if (oldest == NULL)
                oldest = newest;
        }
        kn_mpsc_push_chain(&queue, newest, oldest);
    }
    return NULL;
}

KN_TEST(mpsc_race, loses_and_reorders_nothing_when_producers_push_at_once)
{
    pthread_t threads[PRODUCERS];
    unsigned expected[PRODUCERS] = {0};
    unsigned left = PRODUCERS * MESSAGES;

    kn_mpsc_init(&queue);
    ck_assert_int_eq(pthread_barrier_init(&start, NULL, PRODUCERS + 1), 0);
    for (uintptr_t i = 0; i < PRODUCERS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, produce, (void *)i), 0);
    pthread_barrier_wait(&start);
    while (left > 0) {
        struct kn_mpsc_node *node = kn_mpsc_pop(&queue);
        struct message *message;

        if (node == NULL) {
            sched_yield();
            continue;
        }
        if (left % 1024 == 0)
            kn_require_sound(kn_mpsc_check(&queue));
        message = KN_CONTAINER_OF(node, struct message, node);
        kn_require(message->producer < PRODUCERS);
        kn_require(message->number == expected[message->producer]);
        expected[message->producer]++;
        left--;
        /* Release pairs with the acquire load of the producer: the message has been read. */
        kn_store_release(&message->is_in_use, false);
    }
    for (size_t i = 0; i < PRODUCERS; i++)
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
    ck_assert_ptr_null(kn_mpsc_pop(&queue));
    ck_assert(kn_mpsc_is_idle(&queue));
}

/* Of the pushes between two takes, exactly one finds the queue idle: the one to wake the
 * consumer. */
static atomic_uint wake_count;
static struct kn_mpsc_node plain_nodes[PRODUCERS][MESSAGES];

static void *push_all(void *arg)
{
    unsigned wakes = 0;

    pthread_barrier_wait(&start);
    for (size_t i = 0; i < MESSAGES; i++)
        wakes += kn_mpsc_push(&queue, &plain_nodes[(uintptr_t)arg][i]);
    kn_fetch_add_relaxed(&wake_count, wakes);
    return NULL;
}

KN_TEST(mpsc_race, says_once_per_batch_that_the_queue_was_idle)
{
    pthread_t threads[PRODUCERS];
    unsigned left = PRODUCERS * MESSAGES;
    unsigned batches = 0;

    kn_mpsc_init(&queue);
    ck_assert_int_eq(pthread_barrier_init(&start, NULL, PRODUCERS + 1), 0);
    for (uintptr_t i = 0; i < PRODUCERS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, push_all, (void *)i), 0);
    pthread_barrier_wait(&start);
    while (left > 0) {
        const struct kn_mpsc_node *node = kn_mpsc_take(&queue);

        batches += node != NULL;
        for (; node != NULL; node = node->next)
            left--;
    }
    for (size_t i = 0; i < PRODUCERS; i++)
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
    ck_assert_uint_eq(atomic_load(&wake_count), batches);
}
