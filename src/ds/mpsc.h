/* mpsc.h - a queue of intrusive nodes: any number of producers, one consumer.
 *
 * Purpose     messages to the one owner of something: work for a background thread, frees for
 *             another thread's heap.
 * Invariants  nodes come out in the order in which their pushes took effect; those of a chain in
 *             the chain's order. A node pushed belongs to the queue until it is popped.
 *             Producers never read a node of the queue, only the address of the newest: there is
 *             nothing they could see in a wrong state, and no ABA problem, for the consumer takes
 *             all incoming nodes at once.
 * Layout
 *               producers                            consumer
 *             +----------+    newest     oldest     +--------+    oldest
 *             | incoming |---> [n5] ---> [n4] -> 0  | ready  |---> [n1] ---> [n2] ---> [n3] -> 0
 *             +----------+                          +--------+
 *             When `ready` is used up, the consumer takes the whole incoming stack and reverses it.
 *             The two words are on cache lines of their own.
 * Threads     push, push_chain: any thread, lock-free. pop, take, check: the consumer only (one at
 *             a time, its changes ordered by the caller). is_idle: any thread, a hint for
 *             producers. A thread that stops anywhere, or is lost in a fork, blocks nobody: that is
 *             why this is not the well-known queue whose producers leave a gap for a moment. push
 *             has release order: what the producer wrote to its node is visible to the consumer,
 *             whose exchange has acquire order. The exchange reads only the latest push, but each
 *             push is a read-modify-write, so it continues the release sequence of all pushes
 *             before it: one acquire pairs with every push whose node it takes.
 * Cost        push: one compare-and-swap, repeated under contention. pop: two moves, and one
 *             exchange per batch.
 * Source      R. K. Treiber, "Systems programming: coping with parallelism", IBM RJ 5118, 1986,
 *             for the stack.
 */
#ifndef KN_DS_MPSC_H
#define KN_DS_MPSC_H

#include "base/atomic.h"

#include <stdbool.h>
#include <stddef.h>

enum { KN_MPSC_LINE_BYTES = 64 };

struct kn_mpsc_node {
    struct kn_mpsc_node *next;
};

struct kn_mpsc {
    KN_ALIGNED(KN_MPSC_LINE_BYTES) _Atomic(struct kn_mpsc_node *) incoming;
    KN_ALIGNED(KN_MPSC_LINE_BYTES) struct kn_mpsc_node *ready;
};

KN_INLINE void kn_mpsc_init(struct kn_mpsc *queue)
{
    kn_store_relaxed(&queue->incoming, NULL);
    queue->ready = NULL;
}

/* Pushes the nodes from `newest` over their next links to `oldest`, whose link may be anything, as
 * if one by one from the oldest. True if no node was incoming before: the consumer, if it sleeps
 * until there is something, is then to be woken. */
KN_INLINE bool kn_mpsc_push_chain(struct kn_mpsc *queue, struct kn_mpsc_node *newest,
                                  struct kn_mpsc_node *oldest)
{
    /* Relaxed: only the address is used. */
    struct kn_mpsc_node *before = kn_load_relaxed(&queue->incoming);

    do
        oldest->next = before;
    /* Release pairs with the acquire exchange of kn_mpsc_take. */
    while (!kn_cas_weak_release(&queue->incoming, &before, newest));
    return before == NULL;
}

KN_INLINE bool kn_mpsc_push(struct kn_mpsc *queue, struct kn_mpsc_node *node)
{
    return kn_mpsc_push_chain(queue, node, node);
}

/* Whether no node is incoming. A hint: it may be outdated at once. */
KN_INLINE bool kn_mpsc_is_idle(struct kn_mpsc *queue)
{
    return kn_load_relaxed(&queue->incoming) == NULL;
}

/* All nodes, oldest first, linked by next and ended by NULL; NULL if there are none. */
struct kn_mpsc_node *kn_mpsc_take(struct kn_mpsc *queue);

/* The oldest node; NULL if the queue is empty. */
struct kn_mpsc_node *kn_mpsc_pop(struct kn_mpsc *queue);

/* NULL if both lists end, else what is wrong. For the consumer; linear, producers may go on. */
const char *kn_mpsc_check(struct kn_mpsc *queue);

#endif
