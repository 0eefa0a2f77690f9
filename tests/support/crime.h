/*
 * Wrong uses of the heap, for tests of the reports that follow.
 *
 * A crime is a call with a pointer. It is committed in a child process, which must write exactly one
 * line, naming the call, the pointer and what the pointer is, and die by SIGABRT.
 */
#ifndef KN_TESTS_SUPPORT_CRIME_H
#define KN_TESTS_SUPPORT_CRIME_H

#include <stdbool.h>
#include <stddef.h>

/* A function that takes a pointer, and the name under which it is reported. */
struct crime_call {
    const char *reported_as;
    void (*make)(void *p);
};

/* All public functions that take a block; the first is free. Ends with an entry without a name. */
extern const struct crime_call crime_calls[];

/* In a child, calls setup() and then the function with what it returned; `says` must be part of the
 * line. */
void crime_expect_abort(const struct crime_call *call, void *(*setup)(void), const char *says);

/* The same for all calls, with the first `skipped` left out. */
void crime_expect_abort_of_all(void *(*setup)(void), const char *says, size_t skipped);

#endif
