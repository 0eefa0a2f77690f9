#include "os/range_list.h"

#include "base/align.h"
#include "base/assert.h"
#include "base/checked.h"

#include <errno.h>
#include <stdint.h>

static uintptr_t end_of(const struct kn_range_node *node)
{
    return (uintptr_t)node + node->bytes;
}

static bool is_unit_range(const void *start, size_t bytes)
{
    return start != NULL && bytes != 0 && kn_is_aligned((uintptr_t)start, KN_RANGE_UNIT_BYTES) &&
           kn_is_aligned(bytes, KN_RANGE_UNIT_BYTES);
}

void kn_range_list_init(struct kn_range_list *list)
{
    list->first = NULL;
    list->free_bytes = 0;
}

int kn_range_list_give(struct kn_range_list *list, void *start, size_t bytes)
{
    KN_ASSERT(is_unit_range(start, bytes));
    struct kn_range_node *node = start, *before = NULL, *after = list->first;
    while (after != NULL && after < node) {
        before = after;
        after = after->next;
    }
    uintptr_t end = (uintptr_t)start + bytes;
    if ((before != NULL && end_of(before) > (uintptr_t)start) ||
        (after != NULL && end > (uintptr_t)after))
        return EINVAL;
    list->free_bytes += bytes;
    node->next = after;
    node->bytes = bytes;
    if (after != NULL && end == (uintptr_t)after) {
        node->next = after->next;
        node->bytes += after->bytes;
    }
    if (before == NULL) {
        list->first = node;
    } else if (end_of(before) == (uintptr_t)start) {
        before->next = node->next;
        before->bytes += node->bytes;
    } else {
        before->next = node;
    }
    return 0;
}

/* Cuts a range out of the free one that `link` leads to; what is left of it stays in the list. */
static void cut_range(struct kn_range_list *list, struct kn_range_node **link, uintptr_t start,
                      size_t bytes)
{
    struct kn_range_node *node = *link, *rest = node->next;
    uintptr_t end = start + bytes, node_end = end_of(node);
    if (end != node_end) {
        struct kn_range_node *tail = (struct kn_range_node *)end;
        tail->next = rest;
        tail->bytes = node_end - end;
        rest = tail;
    }
    if (start == (uintptr_t)node) {
        *link = rest;
    } else {
        node->bytes = start - (uintptr_t)node;
        node->next = rest;
    }
    list->free_bytes -= bytes;
}

void *kn_range_list_take(struct kn_range_list *list, size_t bytes, size_t align)
{
    KN_ASSERT(bytes != 0 && kn_is_aligned(bytes, KN_RANGE_UNIT_BYTES));
    if (align < KN_RANGE_UNIT_BYTES)
        align = KN_RANGE_UNIT_BYTES;
    struct kn_range_node **link = &list->first;
    for (; *link != NULL; link = &(*link)->next) {
        uintptr_t start;
        if (!kn_try_align_up((uintptr_t)*link, align, &start) || start >= end_of(*link) ||
            end_of(*link) - start < bytes)
            continue;
        cut_range(list, link, start, bytes);
        return (void *)start;
    }
    return NULL;
}

int kn_range_list_take_at(struct kn_range_list *list, void *start, size_t bytes)
{
    KN_ASSERT(is_unit_range(start, bytes));
    struct kn_range_node **link = &list->first;
    while (*link != NULL && end_of(*link) <= (uintptr_t)start)
        link = &(*link)->next;
    if (*link == NULL || (uintptr_t)*link > (uintptr_t)start ||
        end_of(*link) - (uintptr_t)start < bytes)
        return ENOMEM;
    cut_range(list, link, (uintptr_t)start, bytes);
    return 0;
}

const char *kn_range_list_check(const struct kn_range_list *list, const void *low, const void *high)
{
    uintptr_t end = 0;
    size_t total = 0;
    for (const struct kn_range_node *node = list->first; node != NULL; node = node->next) {
        if (!is_unit_range(node, node->bytes))
            return "range_list: a range is not made of units";
        if ((uintptr_t)node < (uintptr_t)low || end_of(node) > (uintptr_t)high ||
            node->bytes > (uintptr_t)high - (uintptr_t)low)
            return "range_list: a range lies outside";
        if ((uintptr_t)node <= end && end != 0)
            return "range_list: ranges touch, overlap or are out of order";
        end = end_of(node);
        total += node->bytes;
    }
    return total == list->free_bytes ? NULL : "range_list: the sum of the ranges is wrong";
}
