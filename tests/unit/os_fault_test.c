#include "harness.h"

#include "os/os.h"
#include "os/os_fault.h"

#include "base/align.h"

#if KN_FAULTS

enum { SENTINEL = 4711 };

static size_t page;

static char *begin(size_t pages)
{
    page = kn_os_page_bytes();
    char *start = kn_os_map(pages * page, page);
    ck_assert_ptr_nonnull(start);
    kn_os_fault_clear();
    errno = SENTINEL;
    return start;
}

KN_TEST(os_fault, fails_the_nth_call_and_as_many_as_asked)
{
    char *start = begin(1);
    kn_os_fault_set(KN_FAULT_PURGE, 3, 2);
    const int expected[] = {0, 0, EINVAL, EINVAL, 0, 0};
    for (size_t i = 0; i < KN_ARRAY_LEN(expected); i++)
        ck_assert_int_eq(kn_os_purge(start, page), expected[i]);
    ck_assert_uint_eq(kn_os_fault_calls(KN_FAULT_PURGE), KN_ARRAY_LEN(expected));
    ck_assert_int_eq(errno, SENTINEL);
}

KN_TEST(os_fault, fails_for_ever_when_count_is_unlimited)
{
    char *start = begin(1);
    kn_os_fault_set(KN_FAULT_PURGE, 1, SIZE_MAX);
    for (int i = 0; i < 100; i++)
        ck_assert_int_eq(kn_os_purge(start, page), EINVAL);
    kn_os_fault_clear();
    ck_assert_int_eq(kn_os_purge(start, page), 0);
    ck_assert_uint_eq(kn_os_fault_calls(KN_FAULT_PURGE), 1);
}

KN_TEST(os_fault, set_starts_its_own_counter_again_and_no_other)
{
    char *start = begin(1);
    ck_assert_int_eq(kn_os_purge(start, page), 0);
    ck_assert_int_eq(kn_os_commit(start, page), 0);
    kn_os_fault_set(KN_FAULT_PURGE, 1, 1);
    ck_assert_uint_eq(kn_os_fault_calls(KN_FAULT_PURGE), 0);
    ck_assert_uint_eq(kn_os_fault_calls(KN_FAULT_COMMIT), 1);
}

static void set_all_kinds(void)
{
    for (int kind = 0; kind < KN_FAULT_COUNT; kind++)
        kn_os_fault_set((enum kn_fault_kind)kind, 1, SIZE_MAX);
}

KN_TEST(os_fault, every_call_fails_without_effect_when_its_kind_is_set)
{
    unsigned char *start = (unsigned char *)begin(4);
    start[0] = 1;
    set_all_kinds();
    ck_assert_ptr_null(kn_os_reserve(NULL, page));
    ck_assert_ptr_null(kn_os_map(page, page));
    ck_assert_int_eq(kn_os_commit(start, page), ENOMEM);
    ck_assert_ptr_null(kn_os_map_read(page));
    ck_assert_int_eq(kn_os_decommit(start, page), ENOMEM);
    ck_assert_int_eq(kn_os_unmap(start, page), ENOMEM);
    ck_assert_int_eq(kn_os_purge(start, page), EINVAL);
    ck_assert_int_eq(kn_os_populate(start, page), EINVAL);
    ck_assert_int_eq(kn_os_huge(start, page, true), ENOMEM);
    ck_assert_int_eq(kn_os_move(start, start + 2 * page, page), EOPNOTSUPP);
    ck_assert_uint_eq(kn_os_resident_bytes(), 0);
    ck_assert_int_eq(errno, SENTINEL);
    ck_assert_uint_eq(start[0], 1);
    start[0] = 2;
    kn_os_fault_clear();
    ck_assert_int_eq(kn_os_unmap(start, 4 * page), 0);
}

KN_TEST_LOOP(os_fault, ranges_are_aligned_when_the_page_size_is_pretended, 13, 17)
{
    size_t bytes = (size_t)1 << _i;
    kn_os_fault_set_page_bytes(bytes);
    ck_assert_uint_eq(kn_os_page_bytes(), bytes);
    for (int i = 0; i < 8; i++) {
        char *start = kn_os_map(bytes, 1);
        ck_assert_ptr_nonnull(start);
        ck_assert(kn_is_aligned((uintptr_t)start, bytes));
        char *reserved = kn_os_reserve(NULL, 3 * bytes);
        ck_assert_ptr_nonnull(reserved);
        ck_assert(kn_is_aligned((uintptr_t)reserved, bytes));
        ck_assert_int_eq(kn_os_commit(reserved + bytes, bytes), 0);
    }
    kn_os_fault_clear();
    ck_assert_uint_lt(kn_os_page_bytes(), bytes);
}

#endif
