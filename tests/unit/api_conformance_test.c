/* Runs the programs of tests/conformance with libc's malloc and with the library, and compares; and
 * the scripts there, which build programs first. */
#include "child.h"
#include "command.h"

#include <stdio.h>
#include <string.h>

static void run(struct kn_child *child, const char *program, const char *preload)
{
    char path[512];
    char variable[600];
    snprintf(path, sizeof(path), "%s", kn_test_built(program));
    snprintf(variable, sizeof(variable), "LD_PRELOAD=%s", preload);
    kn_child_run(child, (char *[]){path, NULL}, (char *[]){variable, NULL});
    kn_child_assert_exit(child, 0);
}

static void compare(const char *program)
{
    static struct kn_child with_libc;
    static struct kn_child with_knoll;
    char library[512];
    kn_command_need_malloc();
    snprintf(library, sizeof(library), "%s", kn_test_built("libknoll.so"));
    run(&with_libc, program, "");
    run(&with_knoll, program, library);
    ck_assert_str_eq(with_libc.output, with_knoll.output);
}

KN_TEST(conformance, family_answers_as_libc_does)
{
    compare("tests/conformance/family");
}

KN_TEST(conformance, operators_answer_as_the_cxx_library_does)
{
    compare("tests/conformance/operators");
}

KN_TEST(conformance, alignment_holds_for_every_size)
{
    compare("tests/conformance/alignment");
}

KN_TEST_LOOP(conformance, first_call_may_be_any, 0, 14)
{
    struct kn_child child;
    char path[512];
    char variable[600];
    char number[16];
    kn_command_need_malloc();
    snprintf(path, sizeof(path), "%s", kn_test_built("tests/conformance/first_call"));
    snprintf(variable, sizeof(variable), "LD_PRELOAD=%s", kn_test_built("libknoll.so"));
    snprintf(number, sizeof(number), "%d", _i);
    kn_child_run(&child, (char *[]){path, number, NULL}, (char *[]){variable, NULL});
    kn_child_assert_exit(&child, 0);
    ck_assert_str_eq(child.output, "");
}

static void run_script(const char *script)
{
    struct kn_child child;
    char path[512];
    char build[512];
    kn_command_need_malloc();
    snprintf(path, sizeof(path), "%s", kn_test_source(script));
    snprintf(build, sizeof(build), "%s", kn_test_built(""));
    kn_child_run(&child, (char *[]){path, build, NULL}, NULL);
    kn_child_assert_exit(&child, 0);
    kn_child_assert_says(&child, "passed\n");
}

KN_TEST_SLOW(conformance, archive_replaces_malloc_however_linked, 120)
{
    run_script("tests/conformance/static.sh");
}

KN_TEST_SLOW(conformance, plugins_share_the_heap_or_have_their_own, 60)
{
    run_script("tests/conformance/loader.sh");
}

KN_TEST_SLOW(conformance, options_come_from_the_environment, 60)
{
    run_script("tests/conformance/options.sh");
}

KN_TEST_SLOW(conformance, installation_serves_programs, 120)
{
    run_script("tests/conformance/install.sh");
}

KN_TEST(conformance, fast_path_is_a_straight_line)
{
    run_script("tests/conformance/fastpath.sh");
}
