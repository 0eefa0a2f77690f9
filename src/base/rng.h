/* rng.h - a small deterministic generator of pseudo-random numbers.
 *
 * Purpose     sampling intervals, random placement, and tests that can be repeated from their seed.
 * Invariants  equal seeds give equal sequences on every platform; every seed is a good seed; all
 *             2^64 values occur once in each period of 2^64. Not for secrets: the whole state
 *             follows from one full output. Secrets come from the OS.
 * Threads     a generator belongs to one thread.
 * Cost        8 bytes. next: two multiplications, about 1 ns. below: less than two draws on
 *             average.
 * Source      SplitMix64: G. Steele, D. Lea, C. Flood, "Fast Splittable Pseudorandom Number
 *             Generators", OOPSLA 2014; a Weyl sequence with the odd increment nearest 2^64 /
 *             golden ratio, mixed by variant 13 of the 64-bit finalisers of D. Stafford.
 */
#ifndef KN_BASE_RNG_H
#define KN_BASE_RNG_H

#include "base/bits.h"

struct kn_rng {
    uint64_t state;
};

KN_INLINE void kn_rng_seed(struct kn_rng *rng, uint64_t seed)
{
    rng->state = seed;
}

/* All 64 bits are usable. */
KN_INLINE uint64_t kn_rng_next(struct kn_rng *rng)
{
    uint64_t z = rng->state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* Uniform in [0, n); n != 0. Draws just enough bits and rejects what is too large, so no value is
 * favoured. */
KN_INLINE uint64_t kn_rng_below(struct kn_rng *rng, uint64_t n)
{
    uint64_t mask;
    uint64_t value;

    KN_ASSERT(n != 0);
    mask = n == 1 ? 0 : ~UINT64_C(0) >> kn_clz64(n - 1);
    do
        value = kn_rng_next(rng) & mask;
    while (value >= n);
    return value;
}

/* Uniform in [lo, hi], both included; lo <= hi. */
KN_INLINE uint64_t kn_rng_range(struct kn_rng *rng, uint64_t lo, uint64_t hi)
{
    KN_ASSERT(lo <= hi);
    if (lo == 0 && hi == UINT64_MAX)
        return kn_rng_next(rng);
    return lo + kn_rng_below(rng, hi - lo + 1);
}

#endif
