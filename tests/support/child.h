/*
 * Child processes whose end and output a test looks at: death tests, and programs run under the
 * library.
 *
 *     static void free_twice(void *arg) { ... }
 *
 *     struct kn_child child;
 *     kn_child_call(&child, free_twice, NULL);
 *     kn_child_assert_signal(&child, SIGABRT);
 *     kn_child_assert_says(&child, "free(): ");
 *
 * Standard output and standard error of the child go to one buffer, in the order written. Output
 * beyond the buffer is read and dropped, so the child never blocks.
 */
#ifndef KN_TESTS_SUPPORT_CHILD_H
#define KN_TESTS_SUPPORT_CHILD_H

#include "harness.h"

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

struct kn_child {
    int status;          /* as waitpid gives it */
    size_t output_bytes; /* kept in output, without the terminating zero */
    char output[16384];
};

/* Forks, calls body(arg) in the child, which then exits with status 0, and waits for its end. */
void kn_child_call(struct kn_child *child, void (*body)(void *arg), void *arg);

/* Runs the program argv[0], looked up in PATH, with the strings of `env`, each "NAME=value", put
 * into its environment; `env` may be NULL, and ends in NULL as argv does. Exit status 127 when the
 * program cannot be run. */
void kn_child_run(struct kn_child *child, char *const argv[], char *const env[]);

/* These fail the test, showing the output, unless the child ended in the way they name. */
#define kn_child_assert_exit(child, code) kn_child_require_exit(child, code, __FILE__, __LINE__)
#define kn_child_assert_signal(child, signo)                                                       \
    kn_child_require_signal(child, signo, __FILE__, __LINE__)
#define kn_child_assert_says(child, text) kn_child_require_text(child, text, __FILE__, __LINE__)

/* Calls body(arg) in a child, which must say `text` and nothing else, and die by SIGABRT. */
#define kn_child_expect_abort(body, arg, text)                                                     \
    kn_child_require_abort(body, arg, text, __FILE__, __LINE__)

void kn_child_require_abort(void (*body)(void *arg), void *arg, const char *text, const char *file,
                            int line);
void kn_child_require_exit(const struct kn_child *child, int code, const char *file, int line);
void kn_child_require_signal(const struct kn_child *child, int signo, const char *file, int line);
void kn_child_require_text(const struct kn_child *child, const char *text, const char *file,
                           int line);

#ifdef __cplusplus
}
#endif

#endif
