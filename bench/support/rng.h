/*
 * Pseudo-random numbers of the workloads: a 64-bit counter with an odd step whose value is
 * scrambled by two multiply-and-shift rounds (the construction of Steele, Lea and Flood, "Fast
 * splittable pseudorandom number generators", 2014). One multiplication chain per number, no table,
 * and every seed starts a sequence of its own, so that each thread of a workload gets a repeatable
 * one.
 *
 * Not thread-safe: one generator per thread.
 */
#ifndef KB_RNG_H
#define KB_RNG_H

#include <stdint.h>

#define KB_RNG_STEP UINT64_C(0x9E3779B97F4A7C15)

struct kb_rng {
    uint64_t counter;
};

static inline uint64_t kb_rng_next(struct kb_rng *rng)
{
    rng->counter += KB_RNG_STEP;
    uint64_t value = rng->counter;
    value = (value ^ (value >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    value = (value ^ (value >> 27)) * UINT64_C(0x94D049BB133111EB);
    return value ^ (value >> 31);
}

/* `stream` separates the generators of one seed, for example by thread. */
static inline struct kb_rng kb_rng_seeded(uint64_t seed, uint64_t stream)
{
    struct kb_rng rng = {seed};
    rng.counter = kb_rng_next(&rng) ^ (stream * UINT64_C(0xD1342543DE82EF95));
    return rng;
}

/* Uniform in [0, bound); the bias of at most bound / 2^64 does not matter here. */
static inline uint64_t kb_rng_below(struct kb_rng *rng, uint64_t bound)
{
    return (uint64_t)(((unsigned __int128)kb_rng_next(rng) * bound) >> 64);
}

/* Uniform in [low, high], both included. */
static inline uint64_t kb_rng_range(struct kb_rng *rng, uint64_t low, uint64_t high)
{
    return low + kb_rng_below(rng, high - low + 1);
}

/* In [0, bound), with small values far more frequent: the product of two uniform numbers. */
static inline uint64_t kb_rng_skewed(struct kb_rng *rng, uint64_t bound)
{
    return kb_rng_below(rng, kb_rng_below(rng, bound) + 1);
}

/*
 * Pareto-distributed with exponent 1, cut at `high`: half the values are below 2 * low, a quarter
 * above 4 * low, and so on.
 */
static inline uint64_t kb_rng_pareto(struct kb_rng *rng, uint64_t low, uint64_t high)
{
    uint64_t divisor = (kb_rng_next(rng) >> 44) + 1;
    uint64_t value = (low << 20) / divisor;
    return value < high ? value : high;
}

#endif
