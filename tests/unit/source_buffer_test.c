#include "harness.h"
#include "require.h"

#include "os/os_fault.h"
#include "os/source.h"

#include <errno.h>
#include <string.h>

enum { UNIT = KN_SOURCE_UNIT_BYTES, BYTES = 4096, SENTINEL = 4711 };

static _Alignas(BYTES) char array[BYTES];
static struct kn_source_buffer buffer;

static void begin(size_t offset, size_t bytes)
{
    memset(array, 0x77, sizeof(array));
    kn_source_buffer_init(&buffer, array + offset, bytes);
    errno = SENTINEL;
}

static void assert_sound(size_t free_bytes)
{
    kn_require_sound(kn_source_buffer_check(&buffer));
    ck_assert_uint_eq(buffer.free.free_bytes, free_bytes);
    ck_assert_int_eq(errno, SENTINEL);
}

KN_TEST(source_buffer, hands_out_all_of_an_aligned_buffer)
{
    struct kn_range range;
    begin(0, BYTES);
    ck_assert_int_eq(kn_source_acquire(&buffer.source, BYTES, BYTES, &range), 0);
    ck_assert_ptr_eq(range.start, array);
    ck_assert_uint_eq(range.bytes, BYTES);
    ck_assert(!range.is_zero);
    ck_assert_int_eq(kn_source_acquire(&buffer.source, 1, 1, &range), ENOMEM);
    assert_sound(0);
    ck_assert_int_eq(kn_source_release(&buffer.source, array, BYTES), 0);
    assert_sound(BYTES);
}

KN_TEST(source_buffer, stays_within_a_buffer_of_odd_ends)
{
    struct kn_range range;
    size_t before = 3, bytes = 10 * UNIT;
    begin(before, bytes);
    assert_sound(9 * UNIT);
    ck_assert_int_eq(kn_source_acquire(&buffer.source, 9 * UNIT, 1, &range), 0);
    memset(range.start, 1, range.bytes);
    ck_assert_int_eq(kn_source_release(&buffer.source, range.start, range.bytes), 0);
    for (size_t i = 0; i < UNIT; i++)
        ck_assert_int_eq(array[i], 0x77);
    for (size_t i = 10 * UNIT; i < BYTES; i++)
        ck_assert_int_eq(array[i], 0x77);
}

KN_TEST_LOOP(source_buffer, is_empty_when_the_buffer_holds_no_unit, 0, 4)
{
    struct kn_range range;
    const size_t offsets[] = {0, 1, UNIT - 1, 8}, bytes[] = {0, UNIT, UNIT - 1, 3};
    begin(offsets[_i], bytes[_i]);
    ck_assert_int_eq(kn_source_acquire(&buffer.source, 1, 1, &range), ENOMEM);
    assert_sound(0);
}

KN_TEST(source_buffer, takes_parts_back_and_merges_them)
{
    struct kn_range range;
    begin(0, BYTES);
    ck_assert_int_eq(kn_source_acquire(&buffer.source, BYTES, 1, &range), 0);
    for (size_t part = 1; part < BYTES / UNIT; part += 2)
        ck_assert_int_eq(kn_source_release(&buffer.source, array + part * UNIT, UNIT), 0);
    assert_sound(BYTES / 2);
    ck_assert_int_eq(kn_source_acquire(&buffer.source, 2 * UNIT, 1, &range), ENOMEM);
    for (size_t part = 0; part < BYTES / UNIT; part += 2)
        ck_assert_int_eq(kn_source_release(&buffer.source, array + part * UNIT, UNIT), 0);
    assert_sound(BYTES);
    ck_assert_int_eq(kn_source_acquire(&buffer.source, BYTES, 1, &range), 0);
}

KN_TEST(source_buffer, refuses_what_is_not_handed_out)
{
    begin(UNIT, 4 * UNIT);
    ck_assert_int_eq(kn_source_release(&buffer.source, array + UNIT, UNIT), EINVAL);
    ck_assert_int_eq(kn_source_release(&buffer.source, array, UNIT), EINVAL);
    ck_assert_int_eq(kn_source_release(&buffer.source, array + 5 * UNIT, UNIT), EINVAL);
    ck_assert_int_eq(kn_source_release(&buffer.source, array + UNIT, 5 * UNIT), EINVAL);
    ck_assert_int_eq(kn_source_release(&buffer.source, array + UNIT + 1, UNIT), EINVAL);
    assert_sound(4 * UNIT);
}

KN_TEST(source_buffer, extends_into_what_is_free)
{
    struct kn_range first, second, added;
    begin(0, BYTES);
    ck_assert_int_eq(kn_source_acquire(&buffer.source, 4 * UNIT, 1, &first), 0);
    ck_assert_int_eq(kn_source_extend(&buffer.source, array + 4 * UNIT, UNIT + 1, &added), 0);
    ck_assert_ptr_eq(added.start, array + 4 * UNIT);
    ck_assert_uint_eq(added.bytes, 2 * UNIT);
    ck_assert_int_eq(kn_source_acquire(&buffer.source, UNIT, 1, &second), 0);
    ck_assert_int_eq(kn_source_extend(&buffer.source, array + 6 * UNIT, UNIT, &added), ENOMEM);
    ck_assert_int_eq(kn_source_extend(&buffer.source, array + BYTES, UNIT, &added), ENOMEM);
    ck_assert_int_eq(kn_source_extend(&buffer.source, array + 7 * UNIT, SIZE_MAX, &added), ENOMEM);
    assert_sound(BYTES - 7 * UNIT);
}

KN_TEST(source_buffer, refuses_absurd_sizes)
{
    struct kn_range range;
    begin(0, BYTES);
    ck_assert_int_eq(kn_source_acquire(&buffer.source, SIZE_MAX, 1, &range), ENOMEM);
    ck_assert_int_eq(kn_source_acquire(&buffer.source, SIZE_MAX - UNIT, 1, &range), ENOMEM);
    ck_assert_int_eq(kn_source_acquire(&buffer.source, 1, SIZE_MAX / 2 + 1, &range), ENOMEM);
    assert_sound(BYTES);
}

#if KN_FAULTS

KN_TEST(source_buffer, asks_the_system_for_nothing)
{
    struct kn_range range;
    kn_os_fault_clear();
    begin(0, BYTES);
    ck_assert_int_eq(kn_source_acquire(&buffer.source, 100, 64, &range), 0);
    ck_assert_int_eq(kn_source_release(&buffer.source, range.start, range.bytes), 0);
    for (int kind = 0; kind < KN_FAULT_COUNT; kind++)
        ck_assert_uint_eq(kn_os_fault_calls((enum kn_fault_kind)kind), 0);
}

#endif
