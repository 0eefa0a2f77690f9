#include "base/align.h"

#include "require.h"

KN_TEST(align, agrees_with_division_for_small_numbers)
{
    for (size_t align = 1; align <= 256; align *= 2) {
        for (size_t x = 0; x < 1000; x++) {
            kn_require(kn_align_down(x, align) == x / align * align);
            kn_require(kn_align_up(x, align) == (x + align - 1) / align * align);
            kn_require(kn_is_aligned(x, align) == (x % align == 0));
        }
    }
}

KN_TEST(align, wraps_to_zero_when_the_result_does_not_fit)
{
    ck_assert_uint_eq(kn_align_up(SIZE_MAX, 4096), 0);
    ck_assert_uint_eq(kn_align_up(SIZE_MAX - 4095, 4096), SIZE_MAX - 4095);
    ck_assert_uint_eq(kn_align_down(SIZE_MAX, 4096), SIZE_MAX - 4095);
    ck_assert_uint_eq(kn_align_up(1, (size_t)1 << 63), (size_t)1 << 63);
}

KN_TEST(align, ptr_add_counts_bytes)
{
    int array[4];

    ck_assert_ptr_eq(kn_ptr_add(array, 2 * sizeof(int)), &array[2]);
    ck_assert_ptr_eq(kn_ptr_add(array, 0), array);
}
