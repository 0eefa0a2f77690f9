#include "core/meta.h"

#include "require.h"

#include "base/align.h"
#include "os/os_fault.h"

#include <stdint.h>
#include <string.h>

KN_TEST(meta, gives_zeroed_memory_at_lines_of_its_own)
{
    char *before = NULL;
    size_t before_bytes = 0;
    for (size_t bytes = 1; bytes < 200000; bytes += bytes / 3 + 1) {
        char *p = kn_meta_alloc(bytes);
        ck_assert_ptr_nonnull(p);
        ck_assert(kn_is_aligned((uintptr_t)p, 64));
        for (size_t i = 0; i < bytes; i++)
            kn_require(p[i] == 0);
        memset(p, 1, bytes);
        if (before != NULL)
            kn_require(p >= before + before_bytes || p + bytes <= before);
        before = p;
        before_bytes = bytes;
    }
}

KN_TEST(meta, maps_about_as_much_as_it_gives)
{
    size_t before = kn_meta_mapped_bytes();
    size_t given = 0;
    for (size_t i = 0; i < 1000; i++) {
        kn_require(kn_meta_alloc(1000) != NULL);
        given += 1024;
    }
    size_t mapped = kn_meta_mapped_bytes() - before;
    ck_assert_uint_le(mapped, given + given / 16 + 65536);
    ck_assert_uint_ge(mapped + 65536, given);
}

#if KN_FAULTS

KN_TEST(meta, gives_nothing_when_the_system_does_not_and_recovers)
{
    kn_os_fault_set(KN_FAULT_MAP, 1, SIZE_MAX);
    while (kn_meta_alloc(10000) != NULL)
        ;
    ck_assert_ptr_null(kn_meta_alloc(100000));
    kn_os_fault_clear();
    ck_assert_ptr_nonnull(kn_meta_alloc(10000));
    ck_assert_ptr_nonnull(kn_meta_alloc(100000));
}

#endif
