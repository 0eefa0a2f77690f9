/*
 * The test harness: a thin layer over Check in which a test registers itself.
 *
 *     #include "harness.h"
 *
 *     KN_TEST(sizeclass, rounds_up_when_size_lies_between_classes)
 *     {
 *         ck_assert_uint_eq(kn_sizeclass_bytes(kn_sizeclass_of(17)), 32);
 *     }
 *
 * Each test runs in a process of its own, so it may corrupt, exit and die as it likes. Tests are
 * named suite/name; the runner (runner.c) selects, orders and counts them.
 */
#ifndef KN_TESTS_SUPPORT_HARNESS_H
#define KN_TESTS_SUPPORT_HARNESS_H

#include <check.h>
#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* How long a test may run, unless it says otherwise; more under sanitizers. */
enum { KN_TEST_SECONDS = 20 };

struct kn_test {
    const char *suite;
    TTest body;
    int signo;     /* the signal expected to end the test, or 0 */
    int exit_code; /* the expected exit status */
    int from, to;  /* the body runs once for each _i in [from, to) */
    int seconds;   /* time limit of each run */
    bool is_slow;  /* left out by --fast */
    struct kn_test *next;
};

/* Called by the macros below before main. */
void kn_test_register(struct kn_test *test);

/* The seed of this run: printed at the start, chosen with --seed. */
uint64_t kn_test_seed(void);

/* Ends the calling test, which then counts neither as passed nor as failed. For what the machine
 * at hand cannot do; never for what is not written yet. */
void kn_test_skip(const char *reason) __attribute__((noreturn));

/* Whether the library and the tests are built with the address or the thread sanitizer, which
 * bring a malloc of their own: nothing can be preloaded then. */
bool kn_test_is_sanitized(void);

/* The path of a file made by the build for the variant under test, such as "libknoll.so" or
 * "tests/preload/first_call". Kept in static memory until the next call. */
const char *kn_test_built(const char *relative_path);

/* The path of a file of the source tree. Kept like the above, but apart from it. */
const char *kn_test_source(const char *relative_path);

/* A directory for the calling test's files, made by the first call. It is removed with all that is
 * in it when the test has ended, in whatever way. */
const char *kn_test_scratch(void);

#define KN_TEST_DEFINE(suite_, name_, signo_, exit_, from_, to_, seconds_, slow_)                  \
    static void suite_##__##name_(int _i);                                                         \
    __attribute__((constructor)) static void suite_##__##name_##__register(void)                   \
    {                                                                                              \
        static struct kn_test test = {                                                             \
            #suite_,  {#name_, suite_##__##name_, __FILE__, __LINE__},                             \
            signo_,   exit_,                                                                       \
            from_,    to_,                                                                         \
            seconds_, slow_,                                                                       \
            0,                                                                                     \
        };                                                                                         \
        kn_test_register(&test);                                                                   \
    }                                                                                              \
    static void suite_##__##name_(int _i __attribute__((unused)))

/* A test that passes when it returns. */
#define KN_TEST(suite, name) KN_TEST_DEFINE(suite, name, 0, 0, 0, 1, KN_TEST_SECONDS, false)
/* Passes when the test dies by signal `signo`. */
#define KN_TEST_SIGNAL(suite, name, signo)                                                         \
    KN_TEST_DEFINE(suite, name, signo, 0, 0, 1, KN_TEST_SECONDS, false)
/* Passes when the test calls exit(code). */
#define KN_TEST_EXIT(suite, name, code)                                                            \
    KN_TEST_DEFINE(suite, name, 0, code, 0, 1, KN_TEST_SECONDS, false)
/* Runs the body for each _i in [from, to), each in a process of its own; counts as one test. */
#define KN_TEST_LOOP(suite, name, from, to)                                                        \
    KN_TEST_DEFINE(suite, name, 0, 0, from, to, KN_TEST_SECONDS, false)
/* A test that may take up to `seconds`, and is left out of the fast tests. */
#define KN_TEST_SLOW(suite, name, seconds) KN_TEST_DEFINE(suite, name, 0, 0, 0, 1, seconds, true)

#ifdef __cplusplus
}
#endif

#endif
