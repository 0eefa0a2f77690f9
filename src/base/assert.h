/* assert.h - KN_ASSERT, for what the code itself has proved.
 *
 * Purpose     states invariants where they are relied upon. A failed assertion is a defect of
 *             knoll; what a caller can cause is reported by other means and never asserted.
 * Invariants  the condition has no side effect: it is evaluated once when KN_DEBUG is 1 and never
 *             when it is 0. Either way it must compile, and it counts as a use of the variables in
 *             it.
 * Threads     may fail in any thread, in a signal handler, and with any lock held: the failure path
 *             takes no lock, allocates nothing, and calls no function that a program usually
 *             interposes.
 * Cost        none when KN_DEBUG is 0, else one predicted branch.
 */
#ifndef KN_BASE_ASSERT_H
#define KN_BASE_ASSERT_H

#include "base/compiler.h"

/* Writes "knoll: FILE:LINE: FUNCTION: assertion failed: TEXT" to file descriptor 2 and raises
 * SIGABRT. */
KN_NORETURN KN_COLD void kn_assert_failed(const char *text, const char *file, unsigned line,
                                          const char *function);

#if KN_DEBUG
#define KN_ASSERT(cond)                                                                            \
    (KN_LIKELY(cond) ? (void)0 : kn_assert_failed(#cond, __FILE__, __LINE__, __func__))
#else
#define KN_ASSERT(cond) ((void)(0 && (cond)))
#endif

#endif
