/* The harness tests itself: each kind of test passes for the right reason. */
#include "harness.h"

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

KN_TEST(harness, returns_when_nothing_fails)
{
    ck_assert_int_eq(_i, 0);
}

KN_TEST_SIGNAL(harness, expects_the_signal_when_the_test_dies, SIGABRT)
{
    abort();
}

KN_TEST_EXIT(harness, expects_the_status_when_the_test_exits, 3)
{
    exit(3);
}

KN_TEST_LOOP(harness, counts_from_first_to_last_when_looping, 2, 5)
{
    ck_assert(_i >= 2 && _i < 5);
}

KN_TEST(harness, finds_the_library_when_built)
{
    ck_assert_int_eq(access(kn_test_built("libknoll.so"), R_OK), 0);
    ck_assert_int_eq(access(kn_test_source("Makefile"), R_OK), 0);
}
