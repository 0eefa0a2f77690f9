/* Runs the programs of tests/conformance with libc's malloc and with the library, and compares. */
#include "child.h"

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
    if (kn_test_is_sanitized())
        kn_test_skip("the sanitizer brings its own malloc");
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
