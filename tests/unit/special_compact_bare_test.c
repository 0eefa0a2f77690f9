#include "child.h"
#include "harness.h"

#include <stdio.h>

KN_TEST_SLOW(special_compact, needs_no_system, 120)
{
    static struct kn_child child;
    char path[512];

    snprintf(path, sizeof(path), "%s", kn_test_source("tests/conformance/bare.sh"));
    kn_child_run(&child, (char *[]){path, (char *)kn_test_built(""), NULL}, NULL);
    kn_child_assert_exit(&child, 0);
    kn_child_assert_says(&child, "passed\n");
}
