/*
 * Failures of the operating system on demand, for tests.
 *
 * Purpose     every call of os.h that can fail is made to fail at a chosen moment, so that tests
 *             reach the error paths of everything above without exhausting the machine.
 * Invariants  each call of a kind is counted and consults this file once, before it does anything:
 *             a call that is made to fail has no effect. A kind that was not set never fails.
 * Threads     any; calls of several threads are counted as one sequence. Setting and clearing is
 *             for a moment at which no other thread is in a call.
 * Cost        none where KN_FAULTS is 0, as in the release build: the functions below are then
 *             empty. Else one atomic increment for each call.
 */
#ifndef KN_OS_OS_FAULT_H
#define KN_OS_OS_FAULT_H

#include "base/compiler.h"

#include <errno.h>
#include <stddef.h>
#include <stdint.h>

#ifndef KN_FAULTS
#define KN_FAULTS 0
#endif

/* Kind, the error with which it fails, and the functions that count as one. */
#define KN_FAULT_KINDS(X)                                                                          \
    X(RESERVE, ENOMEM)  /* kn_os_reserve, kn_os_map_read */                                        \
    X(COMMIT, ENOMEM)   /* kn_os_commit */                                                         \
    X(MAP, ENOMEM)      /* kn_os_map, kn_os_brk */                                                 \
    X(UNMAP, ENOMEM)    /* kn_os_unmap: too many mappings */                                       \
    X(PURGE, EINVAL)    /* kn_os_purge: pages are locked */                                        \
    X(MOVE, EOPNOTSUPP) /* kn_os_move: old kernel */                                               \
    X(POPULATE, EINVAL) /* kn_os_populate: old kernel */                                           \
    X(THREAD, EAGAIN)   /* creation of threads, wherever the library does so */                    \
    X(OTHER, ENOMEM)    /* kn_os_decommit, kn_os_huge, kn_os_resident_bytes */

enum kn_fault_kind {
#define KN_FAULT_KIND_ENUM(name, error) KN_FAULT_##name,
    KN_FAULT_KINDS(KN_FAULT_KIND_ENUM)
#undef KN_FAULT_KIND_ENUM
        KN_FAULT_COUNT
};

#if KN_FAULTS

/*
 * Makes `count` calls of a kind fail, from the nth after this one on (1: the next). Their counter
 * starts again from zero. Other kinds stay as they are.
 */
void kn_os_fault_set(enum kn_fault_kind kind, size_t nth, size_t count);

/* Lets every kind succeed again, and sets all counters to zero and the page size to the kernel's.
 */
void kn_os_fault_clear(void);

/* Calls of a kind since it was last set or cleared, failed ones included. */
size_t kn_os_fault_calls(enum kn_fault_kind kind);

/*
 * Lets kn_os_page_bytes answer `bytes`, a power of two no smaller than the kernel's page, and
 * ranges be aligned accordingly. To be called before any other code has asked.
 */
void kn_os_fault_set_page_bytes(size_t bytes);

/* For os/: counts a call; the errno value with which it must fail, or 0. */
int kn_os_fault_hit(enum kn_fault_kind kind);

/* For os/: the page size to pretend, where `kernel_bytes` is the true one. */
size_t kn_os_fault_page_bytes(size_t kernel_bytes);

#else

KN_INLINE int kn_os_fault_hit(enum kn_fault_kind kind)
{
    (void)kind;
    return 0;
}

KN_INLINE size_t kn_os_fault_page_bytes(size_t kernel_bytes)
{
    return kernel_bytes;
}

#endif

#endif
