/* bits.h - counting and finding bits in one word.
 *
 * Purpose     the few bit operations that structures and size computations are made of, with 64-bit
 *             words on every platform, so that a result never depends on the width of long.
 * Invariants  functions of "the highest" or "the lowest" bit need one to exist: they assert that x
 *             is not 0.
 * Threads     pure functions.
 * Cost        one to three instructions where the processor has them (popcount without -mpopcnt:
 *             about twelve).
 */
#ifndef KN_BASE_BITS_H
#define KN_BASE_BITS_H

#include "base/assert.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Zero bits above the highest one; x != 0. */
KN_INLINE unsigned kn_clz64(uint64_t x)
{
    KN_ASSERT(x != 0);
    return (unsigned)__builtin_clzll(x);
}

/* Zero bits below the lowest one, which is that bit's number; x != 0. */
KN_INLINE unsigned kn_ctz64(uint64_t x)
{
    KN_ASSERT(x != 0);
    return (unsigned)__builtin_ctzll(x);
}

KN_INLINE unsigned kn_popcount64(uint64_t x)
{
    return (unsigned)__builtin_popcountll(x);
}

/* The largest k with 2^k <= n; n != 0. */
KN_INLINE unsigned kn_log2_floor(size_t n)
{
    KN_ASSERT(n != 0);
    return 63u ^ (unsigned)__builtin_clzll(n);
}

/* The smallest k with n <= 2^k; n != 0. It is the width of size_t for n above the largest power of
 * two. */
KN_INLINE unsigned kn_log2_ceil(size_t n)
{
    KN_ASSERT(n != 0);
    return n == 1 ? 0 : kn_log2_floor(n - 1) + 1;
}

KN_INLINE bool kn_is_power_of_two(size_t n)
{
    return n != 0 && (n & (n - 1)) == 0;
}

/* x with its bytes in reverse order. */
KN_INLINE uintptr_t kn_byte_reverse(uintptr_t x)
{
    return sizeof(x) == 8 ? (uintptr_t)__builtin_bswap64(x)
                          : (uintptr_t)__builtin_bswap32((uint32_t)x);
}

/* A word whose lowest `count` bits are ones; count <= 64. */
KN_INLINE uint64_t kn_low_mask64(unsigned count)
{
    KN_ASSERT(count <= 64);
    return count == 64 ? ~UINT64_C(0) : (UINT64_C(1) << count) - 1;
}

#endif
