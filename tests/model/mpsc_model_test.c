/* A queue, used by one thread, against an array. */
#include "ds/mpsc.h"

#include "base/rng.h"
#include "require.h"

enum { NODE_COUNT = 64, STEPS = 30000 };

static struct kn_mpsc queue;
static struct kn_mpsc_node nodes[NODE_COUNT];
static bool is_in[NODE_COUNT];
static struct kn_mpsc_node *order[NODE_COUNT];
static size_t count;

static struct kn_mpsc_node *next_outside(struct kn_rng *rng)
{
    size_t i = (size_t)kn_rng_below(rng, NODE_COUNT);

    if (is_in[i])
        return NULL;
    is_in[i] = true;
    order[count++] = &nodes[i];
    return &nodes[i];
}

static void push(struct kn_rng *rng)
{
    struct kn_mpsc_node *oldest = next_outside(rng);
    struct kn_mpsc_node *newest = oldest;
    struct kn_mpsc_node *node;
    bool was_idle = kn_mpsc_is_idle(&queue);

    if (oldest == NULL)
        return;
    while (kn_rng_below(rng, 3) == 0 && (node = next_outside(rng)) != NULL) {
        node->next = newest;
        newest = node;
    }
    kn_require(kn_mpsc_push_chain(&queue, newest, oldest) == was_idle);
}

static void leave(const struct kn_mpsc_node *node)
{
    kn_require(count > 0 && node == order[0]);
    is_in[node - nodes] = false;
    count--;
    memmove(order, order + 1, count * sizeof(order[0]));
}

KN_TEST(mpsc_model, agrees_with_an_array)
{
    struct kn_rng rng;

    kn_rng_seed(&rng, kn_test_seed());
    kn_mpsc_init(&queue);
    for (unsigned step = 0; step < STEPS; step++) {
        uint64_t choice = kn_rng_below(&rng, 100);

        if (choice < 50) {
            push(&rng);
        } else if (choice < 99) {
            const struct kn_mpsc_node *node = kn_mpsc_pop(&queue);

            kn_require((node == NULL) == (count == 0));
            if (node != NULL)
                leave(node);
        } else {
            const struct kn_mpsc_node *node = kn_mpsc_take(&queue);

            for (; node != NULL; node = node->next)
                leave(node);
            kn_require(count == 0);
        }
        kn_require_sound(kn_mpsc_check(&queue));
    }
}
