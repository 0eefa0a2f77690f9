#include "base/assert.h"

#include "child.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

static int evaluations;

static bool count_and_pass(void)
{
    evaluations++;
    return true;
}

KN_TEST(assert, evaluates_its_condition_once_in_debug_and_never_in_release)
{
    KN_ASSERT(count_and_pass());
    ck_assert_int_eq(evaluations, KN_DEBUG);
}

static void fail_shortly(void *arg)
{
    (void)arg;
    kn_assert_failed("1 < 0", "some/file.c", 42, "some_function");
}

KN_TEST(assert, names_place_and_condition_and_aborts_when_it_fails)
{
    struct kn_child child;

    kn_child_call(&child, fail_shortly, NULL);
    kn_child_assert_signal(&child, SIGABRT);
    ck_assert_str_eq(child.output,
                     "knoll: some/file.c:42: some_function: assertion failed: 1 < 0\n");
}

static void fail_at_length(void *arg)
{
    char text[2000];

    (void)arg;
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    kn_assert_failed(text, "some/file.c", 42, "some_function");
}

KN_TEST(assert, still_writes_one_line_when_its_text_is_too_long)
{
    struct kn_child child;

    kn_child_call(&child, fail_at_length, NULL);
    kn_child_assert_signal(&child, SIGABRT);
    ck_assert_uint_gt(child.output_bytes, 100);
    ck_assert_ptr_eq(strchr(child.output, '\n'), child.output + child.output_bytes - 1);
}

static void assert_falsehood(void *arg)
{
    KN_ASSERT(arg != NULL);
}

KN_TEST(assert, ends_the_program_in_debug_only)
{
    struct kn_child child;

    kn_child_call(&child, assert_falsehood, NULL);
    if (KN_DEBUG) {
        kn_child_assert_signal(&child, SIGABRT);
        kn_child_assert_says(&child, "assert_falsehood: assertion failed: arg != NULL");
    } else {
        kn_child_assert_exit(&child, 0);
    }
}
