/* race_point.h - where a test may hold up a thread.
 *
 * Purpose     threads seldom meet in the few instructions between a load and the compare-and-swap
 *             that builds on it. A test sets a function that every thread calls right before each
 *             exchange and compare-and-swap (atomic.h), and that yields or waits as it likes: rare
 *             interleavings become common.
 * Invariants  the function itself uses no atomic operation of atomic.h and takes no lock.
 * Threads     set while no other thread runs, or accept that some take notice later.
 * Cost        none where KN_FAULTS is 0, as in the release build: the macro is empty there.
 */
#ifndef KN_BASE_RACE_POINT_H
#define KN_BASE_RACE_POINT_H

#include "base/compiler.h"

#ifndef KN_FAULTS
#define KN_FAULTS 0
#endif

#if KN_FAULTS

#include <stdatomic.h>
#include <stddef.h>

typedef void (*kn_race_hook)(void);

/* NULL, or what is called at each point. */
extern KN_HIDDEN _Atomic(kn_race_hook) kn_race_point_hook;

KN_INLINE void kn_race_point(void)
{
    kn_race_hook hook = atomic_load_explicit(&kn_race_point_hook, memory_order_relaxed);

    if (KN_UNLIKELY(hook != NULL))
        hook();
}

#define KN_RACE_POINT() kn_race_point()

#else

#define KN_RACE_POINT() ((void)0)

#endif

#endif
