/*
 * Limits on the memory of slabs and large blocks; <knoll/limits.h> says what a user sees of them.
 *
 * The page heap asks before it hands out a run that would take the used memory above a threshold
 * (kn_limits_admit), and tells when it falls below another (kn_limits_fell); without limits neither
 * ever happens. Both are called in the middle of things, with locks held, so they only decide and
 * take notes. The program is told at the end of the slow path, when the heap is in order and no
 * lock is held: kn_limits_deliver after a success, kn_limits_try_relieve after a failure.
 *
 *     malloc -> slow path -> refill -> kn_run_alloc -> kn_limits_admit      decides, takes notes
 *                  |
 *                  +-> kn_limits_deliver, kn_limits_try_relieve -> callback
 *
 * Threads: the page heap's lock protects all of it; the thresholds are read under it. Cost without
 * limits: one compare for a run, one load for a trip through the slow path.
 */
#ifndef KN_CORE_LIMITS_H
#define KN_CORE_LIMITS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/atomic.h"
#include "base/compiler.h"
#include "core/sizeclass.h"

#include <knoll/limits.h>

/* Runs up to this size may use the reserve: every slab is one, and so are the smallest large
 * blocks. */
#define KN_LIMITS_SMALL_GRANULES ((size_t)16)

struct kn_limits_thresholds {
    size_t above; /* granules in use that must be admitted when exceeded */
    size_t below; /* granules in use that must be told when it falls below */
};

extern KN_HIDDEN struct kn_limits_thresholds kn_limits_thresholds;

/* Whether an event waits to be delivered. */
extern KN_HIDDEN _Atomic bool kn_limits_has_event;

/* Whether `granules` may be added to the `used` ones. With the page heap's lock held. */
bool kn_limits_admit(size_t used, size_t granules);

/* The used granules are below the threshold. With the page heap's lock held. */
void kn_limits_fell(void);

/* Gives unused memory back and tells the program, if an event waits. No lock may be held. */
KN_COLD void kn_limits_deliver_slow(void);

static inline void kn_limits_deliver(void)
{
    if (KN_UNLIKELY(kn_load_relaxed(&kn_limits_has_event)))
        kn_limits_deliver_slow();
}

/*
 * After a request for `bytes` found no memory: tells the program if a limit is set. True: memory
 * has been freed, try again. No lock may be held.
 */
KN_COLD bool kn_limits_try_relieve(size_t bytes);

/* Takes over the values of the options; with the options' lock held. */
void kn_limits_apply(void);

/* The hard limit as a part of what the control group allows; with the options' lock held. */
void kn_limits_apply_cgroup(void);

/* As the public functions. */
int kn_limits_set(const struct knoll_limits *limits);
void kn_limits_get(struct knoll_limits *limits);
void kn_limits_watch(knoll_limit_callback *callback, void *arg);

#endif
