/*
 * Limits: how much memory the process may use for blocks, and what happens on the way there.
 *
 *     used      0 ........... soft ............. hard - reserve ......... hard
 *     what      nothing       unused memory      large requests           every request that
 *     happens                 is given back,     fail                     needs new memory fails
 *                             SOFT event
 *
 * Used memory is that of slabs and large blocks, the run_bytes of <knoll/stats.h>; unused memory
 * that the heap keeps comes on top, and is given back when the soft limit is passed. A request that
 * fails for a limit does so like any other: NULL, ENOMEM; operator new calls the new_handler. The
 * reserve is what lets a program that ran out tidy up: requests of up to 256 KiB still find
 * memory when those above do not; it is at most a quarter of the limit.
 *
 * Before a request fails, a HARD event gives the program the chance to free something; if it did, the
 * request is tried again.
 *
 * The limits are also the options limit_soft, limit_hard and limit_reserve.
 */
#ifndef KNOLL_LIMITS_H
#define KNOLL_LIMITS_H

#include <stddef.h>

#include <knoll/attributes.h>

KNOLL_BEGIN

enum knoll_limit_event {
    KNOLL_LIMIT_SOFT, /* used memory has passed the soft limit; once for each time it does */
    KNOLL_LIMIT_HARD, /* a request is about to fail */
};

struct knoll_limits {
    size_t soft_bytes; /* 0: no limit, like below */
    size_t hard_bytes;
    size_t reserve_bytes; /* the part of hard_bytes kept for requests of up to 256 KiB */
};

struct knoll_limit_state {
    enum knoll_limit_event event;
    size_t used_bytes;
    size_t wanted_bytes; /* what the request needs in addition */
    struct knoll_limits limits;
};

/*
 * Called by the thread whose request met the limit, from inside that request, without locks. It may
 * allocate and free; events of its own requests are not delivered. Several threads may be in it at
 * the same time. It must not throw or longjmp.
 */
typedef void knoll_limit_callback(const struct knoll_limit_state *state, void *arg);

/*
 * Sets all limits. 0, or EINVAL: soft above hard, neither being 0. Limits below what is used already
 * are valid: they keep it from growing.
 */
KNOLL_API KNOLL_NODISCARD int knoll_limits_set(const struct knoll_limits *limits) KNOLL_NOTHROW;

KNOLL_API void knoll_limits_get(struct knoll_limits *limits) KNOLL_NOTHROW;

/* Sets the function to call on events, or none with NULL. A call under way in another thread may
 * still end after this returns. */
KNOLL_API void knoll_limits_watch(knoll_limit_callback *callback, void *arg) KNOLL_NOTHROW;

KNOLL_END

#endif
