/*
 * What happens when the program misuses the heap: one line that says what was called, with which
 * pointer, and what that pointer is; then the policy (option on_error): abort, or carry on as if
 * the call had not been made.
 *
 *     knoll: free(0x7f30c4001010): double free: already free: a 48-byte block
 *
 * Threads and signals: safe anywhere; takes no lock, allocates nothing, writes to file descriptor 2
 * in one write.
 */
#ifndef KN_CORE_REPORT_H
#define KN_CORE_REPORT_H

#include "base/compiler.h"

enum kn_call {
#define KN_CALL(id, name) KN_CALL_##id,
#include "core/calls.def"
#undef KN_CALL
    KN_CALL_COUNT
};

enum kn_on_error {
    KN_ON_ERROR_ABORT,
    KN_ON_ERROR_REPORT, /* report and carry on */
    KN_ON_ERROR_IGNORE, /* carry on silently */
};

extern KN_HIDDEN enum kn_on_error kn_on_error;

/* The pointer is not one that the call accepts; finds out why. Returns unless the policy is to
 * abort. */
KN_COLD void kn_report_bad_pointer(const void *p, enum kn_call call);

/* The block was free already. */
KN_COLD void kn_report_double_free(const void *p, enum kn_call call);

#endif
