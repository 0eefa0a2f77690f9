/*
 * Conditions for loops of many steps. An assertion of Check makes a system call even when it
 * holds; these cost a compare.
 */
#ifndef KN_TESTS_SUPPORT_REQUIRE_H
#define KN_TESTS_SUPPORT_REQUIRE_H

#include "harness.h"

#include <string.h>

#define kn_require(cond)                                                                           \
    do {                                                                                           \
        if (!(cond))                                                                               \
            ck_abort_msg("not true: %s", #cond);                                                   \
    } while (0)

/* For the result of a check function: NULL, or what is wrong. */
#define kn_require_sound(check)                                                                    \
    do {                                                                                           \
        const char *kn_fault_ = (check);                                                           \
        if (kn_fault_ != NULL)                                                                     \
            ck_abort_msg("%s", kn_fault_);                                                         \
    } while (0)

/* The check function must find something wrong, and say so with this text in it. */
#define kn_require_fault(check, text)                                                              \
    do {                                                                                           \
        const char *kn_fault_ = (check);                                                           \
        if (kn_fault_ == NULL || strstr(kn_fault_, text) == NULL)                                  \
            ck_abort_msg("fault \"%s\" expected, found: %s", text,                                 \
                         kn_fault_ != NULL ? kn_fault_ : "none");                                  \
    } while (0)

#endif
