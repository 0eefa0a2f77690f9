#include "base/bits.h"

#include "base/rng.h"
#include "require.h"

KN_TEST(bits, counts_zeroes_beside_each_single_bit)
{
    for (unsigned bit = 0; bit < 64; bit++) {
        uint64_t x = UINT64_C(1) << bit;

        ck_assert_uint_eq(kn_ctz64(x), bit);
        ck_assert_uint_eq(kn_clz64(x), 63 - bit);
        ck_assert_uint_eq(kn_popcount64(x), 1);
        ck_assert_uint_eq(kn_ctz64(x | UINT64_C(1) << 63), bit);
        ck_assert_uint_eq(kn_clz64(x | 1), 63 - bit);
    }
}

KN_TEST(bits, popcount_agrees_with_counting)
{
    struct kn_rng rng;

    ck_assert_uint_eq(kn_popcount64(0), 0);
    ck_assert_uint_eq(kn_popcount64(UINT64_MAX), 64);
    kn_rng_seed(&rng, kn_test_seed());
    for (unsigned i = 0; i < 1000; i++) {
        uint64_t x = kn_rng_next(&rng) & kn_rng_next(&rng);
        unsigned count = 0;

        for (unsigned bit = 0; bit < 64; bit++)
            count += (unsigned)(x >> bit & 1);
        kn_require(kn_popcount64(x) == count);
    }
}

KN_TEST(bits, logarithms_are_exact_at_and_beside_powers_of_two)
{
    ck_assert_uint_eq(kn_log2_floor(1), 0);
    ck_assert_uint_eq(kn_log2_ceil(1), 0);
    for (unsigned bit = 1; bit < sizeof(size_t) * 8; bit++) {
        size_t power = (size_t)1 << bit;

        ck_assert_uint_eq(kn_log2_floor(power), bit);
        ck_assert_uint_eq(kn_log2_floor(power - 1), bit - 1);
        ck_assert_uint_eq(kn_log2_floor(power + 1), bit);
        ck_assert_uint_eq(kn_log2_ceil(power), bit);
        ck_assert_uint_eq(kn_log2_ceil(power - 1), bit == 1 ? 0 : bit);
        ck_assert_uint_eq(kn_log2_ceil(power + 1), bit + 1);
    }
    ck_assert_uint_eq(kn_log2_ceil(SIZE_MAX), sizeof(size_t) * 8);
}

KN_TEST(bits, recognises_powers_of_two)
{
    ck_assert(!kn_is_power_of_two(0));
    ck_assert(kn_is_power_of_two(1));
    ck_assert(!kn_is_power_of_two(SIZE_MAX));
    for (unsigned bit = 1; bit < sizeof(size_t) * 8; bit++) {
        ck_assert(kn_is_power_of_two((size_t)1 << bit));
        ck_assert(!kn_is_power_of_two(((size_t)1 << bit) | 1));
    }
}

KN_TEST(bits, masks_none_some_and_all_low_bits)
{
    ck_assert_uint_eq(kn_low_mask64(0), 0);
    ck_assert_uint_eq(kn_low_mask64(1), 1);
    ck_assert_uint_eq(kn_low_mask64(63), UINT64_MAX >> 1);
    ck_assert_uint_eq(kn_low_mask64(64), UINT64_MAX);
}

KN_TEST(bits, reverses_bytes)
{
    uintptr_t x = (uintptr_t)UINT64_C(0x0102030405060708);

    ck_assert_uint_eq(kn_byte_reverse(kn_byte_reverse(x)), x);
    ck_assert_uint_eq(kn_byte_reverse(x) >> (sizeof(x) * 8 - 8), 8);
    ck_assert_uint_eq(kn_byte_reverse(1), (uintptr_t)1 << (sizeof(x) * 8 - 8));
}
