#include "ds/mpsc.h"

static struct kn_mpsc_node *reverse(struct kn_mpsc_node *newest)
{
    struct kn_mpsc_node *reversed = NULL;

    while (newest != NULL) {
        struct kn_mpsc_node *older = newest->next;

        newest->next = reversed;
        reversed = newest;
        newest = older;
    }
    return reversed;
}

static struct kn_mpsc_node *take_incoming(struct kn_mpsc *queue)
{
    /* Saves the exchange, which claims the cache line, when there is nothing. Relaxed: what is
     * missed now is found the next time. */
    if (kn_mpsc_is_idle(queue))
        return NULL;
    /* Acquire pairs with the release compare-and-swap of all pushes since the last exchange. */
    return reverse(kn_exchange_acquire(&queue->incoming, NULL));
}

struct kn_mpsc_node *kn_mpsc_take(struct kn_mpsc *queue)
{
    struct kn_mpsc_node *oldest = queue->ready;
    struct kn_mpsc_node *last = oldest;
    struct kn_mpsc_node *newer = take_incoming(queue);

    queue->ready = NULL;
    if (last == NULL)
        return newer;
    while (last->next != NULL)
        last = last->next;
    last->next = newer;
    return oldest;
}

struct kn_mpsc_node *kn_mpsc_pop(struct kn_mpsc *queue)
{
    struct kn_mpsc_node *node = queue->ready;

    if (node == NULL)
        node = take_incoming(queue);
    if (node != NULL)
        queue->ready = node->next;
    return node;
}

/* Brent's algorithm: a marker that is moved on at every power of two of steps is met again by who
 * runs in a cycle. */
static bool has_cycle(const struct kn_mpsc_node *node)
{
    const struct kn_mpsc_node *marker = NULL;
    size_t steps = 0;
    size_t limit = 1;

    for (; node != NULL; node = node->next) {
        if (node == marker)
            return true;
        if (++steps == limit) {
            marker = node;
            limit *= 2;
        }
    }
    return false;
}

const char *kn_mpsc_check(struct kn_mpsc *queue)
{
    if (has_cycle(queue->ready))
        return "mpsc: cycle among the ready nodes";
    /* Acquire pairs with the release compare-and-swap of all pushes up to this node. Only the
     * consumer takes nodes off, so those from here on stay as they are. */
    if (has_cycle(kn_load_acquire(&queue->incoming)))
        return "mpsc: cycle among the incoming nodes";
    return NULL;
}
