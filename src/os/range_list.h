/*
 * Free ranges of memory, kept in the ranges themselves.
 *
 * Purpose     what a source holds between giving a range back and handing it out again: few, large
 *             ranges of one or several stretches of memory.
 * Invariants  nodes are in order of address, at least one unit long, and never touch: neighbours
 *             are merged at once. A node is the first unit of its range; nothing else of it is
 *             written.
 *
 *                 first --> [next|bytes|......free......] --> [next|bytes|..] --> NULL
 *
 * Threads     none; the owner excludes them.
 * Cost        linear in the number of free ranges. Taking is first fit by address, which keeps the
 *             high addresses free.
 */
#ifndef KN_OS_RANGE_LIST_H
#define KN_OS_RANGE_LIST_H

#include "base/compiler.h"

#include <stddef.h>

struct kn_range_node {
    struct kn_range_node *next;
    size_t bytes; /* of the whole range, this node included */
};

struct kn_range_list {
    struct kn_range_node *first;
    size_t free_bytes;
};

/* Starts and lengths are multiples of this. */
enum { KN_RANGE_UNIT_BYTES = sizeof(struct kn_range_node) };

KN_STATIC_ASSERT((KN_RANGE_UNIT_BYTES & (KN_RANGE_UNIT_BYTES - 1)) == 0,
                 "a unit can be an alignment");

void kn_range_list_init(struct kn_range_list *list);

/* Adds a range. 0; EINVAL, and no change, if any of it is in the list already. */
int kn_range_list_give(struct kn_range_list *list, void *start, size_t bytes);

/* Removes `bytes` at a multiple of `align`, a power of two, and returns their start; NULL if no
 * range is long enough. */
KN_NODISCARD void *kn_range_list_take(struct kn_range_list *list, size_t bytes, size_t align);

/* Removes the range at `start`. 0; ENOMEM, and no change, unless all of it is free. */
KN_NODISCARD int kn_range_list_take_at(struct kn_range_list *list, void *start, size_t bytes);

/* NULL, or what is wrong: every invariant above, and that all lies within [low, high). */
const char *kn_range_list_check(const struct kn_range_list *list, const void *low,
                                const void *high);

#endif
