/* checked.h - arithmetic on sizes that come from outside.
 *
 * Purpose     any sum, product or rounding of a size that a caller chose is done with these.
 * Invariants  true: *out is the exact result. false: the result does not fit size_t, and *out is
 *             untouched.
 * Threads     pure functions of their arguments.
 * Cost        the operation and one branch on the carry or overflow flag.
 */
#ifndef KN_BASE_CHECKED_H
#define KN_BASE_CHECKED_H

#include "base/bits.h"

KN_NODISCARD KN_INLINE bool kn_try_add(size_t a, size_t b, size_t *out)
{
    size_t sum;

    if (KN_UNLIKELY(__builtin_add_overflow(a, b, &sum)))
        return false;
    *out = sum;
    return true;
}

KN_NODISCARD KN_INLINE bool kn_try_mul(size_t a, size_t b, size_t *out)
{
    size_t product;

    if (KN_UNLIKELY(__builtin_mul_overflow(a, b, &product)))
        return false;
    *out = product;
    return true;
}

/* The smallest multiple of `align`, a power of two, that is >= x. */
KN_NODISCARD KN_INLINE bool kn_try_align_up(size_t x, size_t align, size_t *out)
{
    size_t sum;

    KN_ASSERT(kn_is_power_of_two(align));
    if (KN_UNLIKELY(__builtin_add_overflow(x, align - 1, &sum)))
        return false;
    *out = sum & ~(align - 1);
    return true;
}

#endif
