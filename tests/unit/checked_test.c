#include "base/checked.h"

#include "require.h"

enum { UNTOUCHED = 12345 };

KN_TEST(checked, add_gives_the_sum_or_leaves_the_result_alone)
{
    size_t out = UNTOUCHED;

    ck_assert(!kn_try_add(SIZE_MAX, 1, &out));
    ck_assert(!kn_try_add(1, SIZE_MAX, &out));
    ck_assert(!kn_try_add(SIZE_MAX, SIZE_MAX, &out));
    ck_assert_uint_eq(out, UNTOUCHED);
    ck_assert(kn_try_add(SIZE_MAX - 1, 1, &out));
    ck_assert_uint_eq(out, SIZE_MAX);
    ck_assert(kn_try_add(0, 0, &out));
    ck_assert_uint_eq(out, 0);
}

KN_TEST(checked, mul_gives_the_product_or_leaves_the_result_alone)
{
    size_t half = (size_t)1 << (sizeof(size_t) * 4);
    size_t out = UNTOUCHED;

    ck_assert(!kn_try_mul(half, half, &out));
    ck_assert(!kn_try_mul(SIZE_MAX, 2, &out));
    ck_assert_uint_eq(out, UNTOUCHED);
    ck_assert(kn_try_mul(half, half - 1, &out));
    ck_assert_uint_eq(out, half * (half - 1));
    ck_assert(kn_try_mul(SIZE_MAX, 1, &out));
    ck_assert_uint_eq(out, SIZE_MAX);
    ck_assert(kn_try_mul(0, SIZE_MAX, &out));
    ck_assert_uint_eq(out, 0);
}

KN_TEST(checked, align_up_gives_the_multiple_or_leaves_the_result_alone)
{
    size_t out = UNTOUCHED;

    ck_assert(!kn_try_align_up(SIZE_MAX, 2, &out));
    ck_assert(!kn_try_align_up(SIZE_MAX - 4094, 4096, &out));
    ck_assert(!kn_try_align_up(((size_t)1 << 63) + 1, (size_t)1 << 63, &out));
    ck_assert_uint_eq(out, UNTOUCHED);
    ck_assert(kn_try_align_up(SIZE_MAX - 4095, 4096, &out));
    ck_assert_uint_eq(out, SIZE_MAX - 4095);
    ck_assert(kn_try_align_up(SIZE_MAX, 1, &out));
    ck_assert_uint_eq(out, SIZE_MAX);
    ck_assert(kn_try_align_up(0, 4096, &out));
    ck_assert_uint_eq(out, 0);
    ck_assert(kn_try_align_up(4097, 4096, &out));
    ck_assert_uint_eq(out, 8192);
}
