#include "core/report.h"

#include "child.h"
#include "require.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

static const char *const names[] = {
#define KN_CALL(id, name) name,
#include "core/calls.def"
#undef KN_CALL
};

static void report_all(void *arg)
{
    (void)arg;
    kn_on_error = KN_ON_ERROR_REPORT;
    for (int call = 0; call < KN_CALL_COUNT; call++) {
        errno = 7;
        kn_report_bad_pointer((void *)(uintptr_t)0x1230, (enum kn_call)call);
        kn_report_double_free((void *)(uintptr_t)0x1240, (enum kn_call)call);
        kn_require(errno == 7);
    }
}

KN_TEST(report, names_every_call_and_the_pointer_on_one_line_each)
{
    struct kn_child child;
    char line[128];
    kn_child_call(&child, report_all, NULL);
    kn_child_assert_exit(&child, 0);
    for (size_t i = 0; i < KN_ARRAY_LEN(names); i++) {
        snprintf(line, sizeof(line), "knoll: %s(0x1230): invalid pointer: ", names[i]);
        kn_child_assert_says(&child, line);
        snprintf(line, sizeof(line), "knoll: %s(0x1240): double free", names[i]);
        kn_child_assert_says(&child, line);
    }
    size_t lines = 0;
    for (const char *at = child.output; (at = strchr(at, '\n')) != NULL; at++)
        lines++;
    ck_assert_uint_eq(lines, 2 * KN_CALL_COUNT);
}

static void report_one(void *arg)
{
    kn_on_error = *(enum kn_on_error *)arg;
    kn_report_bad_pointer((void *)(uintptr_t)0x1230, KN_CALL_FREE);
}

KN_TEST(report, aborts_unless_told_otherwise)
{
    struct kn_child child;
    enum kn_on_error policy = KN_ON_ERROR_ABORT;
    ck_assert_int_eq(kn_on_error, KN_ON_ERROR_ABORT);
    kn_child_call(&child, report_one, &policy);
    kn_child_assert_signal(&child, SIGABRT);
    policy = KN_ON_ERROR_REPORT;
    kn_child_call(&child, report_one, &policy);
    kn_child_assert_exit(&child, 0);
    kn_child_assert_says(&child, "knoll: free(0x1230)");
    policy = KN_ON_ERROR_IGNORE;
    kn_child_call(&child, report_one, &policy);
    kn_child_assert_exit(&child, 0);
    ck_assert_str_eq(child.output, "");
}
