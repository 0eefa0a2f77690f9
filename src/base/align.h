/* align.h - rounding addresses and sizes to powers of two.
 *
 * Purpose     alignment arithmetic on sizes and on addresses held in a uintptr_t.
 * Invariants  every alignment is a power of two (asserted). kn_align_up wraps to 0 when the result
 *             does not fit; where x comes from outside, use kn_try_align_up of checked.h.
 * Threads     pure functions.
 * Cost        two or three instructions; one when the alignment is a constant and x is kept.
 */
#ifndef KN_BASE_ALIGN_H
#define KN_BASE_ALIGN_H

#include "base/bits.h"

KN_STATIC_ASSERT(sizeof(size_t) == sizeof(uintptr_t),
                 "one set of functions serves sizes and addresses");

/* The smallest multiple of `align` that is >= x. */
KN_INLINE size_t kn_align_up(size_t x, size_t align)
{
    KN_ASSERT(kn_is_power_of_two(align));
    return (x + (align - 1)) & ~(align - 1);
}

/* The largest multiple of `align` that is <= x. */
KN_INLINE size_t kn_align_down(size_t x, size_t align)
{
    KN_ASSERT(kn_is_power_of_two(align));
    return x & ~(align - 1);
}

KN_INLINE bool kn_is_aligned(size_t x, size_t align)
{
    KN_ASSERT(kn_is_power_of_two(align));
    return (x & (align - 1)) == 0;
}

/* The address `bytes` after p. Both must lie in (or one past) one object. As with strchr, const is
 * dropped. */
KN_INLINE void *kn_ptr_add(const void *p, size_t bytes)
{
    return (char *)p + bytes;
}

#endif
