#include "harness.h"
#include "require.h"

#include "os/range_list.h"

#include <errno.h>
#include <string.h>

enum { UNIT = KN_RANGE_UNIT_BYTES, UNITS = 64 };

static _Alignas(UNITS *UNIT) char memory[UNITS * UNIT];
static struct kn_range_list list;

static char *at(size_t unit)
{
    return memory + unit * UNIT;
}

static int give(size_t unit, size_t units)
{
    return kn_range_list_give(&list, at(unit), units * UNIT);
}

static void assert_sound(size_t free_units)
{
    kn_require_sound(kn_range_list_check(&list, memory, memory + sizeof(memory)));
    ck_assert_uint_eq(list.free_bytes, free_units * UNIT);
}

static size_t count_ranges(void)
{
    size_t count = 0;
    for (const struct kn_range_node *node = list.first; node != NULL; node = node->next)
        count++;
    return count;
}

KN_TEST(range_list, merges_with_both_neighbours_when_a_gap_closes)
{
    kn_range_list_init(&list);
    ck_assert_int_eq(give(8, 4), 0);
    ck_assert_int_eq(give(0, 4), 0);
    ck_assert_uint_eq(count_ranges(), 2);
    ck_assert_int_eq(give(4, 4), 0);
    ck_assert_uint_eq(count_ranges(), 1);
    ck_assert_int_eq(give(12, 1), 0);
    ck_assert_uint_eq(count_ranges(), 1);
    ck_assert_int_eq(give(20, 1), 0);
    ck_assert_int_eq(give(19, 1), 0);
    ck_assert_uint_eq(count_ranges(), 2);
    assert_sound(15);
}

KN_TEST(range_list, refuses_what_is_free_already)
{
    kn_range_list_init(&list);
    ck_assert_int_eq(give(10, 10), 0);
    ck_assert_int_eq(give(10, 10), EINVAL);
    ck_assert_int_eq(give(12, 2), EINVAL);
    ck_assert_int_eq(give(8, 3), EINVAL);
    ck_assert_int_eq(give(19, 3), EINVAL);
    ck_assert_int_eq(give(5, 30), EINVAL);
    assert_sound(10);
}

KN_TEST(range_list, takes_the_lowest_range_that_fits)
{
    kn_range_list_init(&list);
    ck_assert_int_eq(give(2, 2), 0);
    ck_assert_int_eq(give(10, 4), 0);
    ck_assert_int_eq(give(20, 4), 0);
    ck_assert_ptr_eq(kn_range_list_take(&list, 3 * UNIT, 1), at(10));
    ck_assert_ptr_eq(kn_range_list_take(&list, 2 * UNIT, 1), at(2));
    ck_assert_ptr_eq(kn_range_list_take(&list, 4 * UNIT, 1), at(20));
    ck_assert_ptr_null(kn_range_list_take(&list, 2 * UNIT, 1));
    ck_assert_ptr_eq(kn_range_list_take(&list, UNIT, 1), at(13));
    ck_assert_ptr_null(list.first);
    assert_sound(0);
}

KN_TEST(range_list, keeps_what_an_alignment_skips)
{
    kn_range_list_init(&list);
    ck_assert_int_eq(give(1, 20), 0);
    ck_assert_ptr_eq(kn_range_list_take(&list, 2 * UNIT, 8 * UNIT), at(8));
    ck_assert_uint_eq(count_ranges(), 2);
    assert_sound(18);
    ck_assert_ptr_eq(kn_range_list_take(&list, 7 * UNIT, 1), at(1));
    ck_assert_ptr_eq(kn_range_list_take(&list, 5 * UNIT, 16 * UNIT), at(16));
    assert_sound(6);
}

KN_TEST(range_list, takes_nothing_when_size_or_alignment_is_absurd)
{
    kn_range_list_init(&list);
    ck_assert_int_eq(give(0, UNITS), 0);
    ck_assert_ptr_null(kn_range_list_take(&list, (size_t)0 - UNIT, 1));
    ck_assert_ptr_null(kn_range_list_take(&list, UNIT, SIZE_MAX / 2 + 1));
    assert_sound(UNITS);
}

KN_TEST(range_list, take_at_needs_all_of_the_range)
{
    kn_range_list_init(&list);
    ck_assert_int_eq(give(4, 4), 0);
    ck_assert_int_eq(give(10, 4), 0);
    ck_assert_int_eq(kn_range_list_take_at(&list, at(3), 2 * UNIT), ENOMEM);
    ck_assert_int_eq(kn_range_list_take_at(&list, at(6), 3 * UNIT), ENOMEM);
    ck_assert_int_eq(kn_range_list_take_at(&list, at(8), UNIT), ENOMEM);
    ck_assert_int_eq(kn_range_list_take_at(&list, at(20), UNIT), ENOMEM);
    assert_sound(8);
    ck_assert_int_eq(kn_range_list_take_at(&list, at(11), 2 * UNIT), 0);
    ck_assert_int_eq(kn_range_list_take_at(&list, at(4), 4 * UNIT), 0);
    assert_sound(2);
}

KN_TEST(range_list, check_names_what_is_wrong)
{
    kn_range_list_init(&list);
    ck_assert_int_eq(give(0, 2), 0);
    ck_assert_int_eq(give(4, 2), 0);
    struct kn_range_node *low = list.first, *high = low->next;
    kn_require_fault(kn_range_list_check(&list, at(1), at(UNITS)), "outside");
    kn_require_fault(kn_range_list_check(&list, at(0), at(5)), "outside");
    low->bytes = 4 * UNIT;
    kn_require_fault(kn_range_list_check(&list, at(0), at(UNITS)), "touch");
    low->bytes = UNIT + 1;
    kn_require_fault(kn_range_list_check(&list, at(0), at(UNITS)), "units");
    low->bytes = UNIT;
    kn_require_fault(kn_range_list_check(&list, at(0), at(UNITS)), "sum");
    list.first = high;
    high->next = low;
    low->next = NULL;
    kn_require_fault(kn_range_list_check(&list, at(0), at(UNITS)), "order");
}
