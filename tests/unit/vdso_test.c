#define _GNU_SOURCE

#include "harness.h"

#include "os/vdso.h"

#include <errno.h>
#include <sys/auxv.h>
#include <time.h>

KN_TEST(vdso, find_returns_null_when_there_is_no_such_function)
{
    errno = 4711;
    ck_assert_ptr_null(kn_vdso_find("no such function"));
    ck_assert_ptr_null(kn_vdso_find(""));
    ck_assert_int_eq(errno, 4711);
}

#if defined(__x86_64__)

KN_TEST(vdso, find_returns_the_clock)
{
    if (getauxval(AT_SYSINFO_EHDR) == 0)
        kn_test_skip("there is no vDSO in this process");
    struct timespec before, now, after;
    int (*read_clock)(int, struct timespec *) =
        (int (*)(int, struct timespec *))kn_vdso_find("__vdso_clock_gettime");
    ck_assert(read_clock != NULL);
    ck_assert_int_eq(clock_gettime(CLOCK_MONOTONIC, &before), 0);
    ck_assert_int_eq(read_clock(CLOCK_MONOTONIC, &now), 0);
    ck_assert_int_eq(clock_gettime(CLOCK_MONOTONIC, &after), 0);
    ck_assert(before.tv_sec <= now.tv_sec && now.tv_sec <= after.tv_sec);
    /* Names are compared whole. */
    ck_assert_ptr_null(kn_vdso_find("__vdso_clock_gettim"));
    ck_assert_ptr_null(kn_vdso_find("__vdso_clock_gettime_"));
}

#endif
