/* The harness tests itself: each kind of test passes for the right reason. */
#include "child.h"
#include "harness.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

/* Says where, for the test below. */
KN_TEST_SIGNAL(harness, expects_the_signal_when_the_test_dies_with_files, SIGABRT)
{
    char path[128];
    snprintf(path, sizeof(path), "%s/file", kn_test_scratch());
    ck_assert_ptr_nonnull(fopen(path, "w"));
    if (getenv("KNOLL_TEST_SAYS_WHERE") != NULL) {
        printf("(%s)\n", path);
        fflush(stdout);
    }
    abort();
}

KN_TEST(harness, removes_what_tests_leave_behind)
{
    static struct kn_child child;
    kn_child_run(&child,
                 (char *[]){(char *)kn_test_built("test_allocator"), "dies_with_files", NULL},
                 (char *[]){"KNOLL_TEST_SAYS_WHERE=1", NULL});
    kn_child_assert_exit(&child, 0);
    char *path = strchr(child.output, '(');
    ck_assert_ptr_nonnull(path);
    *strchr(++path, ')') = '\0';
    ck_assert_int_eq(access(path, F_OK), -1);
    *strrchr(path, '/') = '\0';
    ck_assert_int_eq(access(path, F_OK), -1);
}
