/*
 * A buddy as its documentation has it, without any cleverness: for each smallest block of the range,
 * its "unit", whether a used block starts there and of which height. A block of height h has 2^h units.
 */
#ifndef KN_TESTS_SUPPORT_BUDDY_REFERENCE_H
#define KN_TESTS_SUPPORT_BUDDY_REFERENCE_H

#include <stdbool.h>
#include <stddef.h>

#include <knoll/buddy.h>

enum { KN_BUDDY_REFERENCE_UNITS = 512 };

#define KN_BUDDY_REFERENCE_NONE ((size_t)-1)

struct kn_buddy_reference {
    size_t units;
    unsigned max_height;
    signed char height[KN_BUDDY_REFERENCE_UNITS]; /* -1: no used block starts here */
};

void kn_buddy_reference_init(struct kn_buddy_reference *reference, size_t units,
                             unsigned max_height);

/* The first unit of the block, KN_BUDDY_REFERENCE_NONE if there is none. */
size_t kn_buddy_reference_alloc(struct kn_buddy_reference *reference, unsigned height,
                                unsigned align_height);
void kn_buddy_reference_free(struct kn_buddy_reference *reference, size_t unit);
bool kn_buddy_reference_try_resize(struct kn_buddy_reference *reference, size_t unit,
                                   unsigned height);

/* Fails the test unless both have the same blocks, used and free, and all counts agree. */
void kn_buddy_reference_compare(const struct kn_buddy_reference *reference,
                                const struct knoll_buddy *buddy, unsigned min_order);

#endif
