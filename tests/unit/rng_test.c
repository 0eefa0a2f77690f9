#include "base/rng.h"

#include "require.h"

/* The values published with the generator, for seed 1234567. */
KN_TEST(rng, gives_the_published_sequence)
{
    static const uint64_t published[] = {
        UINT64_C(6457827717110365317), UINT64_C(3203168211198807973), UINT64_C(9817491932198370423),
        UINT64_C(4593380528125082431), UINT64_C(16408922859458223821)};
    struct kn_rng rng;

    kn_rng_seed(&rng, 1234567);
    for (size_t i = 0; i < KN_ARRAY_LEN(published); i++)
        ck_assert_uint_eq(kn_rng_next(&rng), published[i]);
}

KN_TEST(rng, repeats_its_sequence_when_seeded_again)
{
    struct kn_rng a, b;

    kn_rng_seed(&a, kn_test_seed());
    kn_rng_seed(&b, kn_test_seed());
    for (unsigned i = 0; i < 1000; i++)
        kn_require(kn_rng_next(&a) == kn_rng_next(&b));
}

KN_TEST(rng, below_stays_in_range_and_reaches_all_of_it)
{
    struct kn_rng rng;

    kn_rng_seed(&rng, kn_test_seed());
    for (uint64_t n = 1; n <= 64; n++) {
        uint64_t seen = 0;

        for (unsigned i = 0; i < 3000; i++) {
            uint64_t value = kn_rng_below(&rng, n);

            kn_require(value < n);
            seen |= UINT64_C(1) << value;
        }
        kn_require(kn_popcount64(seen) == n);
    }
    for (unsigned i = 0; i < 1000; i++)
        kn_require(kn_rng_below(&rng, UINT64_MAX) < UINT64_MAX);
}

/* The counts of 12 values: the sum of squared deviations over the mean follows chi-squared with 11
 * degrees of freedom, which is above 60 once in 10^8 runs. */
KN_TEST(rng, below_favours_no_value)
{
    enum { VALUES = 12, DRAWS = 120000, MEAN = DRAWS / VALUES };
    double deviation = 0;
    int counts[VALUES] = {0};
    struct kn_rng rng;

    kn_rng_seed(&rng, kn_test_seed());
    for (unsigned i = 0; i < DRAWS; i++)
        counts[kn_rng_below(&rng, VALUES)]++;
    for (unsigned i = 0; i < VALUES; i++)
        deviation += (double)(counts[i] - MEAN) * (counts[i] - MEAN) / MEAN;
    ck_assert_double_lt(deviation, 60);
}

KN_TEST(rng, range_includes_both_ends)
{
    struct kn_rng rng;
    bool is_low_seen = false, is_high_seen = false;

    kn_rng_seed(&rng, kn_test_seed());
    for (unsigned i = 0; i < 1000; i++) {
        uint64_t value = kn_rng_range(&rng, 10, 13);

        kn_require(value >= 10 && value <= 13);
        is_low_seen |= value == 10;
        is_high_seen |= value == 13;
    }
    ck_assert(is_low_seen && is_high_seen);
    ck_assert_uint_eq(kn_rng_range(&rng, 7, 7), 7);
    ck_assert_uint_eq(kn_rng_range(&rng, UINT64_MAX, UINT64_MAX), UINT64_MAX);
    ck_assert_uint_ne(kn_rng_range(&rng, 0, UINT64_MAX), kn_rng_range(&rng, 0, UINT64_MAX));
}
