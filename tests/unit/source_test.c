/* What the functions of the contract do by themselves. */
#include "harness.h"

#include "os/source.h"

#include <errno.h>
#include <string.h>

static _Alignas(64) char array[1024];

KN_TEST(source, reserve_acquires_and_commit_succeeds_when_the_source_has_neither)
{
    struct kn_source_buffer buffer;
    struct kn_range range;
    kn_source_buffer_init(&buffer, array, sizeof(array));
    ck_assert_int_eq(kn_source_reserve(&buffer.source, 100, 1, &range), 0);
    memset(range.start, 1, range.bytes);
    ck_assert_int_eq(kn_source_commit(&buffer.source, range.start, range.bytes), 0);
    ck_assert_int_eq(kn_source_release(&buffer.source, range.start, range.bytes), 0);
    ck_assert_uint_eq(buffer.free.free_bytes, sizeof(array));
}

KN_TEST(source, purge_returns_enotsup_when_the_source_never_purges)
{
    struct kn_source_buffer buffer;
    kn_source_buffer_init(&buffer, array, sizeof(array));
    ck_assert_int_eq(kn_source_purge(&buffer.source, array, KN_SOURCE_UNIT_BYTES), ENOTSUP);
}
