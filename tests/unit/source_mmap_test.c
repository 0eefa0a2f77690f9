#include "harness.h"

#include "base/align.h"
#include "os/os.h"
#include "os/os_fault.h"
#include "os/source.h"

#include <errno.h>
#include <string.h>

enum { SENTINEL = 4711 };

static struct kn_source *source;
static size_t page;

static void begin(void)
{
    source = kn_source_mmap();
    page = kn_os_page_bytes();
    errno = SENTINEL;
}

static void assert_zero(const char *start, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        ck_assert_int_eq(start[i], 0);
}

KN_TEST(source_mmap, acquire_rounds_up_to_pages_and_gives_zeroes)
{
    struct kn_range range;
    begin();
    ck_assert_uint_eq(kn_source_part_bytes(source), page);
    ck_assert_int_eq(kn_source_acquire(source, 1, 1, &range), 0);
    ck_assert_uint_eq(range.bytes, page);
    ck_assert(range.is_zero);
    assert_zero(range.start, page);
    memset(range.start, 1, page);
    ck_assert_int_eq(kn_source_release(source, range.start, range.bytes), 0);
    ck_assert_int_eq(kn_source_acquire(source, 3 * page, 64 * page, &range), 0);
    ck_assert(kn_is_aligned((uintptr_t)range.start, 64 * page));
    ck_assert_int_eq(kn_source_release(source, (char *)range.start + page, page), 0);
    memset(range.start, 1, page);
    ck_assert_int_eq(errno, SENTINEL);
}

KN_TEST(source_mmap, refuses_absurd_sizes)
{
    struct kn_range range;
    begin();
    ck_assert_int_eq(kn_source_acquire(source, SIZE_MAX, 1, &range), ENOMEM);
    ck_assert_int_eq(kn_source_acquire(source, SIZE_MAX / 2, 1, &range), ENOMEM);
    ck_assert_int_eq(kn_source_reserve(source, SIZE_MAX, 1, &range), ENOMEM);
    ck_assert_int_eq(kn_source_reserve(source, page, SIZE_MAX / 2 + 1, &range), ENOMEM);
    ck_assert_int_eq(kn_source_extend(source, &range, SIZE_MAX, &range), ENOMEM);
    ck_assert_int_eq(errno, SENTINEL);
}

KN_TEST(source_mmap, reserved_memory_is_zero_once_committed)
{
    struct kn_range range;
    begin();
    ck_assert_int_eq(kn_source_reserve(source, (size_t)1 << 30, 256 * page, &range), 0);
    ck_assert(kn_is_aligned((uintptr_t)range.start, 256 * page));
    char *middle = (char *)range.start + 100 * page;
    ck_assert_int_eq(kn_source_commit(source, middle, 2 * page), 0);
    ck_assert_int_eq(kn_source_commit(source, middle, 2 * page), 0);
    assert_zero(middle, 2 * page);
    memset(middle, 1, 2 * page);
    ck_assert_int_eq(kn_source_purge(source, middle, page), 0);
    assert_zero(middle, page);
    ck_assert_int_eq(kn_source_release(source, range.start, range.bytes), 0);
    ck_assert_int_eq(errno, SENTINEL);
}

KN_TEST(source_mmap, extends_into_free_addresses_only)
{
    struct kn_range range, added;
    begin();
    ck_assert_int_eq(kn_source_acquire(source, 8 * page, 1, &range), 0);
    char *start = range.start;
    ck_assert_int_eq(kn_source_release(source, start + 4 * page, 2 * page), 0);
    ck_assert_int_eq(kn_source_extend(source, start + 4 * page, 3 * page, &added), ENOMEM);
    memset(start + 6 * page, 2, page);
    ck_assert_int_eq(kn_source_extend(source, start + 4 * page, page + 1, &added), 0);
    ck_assert_ptr_eq(added.start, start + 4 * page);
    ck_assert_uint_eq(added.bytes, 2 * page);
    ck_assert(added.is_zero);
    assert_zero(added.start, added.bytes);
    ck_assert_int_eq(start[6 * page], 2);
    ck_assert_int_eq(errno, SENTINEL);
}

#if KN_FAULTS

KN_TEST(source_mmap, hands_out_again_what_the_kernel_would_not_unmap)
{
    struct kn_range range, again;
    begin();
    ck_assert_int_eq(kn_source_acquire(source, 4 * page, 1, &range), 0);
    memset(range.start, 1, range.bytes);
    kn_os_fault_set(KN_FAULT_UNMAP, 1, 2);
    ck_assert_int_eq(kn_source_release(source, range.start, range.bytes), 0);
    ck_assert_int_eq(kn_source_acquire(source, 3 * page, 1, &again), 0);
    ck_assert_ptr_eq(again.start, range.start);
    ck_assert(!again.is_zero);
    ck_assert_int_eq(kn_source_acquire(source, 2 * page, 1, &again), 0);
    ck_assert(again.is_zero);
    ck_assert_int_eq(errno, SENTINEL);
}

KN_TEST(source_mmap, survives_every_failure_of_the_system)
{
    struct kn_range range;
    begin();
    for (int kind = 0; kind < KN_FAULT_COUNT; kind++) {
        kn_os_fault_clear();
        kn_os_fault_set((enum kn_fault_kind)kind, 1, SIZE_MAX);
        if (kn_source_acquire(source, page, 4 * page, &range) == 0) {
            memset(range.start, 1, range.bytes);
            ck_assert_int_eq(kn_source_release(source, range.start, range.bytes), 0);
        } else {
            ck_assert_int_eq(kind, KN_FAULT_MAP);
        }
        if (kn_source_reserve(source, 2 * page, 4 * page, &range) == 0) {
            if (kn_source_commit(source, range.start, page) == 0)
                memset(range.start, 1, page);
            else
                ck_assert_int_eq(kind, KN_FAULT_COMMIT);
            ck_assert_int_eq(kn_source_release(source, range.start, range.bytes), 0);
        }
    }
    ck_assert_int_eq(errno, SENTINEL);
}

#endif
