/* dlist.h - circular doubly linked lists, linked through a member of their elements.
 *
 * Purpose     lists whose elements leave from the middle: slabs of a heap, runs of one size.
 * Invariants  the list's head is a node like the others, so no operation has a special case.
 *             For each node n of the circle, n.next.prev == n == n.prev.next. A node in no list has
 *             NULL in both links, once it has been removed or kn_dlist_init_node was called.
 * Layout
 *                +--------------------------------------------------+
 *                |    head            first             last        |
 *                |  +------+        +------+          +------+      |
 *                +->| next |------->| next |--> .. -->| next |------+
 *                +--| prev |<-------| prev |<-- .. <--| prev |<-----+
 *                |  +------+        +------+          +------+      |
 *                +--------------------------------------------------+
 * Threads     none: the owner of the list serialises.
 * Cost        all operations constant; a walk and kn_dlist_check linear.
 */
#ifndef KN_DS_DLIST_H
#define KN_DS_DLIST_H

#include "base/assert.h"

#include <stdbool.h>
#include <stddef.h>

struct kn_dlist {
    struct kn_dlist *next;
    struct kn_dlist *prev;
};

/* Makes `head` an empty list. */
KN_INLINE void kn_dlist_init(struct kn_dlist *head)
{
    head->next = head;
    head->prev = head;
}

/* Makes `node` a node in no list. Needed only where kn_dlist_is_linked may be asked first. */
KN_INLINE void kn_dlist_init_node(struct kn_dlist *node)
{
    node->next = NULL;
    node->prev = NULL;
}

KN_INLINE bool kn_dlist_is_empty(const struct kn_dlist *head)
{
    return head->next == head;
}

KN_INLINE bool kn_dlist_is_linked(const struct kn_dlist *node)
{
    return node->next != NULL;
}

/* Links `node` between `prev` and the node behind it; `prev` may be the head. */
KN_INLINE void kn_dlist_insert_after(struct kn_dlist *prev, struct kn_dlist *node)
{
    struct kn_dlist *next = prev->next;

    node->next = next;
    node->prev = prev;
    next->prev = node;
    prev->next = node;
}

KN_INLINE void kn_dlist_push_front(struct kn_dlist *head, struct kn_dlist *node)
{
    kn_dlist_insert_after(head, node);
}

KN_INLINE void kn_dlist_push_back(struct kn_dlist *head, struct kn_dlist *node)
{
    kn_dlist_insert_after(head->prev, node);
}

KN_INLINE void kn_dlist_remove(struct kn_dlist *node)
{
    KN_ASSERT(node->next->prev == node && node->prev->next == node);
    node->next->prev = node->prev;
    node->prev->next = node->next;
    kn_dlist_init_node(node);
}

/* NULL if the list is empty. */
KN_INLINE struct kn_dlist *kn_dlist_first(const struct kn_dlist *head)
{
    return head->next == head ? NULL : head->next;
}

KN_INLINE struct kn_dlist *kn_dlist_last(const struct kn_dlist *head)
{
    return head->prev == head ? NULL : head->prev;
}

/* The node behind or before `node` in the list of `head`; NULL at its end. */
KN_INLINE struct kn_dlist *kn_dlist_next(const struct kn_dlist *head, const struct kn_dlist *node)
{
    return node->next == head ? NULL : node->next;
}

KN_INLINE struct kn_dlist *kn_dlist_prev(const struct kn_dlist *head, const struct kn_dlist *node)
{
    return node->prev == head ? NULL : node->prev;
}

/* Removes and returns the first node; NULL if the list is empty. */
KN_INLINE struct kn_dlist *kn_dlist_pop_front(struct kn_dlist *head)
{
    struct kn_dlist *node = kn_dlist_first(head);

    if (node != NULL)
        kn_dlist_remove(node);
    return node;
}

/* Moves all nodes of `from`, which becomes empty, behind those of `head`, in their order. */
KN_INLINE void kn_dlist_splice_back(struct kn_dlist *head, struct kn_dlist *from)
{
    if (kn_dlist_is_empty(from))
        return;
    from->next->prev = head->prev;
    head->prev->next = from->next;
    from->prev->next = head;
    head->prev = from->prev;
    kn_dlist_init(from);
}

/* NULL if all links agree; else what is wrong. It ends even on a damaged list: as every node is
 * reached from its own prev, no node but the head can be reached twice. */
const char *kn_dlist_check(const struct kn_dlist *head);

#endif
