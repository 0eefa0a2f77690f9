/*
 * A source that keeps its user to the contract of os/source.h, and fails when told to.
 *
 *     struct kn_fake_source fake;
 *     kn_fake_source_init(&fake);
 *     kn_fake_source_fail(&fake, KN_FAKE_ACQUIRE, 3, 1);
 *     ... build on &fake.source ...
 *     kn_fake_source_assert_all_released(&fake);
 *
 * It aborts with a message when bytes are given back twice or were never handed out, when a part is
 * not made of parts, and lets the process fault when it touches what it does not hold: each range
 * lies between two pages that fault, memory given back faults for good, reserved memory faults
 * until committed. New memory is filled with junk, unless is_zero says that it comes zeroed.
 */
#ifndef KN_TESTS_SUPPORT_FAKE_SOURCE_H
#define KN_TESTS_SUPPORT_FAKE_SOURCE_H

#include "os/source.h"

enum kn_fake_call {
    KN_FAKE_ACQUIRE,
    KN_FAKE_RELEASE,
    KN_FAKE_RESERVE,
    KN_FAKE_COMMIT,
    KN_FAKE_EXTEND,
    KN_FAKE_PURGE,
    KN_FAKE_CALLS
};

enum { KN_FAKE_RANGES = 1024 };

struct kn_fake_source {
    struct kn_source source;

    /* To be set after init and before use. */
    bool is_zero;       /* new ranges are zeroed */
    bool is_whole_only; /* part_bytes is 0, else a page */
    size_t room_bytes;  /* by how much ranges can be extended in all */

    /* To be read at any time. */
    size_t held_bytes;           /* handed out and not given back */
    size_t calls[KN_FAKE_CALLS]; /* failed ones included */

    size_t first[KN_FAKE_CALLS], count[KN_FAKE_CALLS]; /* the calls that fail */
    struct kn_range held[KN_FAKE_RANGES];              /* disjoint, in no order, never merged */
    size_t ranges;
};

/* Everything succeeds, nothing is held, extension is refused. */
void kn_fake_source_init(struct kn_fake_source *fake);

/* Makes `count` calls of a kind fail with ENOMEM, from the nth from now on (1: the next). Calls of
 * kn_source_release cannot be made to fail. */
void kn_fake_source_fail(struct kn_fake_source *fake, enum kn_fake_call call, size_t nth,
                         size_t count);

void kn_fake_source_assert_all_released(const struct kn_fake_source *fake);

#endif
